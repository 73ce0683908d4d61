"""Tables of what people decide and see: duplicates, merges, reveals."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.collection.subjects.models import COUNTY, one_of
from app.kit.db import Base

REASONS = ("same_key", "same_name_and_birth_date", "same_phone_similar_name", "same_name", "near_position")


class DuplicateProposal(Base):
    """Two subjects that may be the same thing; a person decides. A pair is proposed once, dismissed for good."""

    __tablename__ = "duplicate_proposal"
    __table_args__ = (
        ForeignKeyConstraint(
            ["county_code", "one_id"],
            ["subject.county_code", "subject.id"],
            name="fk_duplicate_proposal_one_id",
        ),
        ForeignKeyConstraint(
            ["county_code", "other_id"],
            ["subject.county_code", "subject.id"],
            name="fk_duplicate_proposal_other_id",
        ),
        CheckConstraint(one_of("reason", REASONS), name="reason"),
        CheckConstraint("state IN ('proposed', 'confirmed', 'dismissed')", name="state"),
        CheckConstraint("one_id < other_id", name="pair"),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided"),
        Index("uq_duplicate_proposal_pair", "county_code", "one_id", "other_id", unique=True),
        Index("ix_duplicate_proposal_other_id", "county_code", "other_id"),
        Index("ix_duplicate_proposal_area_id", "area_id", "state", "id"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    one_id: Mapped[UUID]
    other_id: Mapped[UUID]
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[UUID | None]
    note: Mapped[str | None] = mapped_column(Text)


class SubjectMerge(Base):
    """That one subject was declared an alias of another, and perhaps that this was taken back."""

    __tablename__ = "subject_merge"
    __table_args__ = (
        ForeignKeyConstraint(
            ["county_code", "loser_id"],
            ["subject.county_code", "subject.id"],
            name="fk_subject_merge_loser_id",
        ),
        ForeignKeyConstraint(
            ["county_code", "winner_id"],
            ["subject.county_code", "subject.id"],
            name="fk_subject_merge_winner_id",
        ),
        CheckConstraint("loser_id <> winner_id", name="ends"),
        CheckConstraint(
            "(reversed_at IS NULL) = (reversed_by IS NULL) AND (reversed_at IS NULL) = (reversal_reason IS NULL)",
            name="reversed",
        ),
        Index(
            "uq_subject_merge_loser",
            "county_code",
            "loser_id",
            unique=True,
            postgresql_where=text("reversed_at IS NULL"),
        ),
        Index("ix_subject_merge_winner_id", "county_code", "winner_id"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    loser_id: Mapped[UUID]
    winner_id: Mapped[UUID]
    proposal_id: Mapped[UUID | None]
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    reason: Mapped[str] = mapped_column(Text)
    merged_by: Mapped[UUID]
    merged_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reversed_by: Mapped[UUID | None]
    reversed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reversal_reason: Mapped[str | None] = mapped_column(Text)


class SubjectReveal(Base):
    """Who saw which personal fields in plain, and what for. `note` stays here, outside the event log."""

    __tablename__ = "subject_reveal"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "subject_id"], ["subject.county_code", "subject.id"]),
        Index("ix_subject_reveal_subject_id", "county_code", "subject_id", "revealed_at"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    purpose: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text))
    revealed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
