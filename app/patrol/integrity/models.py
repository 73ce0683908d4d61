"""Tables of integrity signals."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

COUNTY_CODE = String(6, collation="C")
INSTANT = DateTime(timezone=True)


class IntegritySignal(Base):
    """One finding about one inspector's day. Never deleted.

    counterpart_key  the other day or person ("<inspector id>/<day>"), '' where there is none
    changed_at       when the evidence was last found different
    withdrawn_at     newer data no longer shows it; a review stays beside it
    """

    __tablename__ = "integrity_signal"
    __table_args__ = (
        UniqueConstraint(
            "county_code",
            "inspector_id",
            "service_day",
            "kind",
            "counterpart_key",
            name="uq_integrity_signal_finding",
        ),
        CheckConstraint(
            "kind IN ('mock', 'vehicle', 'clock_skew', 'loop', 'replayed_track', 'twin_devices')",
            name="kind",
        ),
        CheckConstraint("severity IN ('low', 'medium', 'high')", name="severity"),
        CheckConstraint("outcome IN ('explained', 'confirmed', 'unclear')", name="outcome"),
        CheckConstraint("num_nulls(reviewed_by, reviewed_at, outcome, note) IN (0, 4)", name="review"),
        Index("ix_integrity_signal_service_day", "county_code", "service_day", "id"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    service_day: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(Text)
    counterpart_key: Mapped[str] = mapped_column(Text, server_default="")
    severity: Mapped[str] = mapped_column(Text)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)
    fold_version: Mapped[int] = mapped_column(Integer)
    found_at: Mapped[datetime] = mapped_column(INSTANT)
    changed_at: Mapped[datetime] = mapped_column(INSTANT)
    withdrawn_at: Mapped[datetime | None] = mapped_column(INSTANT)
    reviewed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    reviewed_at: Mapped[datetime | None] = mapped_column(INSTANT)
    outcome: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)


class TrackPrint(Base):
    """By which a day's track is recognised on other days, and up to which inputs it was compared."""

    __tablename__ = "track_print"

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    service_day: Mapped[date] = mapped_column(Date, primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(primary_key=True)
    input_version: Mapped[int] = mapped_column(BigInteger)
    prints: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
