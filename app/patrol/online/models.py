"""Tables of presence: what handhelds told of themselves, and the online rates of areas by day."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    REAL,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

INSTANT = DateTime(timezone=True)


class HandheldState(Base):
    """What a handheld last told of itself. `state_at` is its own time, corrected; the greatest one wins.

    batch_id     the upload that brought it, which also decides between two of one instant
    reported_at  when it came, server time
    exit_*       the last end of the app's process that it told, whenever it told it
    """

    __tablename__ = "handheld_state"
    __table_args__ = (
        CheckConstraint("(exit_reason IS NULL) = (exit_at IS NULL)", name="exit_reason_with_time"),
        ForeignKeyConstraint(["county_code", "device_id"], ["device.county_code", "device.id"]),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID]
    state_at: Mapped[datetime] = mapped_column(INSTANT)
    reported_at: Mapped[datetime] = mapped_column(INSTANT)
    battery_pct: Mapped[int | None] = mapped_column(SmallInteger)
    charging: Mapped[bool | None] = mapped_column(Boolean)
    network: Mapped[str | None] = mapped_column(Text)
    location_permission: Mapped[str | None] = mapped_column(Text)
    power_saving: Mapped[bool | None] = mapped_column(Boolean)
    app_version: Mapped[str | None] = mapped_column(Text)
    android_version: Mapped[str | None] = mapped_column(Text)
    storage_free_mb: Mapped[int | None] = mapped_column(Integer)
    waiting_batches: Mapped[int | None] = mapped_column(Integer)
    exit_reason: Mapped[str | None] = mapped_column(Text)
    exit_at: Mapped[datetime | None] = mapped_column(INSTANT)


class OnlineDay(Base):
    """The instant online rate of an area on a calendar day, added up.

    minutes     in which somebody was expected; the day's mean is rate_sum / minutes, null where there is none
    quarters    96 means of the minutes' rates, null where nobody was expected
    with_leave  the same with those on leave counted as expected
    """

    __tablename__ = "online_day"
    __table_args__ = (CheckConstraint("minutes BETWEEN 0 AND 1440", name="minutes"),)

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    minutes: Mapped[int] = mapped_column(Integer)
    rate_sum: Mapped[float] = mapped_column(Double)
    minutes_with_leave: Mapped[int] = mapped_column(Integer)
    rate_sum_with_leave: Mapped[float] = mapped_column(Double)
    quarters: Mapped[list[float | None]] = mapped_column(ARRAY(REAL))
    quarters_with_leave: Mapped[list[float | None]] = mapped_column(ARRAY(REAL))
    computed_at: Mapped[datetime] = mapped_column(INSTANT)
