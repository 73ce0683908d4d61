"""Tables of staffing: appointments to grids, shifts, presses on the handheld, kinds of days."""

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
    Numeric,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

COUNTY_CODE = String(6, collation="C")
INSTANT = DateTime(timezone=True)


class DayKind(Base):
    """What a shift is for. `prorate` is the share of the day's thresholds that remains.

    on_duty           fixes in it are stored and count
    expects_presence  it counts in the denominator of the online rate
    excuses           a day of nothing else is excused rather than free
    personal          absences of one person are of it, never exemptions of an area; else the other way round
    """

    __tablename__ = "day_kind"
    __table_args__ = (
        CheckConstraint("prorate BETWEEN 0 AND 1", name="prorate"),
        CheckConstraint("code <> 'voluntary'", name="code"),
    )

    code: Mapped[str] = mapped_column(String(20, collation="C"), primary_key=True)
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    prorate: Mapped[float] = mapped_column(Numeric(3, 2, asdecimal=False))
    on_duty: Mapped[bool]
    expects_presence: Mapped[bool]
    excuses: Mapped[bool]
    personal: Mapped[bool]


class Appointment(Base):
    """An inspector serves a grid during `valid`, to the hour. Overlaps with other grids are meant: swaps."""

    __tablename__ = "appointment"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "grid_id"], ["grid.county_code", "grid.id"]),
        ExcludeConstraint(
            ("county_code", "="),
            ("inspector_id", "="),
            ("grid_id", "="),
            ("role", "="),
            ("valid", "&&"),
            name="ex_appointment_inspector_grid_role",
            using="gist",
            where=text("cancelled_at IS NULL"),
        ),
        CheckConstraint(
            "role IN ('party_group_head', 'grid_head', 'full_time', 'part_time', 'instructor', 'substitute')",
            name="role",
        ),
        CheckConstraint("NOT isempty(valid) AND NOT lower_inf(valid)", name="valid"),
        Index("ix_appointment_county_code_grid_id", "county_code", "grid_id"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    grid_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(String(20, collation="C"))
    valid: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    document_no: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    cancelled_at: Mapped[datetime | None] = mapped_column(INSTANT)


class Shift(Base):
    """A planned stretch of one inspector's time. Its service day is the local date on which it starts."""

    __tablename__ = "shift"
    __table_args__ = (
        ExcludeConstraint(
            ("county_code", "="),
            ("inspector_id", "="),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_shift_inspector",
            using="gist",
            where=text("cancelled_at IS NULL"),
        ),
        CheckConstraint("ends_at > starts_at AND ends_at <= starts_at + interval '24 hours'", name="length"),
        Index("ix_shift_county_code_inspector_id_starts_at", "county_code", "inspector_id", "starts_at"),
        Index("ix_shift_service_day", "county_code", "service_day"),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    service_day: Mapped[date] = mapped_column(Date)
    starts_at: Mapped[datetime] = mapped_column(INSTANT)
    ends_at: Mapped[datetime] = mapped_column(INSTANT)
    kind: Mapped[str] = mapped_column(String(20, collation="C"), ForeignKey("day_kind.code"))
    version: Mapped[int] = mapped_column(Integer)
    cancelled_at: Mapped[datetime | None] = mapped_column(INSTANT)


class DutyPress(Base):
    """A press of "on duty" or "off duty". The press time counts; `id` is made by the handheld."""

    __tablename__ = "duty_press"
    __table_args__ = (
        CheckConstraint("kind IN ('on', 'off')", name="kind"),
        ForeignKeyConstraint(["county_code", "device_id"], ["device.county_code", "device.id"]),
        Index(
            "ix_duty_press_county_code_inspector_id_pressed_at", "county_code", "inspector_id", "pressed_at"
        ),
    )

    county_code: Mapped[str] = mapped_column(COUNTY_CODE, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(3, collation="C"))
    pressed_at: Mapped[datetime] = mapped_column(INSTANT)
    received_at: Mapped[datetime] = mapped_column(INSTANT)
