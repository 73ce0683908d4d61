"""HTTP of bulk plans."""

from collections import Counter

from fastapi import APIRouter

from app.identity.dependencies import SettingsDep, Supervisor
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.problems import Forbidden, NotFound, problems
from app.staffing.planning import service
from app.staffing.planning.pattern import Pattern, Session
from app.staffing.planning.problems import PlanEmpty, PlanTooLarge
from app.staffing.planning.schemas import RosterCreate, RosterItem, RosterRead
from app.staffing.problems import UnknownDayKind

router = APIRouter(prefix="/rosters", tags=["staffing"])


@router.post(
    "",
    summary="Plan many shifts from a pattern · 批量排班",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, NotFound, UnknownDayKind, PlanTooLarge, PlanEmpty),
)
async def plan_roster(
    body: RosterCreate, actor: Supervisor, session: SessionDep, settings: SettingsDep, now: Now
) -> RosterRead:
    """Send it again as often as you like: what is planned already is `duplicate`. One refusal costs no neighbour.

    An inspector outside your area is `rejected` with `not_found`; when all are, the request is.
    """
    sessions = [Session(*each.clock, each.kind) for each in body.sessions]
    pattern = Pattern(body.first, body.last, body.days, frozenset(body.weekdays), sessions)
    found = await service.plan_roster(
        session, actor, body.inspector_ids, pattern, zone=settings.zone, now=now
    )
    counts = Counter(each.outcome for each in found)
    return RosterRead(
        planned=counts["planned"],
        duplicate=counts["duplicate"],
        rejected=counts["rejected"],
        items=[_item(each) for each in found],
    )


def _item(planned: service.Planned) -> RosterItem:
    return RosterItem(
        inspector_id=planned.inspector_id,
        service_day=planned.shift.service_day,
        starts_at=planned.shift.starts_at,
        ends_at=planned.shift.ends_at,
        kind=planned.shift.kind,
        outcome=planned.outcome,
        shift_id=planned.shift_id,
        problem=planned.problem,
    )
