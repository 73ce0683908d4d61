"""HTTP of affairs."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, status

from app.affairs import queries, service
from app.affairs.problems import (
    AffairAreaTooWide,
    AffairCodeTaken,
    AffairItemUnknown,
    AffairNotYours,
    AffairOver,
    AffairSecondPerson,
    AffairStepNotAllowed,
    AffairTooLong,
    FilingNumberTaken,
)
from app.affairs.schemas import AffairCreate, AffairRead, FilingCreate, ReasonCreate
from app.affairs.workflow import PROPOSERS
from app.identity.actor import Actor
from app.identity.dependencies import CurrentActor, DatabaseDep, SettingsDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_AFFAIR, DEMO_COMMUNITY
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems

router = APIRouter(prefix="/affairs", tags=["affairs"])

Proposer = Annotated[Actor, Depends(require(*sorted(PROPOSERS)))]
AffairId = Annotated[
    UUID,
    Path(
        description="Id of an affair · 事项编号",
        openapi_examples={"demo": {"summary": "Demo affair · 演示事项", "value": str(DEMO_AFFAIR)}},
    ),
]
STEP = problems(*SIGN_IN_PROBLEMS, NotFound, AffairNotYours, AffairSecondPerson, AffairStepNotAllowed)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Propose an affair · 提出事项",
    responses=problems(
        *SIGN_IN_PROBLEMS,
        Forbidden,
        NotFound,
        AffairCodeTaken,
        AffairItemUnknown,
        AffairAreaTooWide,
        AffairTooLong,
        AffairOver,
    ),
)
async def propose_affair(
    body: AffairCreate, actor: Proposer, session: SessionDep, settings: SettingsDep, now: Now
) -> AffairRead:
    """By a department, a township or the county. Nothing of it may be asked of inspectors until it is filed."""
    affair_id = await service.propose_affair(session, actor, body, zone=settings.zone, now=now)
    return AffairRead(**await service.get_affair(session, actor, affair_id, now=now))


@router.get("", summary="List affairs · 事项列表", responses=problems(*SIGN_IN_PROBLEMS, BadCursor))
async def list_affairs(
    actor: CurrentActor,
    session: SessionDep,
    now: Now,
    state: Annotated[
        Literal["proposed", "approved", "admitted", "ended", "rejected", "withdrawn"] | None,
        Query(description="Only this state · 状态"),
    ] = None,
    kind: Annotated[
        Literal["standing", "temporary"] | None, Query(description="Only this kind · 类别")
    ] = None,
    platform: Annotated[
        Literal["governance", "market", "enforcement", "service"] | None,
        Query(description="Only this platform · 归口平台"),
    ] = None,
    area_id: Annotated[
        UUID | None,
        Query(
            description="Only those that hold here · 对此区域适用的",
            openapi_examples={"demo": {"summary": "Demo community · 演示社区", "value": str(DEMO_COMMUNITY)}},
        ),
    ] = None,
    item_code: Annotated[
        str | None, Query(max_length=64, description="Only those with this item · 含此采集事项的")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AffairRead]:
    """The oldest proposal first; affairs of wider areas are listed too, because they hold below."""
    rows, following = await queries.list_affairs(
        session,
        actor,
        state=state,
        kind=kind,
        platform=platform,
        area_id=area_id,
        item_code=item_code,
        cursor=cursor,
        limit=limit,
        now=now,
    )
    return Page(items=[AffairRead(**service.shown(row, actor)) for row in rows], next=following)


@router.get("/{affair_id}", summary="One affair · 事项详情", responses=problems(*SIGN_IN_PROBLEMS, NotFound))
async def get_affair(affair_id: AffairId, actor: CurrentActor, session: SessionDep, now: Now) -> AffairRead:
    """As it stands now, with what you can do with it."""
    return AffairRead(**await service.get_affair(session, actor, affair_id, now=now))


@router.post("/{affair_id}/approval", summary="Approve an affair · 审核同意", responses=STEP)
async def approve_affair(
    affair_id: AffairId,
    actor: CurrentActor,
    session: SessionDep,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
) -> AffairRead:
    """A standing one by the county, a temporary one by its township; it still waits for its filing."""
    await service.approve_affair(session, actor, affair_id, database=database, zone=settings.zone, now=now)
    return AffairRead(**await service.get_affair(session, actor, affair_id, now=now))


@router.post(
    "/{affair_id}/filing",
    summary="File an affair · 备案",
    responses=problems(
        *SIGN_IN_PROBLEMS,
        NotFound,
        AffairNotYours,
        AffairSecondPerson,
        AffairStepNotAllowed,
        FilingNumberTaken,
        AffairOver,
    ),
)
async def file_affair(
    affair_id: AffairId,
    body: FilingCreate,
    actor: CurrentActor,
    session: SessionDep,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
) -> AffairRead:
    """By the county: from its first day, or from today, inspectors may be asked to do it."""
    await service.file_affair(
        session, actor, affair_id, body.filed_no, database=database, zone=settings.zone, now=now
    )
    return AffairRead(**await service.get_affair(session, actor, affair_id, now=now))


@router.post("/{affair_id}/rejection", summary="Reject an affair · 不予准入", responses=STEP)
async def reject_affair(
    affair_id: AffairId,
    body: ReasonCreate,
    actor: CurrentActor,
    session: SessionDep,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
) -> AffairRead:
    """By who would approve it, or by the county instead of filing it."""
    await service.reject_affair(
        session, actor, affair_id, body.reason, database=database, zone=settings.zone, now=now
    )
    return AffairRead(**await service.get_affair(session, actor, affair_id, now=now))


@router.post("/{affair_id}/withdrawal", summary="Withdraw an affair · 撤回事项", responses=STEP)
async def withdraw_affair(
    affair_id: AffairId,
    actor: CurrentActor,
    session: SessionDep,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
) -> AffairRead:
    """By the body that proposed it, until it is filed."""
    await service.withdraw_affair(session, actor, affair_id, database=database, zone=settings.zone, now=now)
    return AffairRead(**await service.get_affair(session, actor, affair_id, now=now))


@router.post("/{affair_id}/ending", summary="End an affair · 终止事项", responses=STEP)
async def end_affair(
    affair_id: AffairId,
    body: ReasonCreate,
    actor: CurrentActor,
    session: SessionDep,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
) -> AffairRead:
    """Before its last day. What was recorded until now still counts when it arrives later."""
    await service.end_affair(
        session, actor, affair_id, body.reason, database=database, zone=settings.zone, now=now
    )
    return AffairRead(**await service.get_affair(session, actor, affair_id, now=now))
