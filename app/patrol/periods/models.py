"""Tables of periods: what they are and how far they are, and the snapshots of those that are sealed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

County = String(6, collation="C")
SHARE = Numeric(5, 4, asdecimal=False)


class Period(Base):
    """A day, week or month of a county. Sealed, it never changes again (trigger).

    digest    SHA-256 over the snapshot (`digests.py`); the event `period.sealed` names it, too
    document  what else was known when it was sealed: decisions about its days, days that still waited
    """

    __tablename__ = "period"
    __table_args__ = (
        CheckConstraint("kind IN ('day', 'week', 'month')", name="kind"),
        CheckConstraint("status IN ('open', 'closing', 'sealed')", name="status"),
        CheckConstraint("first_day <= last_day", name="days"),
        CheckConstraint(
            "(status = 'sealed') = (sealed_at IS NOT NULL AND digest IS NOT NULL AND document IS NOT NULL)",
            name="sealed",
        ),
        UniqueConstraint("county_code", "kind", "first_day"),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    status: Mapped[str] = mapped_column(Text)
    sealed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sealed_by: Mapped[UUID | None]
    seal_reason: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    document: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class PeriodFigures(Base):
    """One subject's figures in a sealed period: numbers as they were then. Never changed (trigger).

    Days by status come twice: as judged (`raw_…`) and with decided appeals (`standing_…`).
    """

    __tablename__ = "period_figures"
    __table_args__ = (
        CheckConstraint(
            "level IN ('inspector', 'grid', 'community', 'township', 'county')",
            name="level",
        ),
        ForeignKeyConstraint(["county_code", "period_id"], ["period.county_code", "period.id"]),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    period_id: Mapped[UUID] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(Text, primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    policy: Mapped[str] = mapped_column(Text)
    inspectors: Mapped[int] = mapped_column(Integer)
    expected_days: Mapped[int] = mapped_column(Integer)
    expected_whole_days: Mapped[float] = mapped_column(Numeric(12, 3, asdecimal=False))
    walked_days: Mapped[int] = mapped_column(Integer)
    raw_pass: Mapped[int] = mapped_column(Integer)
    raw_fail: Mapped[int] = mapped_column(Integer)
    raw_review: Mapped[int] = mapped_column(Integer)
    raw_excused: Mapped[int] = mapped_column(Integer)
    raw_not_expected: Mapped[int] = mapped_column(Integer)
    raw_no_data: Mapped[int] = mapped_column(Integer)
    raw_provisional: Mapped[int] = mapped_column(Integer)
    standing_pass: Mapped[int] = mapped_column(Integer)
    standing_fail: Mapped[int] = mapped_column(Integer)
    standing_review: Mapped[int] = mapped_column(Integer)
    standing_excused: Mapped[int] = mapped_column(Integer)
    standing_not_expected: Mapped[int] = mapped_column(Integer)
    standing_no_data: Mapped[int] = mapped_column(Integer)
    standing_provisional: Mapped[int] = mapped_column(Integer)
    pass_share: Mapped[float | None] = mapped_column(SHARE)
    online_s: Mapped[int] = mapped_column(BigInteger)
    average_online_s: Mapped[int | None] = mapped_column(Integer)
    distance_m: Mapped[float] = mapped_column(Numeric(14, 1, asdecimal=False))
    average_distance_m: Mapped[float | None] = mapped_column(Numeric(10, 1, asdecimal=False))
    online_share: Mapped[float | None] = mapped_column(SHARE)
    online_minutes: Mapped[int | None] = mapped_column(Integer)
    online_rate: Mapped[float | None] = mapped_column(SHARE)
    online_rate_with_leave: Mapped[float | None] = mapped_column(SHARE)
    target_online_s: Mapped[int] = mapped_column(Integer)
    target_distance_m: Mapped[int] = mapped_column(Integer)
    target_online_rate: Mapped[float] = mapped_column(SHARE)
    online_s_met: Mapped[bool | None]
    distance_met: Mapped[bool | None]
    online_rate_met: Mapped[bool | None]
    explanation: Mapped[dict[str, Any]] = mapped_column(JSONB)
