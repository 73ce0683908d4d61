"""Hot-path SQL of ingest, set-based on the driver's own connection: receipts, batches, days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import driver_connection
from app.patrol.placing import Place

BatchKey = tuple[str, UUID]
LastFix = tuple[int, int, int, int]
"""Corrected Unix ms, longitude and latitude in degrees times 10^7, accuracy in dm; the greatest one is the last."""
DayKey = tuple[str, UUID, date]


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A row of `batch_receipt`. `result` is JSON, or None when every fix was stored and nothing was pressed."""

    county_code: str
    batch_id: UUID
    device_id: UUID
    received_at: datetime
    digest: bytes
    fix_count: int
    beats_stored: int
    reports_stored: int
    result: str | None


@dataclass(slots=True)
class BatchRow:
    """A row of `fix_batch`, the area its day counts in, and its last fix."""

    county_code: str
    day: date
    inspector_id: UUID
    batch_id: UUID
    device_id: UUID
    clock_offset_ms: int
    area_id: UUID
    fix_count: int = 0
    track: bytes | None = None
    attributes: bytes | None = None
    beat_count: int = 0
    beats: bytes | None = None
    reports: list[list[Any]] | None = None
    server_skew_ms: int | None = None
    last: LastFix | None = None

    @classmethod
    def at(
        cls,
        place: Place,
        batch: BatchKey,
        device_id: UUID,
        clock_offset_ms: int,
        server_skew_ms: int | None = None,
    ) -> "BatchRow":
        """A row of that day, still without content."""
        return cls(
            batch[0],
            place.service_day,
            place.inspector_id,
            batch[1],
            device_id,
            clock_offset_ms,
            place.area_id,
            server_skew_ms=server_skew_ms,
        )


@dataclass(slots=True)
class DayTouch:
    """What an upload does to a patrol day: so many new inputs, heard in this minute of the day, last seen there."""

    county_code: str
    inspector_id: UUID
    service_day: date
    area_id: UUID
    inputs: int = 0
    minute: int | None = None
    last: LastFix | None = None


@dataclass(frozen=True, slots=True)
class DayNow:
    """The last figures of a day as JSON text, and whether newer inputs wait to be folded."""

    pending: bool
    figures: str | None


FIND_RECEIPTS = """
SELECT county_code, batch_id, device_id, received_at, digest, fix_count, beats_stored, reports_stored, result
  FROM batch_receipt
 WHERE (county_code, batch_id) IN (SELECT * FROM unnest(%b::text[], %b::uuid[]))
"""


async def find_receipts(session: AsyncSession, keys: Sequence[BatchKey]) -> dict[BatchKey, ReceiptRow]:
    """The receipts that exist among `keys`."""
    connection = await driver_connection(session)
    columns = [[k[0] for k in keys], [k[1] for k in keys]]
    cursor = await connection.execute(FIND_RECEIPTS, columns, binary=True)
    return {(r[0], r[1]): ReceiptRow(*r) for r in await cursor.fetchall()}


_RECEIPT_COLUMNS = attrgetter(*ReceiptRow.__slots__)

INSERT_RECEIPTS = """
INSERT INTO batch_receipt (county_code, batch_id, device_id, received_at, digest, fix_count, beats_stored,
                           reports_stored, result)
SELECT * FROM unnest(%b::text[], %b::uuid[], %b::uuid[], %b::timestamptz[], %b::bytea[], %b::smallint[],
                     %b::smallint[], %b::smallint[], %b::text[])
ON CONFLICT DO NOTHING RETURNING county_code, batch_id
"""


async def insert_receipts(session: AsyncSession, rows: Sequence[ReceiptRow]) -> set[BatchKey]:
    """Writes receipts; returns the keys that are ours and not another transaction's."""
    if not rows:
        return set()
    rows = sorted(rows, key=lambda r: (r.county_code, r.batch_id))
    columns = zip(*(_RECEIPT_COLUMNS(r) for r in rows), strict=True)
    connection = await driver_connection(session)
    cursor = await connection.execute(INSERT_RECEIPTS, [list(c) for c in columns])
    return {(r[0], r[1]) for r in await cursor.fetchall()}


INSERT_BATCHES = """
INSERT INTO fix_batch (county_code, day, inspector_id, batch_id, device_id, clock_offset_ms, fix_count,
                       track, attributes, beats, reports, server_skew_ms)
SELECT c, d, i, b, v, o, n, t, a, h, r::jsonb, s
  FROM unnest(%b::text[], %b::date[], %b::uuid[], %b::uuid[], %b::uuid[], %b::int[], %b::smallint[],
              %b::bytea[], %b::bytea[], %b::bytea[], %b::text[], %b::int[]) AS x(c, d, i, b, v, o, n, t, a, h, r, s)
"""


async def insert_batches(session: AsyncSession, rows: Sequence[BatchRow]) -> None:
    """Appends what the uploads brought."""
    if not rows:
        return
    rows = sorted(rows, key=lambda r: (r.county_code, r.day, r.inspector_id, r.batch_id))
    columns = zip(
        *(
            (
                r.county_code,
                r.day,
                r.inspector_id,
                r.batch_id,
                r.device_id,
                r.clock_offset_ms,
                r.fix_count,
                r.track,
                r.attributes,
                r.beats,
                orjson.dumps(r.reports).decode() if r.reports else None,
                r.server_skew_ms,
            )
            for r in rows
        ),
        strict=True,
    )
    await (await driver_connection(session)).execute(INSERT_BATCHES, [list(c) for c in columns])


# The last position moves forward in the fixes' own time only, so the order of arrival leaves no trace in it.
_LAST = ("last_fix_at", "last_longitude_e7", "last_latitude_e7", "last_accuracy_dm")
_IS_LATER = "({}) > ({})".format(*(", ".join(f"{row}.{name}" for name in _LAST) for row in ("excluded", "p")))
TOUCH_DAYS = f"""
INSERT INTO patrol_day AS p (county_code, inspector_id, service_day, area_id, opened_at, input_version, pending,
                             heard, {", ".join(_LAST)})
SELECT c, i, d, a, %b, n, n > 0, CASE WHEN m >= 0 THEN set_bit(0::bit(1440), m, 1) END,
       to_timestamp(t / 1000.0), x, y, r
  FROM unnest(%b::text[], %b::uuid[], %b::date[], %b::uuid[], %b::bigint[], %b::int[], %b::bigint[], %b::int[],
              %b::int[], %b::int[]) AS x(c, i, d, a, n, m, t, x, y, r)
ON CONFLICT (county_code, inspector_id, service_day) DO UPDATE SET
    input_version = p.input_version + excluded.input_version,
    pending = p.pending OR excluded.pending,
    heard = CASE WHEN excluded.heard IS NULL THEN p.heard
                 WHEN p.heard IS NULL THEN excluded.heard ELSE p.heard | excluded.heard END,
    {", ".join(f"{n} = CASE WHEN p.last_fix_at IS NULL OR {_IS_LATER} THEN excluded.{n} ELSE p.{n} END" for n in _LAST)}
"""


NOWHERE = (None, None, None, None)


async def touch_days(session: AsyncSession, touches: Sequence[DayTouch], now: datetime) -> None:
    """Raises the input version of days with new inputs, marks the minute in which they were heard, and moves the
    last position forward."""
    if not touches:
        return
    touches = sorted(touches, key=lambda t: (t.county_code, t.inspector_id, t.service_day))
    columns = zip(
        *(
            (
                t.county_code,
                t.inspector_id,
                t.service_day,
                t.area_id,
                t.inputs,
                -1 if t.minute is None else t.minute,
                *(t.last or NOWHERE),
            )
            for t in touches
        ),
        strict=True,
    )
    await (await driver_connection(session)).execute(TOUCH_DAYS, [now, *(list(c) for c in columns)])


FIND_DAYS = """
SELECT p.county_code, p.inspector_id, p.service_day, p.pending, f.figures::text
  FROM unnest(%b::text[], %b::uuid[], %b::date[]) AS x(c, i, d)
  JOIN patrol_day p ON p.county_code = c AND p.inspector_id = i AND p.service_day = d
  LEFT JOIN day_figures f USING (county_code, inspector_id, service_day)
"""


async def find_days(session: AsyncSession, keys: Sequence[DayKey]) -> dict[DayKey, DayNow]:
    """Where the days stand that the answers speak of."""
    if not keys:
        return {}
    connection = await driver_connection(session)
    cursor = await connection.execute(FIND_DAYS, [list(c) for c in zip(*keys, strict=True)], binary=True)
    return {(r[0], r[1], r[2]): DayNow(r[3], r[4]) for r in await cursor.fetchall()}
