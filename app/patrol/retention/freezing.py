"""Freezing: the explanation of a day is kept with its digest before its fixes go."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry import mapping, shape
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import events
from app.kit.events import SYSTEM
from app.kit.geodesy import METRES_A_DEGREE
from app.patrol import days, tracks
from app.patrol.day_reader import DayKey, read_days
from app.patrol.folder import FoldedDay, fold_days, fold_record
from app.patrol.retention.frozen_days import Packed, pack
from app.patrol.retention.kept import KEPT, PAST
from app.patrol.retention.terms import Terms

LIST = f"""
SELECT d.inspector_id, d.service_day FROM patrol_day d {PAST}
 WHERE d.county_code = :county_code AND d.frozen_at IS NULL
   AND (d.service_day, d.inspector_id) > (:after_day, :after_inspector) AND NOT {KEPT}
"""
LIST_CHUNK = text(LIST + " ORDER BY d.service_day, d.inspector_id LIMIT :limit")
COUNT = text(f"SELECT count(*) FROM ({LIST}) AS found")
BEGINNING = (date(1, 1, 1), UUID(int=0))

# Every writer of inputs raises the day's version first, so a locked day has all the inputs it will be frozen with.
LOCK = text("""
SELECT p.inspector_id FROM patrol_day p
  JOIN unnest(cast(:inspectors AS uuid[]), cast(:days AS date[])) AS k(inspector_id, service_day)
       ON p.inspector_id = k.inspector_id AND p.service_day = k.service_day
 WHERE p.county_code = :county_code
 ORDER BY p.inspector_id, p.service_day FOR UPDATE OF p
""")
STORE = text("""
INSERT INTO frozen_explanation (county_code, inspector_id, service_day, area_id, input_version, rule_version,
                                document, digest, frozen_at)
VALUES (:county_code, :inspector_id, :service_day, :area_id, :input_version, :rule_version, :document, :digest, :now)
""")
MARK = text("""
UPDATE patrol_day SET frozen_at = :now
 WHERE county_code = :county_code AND inspector_id = :inspector_id AND service_day = :service_day
""")


def _asked(terms: Terms, after: tuple[date, UUID]) -> dict[str, Any]:
    return terms.cutoffs() | {"after_day": after[0], "after_inspector": after[1]}


async def list_freezable(
    session: AsyncSession, terms: Terms, after: tuple[date, UUID], limit: int
) -> list[DayKey]:
    """Days past their retention that are not frozen, contested or held, after (day, inspector)."""
    rows = await session.execute(LIST_CHUNK, _asked(terms, after) | {"limit": limit})
    return [DayKey(terms.county_code, *row) for row in rows.all()]


async def count_freezable(session: AsyncSession, terms: Terms) -> int:
    """How many there are."""
    return int(await session.scalar(COUNT, _asked(terms, BEGINNING)) or 0)


async def freeze_days(
    session: AsyncSession, keys: Sequence[DayKey], *, tolerance_m: int, now: datetime, zone: ZoneInfo
) -> int:
    """Freezes the days of `keys`, all of one county; returns how many. The caller holds `purge_alone`.

    A day with newer inputs is folded and judged first: what is frozen is what would have been shown.
    """
    locked = {
        "county_code": keys[0].county_code,
        "inspectors": [k.inspector_id for k in keys],
        "days": [k.service_day for k in keys],
    }
    await session.execute(LOCK, locked)
    records = await read_days(session, keys, zone)
    pending = [key for key, record in records.items() if record.is_pending]
    folded = await fold_days(session, pending, now=now, zone=zone)
    for key in sorted(records):
        day = folded.get(key) or fold_record(records[key], now=now, zone=zone)
        await _freeze(session, day, tolerance_m, now, zone)
    return len(records)


async def _freeze(
    session: AsyncSession, day: FoldedDay, tolerance_m: int, now: datetime, zone: ZoneInfo
) -> None:
    packed = pack(frozen_document(day, tolerance_m, now=now, zone=zone))
    await session.execute(STORE, _row(day, packed, now))
    await session.execute(MARK, day.key._asdict() | {"now": now})
    await events.record(
        session,
        SYSTEM,
        "patrol_day.frozen",
        ("inspector", day.key.inspector_id),
        {"service_day": day.key.service_day.isoformat(), "digest": packed.digest.hex()},
        county_code=day.key.county_code,
        now=now,
        area_id=day.area_id,
    )


def _row(day: FoldedDay, packed: Packed, now: datetime) -> dict[str, Any]:
    return day.key._asdict() | {
        "area_id": day.area_id,
        "input_version": day.record.input_version,
        "rule_version": day.record.rules.version,
        "document": packed.document,
        "digest": packed.digest,
        "now": now,
    }


def frozen_document(day: FoldedDay, tolerance_m: int, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Figures, sentences, explanation and simplified track of a day; no name."""
    shown = days.day_document(day, now=now, zone=zone)
    whole = days.explanation(day, now=now, zone=zone)
    return {
        "figures": shown["figures"],
        "sentences": shown["sentences"],
        "explanation": {name: value for name, value in whole.items() if name not in shown},
        "track": simplified(tracks.as_geojson(day.fold, with_points=False), tolerance_m),
    }


def simplified(track: dict[str, Any], tolerance_m: int) -> dict[str, Any]:
    """A FeatureCollection whose lines deviate by no more than `tolerance_m` metres, places to a decimetre.

    The tolerance is taken in degrees of latitude; a degree of longitude is shorter, so the deviation is smaller.
    """
    features = []
    for feature in track["features"]:
        found = shapely.set_precision(shape(feature["geometry"]), 0)
        if found.geom_type == "LineString" and tolerance_m:
            found = found.simplify(tolerance_m / METRES_A_DEGREE, preserve_topology=False)
        features.append(feature | {"geometry": _rounded(mapping(found))})
    return track | {"features": features}


def _rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    places = geometry["coordinates"]
    if geometry["type"] == "Point":
        return {"type": "Point", "coordinates": [round(c, 6) for c in places]}
    return {"type": geometry["type"], "coordinates": [[round(c, 6) for c in place] for place in places]}
