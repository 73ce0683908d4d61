"""Averages of areas: figures of places, never of persons."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.identity.actor import SUPERVISORS, Actor
from app.identity.dependencies import SettingsDep, Today, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COUNTY, DEMO_DAY
from app.kit.problems import Forbidden, NotFound, problems
from app.kit.schemas import Day
from app.patrol.day_schemas import AverageDistanceRead
from app.patrol.periods import averages
from app.patrol.problems import PeriodTooLong

router = APIRouter(tags=["periods"])
PERIOD_DAYS = 7


@router.get(
    "/patrol-averages",
    summary="Average patrol distance of an area · 区域日均巡查里程",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, NotFound, PeriodTooLong),
)
async def get_average(
    actor: Annotated[Actor, Depends(require(*SUPERVISORS))],
    session: SessionDep,
    settings: SettingsDep,
    today: Today,
    area_id: Annotated[
        UUID | None,
        Query(
            description="Area; your own if empty · 区划,默认本辖区",
            openapi_examples={"county": {"summary": "Demo county · 演示区县", "value": str(DEMO_COUNTY)}},
        ),
    ] = None,
    day_from: Annotated[
        Day | None,
        Query(
            description="First day; a week back if empty · 起始日期,默认一周前",
            openapi_examples={
                "demo": {"summary": "The demo's walked day · 演示日", "value": DEMO_DAY.isoformat()}
            },
        ),
    ] = None,
    day_to: Annotated[
        Day | None,
        Query(
            description="Last day; yesterday if empty · 截止日期,默认昨天",
            openapi_examples={
                "demo": {"summary": "The demo's walked day · 演示日", "value": DEMO_DAY.isoformat()}
            },
        ),
    ] = None,
) -> AverageDistanceRead:
    """Of any stretch of days, as periods have it: metres per whole expected day; a day nobody walked counts as 0 m.

    任意日期段的应到人日平均里程(S4-08),口径同统计期;应到而无轨迹的人日按 0 计,半天按 0.5 天计。
    """
    last = day_to or today - timedelta(days=1)
    found = await averages.average_distance(
        session,
        actor,
        area_id or actor.area_id,
        day_from or last - timedelta(days=PERIOD_DAYS - 1),
        last,
        today=today,
        zone=settings.zone,
    )
    return AverageDistanceRead.model_validate(found)
