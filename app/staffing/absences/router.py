"""HTTP of absences."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, status
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.dependencies import CurrentActor, SettingsDep, Supervisor
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_ABSENCE
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.kit.schemas import Instant
from app.staffing.absences import queries, service
from app.staffing.absences.problems import (
    AbsenceDecided,
    AbsenceIdReused,
    AbsenceOverlaps,
    AbsenceTooOld,
)
from app.staffing.absences.schemas import (
    AbsenceDecidedRead,
    AbsenceDecision,
    AbsenceEntry,
    AbsenceRead,
    AbsenceRequest,
)
from app.staffing.absences.states import ABSENCE_STATE_LABELS, AbsenceState
from app.staffing.away import bounds_of
from app.staffing.problems import AwayKind, AwayKindOfArea, AwayTime, NotAnInspector, UnknownDayKind
from app.staffing.roster_models import Absence
from app.staffing.schemas import UnservedRead

router = APIRouter(tags=["staffing"])
AbsenceId = Annotated[
    UUID,
    Path(
        description="Id of an absence · 缺勤标识",
        openapi_examples={"demo": {"summary": "Demo · 演示", "value": str(DEMO_ABSENCE)}},
    ),
]
StateQuery = Annotated[AbsenceState | None, Query(description="Only in this state · 状态")]
SinceQuery = Annotated[Instant | None, Query(description="Only those that end after it · 结束晚于")]
STORING = (
    *SIGN_IN_PROBLEMS,
    Forbidden,
    AwayTime,
    AwayKind,
    AwayKindOfArea,
    UnknownDayKind,
    AbsenceIdReused,
    AbsenceOverlaps,
)


@router.post(
    "/me/absences",
    status_code=status.HTTP_201_CREATED,
    summary="Ask for leave on the handheld · 网格员请假",
    responses=problems(*STORING, AbsenceTooOld),
)
async def request_absence(
    body: AbsenceRequest, actor: CurrentActor, session: SessionDep, settings: SettingsDep, now: Now
) -> AbsenceRead:
    """Send it again after a lost answer: the same id and content give the same absence, as it stands now."""
    return absence_read(await service.request_absence(session, actor, body, zone=settings.zone, now=now))


@router.get(
    "/me/absences",
    summary="My absences · 我的缺勤",
    responses=problems(*SIGN_IN_PROBLEMS, BadCursor),
)
async def list_my_absences(
    actor: CurrentActor,
    session: SessionDep,
    state: StateQuery = None,
    since: SinceQuery = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AbsenceRead]:
    """By begin; of anybody but an inspector an empty list."""
    rows, following = await queries.list_absences(
        session, actor, state=state, inspector_id=actor.account_id, since=since, cursor=cursor, limit=limit
    )
    return Page(items=[absence_read(row) for row in rows], next=following)


@router.post(
    "/me/absences/{absence_id}/withdrawals",
    summary="Take my request back · 撤回请假",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, Forbidden, AbsenceDecided),
)
async def withdraw_absence(
    absence_id: AbsenceId, actor: CurrentActor, session: SessionDep, settings: SettingsDep, now: Now
) -> AbsenceRead:
    """While it is not decided, or approved and not begun yet."""
    row = await service.withdraw_absence(session, actor, absence_id, zone=settings.zone, now=now)
    return absence_read(row)


@router.get(
    "/absences",
    summary="Absences of my area · 辖区缺勤",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor),
)
async def list_absences(
    actor: Supervisor,
    session: SessionDep,
    state: StateQuery = None,
    inspector_id: Annotated[UUID | None, Query(description="Only of this inspector · 网格员")] = None,
    since: SinceQuery = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AbsenceRead]:
    """By begin: what waits for a decision is `state=requested`."""
    rows, following = await queries.list_absences(
        session, actor, state=state, inspector_id=inspector_id, since=since, cursor=cursor, limit=limit
    )
    return Page(items=[absence_read(row) for row in rows], next=following)


@router.post(
    "/absences",
    status_code=status.HTTP_201_CREATED,
    summary="Enter an absence, approved at once · 录入缺勤",
    responses=problems(*STORING, NotFound, NotAnInspector),
)
async def enter_absence(
    body: AbsenceEntry, actor: Supervisor, session: SessionDep, settings: SettingsDep, now: Now
) -> AbsenceDecidedRead:
    """Also for the past: patrol days it touches are folded again. `unserved` tells what nobody serves because of it."""
    row = await service.enter_absence(session, actor, body, zone=settings.zone, now=now)
    return await _decided(session, row)


@router.post(
    "/absences/{absence_id}/decisions",
    summary="Approve, refuse or withdraw · 审批缺勤",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, NotFound, AbsenceDecided),
)
async def decide_absence(
    absence_id: AbsenceId,
    body: AbsenceDecision,
    actor: Supervisor,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
) -> AbsenceDecidedRead:
    """What is approved cuts the plan at once, and the patrol days it touches are folded again.

    `unserved` tells which grids nobody serves because of it: find a substitute · 无人在岗的网格请安排顶岗
    """
    row = await service.decide_absence(
        session, actor, absence_id, body.decision, body.reason, zone=settings.zone, now=now
    )
    return await _decided(session, row)


async def _decided(session: AsyncSession, row: Absence) -> AbsenceDecidedRead:
    left = await service.list_left_unserved(session, row)
    unserved = [UnservedRead.model_validate(each) for each in left]
    return AbsenceDecidedRead(**absence_read(row).model_dump(), unserved=unserved)


def absence_read(row: Absence) -> AbsenceRead:
    """An absence with its stretch as two instants."""
    begins, ends = bounds_of(row.during)
    state = AbsenceState(row.state)
    return AbsenceRead(
        id=row.id,
        inspector_id=row.inspector_id,
        starts_at=begins,
        ends_at=ends,
        kind=row.kind,
        reason=row.reason,
        state=state,
        state_label=ABSENCE_STATE_LABELS[state],
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
    )
