"""Duty presses that came with uploads: stored before the fixes of the same upload are judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import events
from app.kit.clock import from_ms
from app.kit.events import EventActor
from app.patrol.arrival import Arrival
from app.patrol.context import Contexts, DeviceContext
from app.patrol.placing import binding_at
from app.staffing.inputs import NewPress, mark_changed, store_presses


@dataclass(frozen=True, slots=True)
class Pressed:
    """What became of the presses: a disposition each by upload, and the days they concern."""

    dispositions: Mapping[tuple[str, UUID], Sequence[str]]
    days: Sequence[tuple[str, UUID, UUID, date]]


@dataclass(slots=True)
class _Asked:
    """A press that the door lets through; `place` is where its disposition goes."""

    press: NewPress
    county_code: str
    area_id: UUID
    answers: list[str]
    place: int


async def record_presses(
    session: AsyncSession, arrivals: Sequence[Arrival], contexts: Contexts, *, now: datetime, zone: ZoneInfo
) -> Pressed:
    """Stores the arrivals' presses, each once. Dispositions: stored, duplicate, conflict, unbound, future, too_old.

    days: (county, inspector, area, local date) of every new press; its neighbours are marked here, because
    a night shift or a voluntary window may reach into them.
    """
    dispositions: dict[tuple[str, UUID], Sequence[str]] = {}
    asked: list[_Asked] = []
    for arrival in arrivals:
        answers, let_through = _at_the_door(arrival, contexts[arrival.device_key], now)
        dispositions[arrival.key] = answers
        asked += let_through
    days = []
    while asked:  # of presses with one id the first is stored, a later one is compared with it
        first: dict[tuple[str, UUID], _Asked] = {}
        for each in asked:
            first.setdefault((each.county_code, each.press.id), each)
        asked = [each for each in asked if first[each.county_code, each.press.id] is not each]
        days += await _store(session, list(first.values()), now, zone)
    return Pressed(dispositions, days)


def _at_the_door(arrival: Arrival, context: DeviceContext, now: datetime) -> tuple[list[str], list[_Asked]]:
    """A disposition for each press, "" where the database has the say; and those presses."""
    earliest_ms, latest_ms = context.rules.believed_ms(now)
    answers: list[str] = []
    let_through: list[_Asked] = []
    for press, at_ms in zip(arrival.envelope.presses, arrival.presses_ms.tolist(), strict=True):
        binding = binding_at(context.bindings, at_ms)
        if at_ms > latest_ms:
            answers.append("future")
        elif at_ms < earliest_ms:
            answers.append("too_old")
        elif binding is None:
            answers.append("unbound")
        else:
            pressed = NewPress(
                UUID(press.press_id),
                binding.inspector_id,
                arrival.device_id,
                press.kind,
                from_ms(at_ms),
                now,
            )
            let_through.append(_Asked(pressed, arrival.county_code, binding.area_id, answers, len(answers)))
            answers.append("")
    return answers, let_through


async def _store(
    session: AsyncSession, asked: Sequence[_Asked], now: datetime, zone: ZoneInfo
) -> list[tuple[str, UUID, UUID, date]]:
    """Stores presses with different ids and answers them; the days of the new ones."""
    days = []
    for county_code in sorted({each.county_code for each in asked}):
        of_county = {each.press.id: each for each in asked if each.county_code == county_code}
        presses = [each.press for each in of_county.values()]
        for press_id, result in (await store_presses(session, county_code, presses)).items():
            each = of_county[press_id]
            each.answers[each.place] = result
            if result == "stored":
                day = each.press.pressed_at.astimezone(zone).date()
                days.append((county_code, each.press.inspector_id, each.area_id, day))
                await _tell(session, county_code, each.press, each.area_id, day, now)
    return days


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
