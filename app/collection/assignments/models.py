"""Tables of tasks, and of requests for a second collection."""

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
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

COUNTY_CODE = String(6, collation="C")
INSTANT = DateTime(timezone=True)
STILL_TO_DO = "state IN ('open', 'assigned')"


class Task(Base):
    """Something to be done in a grid. One for each kind, origin and subject, however often it is asked for.

    origin_kind, origin_id  what it comes from: `declaration`, `tip`, `collection_request`, `cycle`, `submission`
    submission_id           what was sent as its result
    subject_id              whom or what it is about; never changes
    """

    __tablename__ = "task"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "grid_id"], ["grid.county_code", "grid.id"]),
        UniqueConstraint(
            "county_code",
            "kind",
            "origin_kind",
            "origin_id",
            "subject_id",
            name="uq_task_origin",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(
            "kind IN ('verification', 'secondary_collection', 'tip', 'overdue', 'sample_check', 'returned')",
            name="kind",
        ),
        CheckConstraint("state IN ('open', 'assigned', 'done', 'rejected', 'cancelled')", name="state"),
        CheckConstraint("outcome IN ('confirmed', 'corrected', 'rejected', 'done')", name="outcome"),
        CheckConstraint("(state = 'assigned') <= (inspector_id IS NOT NULL)", name="assigned"),
        CheckConstraint(f"({STILL_TO_DO}) = (closed_at IS NULL)", name="closed"),
        CheckConstraint("(outcome IS NOT NULL) = (state IN ('done', 'rejected'))", name="settled"),
        Index("ix_task_grid_id", "county_code", "grid_id", "id"),
        Index("ix_task_area_id", "county_code", "area_id", "due_on", "id"),
        Index(
            "ix_task_inspector_id",
            "county_code",
            "inspector_id",
            "due_on",
            postgresql_where=text(STILL_TO_DO),
        ),
        Index("ix_task_subject_id", "county_code", "subject_id", postgresql_where=text(STILL_TO_DO)),
        Index(
            "ix_task_submission_id",
            "county_code",
            "submission_id",
            postgresql_where=text("submission_id IS NOT NULL"),
        ),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24, collation="C"))
    state: Mapped[str] = mapped_column(String(12, collation="C"))
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    grid_id: Mapped[UUID | None]
    inspector_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    subject_id: Mapped[UUID | None]
    item_code: Mapped[str | None] = mapped_column(Text(collation="C"))
    origin_kind: Mapped[str] = mapped_column(String(24, collation="C"))
    origin_id: Mapped[UUID]
    due_on: Mapped[date] = mapped_column(Date)
    urgent: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    note: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(12, collation="C"))
    result_note: Mapped[str | None] = mapped_column(Text)
    submission_id: Mapped[UUID | None]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(INSTANT)
    assigned_at: Mapped[datetime | None] = mapped_column(INSTANT)
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    closed_at: Mapped[datetime | None] = mapped_column(INSTANT)
    version: Mapped[int] = mapped_column(Integer)


class CollectionRequest(Base):
    """A line cadre asks for a second collection of named subjects by an admitted item; `id` is the client's."""

    __tablename__ = "collection_request"
    __table_args__ = (Index("ix_collection_request_area_id", "county_code", "area_id", "created_at", "id"),)

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    item_code: Mapped[str] = mapped_column(Text(collation="C"))
    reason: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date] = mapped_column(Date)
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(INSTANT)
