"""An inspector's own duty at an instant."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role
from app.identity.scope import area_path
from app.kit.clock import from_ms, to_ms
from app.kit.problems import Forbidden
from app.rules import service as rules
from app.staffing.duty import DutyWindow, PlannedShift, duty_windows
from app.staffing.duty_rules import duty_rules
from app.staffing.inputs import DaySpan, load_duty
from app.staffing.own_duty.schemas import DutyRead, DutyShiftRead, DutyWindowRead
from app.staffing.own_duty.standing import standing

NEXT = text("""
SELECT e.shift_id, e.service_day, e.starts_at, e.ends_at, e.kind, k.on_duty
  FROM effective_shift e JOIN day_kind k ON k.code = e.kind
 WHERE e.county_code = :county_code AND e.inspector_id = :inspector_id AND e.starts_at > :now AND k.on_duty
 ORDER BY e.starts_at LIMIT 1
""")


async def own_duty(session: AsyncSession, actor: Actor, *, zone: ZoneInfo, now: datetime) -> DutyRead:
    """Today's shifts as they hold, windows, and where the actor stands at `now`. Raises Forbidden."""
    if actor.role is not Role.INSPECTOR:
        raise Forbidden
    today = now.astimezone(zone).date()
    span = DaySpan(actor.account_id, today - timedelta(days=1), today)
    loaded = (await load_duty(session, actor.county_code, [span], zone))[actor.account_id]
    applied = await rules.resolve(session, await area_path(session, actor.area_id), today)
    windows = duty_windows(loaded.shifts, loaded.presses, duty_rules(applied), zone)
    now_ms = to_ms(now)
    found = standing(windows, now_ms)
    upcoming = await session.execute(
        NEXT, {"county_code": actor.county_code, "inspector_id": actor.account_id, "now": now}
    )
    following: Row[Any] | None = upcoming.one_or_none()
    return DutyRead(
        service_day=today,
        at=now,
        is_on_duty=found.is_on_duty,
        since=None if found.since_ms is None else from_ms(found.since_ms),
        closes_at=None if found.closes_ms is None else from_ms(found.closes_ms),
        shifts=[
            _shift(s)
            for s in sorted(loaded.shifts, key=lambda s: s.start_ms)
            if s.service_day == today or s.start_ms <= now_ms < s.end_ms
        ],
        windows=[_window(w) for w in windows if w.service_day == today or w.start_ms <= now_ms < w.end_ms],
        next_shift=None if following is None else DutyShiftRead.model_validate(following),
    )


def _shift(shift: PlannedShift) -> DutyShiftRead:
    assert shift.shift_id is not None  # noqa: S101 - load_duty names every shift
    return DutyShiftRead(
        shift_id=shift.shift_id,
        service_day=shift.service_day,
        starts_at=from_ms(shift.start_ms),
        ends_at=from_ms(shift.end_ms),
        kind=shift.kind,
        on_duty=shift.on_duty,
    )


def _window(window: DutyWindow) -> DutyWindowRead:
    return DutyWindowRead(
        starts_at=from_ms(window.start_ms),
        ends_at=from_ms(window.end_ms),
        service_day=window.service_day,
        kind=window.kind,
        voluntary=window.voluntary,
    )
