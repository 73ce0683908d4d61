"""Tables of subjects. A merged subject keeps its row and everything that hangs on it; `merged_into` is an alias."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base
from app.kit.geo import Geometry

COUNTY = String(6, collation="C")
KINDS = ("person", "household", "dwelling", "building", "organization", "component", "article", "place")
LINK_KINDS = (
    "lives_in",
    "owns",
    "rents",
    "works_at",
    "family_of",
    "part_of",
    "belongs_to",
    "involved_in",
)
SEALED = "subject.sealed"
VERSION_SEALED = "subject_version.sealed"


def one_of(column: str, names: tuple[str, ...]) -> str:
    """The check of a column that holds one of a few names."""
    listed = ", ".join(f"'{name}'" for name in names)
    return f"{column} IN ({listed})"


class Subject(Base):
    """What is known now. `version` counts changes of fields, `revision` everything that a reader would notice.

    attributes  open fields; sensitive and personal ones are never here
    sealed      `Vault.encrypt` of a JSON object: `values` (personal and sensitive fields), and what keyed
                indexes are made from (see `indexing.Indexed`), so that a key rotation needs no form
    masked      personal fields as everybody in scope sees them; sensitive ones are left out
    sensitive   names of the sensitive fields that have a value
    shown_name, shown_address    open, or masked where personal: what lists show
    name_tokens, address_tokens  bigrams as 32-bit numbers; keyed where the name or address is personal
    """

    __tablename__ = "subject"
    __table_args__ = (
        ForeignKeyConstraint(
            ["county_code", "merged_into"],
            ["subject.county_code", "subject.id"],
            name="fk_subject_merged_into",
        ),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint("version > 0 AND revision > 0", name="version"),
        CheckConstraint("merged_into <> id", name="merged_into"),
        CheckConstraint("quality_score BETWEEN 0 AND 100", name="quality_score"),
        Index("ix_subject_grid_id", "county_code", "grid_id", "id"),
        Index("ix_subject_area_id", "area_id", "kind", "id"),
        Index("ix_subject_fresh_at", "county_code", "kind", "fresh_at", "id"),
        Index("ix_subject_name_tokens", "name_tokens", postgresql_using="gin"),
        Index("ix_subject_address_tokens", "address_tokens", postgresql_using="gin"),
        Index("ix_subject_tags", "tags", postgresql_using="gin"),
        Index("ix_subject_geom", "geom", postgresql_using="gist"),
        Index(
            "ix_subject_merged_into",
            "county_code",
            "merged_into",
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
    )

    county_code: Mapped[str] = mapped_column(COUNTY, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    grid_id: Mapped[UUID | None]
    item_code: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    state_since: Mapped[date] = mapped_column(Date)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed: Mapped[str | None] = mapped_column(Text)
    masked: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sensitive: Mapped[list[str]] = mapped_column(ARRAY(Text))
    name: Mapped[str | None] = mapped_column(Text)
    name_tokens: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    shown_name: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    shown_address: Mapped[str | None] = mapped_column(Text)
    address_tokens: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    geom: Mapped[BaseGeometry | None] = mapped_column(Geometry("Point"))
    quality_score: Mapped[int | None] = mapped_column(SmallInteger)
    fresh_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    merged_into: Mapped[UUID | None]


class SubjectKey(Base):
    """Blind indexes of a subject. A natural key names one subject of the county; others (phone) many."""

    __tablename__ = "subject_key"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "subject_id"], ["subject.county_code", "subject.id"]),
        Index(
            "uq_subject_key_natural",
            "county_code",
            "key_kind",
            "digest",
            unique=True,
            postgresql_where=text("is_natural"),
        ),
        Index("ix_subject_key_subject_id", "county_code", "subject_id"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY, primary_key=True)
    key_kind: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    digest: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    is_natural: Mapped[bool] = mapped_column(Boolean)


class SubjectVersion(Base):
    """One accepted change: the fields that it changed with their new values, null where one was removed."""

    __tablename__ = "subject_version"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "subject_id"], ["subject.county_code", "subject.id"]),
        CheckConstraint("version > 0", name="version"),
        Index("ix_subject_version_submission_id", "county_code", "submission_id"),
        Index("uq_subject_version_id", "county_code", "id", unique=True),
    )

    county_code: Mapped[str] = mapped_column(COUNTY, primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[UUID]
    submission_id: Mapped[UUID | None]
    author_id: Mapped[UUID | None]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    item_code: Mapped[str] = mapped_column(Text)
    changed: Mapped[list[str]] = mapped_column(ARRAY(Text))
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    masked: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed: Mapped[str | None] = mapped_column(Text)


class SubjectState(Base):
    """A dated state of the life cycle: it holds from `since` until the next one that is not voided."""

    __tablename__ = "subject_state"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "subject_id"], ["subject.county_code", "subject.id"]),
        CheckConstraint(
            "(voided_at IS NULL) = (voided_by IS NULL) AND (voided_at IS NULL) = (void_reason IS NULL)",
            name="voided",
        ),
        Index("ix_subject_state_subject_id", "county_code", "subject_id", "since", "id"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text)
    since: Mapped[date] = mapped_column(Date)
    submission_id: Mapped[UUID | None]
    author_id: Mapped[UUID | None]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    voided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    voided_by: Mapped[UUID | None]
    void_reason: Mapped[str | None] = mapped_column(Text)


class SubjectLink(Base):
    """A link from one subject to another between two dates, `valid_to` excluded.

    `to_id` has no foreign key: what it names may still wait on a handheld without signal.
    """

    __tablename__ = "subject_link"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "from_id"], ["subject.county_code", "subject.id"]),
        CheckConstraint(one_of("kind", LINK_KINDS), name="kind"),
        CheckConstraint("valid_to >= valid_from", name="valid_to"),
        CheckConstraint("from_id <> to_id", name="ends"),
        Index(
            "uq_subject_link_open",
            "county_code",
            "from_id",
            "kind",
            "to_id",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
        Index("ix_subject_link_to_id", "county_code", "to_id"),
        Index("ix_subject_link_from_id", "county_code", "from_id"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    from_id: Mapped[UUID]
    to_id: Mapped[UUID]
    field: Mapped[str | None] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    submission_id: Mapped[UUID | None]
