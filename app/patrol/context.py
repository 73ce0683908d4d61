"""What ingest must know of a device: is it revoked, whose was it when, when was its holder on duty."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import from_ms
from app.kit.db import driver_connection
from app.patrol.arrival import Arrival
from app.patrol.placing import FOREVER_MS, Binding, Duty
from app.patrol.policy import DoorRules
from app.rules import service as rules
from app.staffing.duty import DutyRules, DutyWindow, duty_windows
from app.staffing.inputs import DaySpan
from app.staffing.inputs import load_duty as duty_inputs

DeviceKey = tuple[str, UUID]
LoginKey = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class DeviceContext:
    """A device with all its bindings and the rules of the area it belongs to today."""

    area_id: UUID
    is_revoked: bool
    ended_logins: Set[UUID]
    bindings: Sequence[Binding]
    rules: DoorRules


Contexts = Mapping[DeviceKey, DeviceContext]

DEVICES = """
SELECT d.county_code, d.id, d.area_id, d.revoked_at IS NOT NULL,
       (SELECT array_agg(l.id) FROM login l WHERE l.revoked_at IS NOT NULL
           AND (l.county_code, l.id) IN (SELECT * FROM unnest(%b::text[], %b::uuid[]))),
       (SELECT array_agg(ancestor_id ORDER BY depth) FROM area_closure WHERE area_id = d.area_id),
       b.inspector_id, (extract(epoch FROM lower(b.valid)) * 1000)::bigint,
       (extract(epoch FROM upper(b.valid)) * 1000)::bigint, a.area_id
  FROM (SELECT DISTINCT * FROM unnest(%b::text[], %b::uuid[])) AS k(county_code, id)
  JOIN device d USING (county_code, id)
  LEFT JOIN device_binding b ON b.county_code = d.county_code AND b.device_id = d.id
  LEFT JOIN account a ON a.id = b.inspector_id
"""


async def load_contexts(
    session: AsyncSession, keys: Sequence[DeviceKey], logins: Sequence[LoginKey], *, today: date
) -> dict[DeviceKey, DeviceContext]:
    """The devices that exist among `keys`, and which of `logins` have been ended."""
    book = await rules.rule_book(session)
    connection = await driver_connection(session)
    columns = [[k[0] for k in logins], [k[1] for k in logins], [k[0] for k in keys], [k[1] for k in keys]]
    rows = await (await connection.execute(DEVICES, columns, binary=True)).fetchall()
    found: dict[DeviceKey, DeviceContext] = {}
    bindings: dict[DeviceKey, list[Binding]] = {}
    for (
        county_code,
        device_id,
        area_id,
        is_revoked,
        ended,
        path,
        holder,
        start_ms,
        end_ms,
        holder_area,
    ) in rows:
        key = (county_code, device_id)
        held = bindings.setdefault(key, [])
        if key not in found:
            found[key] = DeviceContext(
                area_id,
                is_revoked,
                frozenset(ended or ()),
                held,
                DoorRules.of(book.resolve(path or (), today)),
            )
        if holder is not None:
            held.append(Binding(start_ms, FOREVER_MS if end_ms is None else end_ms, holder, holder_area))
    return found


async def load_duty(
    session: AsyncSession,
    arrivals: Sequence[Arrival],
    contexts: Contexts,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> Duty:
    """Duty windows of every inspector whom the arrivals may belong to, around the times they speak of.

    Times that the door refuses are left out: some lie beyond every calendar.
    """
    spans: dict[str, dict[UUID, DaySpan]] = {}
    ruled: dict[UUID, DutyRules] = {}
    for arrival in arrivals:
        bounds = arrival.bounds_ms()
        if bounds is None:
            continue
        context = contexts[arrival.device_key]
        earliest_ms, latest_ms = context.rules.believed_ms(now)
        bounds = max(bounds[0], earliest_ms), min(bounds[1], latest_ms)
        if bounds[0] > bounds[1]:
            continue
        first, last = (from_ms(at_ms).astimezone(zone).date() for at_ms in bounds)
        for binding in context.bindings:
            if binding.start_ms <= bounds[1] and binding.end_ms > bounds[0]:
                asked = spans.setdefault(arrival.county_code, {})
                known = asked.get(binding.inspector_id, DaySpan(binding.inspector_id, first, last))
                asked[binding.inspector_id] = DaySpan(
                    binding.inspector_id, min(first, known.first), max(last, known.last)
                )
                ruled[binding.inspector_id] = context.rules.duty
    windows: dict[UUID, Sequence[DutyWindow]] = {}
    for county_code, asked in spans.items():
        for inspector_id, inputs in (
            await duty_inputs(session, county_code, list(asked.values()), zone)
        ).items():
            windows[inspector_id] = duty_windows(inputs.shifts, inputs.presses, ruled[inspector_id], zone)
    return windows
