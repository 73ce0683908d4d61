"""HTTP of visits: recorded, read, voided; what is due and what was done."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response, status

from app.exchange.items import Desk
from app.exchange.problems import ContentDiffers
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import SettingsDep, Today, VaultDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_GRID, DEMO_TOWN, DEMO_VISIT
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.staffing.problems import NotAnInspector
from app.visits import intake, plan, queries, service
from app.visits.duty import Month
from app.visits.problems import (
    VisitCorrectsAnother,
    VisitInFuture,
    VisitSubjectUnknown,
    VisitVoided,
)
from app.visits.schemas import (
    STATUS,
    AreaRate,
    DueRead,
    FindingsRead,
    Reveal,
    Status,
    VisitCreate,
    VisitRead,
    VisitVoid,
)

router = APIRouter(tags=["visits"])

Visitor = Annotated[Actor, Depends(require(Role.INSPECTOR))]
Judge = Annotated[Actor, Depends(require(*SUPERVISORS))]
Reader = Annotated[Actor, Depends(require(Role.INSPECTOR, *SUPERVISORS))]
VisitId = Annotated[
    UUID,
    Path(
        description="Id of a visit · 走访编号",
        openapi_examples={"demo": {"summary": "Demo visit · 演示走访", "value": str(DEMO_VISIT)}},
    ),
]
AreaId = Annotated[
    UUID,
    Path(
        description="Id of an area · 区划标识",
        openapi_examples={"demo": {"summary": "Demo township · 演示乡镇", "value": str(DEMO_TOWN)}},
    ),
]
MonthName = Annotated[
    str | None,
    Query(
        pattern=r"^20\d\d-(0[1-9]|1[0-2])$",
        description="`2026-11`; this month if empty · 月份,默认本月",
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)


@router.post(
    "/visits",
    status_code=status.HTTP_201_CREATED,
    summary="Record a visit · 上报走访",
    responses={
        200: {"model": VisitRead, "description": "It was recorded before · 此前已上报"},
        **problems(
            *SIGN_IN_PROBLEMS,
            Forbidden,
            VisitSubjectUnknown,
            VisitInFuture,
            VisitCorrectsAnother,
            ContentDiffers,
        ),
    },
)
async def record_visit(
    body: VisitCreate,
    actor: Visitor,
    session: SessionDep,
    settings: SettingsDep,
    vault: VaultDep,
    response: Response,
    now: Now,
) -> VisitRead:
    """As an item of the kind `visit` would be. May be sent late and again.

    A position near the subject proves it, else a photo or signature, which may arrive later; a visit without
    proof is kept, but does not count · 无凭证的走访留存但不计
    """
    if not await intake.post(session, Desk(actor, vault, settings.zone, now), body):
        response.status_code = status.HTTP_200_OK
    return VisitRead.model_validate(await queries.get_visit(session, actor, body.id))


@router.get(
    "/visits", summary="List visits · 走访记录", responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor)
)
async def list_visits(
    actor: Reader,
    session: SessionDep,
    month: MonthName = None,
    subject_id: Annotated[UUID | None, Query(description="Only of this subject · 走访对象")] = None,
    inspector_id: Annotated[UUID | None, Query(description="Only by this inspector · 网格员")] = None,
    is_counted: Annotated[
        bool | None, Query(description="Only those that count, or only the others · 是否计入")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[VisitRead]:
    """By day; an inspector's own, a supervisor's whole area; without `month` of all times."""
    rows, following = await queries.list_visits(
        session,
        actor,
        month=Month.parse(month) if month else None,
        subject_id=subject_id,
        inspector_id=inspector_id,
        counted=is_counted,
        cursor=cursor,
        limit=limit,
    )
    return Page(items=[VisitRead.model_validate(row) for row in rows], next=following)


@router.get(
    "/visits/due",
    summary="What is due and overdue · 待走访与逾期",
    responses=problems(*READING, NotAnInspector, BadCursor),
)
async def list_due(
    actor: Reader,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
    today: Today,
    month: MonthName = None,
    area_id: Annotated[UUID | None, Query(description="In or below this area · 区划")] = None,
    grid_id: Annotated[
        UUID | None,
        Query(
            description="In this grid · 网格",
            openapi_examples={"demo": {"summary": "Demo grid · 演示网格", "value": str(DEMO_GRID)}},
        ),
    ] = None,
    inspector_id: Annotated[
        UUID | None, Query(description="In the grids that he serves, or served then · 网格员")
    ] = None,
    status: Annotated[Status | None, Query(description=STATUS)] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[DueRead]:
    """Key persons and places of the month, each with how often it was visited; opens to `GET /visits?subject_id=…`.

    An inspector sees his own grids. Subjects of which the month asks nothing are listed when asked for.
    """
    rows, following = await plan.list_due(
        session,
        actor,
        Month.parse(month) if month else Month.of(today),
        area_id=area_id,
        grid_id=grid_id,
        inspector_id=inspector_id,
        status=status,
        cursor=cursor,
        limit=limit,
        now=now,
        zone=settings.zone,
    )
    return Page(items=[DueRead.model_validate(row) for row in rows], next=following)


@router.get(
    "/areas/{area_id}/visit-rate",
    summary="Share of visits done · 走访率",
    responses=problems(*READING),
)
async def get_visit_rate(
    area_id: AreaId, actor: Judge, session: SessionDep, today: Today, month: MonthName = None
) -> AreaRate:
    """Of the month's key persons and places, area and grid by grid; opens down through `GET /visits/due`."""
    asked = Month.parse(month) if month else Month.of(today)
    return AreaRate.model_validate(await plan.visit_rate(session, actor, area_id, asked, today=today))


@router.get("/visits/{visit_id}", summary="One visit · 走访详情", responses=problems(*READING))
async def get_visit(visit_id: VisitId, actor: Reader, session: SessionDep) -> VisitRead:
    """With what proves it, and what it still waits for · 含凭证与尚缺的照片"""
    return VisitRead.model_validate(await queries.get_visit(session, actor, visit_id))


@router.post(
    "/visits/{visit_id}/reveals",
    summary="See the findings in plain · 查看走访情况原文",
    responses=problems(*READING),
)
async def reveal_findings(
    visit_id: VisitId, body: Reveal, actor: Reader, session: SessionDep, vault: VaultDep, now: Now
) -> FindingsRead:
    """Who looked, and what for, is kept in the event log · 查看留痕"""
    found = await service.reveal_findings(session, actor, visit_id, body.purpose, vault=vault, now=now)
    return FindingsRead.model_validate(found)


@router.post(
    "/visits/{visit_id}/voidings",
    summary="Void a visit · 作废走访",
    responses=problems(*READING, VisitVoided),
)
async def void_visit(
    visit_id: VisitId,
    body: VisitVoid,
    actor: Judge,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
) -> VisitRead:
    """It is kept with the reason, counts no more, and its time leaves the patrol day · 留存备查,不再计入"""
    await service.void_visit(session, actor, visit_id, body.reason, now=now, zone=settings.zone)
    return VisitRead.model_validate(await queries.get_visit(session, actor, visit_id))
