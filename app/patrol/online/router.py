"""Presence over HTTP: online rates of areas, live positions, silent handhelds."""

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.areas.dependencies import GeoJSONResponse
from app.identity.actor import SUPERVISORS, Actor
from app.identity.dependencies import SettingsDep, Supervisor, Today, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now, day_start
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COUNTY, DEMO_DAY
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.kit.schemas import Day
from app.patrol.online import area_rates, positions, silence
from app.patrol.online.area_rates import DayOfArea
from app.patrol.online.rates import QUARTER_MIN
from app.patrol.online.schemas import (
    AreaRateRead,
    LiveRateRead,
    OnlineDayRead,
    QuarterRead,
    ShareRead,
    SilentHandheldRead,
    TargetRead,
)
from app.patrol.problems import BoxReversed

router = APIRouter(tags=["presence"])
Answerable = Annotated[Actor, Depends(require(*SUPERVISORS))]
AreaQuery = Annotated[
    UUID | None,
    Query(
        description="Area; your own if empty · 区划,默认本辖区",
        openapi_examples={"county": {"summary": "Demo county · 演示区县", "value": str(DEMO_COUNTY)}},
    ),
]
WORLD = (-180, -90, 180, 90)
REFUSALS = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)


@router.get(
    "/online-rates/live",
    summary="Instant online rate of an area · 区域即时在线率",
    responses=problems(*REFUSALS),
)
async def get_live_rate(
    actor: Answerable, session: SessionDep, settings: SettingsDep, now: Now, area_id: AreaQuery = None
) -> LiveRateRead:
    """On line are full-time inspectors who are expected on duty and were heard lately; null where nobody is expected.

    应到的专职网格员中、近几分钟内有信号者的占比(S4-06);同时给出含请假人员口径。无应到人员时为空,不按 0 计。
    """
    found = await area_rates.live_rate(session, actor, area_id or actor.area_id, now=now, zone=settings.zone)
    return LiveRateRead(
        area_id=found.area_id,
        at=found.at,
        heard_within_min=found.heard_within_min,
        without_leave=ShareRead.model_validate(found.plain),
        with_leave=ShareRead.model_validate(found.with_leave),
        target=TargetRead.model_validate(found.target),
        is_met=found.target.is_met(found.plain.rate),
    )


@router.get(
    "/online-rates/areas",
    summary="Instant online rates of the areas below · 下级区域即时在线率",
    responses=problems(*REFUSALS, BadCursor),
)
async def list_area_rates(
    actor: Answerable,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
    area_id: AreaQuery = None,
    level: Annotated[
        Literal["county", "township", "community"],
        Query(description="Which areas · county 区县 · township 乡镇(街道) · community 社区(村)"),
    ] = "township",
    order: Annotated[
        Literal["code", "rate"],
        Query(description="code 按代码 · rate 按在线率从高到低,无应到人员者在后"),
    ] = "code",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AreaRateRead]:
    """Areas may be ranked, people never · 可对区域排序,不对个人排名"""
    lines, following = await area_rates.areas_now(
        session,
        actor,
        area_id or actor.area_id,
        level,
        order,
        cursor=cursor,
        limit=limit,
        now=now,
        zone=settings.zone,
    )
    return Page(
        items=[
            AreaRateRead(
                area_id=line.area.id,
                code=line.area.code,
                name=line.area.name,
                level=line.area.level,
                without_leave=ShareRead.model_validate(line.plain),
                with_leave=ShareRead.model_validate(line.with_leave),
            )
            for line in lines
        ],
        next=following,
    )


@router.get(
    "/online-rates",
    summary="Online rate of an area on a day, by quarter hours · 区域某日在线率(每 15 分钟)",
    responses=problems(*REFUSALS),
)
async def get_online_day(
    actor: Answerable,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
    today: Today,
    area_id: AreaQuery = None,
    day: Annotated[
        Day | None,
        Query(
            description="Calendar day; today if empty · 日期,默认今天",
            openapi_examples={
                "demo": {"summary": "The demo's walked day · 演示日", "value": DEMO_DAY.isoformat()}
            },
        ),
    ] = None,
) -> OnlineDayRead:
    """Means of the minutes' rates: 96 quarters and the day, with and without those on leave.

    By server time, from what was heard in each minute; a quarter in which nobody was expected is null.
    按服务器时间逐分钟统计;无应到人员的时段为空。
    """
    found = await area_rates.day_of_area(
        session, actor, area_id or actor.area_id, day or today, now=now, zone=settings.zone
    )
    return _day_read(found, settings)


def _day_read(found: DayOfArea, settings: Any) -> OnlineDayRead:
    midnight = day_start(found.day, settings.zone)
    quarters = zip(found.rates.plain.quarters, found.rates.with_leave.quarters, strict=True)
    return OnlineDayRead(
        area_id=found.rates.area_id,
        day=found.day,
        is_over=found.is_over,
        minutes=found.rates.plain.minutes,
        rate=found.rates.plain.mean,
        rate_with_leave=found.rates.with_leave.mean,
        target=TargetRead.model_validate(found.target),
        is_met=found.target.is_met(found.rates.plain.mean),
        quarters=[
            QuarterRead(
                start_at=midnight + timedelta(minutes=QUARTER_MIN * number),
                rate=rate,
                rate_with_leave=with_leave,
            )
            for number, (rate, with_leave) in enumerate(quarters)
        ],
        computed_at=found.computed_at,
    )


@router.get(
    "/live-positions",
    summary="Inspectors of an area on the map · 辖区网格员实时位置",
    response_class=GeoJSONResponse,
    responses=problems(*REFUSALS, BadCursor, BoxReversed),
)
async def list_live_positions(
    actor: Answerable,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
    area_id: AreaQuery = None,
    west: Annotated[float, Query(ge=-180, le=180, description="Degrees · 西界")] = -180,
    south: Annotated[float, Query(ge=-90, le=90, description="Degrees · 南界")] = -90,
    east: Annotated[float, Query(ge=-180, le=180, description="Degrees · 东界")] = 180,
    north: Annotated[float, Query(ge=-90, le=90, description="Degrees · 北界")] = 90,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> GeoJSONResponse:
    """Those on duty who were heard lately, at the last place of their service day. Looking is recorded.

    A page may hold fewer than `limit`; follow `next` until it is null. Areas that collect no tracks show nothing.
    仅显示在岗且近几分钟内有信号的人员;查看会留痕,被查看者可以看到。
    """
    shown, following = await positions.list_positions(
        session,
        actor,
        area_id or actor.area_id,
        box=None if (west, south, east, north) == WORLD else (west, south, east, north),
        cursor=cursor,
        limit=limit,
        now=now,
        zone=settings.zone,
    )
    return GeoJSONResponse(positions.as_geojson(shown, following, now))


@router.get(
    "/silent-handhelds",
    summary="Handhelds that should be heard and aren't · 失联终端",
    responses=problems(*REFUSALS, BadCursor),
)
async def list_silent_handhelds(
    actor: Supervisor,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
    area_id: AreaQuery = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[SilentHandheldRead]:
    """Holder expected on duty now, nothing heard for longer than `presence.silent_after_min`; with what it last told.

    持有人应在岗而长时间无信号的终端,附最近一次上报的电量、网络、权限、退出原因与待传批次;按区划代码、序列号排列。
    """
    found = await silence.list_silent(
        session,
        actor,
        area_id or actor.area_id,
        cursor=cursor,
        limit=limit,
        now=now,
        zone=settings.zone,
    )
    return Page(items=[SilentHandheldRead.model_validate(row) for row in found.rows], next=found.following)
