"""Tables of patrol. `fix_batch` is the truth; everything else is either a receipt or can be folded again."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BIT, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base

County = String(6, collation="C")
METRES = Numeric(10, 1, asdecimal=False)


class FixBatch(Base):
    """What one upload brought for one inspector and service day. Append-only, partitioned by month of `day`.

    No foreign keys: this is the hot path, and the binding was read in the same transaction.

    server_skew_ms  the handheld's corrected clock minus ours when the upload came; null when under the rule.
                    A flag for people to look at: the fold never reads it.
    """

    __tablename__ = "fix_batch"
    __table_args__ = (
        CheckConstraint("(track IS NULL) = (attributes IS NULL)", name="track_with_attributes"),
        Index(
            "ix_fix_batch_track",
            text("(ST_SetSRID(ST_GeomFromTWKB(track), 4490))"),
            postgresql_using="gist",
        ),
        {"postgresql_partition_by": "RANGE (day)"},
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    device_id: Mapped[UUID]
    clock_offset_ms: Mapped[int] = mapped_column(Integer)
    fix_count: Mapped[int] = mapped_column(SmallInteger)
    track: Mapped[bytes | None] = mapped_column(LargeBinary)
    attributes: Mapped[bytes | None] = mapped_column(LargeBinary)
    beats: Mapped[bytes | None] = mapped_column(LargeBinary)
    reports: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    server_skew_ms: Mapped[int | None] = mapped_column(Integer)


class BatchReceipt(Base):
    """What was answered to an upload; with it a repetition is answered the same. Not partitioned.

    result  JSON (`ingest.Result`), or null for the usual case: every fix stored, no press.
    """

    __tablename__ = "batch_receipt"
    __table_args__ = (Index("ix_batch_receipt_received_at", "county_code", "received_at"),)

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    device_id: Mapped[UUID]
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    fix_count: Mapped[int] = mapped_column(SmallInteger)
    beats_stored: Mapped[int] = mapped_column(SmallInteger)
    reports_stored: Mapped[int] = mapped_column(SmallInteger)
    result: Mapped[str | None] = mapped_column(Text)


class PatrolDay(Base):
    """One inspector's service day: which version its inputs have, and which was folded.

    `pending` says that the two differ. It is a column of its own because an index on it keeps updates of an
    already pending day heap-only. `heard` has one bit for each minute (server time) in which the
    inspector's handheld spoke. `opened_at` is when the row was made: a day that was never folded waits from then.
    Once `frozen_at` is set its fixes may be gone: it is never folded again (`retention`).
    `last_*` is the last position on duty by the fixes' own time, for the map; no index, so updates stay heap-only.
    """

    __tablename__ = "patrol_day"
    __table_args__ = (
        Index("ix_patrol_day_pending", "county_code", "service_day", postgresql_where=text("pending")),
        Index("ix_patrol_day_service_day", "county_code", "service_day", "area_id"),
        Index(
            "ix_patrol_day_unfrozen", "county_code", "service_day", postgresql_where=text("frozen_at IS NULL")
        ),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    service_day: Mapped[date] = mapped_column(Date, primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    input_version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    folded_version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    pending: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    folded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    heard: Mapped[str | None] = mapped_column(BIT(1440))
    frozen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_fix_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_longitude_e7: Mapped[int | None] = mapped_column(Integer)
    last_latitude_e7: Mapped[int | None] = mapped_column(Integer)
    last_accuracy_dm: Mapped[int | None] = mapped_column(Integer)


class DayFigures(Base):
    """The latest figures of a patrol day, with all versions they were computed with.

    `figures` is the document; the columns from `presence` on are what periods sum up of it: what the roster
    expected (`prorate`: which share of a whole day), and the numbers by which a day is judged.
    """

    __tablename__ = "day_figures"
    __table_args__ = (
        # a month of a county is summed up from this index alone: the documents would be ten times as much to read
        Index(
            "ix_day_figures_service_day",
            "county_code",
            "service_day",
            "area_id",
            postgresql_include=[
                *("inspector_id", "status", "presence", "prorate", "online_s", "patrol_s", "distance_m"),
                *("distance_low_m", "distance_high_m", "in_grid_distance_m", "fixes"),
                *("online_share", "rule_version", "fold_version"),
            ],
        ),
        Index(
            "ix_day_figures_provisional",
            "county_code",
            "service_day",
            postgresql_where=text("status = 'provisional'"),
        ),
        CheckConstraint("presence IN ('expected', 'excused', 'not_expected')", name="presence"),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    service_day: Mapped[date] = mapped_column(Date, primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    status: Mapped[str] = mapped_column(Text)
    input_version: Mapped[int] = mapped_column(BigInteger)
    fold_version: Mapped[int] = mapped_column(Integer)
    rule_version: Mapped[str] = mapped_column(Text)
    grid_versions: Mapped[list[str]] = mapped_column(JSONB)
    computed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    presence: Mapped[str] = mapped_column(Text, server_default="not_expected")
    prorate: Mapped[float] = mapped_column(Numeric(4, 3, asdecimal=False), server_default="0")
    online_s: Mapped[int] = mapped_column(Integer, server_default="0")
    patrol_s: Mapped[int] = mapped_column(Integer, server_default="0")
    distance_m: Mapped[float] = mapped_column(METRES, server_default="0")
    distance_low_m: Mapped[float] = mapped_column(METRES, server_default="0")
    distance_high_m: Mapped[float] = mapped_column(METRES, server_default="0")
    in_grid_distance_m: Mapped[float] = mapped_column(METRES, server_default="0")
    fixes: Mapped[int] = mapped_column(Integer, server_default="0")
    online_share: Mapped[float | None] = mapped_column(Numeric(5, 4, asdecimal=False))


class DayJudgement(Base):
    """A judgement of a finished day. Never changed: new evidence adds a revision beside it."""

    __tablename__ = "day_judgement"
    __table_args__ = (
        CheckConstraint("revision >= 1", name="revision"),
        Index("ix_day_judgement_judged_at", "county_code", "service_day", "judged_at"),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    service_day: Mapped[date] = mapped_column(Date, primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    status: Mapped[str] = mapped_column(Text)
    input_version: Mapped[int] = mapped_column(BigInteger)
    fold_version: Mapped[int] = mapped_column(Integer)
    rule_version: Mapped[str] = mapped_column(ForeignKey("rule_snapshot.version"))
    grid_versions: Mapped[list[str]] = mapped_column(JSONB)
    judged_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)


class RuleSnapshot(Base):
    """The rules a day was judged by, whole, so that a later rule never rewrites it."""

    __tablename__ = "rule_snapshot"

    version: Mapped[str] = mapped_column(Text, primary_key=True)
    rules: Mapped[dict[str, Any]] = mapped_column(JSONB)
    taken_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Quarantined(Base):
    """What was sent but could not be accepted: kept for a person to look at, zstd-compressed.

    `sealed` holds it where it may name people; `body` is empty then. `batch_id` is an item's id in that case.
    """

    __tablename__ = "quarantine"
    __table_args__ = (
        UniqueConstraint("county_code", "device_id", "digest", postgresql_nulls_not_distinct=True),
        Index("ix_quarantine_received_at", "county_code", "received_at"),
        CheckConstraint("outcome IN ('released', 'dismissed')", name="outcome"),
        CheckConstraint(
            "(outcome IS NULL) = (settled_at IS NULL) AND (outcome IS NULL) = (settled_by IS NULL) "
            "AND (outcome IS NULL) = (settled_reason IS NULL)",
            name="settled_whole",
        ),
    )

    county_code: Mapped[str] = mapped_column(County, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    device_id: Mapped[UUID | None]
    batch_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[UUID | None]
    sealed: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    settled_reason: Mapped[str | None] = mapped_column(Text)
