"""Tables of submissions, conflicts and sampling checks."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base
from app.kit.geo import Geometry

County = String(6, collation="C")
Moment = DateTime(timezone=True)


class Submission(Base):
    """One item that somebody sent by a form, whatever became of it.

    id, digest         the sender's own id and SHA-256 of what he sent
    subject_id         what it is about; `sent_subject_id` where the sender named another id for it (the same
                       natural key was known already, or it was merged)
    author_id          who sent it; `inspector_id` the same where that is an inspector
    entry_lag_s        from recording to receipt (S0-45), never negative
    state              applied | conflict (applied, some fields wait for a person) | held (waits for something
                       that has not arrived) | stuck (waits for a person) | discarded
    waits_for          while held or stuck: the item, or the subject that is missing
    made_version       the version of the subject that it made, null when it changed nothing
    fields, sealed     what was sent: open values, and personal ones as sealed JSON
    quality            parts of the score, as `quality.Part`s
    """

    __tablename__ = "submission"
    __table_args__ = (
        CheckConstraint("state IN ('applied', 'conflict', 'held', 'stuck', 'discarded')", name="state"),
        CheckConstraint(
            "review_state IN ('submitted', 'returned', 'resubmitted', 'approved')", name="review_state"
        ),
        CheckConstraint("wait_kind IN ('item', 'subject', 'rejected_item')", name="wait_kind"),
        CheckConstraint("(state IN ('held', 'stuck')) <= (waits_for IS NOT NULL)", name="waits_for"),
        CheckConstraint("(review_state = 'returned') <= (review_reason IS NOT NULL)", name="review_reason"),
        CheckConstraint("entry_lag_s >= 0", name="entry_lag_s"),
        CheckConstraint("quality_score BETWEEN 0 AND 100", name="quality_score"),
        CheckConstraint("octet_length(digest) = 32", name="digest"),
        Index(
            "ix_submission_waits_for",
            "county_code",
            "waits_for",
            postgresql_where=text("state IN ('held', 'stuck')"),
        ),
        Index("ix_submission_subject_id", "county_code", "subject_id"),
        Index(
            "ix_submission_after_id", "county_code", "after_id", postgresql_where=text("after_id IS NOT NULL")
        ),
        Index(
            "ix_submission_sent_subject_id",
            "county_code",
            "sent_subject_id",
            postgresql_where=text("sent_subject_id IS NOT NULL"),
        ),
        Index("ix_submission_received_at", "county_code", "received_at", "id"),
        Index("ix_submission_area_id", "area_id", "recorded_at"),
        Index(
            "ix_submission_attention",
            "county_code",
            "inspector_id",
            postgresql_where=text("state IN ('held', 'stuck', 'conflict') OR review_state = 'returned'"),
        ),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    item_code: Mapped[str] = mapped_column(Text)
    form_version: Mapped[int] = mapped_column(Integer)
    subject_id: Mapped[UUID | None]
    sent_subject_id: Mapped[UUID | None]
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    grid_id: Mapped[UUID | None]
    author_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    inspector_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[UUID | None]
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment)
    entry_lag_s: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    base_version: Mapped[int | None] = mapped_column(Integer)
    after_id: Mapped[UUID | None]
    geom: Mapped[BaseGeometry | None] = mapped_column(Geometry("Point"))
    accuracy_m: Mapped[float | None] = mapped_column(REAL)
    outside_own_grid: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(Text)
    waits_for: Mapped[UUID | None]
    wait_kind: Mapped[str | None] = mapped_column(Text)
    made_version: Mapped[int | None] = mapped_column(Integer)
    state_change: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    task_id: Mapped[UUID | None]
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed: Mapped[str | None] = mapped_column(Text)
    photo_count: Mapped[int] = mapped_column(SmallInteger)
    quality_score: Mapped[int | None] = mapped_column(SmallInteger)
    quality: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    review_state: Mapped[str] = mapped_column(Text)
    review_reason: Mapped[str | None] = mapped_column(Text)
    reviewed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    reviewed_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_reason: Mapped[str | None] = mapped_column(Text)
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    revision: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    """Grows with every change of the row: ETag, and what a handheld compares."""


class SubjectConflict(Base):
    """A field that two people changed without knowing of each other: both values, until a person decides.

    The current value stays in the subject meanwhile. Of a personal field `current_value` and `sent_value` are
    masked, of a sensitive one null; then `sealed` holds JSON {"current": …, "sent": …} in plain.
    current_by: the submission that set the current value, null when none did.
    """

    __tablename__ = "subject_conflict"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "submission_id"], ["submission.county_code", "submission.id"]),
        CheckConstraint("state IN ('open', 'resolved')", name="state"),
        CheckConstraint("choice IN ('current', 'sent', 'other')", name="choice"),
        CheckConstraint(
            "(state = 'resolved') = (choice IS NOT NULL AND resolved_by IS NOT NULL AND resolved_at IS NOT NULL)",
            name="resolved",
        ),
        Index("uq_subject_conflict_field", "county_code", "submission_id", "field", unique=True),
        Index("ix_subject_conflict_subject_id", "county_code", "subject_id"),
        Index("ix_subject_conflict_opened_at", "county_code", "state", "opened_at", "id"),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID]
    submission_id: Mapped[UUID]
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    grid_id: Mapped[UUID | None]
    inspector_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    item_code: Mapped[str] = mapped_column(Text)
    field: Mapped[str] = mapped_column(Text)
    personal: Mapped[str | None] = mapped_column(Text)
    current_value: Mapped[Any | None] = mapped_column(JSONB)
    sent_value: Mapped[Any | None] = mapped_column(JSONB)
    sealed: Mapped[str | None] = mapped_column(Text)
    base_version: Mapped[int] = mapped_column(Integer)
    current_version: Mapped[int] = mapped_column(Integer)
    current_by: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    choice: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    resolved_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    resolved_at: Mapped[datetime | None] = mapped_column(Moment)
    made_version: Mapped[int | None] = mapped_column(Integer)


class SampleCheck(Base):
    """A department's check of a random sample of what was collected in an area and period (S0-41).

    seed: from it and the population the same sample follows again. population: submissions drawn from.
    """

    __tablename__ = "sample_check"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'closed')", name="state"),
        CheckConstraint("first_day <= last_day", name="period"),
        CheckConstraint("population >= 0", name="population"),
        Index("ix_sample_check_drawn_at", "county_code", "drawn_at", "id"),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    item_code: Mapped[str | None] = mapped_column(Text)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    seed: Mapped[int] = mapped_column(BigInteger)
    population: Mapped[int] = mapped_column(Integer)
    note: Mapped[str | None] = mapped_column(Text)
    drawn_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    drawn_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(Text)
    feedback: Mapped[str | None] = mapped_column(Text)
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    closed_at: Mapped[datetime | None] = mapped_column(Moment)


class SampleCase(Base):
    """One drawn submission and what the checker found."""

    __tablename__ = "sample_case"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "check_id"], ["sample_check.county_code", "sample_check.id"]),
        ForeignKeyConstraint(["county_code", "submission_id"], ["submission.county_code", "submission.id"]),
        CheckConstraint("verdict IN ('correct', 'wrong', 'not_found')", name="verdict"),
        CheckConstraint("(verdict IS NULL) = (judged_at IS NULL)", name="judged_at"),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    check_id: Mapped[UUID] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    submission_id: Mapped[UUID]
    verdict: Mapped[str | None] = mapped_column(Text)
    remarks: Mapped[str | None] = mapped_column(Text)
    judged_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    judged_at: Mapped[datetime | None] = mapped_column(Moment)
