"""The division tree over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, status

from app.areas import answers, grid_queries, queries, service, tree
from app.areas.dependencies import AreaAuthority, GeoJSONResponse, ServiceDay, Today
from app.areas.examples import CHANGE_EXAMPLE, CODE_EXAMPLE
from app.areas.problems import AreaCodeTaken, AreaVersionExists, ParentNotFitting
from app.areas.schemas import (
    LEVEL_TEXT,
    AreaChange,
    AreaCodeGive,
    AreaCodeRead,
    AreaRead,
    CoverageRead,
    GridCollection,
    Level,
    OutlineFeature,
)
from app.identity.dependencies import CurrentActor
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COMMUNITY, DEMO_COUNTY, DEMO_TOWN
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems

router = APIRouter(prefix="/areas", tags=["areas"])

AreaId = Annotated[
    UUID,
    Path(
        description="Id of an area · 区划标识",
        openapi_examples={
            "town": {"summary": "Demo township · 演示乡镇", "value": str(DEMO_TOWN)},
            "community": {"summary": "Demo community · 演示社区", "value": str(DEMO_COMMUNITY)},
            "county": {"summary": "Demo county · 演示区县", "value": str(DEMO_COUNTY)},
        },
    ),
]
REFUSALS = problems(*SIGN_IN_PROBLEMS, NotFound)
CHANGE_REFUSALS = (*SIGN_IN_PROBLEMS, Forbidden, NotFound, AreaVersionExists)
LIST_REFUSALS = problems(*SIGN_IN_PROBLEMS, BadCursor)


@router.get("", summary="List and search areas · 查询区划", responses=LIST_REFUSALS)
async def list_areas(
    actor: CurrentActor,
    session: SessionDep,
    day: ServiceDay,
    parent_id: Annotated[
        UUID | None, Query(description="Only children of this area · 上级区划", examples=[DEMO_TOWN])
    ] = None,
    level: Annotated[Level | None, Query(description=LEVEL_TEXT)] = None,
    q: Annotated[
        str | None,
        Query(
            pattern=r"^[^\x00-\x1f]{1,50}$",
            description="Part of the name, or beginning of a code · 名称或代码",
            examples=["东沙"],
        ),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AreaRead]:
    """Areas you may see as they were on the day, by official code."""
    rows, following = await queries.list_areas(
        session, actor, day, parent_id=parent_id, level=level, text=q, cursor=cursor, limit=limit
    )
    return Page(items=[AreaRead.model_validate(row) for row in rows], next=following)


@router.get("/{area_id}", summary="Get an area · 查看区划", responses=REFUSALS)
async def get_area(area_id: AreaId, actor: CurrentActor, session: SessionDep, day: ServiceDay) -> AreaRead:
    """One area as it was on the day."""
    return AreaRead.model_validate(await queries.get_area(session, actor, area_id, day))


@router.get("/{area_id}/ancestors", summary="Areas above · 上级区划链", responses=REFUSALS)
async def list_ancestors(
    area_id: AreaId, actor: CurrentActor, session: SessionDep, day: ServiceDay
) -> list[AreaRead]:
    """The areas above it on the day, nearest first: at most four."""
    await queries.get_area(session, actor, area_id, day)
    return [AreaRead.model_validate(row) for row in await queries.list_ancestors(session, area_id, day)]


@router.get("/{area_id}/codes", summary="Official codes, past and present · 历次区划代码", responses=REFUSALS)
async def list_codes(
    area_id: AreaId, actor: CurrentActor, session: SessionDep, day: ServiceDay
) -> list[AreaCodeRead]:
    """Every code the area ever had, by code system and date."""
    await queries.get_area(session, actor, area_id, day)
    return [AreaCodeRead.model_validate(row) for row in await queries.list_codes(session, area_id)]


@router.get(
    "/{area_id}/outline",
    summary="Outline as GeoJSON · 区划轮廓",
    responses=REFUSALS,
    response_class=GeoJSONResponse,
)
async def get_outline(
    area_id: AreaId, actor: CurrentActor, session: SessionDep, day: ServiceDay
) -> OutlineFeature:
    """The area as a GeoJSON Feature; geometry is null where no outline is on file."""
    area = await queries.get_area(session, actor, area_id, day)
    return answers.outline_feature(area, await queries.find_outline(session, area_id, day))


@router.get(
    "/{area_id}/coverage", summary="Gaps and overlaps of its grids · 网格覆盖与重叠", responses=REFUSALS
)
async def get_coverage(
    area_id: AreaId, actor: CurrentActor, session: SessionDep, day: ServiceDay
) -> CoverageRead:
    """How the base and special grids fill the area on the day: share, gaps, overlaps, protrusions."""
    return answers.coverage_read(area_id, day, await service.cover(session, actor, area_id, day))


@router.get(
    "/{area_id}/grids.geojson",
    summary="Grids of an area as GeoJSON · 区划内网格(GeoJSON)",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, BadCursor),
    response_class=GeoJSONResponse,
)
async def get_grid_collection(
    area_id: AreaId,
    actor: CurrentActor,
    session: SessionDep,
    day: ServiceDay,
    limit: Limit = 500,
    cursor: Cursor = None,
) -> GridCollection:
    """The grids of the area and of the areas inside it, with their shapes on the day, page by page."""
    await queries.get_area(session, actor, area_id, day)
    rows, following = await grid_queries.list_grids(
        session,
        actor,
        day,
        area_id=area_id,
        grid_class=None,
        code=None,
        with_shape=True,
        cursor=cursor,
        limit=limit,
    )
    return answers.grid_collection(rows, following)


@router.post(
    "/{area_id}/versions",
    status_code=status.HTTP_201_CREATED,
    summary="Rename or move an area from a day on · 区划更名或变更隶属",
    responses=problems(*CHANGE_REFUSALS, ParentNotFitting),
)
async def change_area(
    area_id: AreaId,
    body: Annotated[AreaChange, Body(openapi_examples=CHANGE_EXAMPLE)],
    actor: AreaAuthority,
    session: SessionDep,
    today: Today,
    now: Now,
) -> AreaRead:
    """A new dated version; the area keeps its id, earlier days keep their name and place in the tree."""
    await tree.change_area(session, actor, area_id, body, today=today, now=now)
    return AreaRead.model_validate(await queries.get_area(session, actor, area_id, body.valid_from))


@router.post(
    "/{area_id}/codes",
    status_code=status.HTTP_201_CREATED,
    summary="Give an area a new official code · 变更区划代码",
    responses=problems(*CHANGE_REFUSALS, AreaCodeTaken),
)
async def give_code(
    area_id: AreaId,
    body: Annotated[AreaCodeGive, Body(openapi_examples=CODE_EXAMPLE)],
    actor: AreaAuthority,
    session: SessionDep,
    now: Now,
) -> list[AreaCodeRead]:
    """The old code of that system ends, the new one begins; answers all codes of the area."""
    await tree.give_code(session, actor, area_id, body, now=now)
    return [AreaCodeRead.model_validate(row) for row in await queries.list_codes(session, area_id)]
