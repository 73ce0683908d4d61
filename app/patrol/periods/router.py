"""Periods over HTTP: which there are, their figures, the days behind them, what changed later, sealing early."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import SettingsDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COMMUNITY, DEMO_COUNTY_CODE, DEMO_DAY, DEMO_TOWN
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.kit.schemas import Day
from app.patrol.periods import queries, revisions, service
from app.patrol.periods.calendar import stretch_of
from app.patrol.periods.problems import (
    PeriodNotFound,
    PeriodNotOver,
    PeriodNotSettled,
    PeriodSealed,
    PersonsNotRanked,
)
from app.patrol.periods.schemas import (
    FiguresPageRead,
    FiguresRead,
    Level,
    PeriodDayRead,
    PeriodRead,
    RevisionRead,
    SealCreate,
    figures_read,
)
from app.patrol.periods.sealing import Seal, seal
from app.patrol.periods.service import Moment

router = APIRouter(prefix="/periods", tags=["periods"])
LISTED_DAYS = 62
DEMO_PERIOD = stretch_of("month", DEMO_DAY).id_in(DEMO_COUNTY_CODE)

Watcher = Annotated[Actor, Depends(require(Role.INSPECTOR, *SUPERVISORS))]
Answerable = Annotated[Actor, Depends(require(*SUPERVISORS))]
Sealer = Annotated[Actor, Depends(require(Role.COUNTY, Role.CITY))]
PeriodPath = Annotated[
    UUID,
    Path(
        description="Period · 统计期",
        openapi_examples={"demo": {"summary": "The demo's month · 演示月", "value": str(DEMO_PERIOD)}},
    ),
]
LevelPath = Annotated[
    Level,
    Path(
        description="inspector 网格员 · grid 网格 · community 社区(村) · township 乡镇 · county 区县",
        openapi_examples={"demo": {"summary": "Community · 社区", "value": "community"}},
    ),
]
SubjectPath = Annotated[
    UUID,
    Path(
        description="Inspector, grid or area · 网格员、网格或区划",
        openapi_examples={"demo": {"summary": "Demo community · 演示社区", "value": str(DEMO_COMMUNITY)}},
    ),
]
AreaQuery = Annotated[
    UUID | None,
    Query(
        description="Area; your own if empty · 区划,默认本辖区",
        openapi_examples={"demo": {"summary": "Demo town · 演示乡镇", "value": str(DEMO_TOWN)}},
    ),
]


async def moment(settings: SettingsDep, now: Now) -> Moment:
    """Now, in the configured zone."""
    return Moment(now, settings.zone)


MomentDep = Annotated[Moment, Depends(moment)]


@router.get(
    "", summary="List periods · 统计期列表", responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor)
)
async def list_periods(
    actor: Watcher,
    session: SessionDep,
    at: MomentDep,
    kind: Annotated[
        Literal["day", "week", "month"] | None, Query(description="day 日 · week 周 · month 月")
    ] = None,
    status: Annotated[
        Literal["open", "closing", "sealed"] | None,
        Query(description="open 进行中 · closing 待封存 · sealed 已封存"),
    ] = None,
    day_from: Annotated[Day | None, Query(description="From; two months back if empty · 起始日期")] = None,
    day_to: Annotated[Day | None, Query(description="To; today if empty · 截止日期")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[PeriodRead]:
    """Days, weeks (from Monday) and months that hold one of the days, the earliest first · 按起始日期排列"""
    rows, following = await queries.list_periods(
        session,
        actor,
        kind=kind,
        status=status,
        day_from=day_from or at.today - timedelta(days=LISTED_DAYS),
        day_to=day_to or at.today,
        cursor=cursor,
        limit=limit,
    )
    items = [PeriodRead(**await service.period_document(session, row, at.zone)) for row in rows]
    return Page(items=items, next=following)


@router.get(
    "/{period_id}",
    summary="One period · 统计期",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, PeriodNotFound),
)
async def get_period(period_id: PeriodPath, actor: Watcher, session: SessionDep, at: MomentDep) -> PeriodRead:
    """Its days, its status, when it is or was sealed and with which digest · 状态、封存时间与摘要"""
    period = await queries.get_period(session, actor, period_id)
    return PeriodRead(**await service.period_document(session, period, at.zone))


@router.get(
    "/{period_id}/figures",
    summary="Figures of an area and of what lies inside it · 区划及下级统计",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, PeriodNotFound, NotFound, PersonsNotRanked, BadCursor),
)
async def read_figures(
    period_id: PeriodPath,
    actor: Watcher,
    session: SessionDep,
    at: MomentDep,
    area_id: AreaQuery = None,
    level: Annotated[
        Level | None, Query(description="What to list; the next level if empty · 列出哪一级,默认下一级")
    ] = None,
    order_by: Annotated[
        service.Order, Query(description="Areas and grids may be ordered by a figure; persons never · 排序")
    ] = "name",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> FiguresPageRead:
    """Computed from the days while the period is open, read from the snapshot once it is sealed.

    未封存的即时计算,已封存的取自快照。网格员只在考核区划列出、按姓名排列;查看会留痕。
    """
    found = await service.read_figures(
        session,
        actor,
        period_id,
        area_id=area_id,
        level=level,
        order=order_by,
        cursor=cursor,
        limit=limit,
        at=at,
    )
    return FiguresPageRead(
        period=PeriodRead(**found.period),
        source=found.source,
        area=figures_read(period_id, found.area) if found.area else None,
        items=[figures_read(period_id, item) for item in found.items],
        next=found.next,
        withheld_inspectors=found.withheld_inspectors,
    )


@router.get(
    "/{period_id}/figures/{level}/{subject_id}",
    summary="Figures of one person, grid or area · 单个对象的统计",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, PeriodNotFound, NotFound),
)
async def read_figure(
    period_id: PeriodPath,
    level: LevelPath,
    subject_id: SubjectPath,
    actor: Watcher,
    session: SessionDep,
    at: MomentDep,
) -> FiguresRead:
    """Numerators, denominators, targets with their source, versions; a person's figures leave an event.

    分子、分母、目标及依据、版本;查看个人数字会留痕。
    """
    _, found = await service.read_figure(session, actor, period_id, level, subject_id, at=at)
    return figures_read(period_id, found)


@router.get(
    "/{period_id}/figures/{level}/{subject_id}/days",
    summary="The days behind a figure · 构成统计的巡查日",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, PeriodNotFound, NotFound, BadCursor),
)
async def list_days(
    period_id: PeriodPath,
    level: LevelPath,
    subject_id: SubjectPath,
    actor: Watcher,
    session: SessionDep,
    at: MomentDep,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[PeriodDayRead]:
    """As they stand now, by day and inspector, each with a link to its explanation · 现状,逐日可查说明"""
    period, _ = await service.read_figure(session, actor, period_id, level, subject_id, at=at)
    rows, following = await queries.list_days_behind(
        session, period, level, subject_id, zone=at.zone, cursor=cursor, limit=limit
    )
    return Page(
        items=[
            PeriodDayRead.model_validate(
                dict(r._mapping)
                | {"link": f"/api/v1/patrol-days/{r.inspector_id}/{r.service_day}/explanation"}
            )
            for r in rows
        ],
        next=following,
    )


@router.get(
    "/{period_id}/revisions",
    summary="What changed after the seal · 封存后的变化",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, PeriodNotFound, NotFound, BadCursor),
)
async def list_revisions(
    period_id: PeriodPath,
    actor: Answerable,
    session: SessionDep,
    area_id: AreaQuery = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[RevisionRead]:
    """Days judged again or decided otherwise since, before and after; the sealed figures stay as they are.

    封存后重新判定或申诉改判的巡查日,前后对照;封存数字不变。
    """
    period = await queries.get_period(session, actor, period_id)
    place = await service.place_of(session, actor, period, area_id)
    rows, following = await revisions.list_revisions(session, period, place, cursor=cursor, limit=limit)
    return Page(items=[RevisionRead.model_validate(row) for row in rows], next=following)


@router.post(
    "/{period_id}/seal",
    summary="Seal a period before its time · 提前封存",
    responses=problems(
        *SIGN_IN_PROBLEMS, Forbidden, PeriodNotFound, PeriodNotOver, PeriodNotSettled, PeriodSealed
    ),
)
async def seal_period(
    period_id: PeriodPath, body: SealCreate, actor: Sealer, session: SessionDep, at: MomentDep
) -> PeriodRead:
    """County and city, once the period is over and every day of it is judged. Open appeals do not prevent it:
    what they change is listed as later revisions.

    区县、市级管理员可在统计期结束且全部算完后提前封存;未决申诉不影响封存,改判列入封存后的变化。
    """
    period = await queries.get_period(session, actor, period_id)
    sealed = await seal(
        session, Seal(actor, body.reason), period.county_code, period.id, now=at.now, zone=at.zone
    )
    return PeriodRead(**await service.period_document(session, sealed, at.zone))
