"""Patrol days: for the inspector who walked them and for those who answer for the figures."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime
from sqlalchemy import Row
from starlette.responses import Response

from app.areas.dependencies import GeoJSONResponse, ServiceDay
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import SettingsDep, require
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_DAY, DEMO_INSPECTOR
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import problems
from app.kit.schemas import Day
from app.patrol import days, passers
from app.patrol.day_schemas import (
    DayListRead,
    DayRead,
    ExplanationRead,
    JudgementRead,
    PasserRead,
)
from app.patrol.problems import BoxReversed, DayNotFound, RangeTooWide
from app.patrol.shown_days import ShownDay, explain_day, show_day, tell_day

router = APIRouter(tags=["patrol days"])
LISTED_DAYS = 7

Walker = Annotated[Actor, Depends(require(Role.INSPECTOR))]
Watcher = Annotated[Actor, Depends(require(Role.INSPECTOR, *SUPERVISORS))]
Answerable = Annotated[Actor, Depends(require(*SUPERVISORS))]
InspectorPath = Annotated[
    UUID,
    Path(
        description="Inspector · 网格员",
        openapi_examples={"demo": {"summary": "Demo inspector · 演示网格员", "value": str(DEMO_INSPECTOR)}},
    ),
]
DayPath = Annotated[
    Day,
    Path(
        description="Service day · 服务日",
        openapi_examples={"demo": {"summary": "A working day · 工作日", "value": DEMO_DAY.isoformat()}},
    ),
]


@router.get("/my-day", summary="My day so far · 我的今日巡查", responses=problems(DayNotFound))
async def my_day(
    actor: Walker, session: SessionDep, settings: SettingsDep, now: Now, day: ServiceDay
) -> DayRead:
    """What counts so far, what is missing, what did not count and why, in plain sentences.

    本人当日(或所选日)的时长与里程、还差多少、哪些未计入及原因。
    """
    found = await show_day(session, actor, actor.account_id, day, now=now, zone=settings.zone)
    return DayRead(**await tell_day(session, found, now=now, zone=settings.zone))


@router.get("/patrol-days", summary="List patrol days · 巡查日列表", responses=problems(BadCursor))
async def list_days(
    actor: Watcher,
    session: SessionDep,
    day_to: ServiceDay,
    day_from: Annotated[
        Day | None,
        Query(
            description="First day; a week back if empty · 起始日期,默认一周前",
            openapi_examples={
                "demo": {"summary": "The demo's walked day · 演示日", "value": DEMO_DAY.isoformat()}
            },
        ),
    ] = None,
    status: Annotated[
        Literal["pass", "fail", "review", "excused", "not_expected", "no_data", "provisional"] | None,
        Query(description="Only this status · 状态"),
    ] = None,
    inspector_id: Annotated[UUID | None, Query(description="Only this inspector · 网格员")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[DayListRead]:
    """Figures as last computed, ordered by day and inspector; people are not ranked · 按日期排列,不作排名"""
    rows, following = await days.list_days(
        session,
        actor,
        day_from=day_from or day_to - timedelta(days=LISTED_DAYS),
        day_to=day_to,
        status=status,
        inspector_id=inspector_id,
        cursor=cursor,
        limit=limit,
    )
    return Page(items=[DayListRead.model_validate(r) for r in rows], next=following)


@router.get(
    "/patrol-days/{inspector_id}/{service_day}",
    summary="One patrol day · 巡查日",
    responses=problems(DayNotFound),
)
async def get_day(
    inspector_id: InspectorPath,
    service_day: DayPath,
    actor: Watcher,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
) -> DayRead:
    """The day with everything received so far, folded anew if need be · 按已收到的全部数据即时计算

    The figures are the raw ones; `standing` tells what an appeal made of them · 原始数据与申诉决定并列
    """
    found = await show_day(session, actor, inspector_id, service_day, now=now, zone=settings.zone)
    await days.note_view(session, actor, found, "day", now=now)
    return DayRead(**await tell_day(session, found, now=now, zone=settings.zone))


@router.get(
    "/patrol-days/{inspector_id}/{service_day}/explanation",
    summary="A day opened down to its evidence · 巡查日说明",
    responses=problems(DayNotFound),
)
async def get_explanation(
    inspector_id: InspectorPath,
    service_day: DayPath,
    actor: Watcher,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
) -> ExplanationRead:
    """Segments by verdict, stays, gaps with their causes, error bounds, duty windows and own grids.

    Looking at somebody else's day is recorded · 查看他人轨迹会留痕。
    """
    found = await show_day(session, actor, inspector_id, service_day, now=now, zone=settings.zone)
    await days.note_view(session, actor, found, "explanation", now=now)
    return ExplanationRead(**await explain_day(session, actor, found, now=now, zone=settings.zone))


@router.get(
    "/patrol-days/{inspector_id}/{service_day}/track.geojson",
    summary="The track as GeoJSON, with verdicts · 轨迹 GeoJSON",
    response_class=GeoJSONResponse,
    responses=problems(DayNotFound),
)
async def get_geojson(
    inspector_id: InspectorPath,
    service_day: DayPath,
    actor: Watcher,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
    points: Annotated[bool, Query(description="Every fix as a point, too · 附带逐点")] = False,
) -> GeoJSONResponse:
    """One feature a segment. Looking at somebody else's track is recorded · 查看他人轨迹会留痕"""
    found = await show_day(session, actor, inspector_id, service_day, now=now, zone=settings.zone)
    await days.note_view(session, actor, found, "geojson", now=now)
    return GeoJSONResponse(found.geojson(with_points=points))


@router.get(
    "/patrol-days/{inspector_id}/{service_day}/track.gpx",
    summary="The track as GPX · 轨迹 GPX",
    response_class=Response,
    responses={200: {"content": {"application/gpx+xml": {}}}, **problems(DayNotFound)},
)
async def get_gpx(
    inspector_id: InspectorPath,
    service_day: DayPath,
    actor: Watcher,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
) -> Response:
    """GPX 1.1, the verdict as each point's comment · 每点附判定"""
    found = await show_day(session, actor, inspector_id, service_day, now=now, zone=settings.zone)
    await days.note_view(session, actor, found, "gpx", now=now)
    return Response(
        found.gpx(f"{inspector_id} {service_day}"),
        media_type="application/gpx+xml",
        headers={"Content-Disposition": f'attachment; filename="{_file_name(found)}.gpx"'},
    )


def _file_name(day: ShownDay) -> str:
    return f"{day.key.service_day}-{day.key.inspector_id}"


@router.get(
    "/patrol-days/{inspector_id}/{service_day}/judgements",
    summary="Judgements of a day, revisions included · 判定记录",
    responses=problems(DayNotFound),
)
async def list_judgements(
    inspector_id: InspectorPath, service_day: DayPath, actor: Watcher, session: SessionDep
) -> list[JudgementRead]:
    """A finished day is judged; later evidence adds a revision, nothing is overwritten · 新证据只增加版次"""
    rows: Sequence[Row[Any]] = await days.list_judgements(session, actor, inspector_id, service_day)
    return [JudgementRead.model_validate(r) for r in rows]


@router.get("/passers", summary="Who passed here · 谁经过此处", responses=problems(BoxReversed, RangeTooWide))
async def list_passers(
    actor: Answerable,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
    west: Annotated[float, Query(ge=-180, le=180, description="Degrees · 西界", examples=[122.13])],
    south: Annotated[float, Query(ge=-90, le=90, description="Degrees · 南界", examples=[30.3])],
    east: Annotated[float, Query(ge=-180, le=180, description="Degrees · 东界", examples=[122.15])],
    north: Annotated[float, Query(ge=-90, le=90, description="Degrees · 北界", examples=[30.32])],
    start_at: Annotated[
        AwareDatetime, Query(description="From, with offset · 起", examples=[f"{DEMO_DAY}T08:00:00+08:00"])
    ],
    end_at: Annotated[
        AwareDatetime, Query(description="To, with offset · 止", examples=[f"{DEMO_DAY}T18:00:00+08:00"])
    ],
    limit: Limit = 100,
) -> list[PasserRead]:
    """Inspectors with fixes inside a box (CGCS2000) between two instants. The search is recorded · 查询会留痕"""
    search = passers.PasserSearch((west, south, east, north), start_at, end_at)
    rows = await passers.list_passers(session, actor, search, limit=limit, now=now, zone=settings.zone)
    return [PasserRead.model_validate(r) for r in rows]
