"""Tables of visits: who is to be visited, and who was."""

from datetime import date, datetime
from uuid import UUID

from shapely import Point
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base
from app.kit.geo import Geometry

County = String(6, collation="C")
SUBJECT = ["county_code", "subject_id"]


class KeySubject(Base):
    """A designation: this subject is a key person or key place of that category during `valid`, and is visited.

    Whose duty it is follows the grid that the subject lies in, so neither area nor grid stands here.

    valid             days, half open; without end while it lasts
    owner_department  the authority that cares for this person or place; no more is known of why
    visits_per_month  for this subject alone; null: what the rules ask for its category
    version           of the ETag; every change raises it
    """

    __tablename__ = "key_subject"
    __table_args__ = (
        ForeignKeyConstraint(SUBJECT, ["subject.county_code", "subject.id"], name="fk_key_subject_subject"),
        CheckConstraint("kind IN ('person', 'place')", name="kind"),
        CheckConstraint("NOT isempty(valid) AND NOT lower_inf(valid)", name="valid"),
        CheckConstraint("visits_per_month BETWEEN 1 AND 31", name="visits_per_month"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        ExcludeConstraint(
            ("county_code", "="),
            ("subject_id", "="),
            ("category", "="),
            ("valid", "&&"),
            name="ex_key_subject_category",
        ),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str] = mapped_column(Text)
    owner_department: Mapped[str | None] = mapped_column(Text)
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)
    visits_per_month: Mapped[int | None] = mapped_column(SmallInteger)
    designated_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    designated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")


class Visit(Base):
    """One visit to a subject, as claimed and as proven. Kept whatever becomes of it.

    id             made by the handheld; the sync item's
    service_day    local date on which it began: the month that it counts for
    distance_m     from the position to the subject's point; null when one of them is missing
    is_near        whether the position proves it, by the rules of that day
    proven_by      what proved it; `none` while nothing does. Only proven visits count
    unproven_why   what is wrong with the position, or missing
    corrects_id    the earlier visit whose findings these replace
    sealed         needs and help given, in people's own words (JSON, Vault)
    """

    __tablename__ = "visit"
    __table_args__ = (
        ForeignKeyConstraint(SUBJECT, ["subject.county_code", "subject.id"], name="fk_visit_subject"),
        CheckConstraint("proven_by IN ('position', 'photo', 'signature', 'none')", name="proven_by"),
        CheckConstraint("(proven_by = 'none') = (proven_at IS NULL)", name="proven"),
        CheckConstraint("condition IN ('normal', 'needs_help', 'worse', 'not_met')", name="condition"),
        CheckConstraint("started_at <= ended_at", name="span"),
        CheckConstraint(
            "(voided_at IS NULL) = (voided_by IS NULL) AND (voided_at IS NULL) = (void_reason IS NULL)",
            name="voided",
        ),
        Index("ix_visit_subject", "county_code", "subject_id", "service_day"),
        Index("ix_visit_service_day", "county_code", "service_day", "id"),
        Index("ix_visit_inspector", "county_code", "inspector_id", "service_day"),
        Index(
            "ix_visit_corrects_id",
            "county_code",
            "corrects_id",
            postgresql_where=text("corrects_id IS NOT NULL"),
        ),
        Index(
            "ix_visit_unproven",
            "county_code",
            "received_at",
            postgresql_where=text("proven_by = 'none' AND awaits_upload AND voided_at IS NULL"),
        ),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(Uuid)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[UUID | None]
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    grid_id: Mapped[UUID | None]
    is_own_grid: Mapped[bool] = mapped_column(Boolean)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    service_day: Mapped[date] = mapped_column(Date)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    geom: Mapped[Point | None] = mapped_column(Geometry("Point"))
    accuracy_m: Mapped[float | None] = mapped_column(Float)
    distance_m: Mapped[float | None] = mapped_column(Float)
    is_near: Mapped[bool] = mapped_column(Boolean)
    proven_by: Mapped[str] = mapped_column(Text)
    proven_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    unproven_why: Mapped[str | None] = mapped_column(Text)
    upload_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    signature_upload_id: Mapped[UUID | None]
    awaits_upload: Mapped[bool] = mapped_column(Boolean)
    condition: Mapped[str] = mapped_column(Text)
    sealed: Mapped[str | None] = mapped_column(Text)
    next_visit_on: Mapped[date | None] = mapped_column(Date)
    corrects_id: Mapped[UUID | None]
    voided_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    voided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    void_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
