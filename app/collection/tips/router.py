"""HTTP of tips."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status

from app.collection.catalogue.problems import FormVersionExpired, FormVersionUnknown, ItemNotAdmitted
from app.collection.submissions.problems import RecordedInFuture, SubmissionInvalid, SubmissionUnreadable
from app.collection.tips import queries, service
from app.collection.tips.models import Tip
from app.collection.tips.problems import TipEntryUnknown, TipForm, TipNotFound, TipStep
from app.collection.tips.queries import TipFilter
from app.collection.tips.schemas import (
    AssignedTip,
    MeetingCreate,
    MeetingRead,
    TipCreate,
    TipEntry,
    TipRead,
)
from app.collection.tips.workflow import TIP_STATE_LABELS, TipState
from app.exchange.items import Desk
from app.exchange.problems import ContentDiffers
from app.identity.actor import Actor, Role
from app.identity.dependencies import SettingsDep, VaultDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.errors import language
from app.kit.ids import DEMO_TIP
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems

router = APIRouter(prefix="/tips", tags=["tips"])

Station = Annotated[Actor, Depends(require(Role.COMMUNITY, Role.TOWNSHIP, Role.COUNTY))]
TipId = Annotated[
    UUID,
    Path(
        description="Id of a tip · 线索标识",
        openapi_examples={"demo": {"summary": "Demo · 演示", "value": str(DEMO_TIP)}},
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Register a volunteer's tip · 登记线索",
    responses={
        200: {"model": TipRead, "description": "It was registered before · 此前已登记"},
        **problems(
            *READING,
            NotFound,
            TipForm,
            ContentDiffers,
            SubmissionUnreadable,
            SubmissionInvalid,
            RecordedInFuture,
            ItemNotAdmitted,
            FormVersionUnknown,
            FormVersionExpired,
        ),
    },
)
async def register_tip(
    body: TipCreate,
    actor: Station,
    session: SessionDep,
    vault: VaultDep,
    settings: SettingsDep,
    response: Response,
    now: Now,
) -> TipRead:
    """By the duty person, on Form 3 or 4; it waits for the weekly meeting · 值勤人员登记,待例会分配"""
    tip, is_new = await service.register_tip(session, Desk(actor, vault, settings.zone, now), body)
    if not is_new:
        response.status_code = status.HTTP_200_OK
    return tip_read(tip)


@router.get("", summary="Tips · 线索列表", responses=problems(*READING, BadCursor))
async def list_tips(
    actor: Station,
    session: SessionDep,
    area_id: Annotated[UUID | None, Query(description="In this area · 区划")] = None,
    grid_id: Annotated[UUID | None, Query(description="In this grid · 网格")] = None,
    state: Annotated[
        TipState | None, Query(description="`waiting` is the meeting's list · 状态,待分配即例会清单")
    ] = None,
    meeting_on: Annotated[date | None, Query(description="Assigned at this meeting · 例会日期")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[TipRead]:
    """The oldest first."""
    wanted = TipFilter(area_id, grid_id, state, meeting_on)
    rows, following = await queries.list_tips(session, actor, wanted, cursor=cursor, limit=limit)
    return Page(items=[tip_read(row) for row in rows], next=following)


@router.post(
    "/assignments",
    summary="Assign at the weekly meeting · 例会分配",
    responses=problems(*READING, TipNotFound),
)
async def assign_tips(
    body: MeetingCreate,
    actor: Station,
    session: SessionDep,
    settings: SettingsDep,
    request: Request,
    now: Now,
) -> MeetingRead:
    """Many tips in one call, each with its own result: each becomes a task of the inspector's grid."""
    results = await service.assign_tips(session, actor, body, now=now, zone=settings.zone)
    spoken = language(request.headers)
    told = [
        AssignedTip(
            tip_id=each.tip_id,
            outcome=each.outcome,
            task_id=each.task_id,
            problem=each.problem.body(spoken, request.url.path) if each.problem else None,
        )
        for each in results
    ]
    return MeetingRead(results=told)


@router.get("/{tip_id}", summary="One tip · 线索详情", responses=problems(*READING, NotFound))
async def get_tip(tip_id: TipId, actor: Station, session: SessionDep) -> TipRead:
    """As it stands; what was told is the submission of the same id."""
    return tip_read(await queries.get_tip(session, actor, tip_id))


@router.post(
    "/{tip_id}/entries",
    summary="The clerk entered it · 内勤录入",
    responses=problems(*READING, TipNotFound, TipStep, TipEntryUnknown),
)
async def enter_tip(tip_id: TipId, body: TipEntry, actor: Station, session: SessionDep, now: Now) -> TipRead:
    """Names the submission that a verified tip became."""
    return tip_read(await service.enter_tip(session, actor, tip_id, body.submission_id, now=now))


def tip_read(row: Tip) -> TipRead:
    """A tip with its state in words."""
    state = TipState(row.state)
    return TipRead(
        id=row.id,
        area_id=row.area_id,
        grid_id=row.grid_id,
        item_code=row.item_code,
        state=state,
        state_label=TIP_STATE_LABELS[state],
        registered_by=row.registered_by,
        registered_at=row.registered_at,
        meeting_on=row.meeting_on,
        inspector_id=row.inspector_id,
        task_id=row.task_id,
        verified_at=row.verified_at,
        reason=row.reason,
        entered_submission_id=row.entered_submission_id,
        entered_by=row.entered_by,
        entered_at=row.entered_at,
        version=row.version,
    )
