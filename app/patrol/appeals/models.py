"""Table of appeals."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base
from app.patrol.models import County

DAY = ("county_code", "inspector_id", "service_day")


class Appeal(Base):
    """An inspector's objection to a judged day, and what was decided about it.

    `revision` is the judgement that it is about; that judgement never changes. `id` is made by the handheld,
    `digest` tells a repetition from other content. `written_at` is what the handheld says, `filed_at` what the
    server saw. Of the decided appeals of a day the latest one is current: the view `day_decision`.
    """

    __tablename__ = "appeal"
    __table_args__ = (
        ForeignKeyConstraint(
            [*DAY, "revision"],
            [f"day_judgement.{name}" for name in (*DAY, "revision")],
            name="fk_appeal_day_judgement",
        ),
        CheckConstraint("state IN ('filed', 'decided', 'withdrawn')", name="state"),
        CheckConstraint("decision IN ('upheld', 'partly_upheld', 'dismissed')", name="decision"),
        CheckConstraint(
            "(state = 'decided') = (decision IS NOT NULL AND reason IS NOT NULL AND decided_by IS NOT NULL "
            "AND decided_at IS NOT NULL)",
            name="decided",
        ),
        CheckConstraint(
            "(decided_status IS NOT NULL) = coalesce(decision IN ('upheld', 'partly_upheld'), false)",
            name="decided_status",
        ),
        CheckConstraint("NOT is_current OR state = 'decided'", name="is_current"),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn"),
        Index("uq_appeal_open", *DAY, unique=True, postgresql_where=text("state = 'filed'")),
        Index(
            "uq_appeal_revision", *DAY, "revision", unique=True, postgresql_where=text("state = 'decided'")
        ),
        Index("uq_appeal_current", *DAY, unique=True, postgresql_where=text("is_current")),
        Index("ix_appeal_filed_at", "county_code", "filed_at", "id"),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    service_day: Mapped[date] = mapped_column(Date)
    revision: Mapped[int] = mapped_column(Integer)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    statement: Mapped[str] = mapped_column(Text)
    asked_status: Mapped[str | None] = mapped_column(Text)
    evidence: Mapped[list[str]] = mapped_column(JSONB)
    written_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    filed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    file_by: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decide_by: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decision: Mapped[str | None] = mapped_column(Text)
    decided_status: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    is_current: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
