"""Table of tips."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

COUNTY_CODE = String(6, collation="C")
INSTANT = DateTime(timezone=True)


class Tip(Base):
    """A volunteer's information as registered: the source document is the submission of the same id.

    meeting_on           the weekly meeting that assigned it
    entered_submission_id  what the clerk entered after verification
    """

    __tablename__ = "tip"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "grid_id"], ["grid.county_code", "grid.id"]),
        CheckConstraint("state IN ('waiting', 'assigned', 'verified', 'rejected', 'entered')", name="state"),
        CheckConstraint("(state = 'waiting') = (meeting_on IS NULL)", name="meeting_on"),
        CheckConstraint("(state = 'entered') = (entered_at IS NOT NULL)", name="entered"),
        Index("ix_tip_area_id", "county_code", "area_id", "registered_at", "id"),
        Index(
            "ix_tip_waiting",
            "county_code",
            "area_id",
            "registered_at",
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    grid_id: Mapped[UUID | None]
    item_code: Mapped[str] = mapped_column(Text(collation="C"))
    state: Mapped[str] = mapped_column(String(12, collation="C"))
    registered_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    registered_at: Mapped[datetime] = mapped_column(INSTANT)
    meeting_on: Mapped[date | None] = mapped_column(Date)
    inspector_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    task_id: Mapped[UUID | None]
    verified_at: Mapped[datetime | None] = mapped_column(INSTANT)
    reason: Mapped[str | None] = mapped_column(Text)
    entered_submission_id: Mapped[UUID | None]
    entered_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    entered_at: Mapped[datetime | None] = mapped_column(INSTANT)
    version: Mapped[int] = mapped_column(Integer)
