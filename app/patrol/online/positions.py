"""Where the inspectors of an area are who are on duty and were heard lately. Looking is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from shapely.geometry import Point
from sqlalchemy import Uuid, bindparam, column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import require_area
from app.kit import events, pagination
from app.kit.clock import to_ms
from app.kit.geo import to_geojson
from app.patrol.box import Box, require_upright
from app.patrol.online.rates import LOOK_BACK_MIN
from app.patrol.online.roster import load_paths
from app.patrol.online.service import counties_below
from app.rules import service as rules
from app.rules.book import RuleSet
from app.rules.catalogue.judging import HEARD_WITHIN_MIN
from app.staffing.duty import DutyWindow, duty_windows
from app.staffing.duty_rules import duty_rules
from app.staffing.inputs import DaySpan, load_duty


@dataclass(frozen=True, slots=True)
class Position:
    """An inspector on duty and the last place of his present service day."""

    row: Any
    at: datetime
    longitude: float
    latitude: float
    accuracy_m: float


# The bits of the last hour, today's and before midnight yesterday's; which of them count is the area's rule. Nobody
# has more than two service days under way, so a last position is one of two.
CANDIDATES = text("""
SELECT a.id AS inspector_id, a.county_code, a.area_id, a.display_name,
       coalesce(substring(y.heard FROM :low_before FOR :span_before)::text, '')
         || coalesce(substring(t.heard FROM :low FOR :span)::text, repeat('0', :span)) AS heard,
       t.last_fix_at AS at_today, t.last_longitude_e7 AS lon_today, t.last_latitude_e7 AS lat_today,
       t.last_accuracy_dm AS accuracy_today,
       y.last_fix_at AS at_before, y.last_longitude_e7 AS lon_before, y.last_latitude_e7 AS lat_before,
       y.last_accuracy_dm AS accuracy_before,
       (SELECT coalesce(array_agg(DISTINCT g.code ORDER BY g.code), '{}')
          FROM appointment m JOIN grid g ON g.county_code = m.county_code AND g.id = m.grid_id
         WHERE m.county_code = a.county_code AND m.inspector_id = a.id AND m.cancelled_at IS NULL
           AND m.valid @> cast(:now AS timestamptz)) AS grid_codes,
       h.battery_pct, h.charging, h.state_at
  FROM account a
  LEFT JOIN patrol_day t ON t.county_code = a.county_code AND t.inspector_id = a.id AND t.service_day = :today
  LEFT JOIN patrol_day y ON y.county_code = a.county_code AND y.inspector_id = a.id
       AND y.service_day = cast(:today AS date) - 1
  LEFT JOIN device_binding b ON b.county_code = a.county_code AND b.inspector_id = a.id
       AND b.valid @> cast(:now AS timestamptz)
  LEFT JOIN handheld_state h ON h.county_code = b.county_code AND h.device_id = b.device_id
 WHERE a.county_code = ANY(:counties) AND a.role = 'inspector'
   AND a.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = :area_id)
   AND (position(B'1' IN substring(t.heard FROM :low FOR :span)) > 0
        OR position(B'1' IN substring(y.heard FROM :low_before FOR :span_before)) > 0)
   AND (t.last_fix_at IS NOT NULL OR y.last_fix_at IS NOT NULL)
""").columns(column("inspector_id", Uuid))


async def list_positions(
    session: AsyncSession,
    actor: Actor,
    area_id: UUID,
    *,
    box: Box | None,
    cursor: str | None,
    limit: int,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[list[Position], str | None]:
    """One page, by inspector; a page may hold fewer than `limit`, `next` says whether there are more.

    One event names everybody who was shown. Areas whose policy is `off` show nothing. Raises NotFound,
    BoxReversed, BadCursor.
    """
    if box is not None:
        require_upright(box)
    await require_area(session, actor, area_id)
    rows, following = await _candidates(session, area_id, cursor, limit, now, zone)
    windows = await _on_duty(session, rows, now, zone)
    today = now.astimezone(zone).date()
    shown = [
        found
        for row in rows
        if row.inspector_id in windows
        and (found := _position(row, windows[row.inspector_id], today)) is not None
        and (box is None or _is_inside(found, box))
    ]
    await _note_look(session, actor, area_id, shown, box, now)
    return shown, following


async def _candidates(
    session: AsyncSession, area_id: UUID, cursor: str | None, limit: int, now: datetime, zone: ZoneInfo
) -> tuple[list[Any], str | None]:
    """Inspectors of the area who were heard in the last hour and have a position today or yesterday."""
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    span_before = max(0, LOOK_BACK_MIN - 1 - minute)
    found = CANDIDATES.bindparams(
        bindparam("counties", await counties_below(session, [area_id])),
        area_id=area_id,
        now=now,
        today=local.date(),
        low=max(0, minute + 1 - LOOK_BACK_MIN) + 1,
        span=LOOK_BACK_MIN - span_before,
        low_before=1440 - span_before + 1,
        span_before=span_before,
    ).subquery()
    keys = [found.c.inspector_id]
    statement = select(text("*")).select_from(found)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: [row.inspector_id])


async def _on_duty(
    session: AsyncSession, rows: Sequence[Any], now: datetime, zone: ZoneInfo
) -> dict[UUID, DutyWindow]:
    """The duty window of those who are in one, were heard as lately as their area asks, and may be shown."""
    today, now_ms = now.astimezone(zone).date(), to_ms(now)
    book = await rules.rule_book(session)
    paths = await load_paths(session, {row.area_id for row in rows})
    found: dict[UUID, DutyWindow] = {}
    for county_code in sorted({row.county_code for row in rows}):
        own = {row.inspector_id: row for row in rows if row.county_code == county_code}
        duty = await load_duty(session, county_code, [DaySpan(i, today, today) for i in own], zone)
        for inspector_id, row in own.items():
            applied = book.resolve(paths[row.area_id], today)
            if rules.patrol_policy(applied) == "off" or not _is_heard(row.heard, applied):
                continue
            inputs = duty[inspector_id]
            windows = duty_windows(inputs.shifts, inputs.presses, duty_rules(applied), zone)
            current = next((w for w in windows if w.start_ms <= now_ms < w.end_ms), None)
            if current is not None:
                found[inspector_id] = current
    return found


def _is_heard(heard: str, applied: RuleSet) -> bool:
    """heard: a digit a minute, the last one is the present minute."""
    return "1" in heard[-applied[HEARD_WITHIN_MIN] :]


def _position(row: Any, window: DutyWindow, today: date) -> Position | None:
    """The last place of the service day that runs; None when that day has none yet."""
    which = "today" if window.service_day == today else "before"
    at = getattr(row, f"at_{which}")
    if at is None or window.service_day < today - timedelta(days=1):
        return None
    longitude, latitude = (getattr(row, f"{name}_{which}") / 1e7 for name in ("lon", "lat"))
    return Position(row, at, longitude, latitude, getattr(row, f"accuracy_{which}") / 10)


def _is_inside(found: Position, box: Box) -> bool:
    west, south, east, north = box
    return west <= found.longitude <= east and south <= found.latitude <= north


async def _note_look(
    session: AsyncSession,
    actor: Actor,
    area_id: UUID,
    shown: Sequence[Position],
    box: Box | None,
    now: datetime,
) -> None:
    await events.record(
        session,
        actor.event_actor,
        "positions.viewed",
        ("area", area_id),
        {
            "inspector_ids": [str(each.row.inspector_id) for each in shown],
            "count": len(shown),
            "box": list(box) if box else None,
        },
        county_code=actor.county_code,
        now=now,
        area_id=area_id,
    )


def as_geojson(shown: Sequence[Position], following: str | None, now: datetime) -> dict[str, Any]:
    """A FeatureCollection of points, [lon, lat], EPSG:4490, with `next` beside its features."""
    return {
        "type": "FeatureCollection",
        "features": [_feature(each, now) for each in shown],
        "next": following,
    }


def _feature(found: Position, now: datetime) -> dict[str, Any]:
    row = found.row
    return {
        "type": "Feature",
        "id": str(row.inspector_id),
        "geometry": to_geojson(Point(found.longitude, found.latitude)),
        "properties": {
            "inspector_id": str(row.inspector_id),
            "display_name": row.display_name,
            "area_id": str(row.area_id),
            "grid_codes": row.grid_codes,
            "on_duty": True,
            "recorded_at": found.at.isoformat(),
            "age_s": max(0, (to_ms(now) - to_ms(found.at)) // 1000),
            "accuracy_m": found.accuracy_m,
            "battery_pct": row.battery_pct,
            "charging": row.charging,
            "state_at": row.state_at.isoformat() if row.state_at else None,
        },
    }
