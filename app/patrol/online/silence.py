"""Handhelds whose holder is expected on duty and that nobody hears: what ops can do something about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, String, Uuid, column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import area_path, require_area
from app.kit import pagination
from app.patrol.online.roster import areas_without_tracks
from app.patrol.online.service import counties_below
from app.rules import service as rules
from app.rules.catalogue.presence import SILENT_AFTER_MIN


@dataclass(frozen=True, slots=True)
class Silence:
    """A page of silent handhelds and the rule that made them so."""

    rows: Sequence[Row[Any]]
    following: str | None
    silent_after_min: int


# Heard: the holder's last minute of his latest day with one, or the handheld's last state. Who was expected only a
# moment ago, or got the handheld only then, is not silent yet.
SILENT = text("""
SELECT x.*, extract(epoch FROM cast(:now AS timestamptz) - x.quiet_since)::int AS silent_s
  FROM (
SELECT d.id AS device_id, d.serial_no, a.id AS inspector_id, a.display_name, a.area_id,
       coalesce((SELECT c.code FROM area_code c WHERE c.area_id = a.area_id AND c.valid @> cast(:today AS date)
                  ORDER BY c.code_system DESC LIMIT 1), '') AS area_code,
       s.starts_at AS expected_since, greatest(p.heard_at, h.reported_at) AS last_heard_at,
       greatest(s.starts_at, lower(b.valid), p.heard_at, h.reported_at) AS quiet_since,
       h.state_at, h.battery_pct, h.charging, h.network, h.location_permission, h.power_saving,
       coalesce(h.app_version, d.app_version) AS app_version,
       coalesce(h.android_version, d.android_version) AS android_version,
       h.storage_free_mb, h.waiting_batches, h.exit_reason, h.exit_at
  FROM (SELECT e.county_code, e.inspector_id, min(e.starts_at) AS starts_at
          FROM effective_shift e JOIN day_kind k ON k.code = e.kind AND k.expects_presence
         WHERE e.county_code = ANY(:counties) AND e.service_day BETWEEN cast(:today AS date) - 1 AND :today
           AND e.starts_at <= :now AND e.ends_at > :now
         GROUP BY 1, 2) s
  JOIN account a ON a.id = s.inspector_id AND a.area_id <> ALL(:without_tracks)
       AND a.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = :area_id)
  JOIN device_binding b ON b.county_code = s.county_code AND b.inspector_id = s.inspector_id
       AND b.valid @> cast(:now AS timestamptz)
  JOIN device d ON d.county_code = b.county_code AND d.id = b.device_id AND d.revoked_at IS NULL
  LEFT JOIN handheld_state h ON h.county_code = d.county_code AND h.device_id = d.id
  LEFT JOIN LATERAL (
       SELECT (service_day + make_interval(mins => length(rtrim(heard::text, '0')) - 1)) AT TIME ZONE :zone AS heard_at
         FROM patrol_day
        WHERE county_code = s.county_code AND inspector_id = s.inspector_id AND position(B'1' IN heard) > 0
        ORDER BY service_day DESC LIMIT 1) p ON true
) x
 WHERE x.quiet_since < :before
""").columns(column("area_code", String), column("serial_no", String), column("device_id", Uuid))


async def list_silent(
    session: AsyncSession,
    actor: Actor,
    area_id: UUID,
    *,
    cursor: str | None,
    limit: int,
    now: datetime,
    zone: ZoneInfo,
) -> Silence:
    """One page, by area code and serial number; the rule is that of `area_id`. Raises NotFound, BadCursor.

    Where no tracks are collected (policy `off`) handhelds are silent by order, and none of them is listed.
    """
    await require_area(session, actor, area_id)
    today = now.astimezone(zone).date()
    applied = await rules.resolve(session, await area_path(session, area_id), today)
    silent_after_min = applied[SILENT_AFTER_MIN]
    found = SILENT.bindparams(
        counties=await counties_below(session, [area_id]),
        area_id=area_id,
        without_tracks=await areas_without_tracks(session, area_id, today, await rules.rule_book(session)),
        now=now,
        today=today,
        before=now - timedelta(minutes=silent_after_min),
        zone=zone.key,
    ).subquery()
    keys = [found.c.area_code, found.c.serial_no, found.c.device_id]
    statement = pagination.after(select(text("*")).select_from(found), keys, cursor, limit)
    rows = (await session.execute(statement)).all()
    kept, following = pagination.page(rows, limit, lambda r: [r.area_code, r.serial_no, r.device_id])
    return Silence(kept, following, silent_after_min)
