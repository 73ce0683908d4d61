"""Duty presses that came with uploads: stored before the fixes of the same upload are judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import events
from app.kit.clock import from_ms, to_ms
from app.kit.events import EventActor
from app.patrol.arrival import Arrival
from app.patrol.context import Contexts
from app.patrol.placing import binding_at
from app.staffing.inputs import NewPress, mark_changed, store_presses


@dataclass(frozen=True, slots=True)
class Pressed:
    """What became of the presses: a disposition by (upload's key, press id), and the days they concern."""

    dispositions: Mapping[tuple[str, UUID], str]
    days: Sequence[tuple[str, UUID, UUID, date]]


async def record_presses(
    session: AsyncSession, arrivals: Sequence[Arrival], contexts: Contexts, *, now: datetime, zone: ZoneInfo
) -> Pressed:
    """Stores the arrivals' presses, each once. Dispositions: stored, duplicate, conflict, unbound, future, too_old.

    days: (county, inspector, area, local date) of every new press; its neighbours are marked here, because
    a night shift or a voluntary window may reach into them.
    """
    dispositions: dict[tuple[str, UUID], str] = {}
    new: dict[str, dict[UUID, NewPress]] = {}
    areas: dict[UUID, UUID] = {}
    for arrival in arrivals:
        context = contexts[arrival.device_key]
        for press, at_ms in zip(arrival.envelope.presses, arrival.presses_ms.tolist(), strict=True):
            press_id = UUID(press.press_id)
            key = (arrival.county_code, press_id)
            binding = binding_at(context.bindings, at_ms)
            if at_ms > to_ms(now) + context.rules.future_tolerance_s * 1000:
                dispositions[key] = "future"
            elif at_ms < to_ms(now - timedelta(days=context.rules.too_old_days)):
                dispositions[key] = "too_old"
            elif binding is None:
                dispositions[key] = "unbound"
            else:
                areas[press_id] = binding.area_id
                pressed = NewPress(
                    press_id, binding.inspector_id, arrival.device_id, press.kind, from_ms(at_ms), now
                )
                new.setdefault(arrival.county_code, {}).setdefault(press_id, pressed)
    days = []
    for county_code, presses in sorted(new.items()):
        for press_id, result in (await store_presses(session, county_code, list(presses.values()))).items():
            dispositions[county_code, press_id] = result
            if result == "stored":
                pressed = presses[press_id]
                day = pressed.pressed_at.astimezone(zone).date()
                days.append((county_code, pressed.inspector_id, areas[press_id], day))
                await _tell(session, county_code, pressed, areas[press_id], day, now)
    return Pressed(dispositions, days)


async def _tell(
    session: AsyncSession, county_code: str, pressed: NewPress, area_id: UUID, day: date, now: datetime
) -> None:
    around = [day - timedelta(days=1), day + timedelta(days=1)]
    await mark_changed(session, county_code, pressed.inspector_id, around)
    await events.record(
        session,
        EventActor("device", pressed.device_id),
        f"duty.pressed_{pressed.kind}",
        ("inspector", pressed.inspector_id),
        {
            "press_id": str(pressed.id),
            "pressed_at": pressed.pressed_at.isoformat(),
            "service_day": day.isoformat(),
        },
        county_code=county_code,
        now=now,
        area_id=area_id,
    )
