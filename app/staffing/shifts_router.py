"""HTTP of shifts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response, status

from app.identity.dependencies import CurrentActor, SettingsDep, Supervisor
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_SPARE_SHIFT
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.preconditions import ReadVersion, etag
from app.kit.problems import Forbidden, NotFound, PreconditionFailed, PreconditionRequired, problems
from app.kit.schemas import Day
from app.staffing import queries, service
from app.staffing.parameters import InspectorQuery
from app.staffing.problems import (
    NotAnInspector,
    ShiftLength,
    ShiftOverlaps,
    StaffingSpanTooLong,
    UnknownDayKind,
)
from app.staffing.schemas import DayKindRead, ShiftCreate, ShiftPlan, ShiftRead

router = APIRouter(tags=["staffing"])
LIMIT_DAYS = 400
ShiftId = Annotated[
    UUID,
    Path(
        description="Id of a shift · 班次标识",
        openapi_examples={
            "demo": {"summary": "Demo spare shift · 演示备用班次", "value": str(DEMO_SPARE_SHIFT)}
        },
    ),
]
EDITING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound, PreconditionFailed, PreconditionRequired)


@router.get("/day-kinds", summary="Kinds of days · 日类型", responses=problems(*SIGN_IN_PROBLEMS))
async def list_day_kinds(actor: CurrentActor, session: SessionDep) -> list[DayKindRead]:
    """What a shift may be for, and how it prorates thresholds."""
    return [DayKindRead.model_validate(row) for row in await queries.list_day_kinds(session)]


@router.get(
    "/shifts",
    summary="Shifts of an inspector · 网格员班次",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, NotAnInspector, StaffingSpanTooLong, BadCursor),
)
async def list_shifts(
    actor: CurrentActor,
    session: SessionDep,
    inspector_id: InspectorQuery,
    first: Annotated[
        Day,
        Query(
            alias="from",
            description="First service day · 起",
            openapi_examples={"demo": {"summary": "Demo · 演示", "value": "2026-11-01"}},
        ),
    ],
    last: Annotated[
        Day,
        Query(
            alias="to",
            description="Last, included · 止",
            openapi_examples={"demo": {"summary": "Demo · 演示", "value": "2026-11-30"}},
        ),
    ],
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ShiftRead]:
    """By start. An inspector sees his own."""
    if not 0 <= (last - first).days < LIMIT_DAYS:
        raise StaffingSpanTooLong(limit_days=LIMIT_DAYS)
    inspector = await queries.get_inspector(session, actor, inspector_id)
    rows, following = await queries.list_shifts(session, inspector, first, last, cursor, limit)
    return Page(items=[ShiftRead.model_validate(row) for row in rows], next=following)


@router.post(
    "/shifts",
    status_code=status.HTTP_201_CREATED,
    summary="Plan a shift · 排班",
    responses=problems(
        *SIGN_IN_PROBLEMS, Forbidden, NotFound, NotAnInspector, ShiftLength, UnknownDayKind, ShiftOverlaps
    ),
)
async def plan_shift(
    body: ShiftCreate,
    actor: Supervisor,
    session: SessionDep,
    settings: SettingsDep,
    response: Response,
    now: Now,
) -> ShiftRead:
    """Its service day is the local date of the start, also for a night shift."""
    shift = await service.plan_shift(session, actor, body, zone=settings.zone, now=now)
    response.headers["ETag"] = etag(shift.version)
    return ShiftRead.model_validate(shift)


@router.put(
    "/shifts/{shift_id}",
    summary="Correct a shift · 更正班次",
    responses=problems(*EDITING, ShiftLength, UnknownDayKind, ShiftOverlaps),
)
async def replan_shift(
    shift_id: ShiftId,
    body: ShiftPlan,
    actor: Supervisor,
    session: SessionDep,
    settings: SettingsDep,
    read_version: ReadVersion,
    response: Response,
    now: Now,
) -> ShiftRead:
    """Also a past one: the patrol days it touches are folded again."""
    shift = await service.replan_shift(
        session, actor, shift_id, read_version, body, zone=settings.zone, now=now
    )
    response.headers["ETag"] = etag(shift.version)
    return ShiftRead.model_validate(shift)


@router.delete(
    "/shifts/{shift_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Cancel a shift · 取消班次",
    responses=problems(*EDITING),
)
async def cancel_shift(
    shift_id: ShiftId, actor: Supervisor, session: SessionDep, read_version: ReadVersion, now: Now
) -> Response:
    """The event log keeps what it was."""
    await service.cancel_shift(session, actor, shift_id, read_version, now=now)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
