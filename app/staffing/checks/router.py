"""HTTP of the checks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.identity.dependencies import SettingsDep, Supervisor
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COMMUNITY
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.kit.schemas import Instant
from app.staffing.checks import service
from app.staffing.checks.schemas import DeviceCoverageRead, StaffingCheckRead

router = APIRouter(tags=["staffing"])
AreaQuery = Annotated[
    UUID,
    Query(
        description="Area with everything below it · 区域(含下级)",
        openapi_examples={"demo": {"summary": "Demo community · 演示社区", "value": str(DEMO_COMMUNITY)}},
    ),
]
AtQuery = Annotated[Instant | None, Query(description="At this instant, now if empty · 时点,默认现在")]
PROBLEMS = (*SIGN_IN_PROBLEMS, Forbidden, NotFound, BadCursor)


@router.get(
    "/staffing-checks",
    summary="Are grids staffed as the rules ask · 网格配员核查",
    responses=problems(*PROBLEMS),
)
async def check_staffing(
    area_id: AreaQuery,
    actor: Supervisor,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
    at: AtQuery = None,
    only_violations: Annotated[
        bool, Query(description="Only grids that don't comply · 仅列不符合的")
    ] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[StaffingCheckRead]:
    """By grid code. One inspector a grid, several where an area decided so, pairs in micro grids."""
    rows, following = await service.check_staffing(
        session,
        actor,
        area_id,
        at or now,
        zone=settings.zone,
        only_violations=only_violations,
        cursor=cursor,
        limit=limit,
    )
    return Page(items=rows, next=following)


@router.get(
    "/device-coverage",
    summary="Who lacks the handheld his post takes · 终端配备核查",
    responses=problems(*PROBLEMS),
)
async def check_devices(
    area_id: AreaQuery,
    actor: Supervisor,
    session: SessionDep,
    now: Now,
    at: AtQuery = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[DeviceCoverageRead]:
    """Full-time inspectors carry an issued handheld; other posts register the app on any phone."""
    rows, following = await service.check_devices(
        session, actor, area_id, at or now, cursor=cursor, limit=limit
    )
    return Page(items=rows, next=following)
