"""Grids over HTTP: reading them on a day, opening, reshaping, retiring."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response, status

from app.areas import answers, grid_queries, service
from app.areas.dependencies import GridAuthority, ServiceDay
from app.areas.examples import DEMO_LATITUDE, DEMO_LONGITUDE, OPEN_EXAMPLE, RESHAPE_EXAMPLE, RETIRE_EXAMPLE
from app.areas.problems import (
    GridCodesExhausted,
    GridNotOpen,
    GridOverlap,
    GridVersionExists,
    NotACommunity,
    ShapeNotFitting,
)
from app.areas.schemas import (
    CLASS_TEXT,
    GridClass,
    GridDetail,
    GridOpen,
    GridRead,
    GridReshape,
    GridRetire,
    GridVersionRead,
)
from app.identity.dependencies import CurrentActor
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.geo import InvalidGeometry
from app.kit.ids import DEMO_BOAT_GRID, DEMO_COMMUNITY, DEMO_GRID, DEMO_GRID_CODE
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.preconditions import ReadVersion, etag
from app.kit.problems import Forbidden, NotFound, PreconditionFailed, PreconditionRequired, problems

router = APIRouter(prefix="/grids", tags=["grids"])

GridId = Annotated[
    UUID,
    Path(
        description="Id of a grid · 网格标识",
        openapi_examples={
            "grid": {"summary": "Demo grid · 演示网格", "value": str(DEMO_GRID)},
            "boats": {"summary": "Fishing-boat grid, no polygon · 渔船网格", "value": str(DEMO_BOAT_GRID)},
        },
    ),
]
REFUSALS = problems(*SIGN_IN_PROBLEMS, NotFound)
CHANGE_REFUSALS = (
    *SIGN_IN_PROBLEMS,
    Forbidden,
    NotFound,
    PreconditionRequired,
    PreconditionFailed,
    GridNotOpen,
)
ETAG_HEADER = {"headers": {"ETag": {"description": "Version for If-Match", "schema": {"type": "string"}}}}


@router.get("", summary="List grids · 查询网格", responses=problems(*SIGN_IN_PROBLEMS, BadCursor))
async def list_grids(
    actor: CurrentActor,
    session: SessionDep,
    day: ServiceDay,
    area_id: Annotated[
        UUID | None, Query(description="In this area or below · 所属区划", examples=[DEMO_COMMUNITY])
    ] = None,
    grid_class: Annotated[GridClass | None, Query(description=CLASS_TEXT)] = None,
    code: Annotated[
        str | None,
        Query(
            pattern=r"^\d{1,15}$", description="Beginning of the code · 编码前缀", examples=[DEMO_GRID_CODE]
        ),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[GridRead]:
    """Grids you may see that exist on the day, by code."""
    rows, following = await grid_queries.list_grids(
        session, actor, day, area_id=area_id, grid_class=grid_class, code=code, cursor=cursor, limit=limit
    )
    return Page(items=[GridRead.model_validate(row) for row in rows], next=following)


@router.get("/at", summary="Which grid is here · 某点所在网格", responses=problems(*SIGN_IN_PROBLEMS))
async def list_at_point(
    actor: CurrentActor,
    session: SessionDep,
    day: ServiceDay,
    longitude: Annotated[
        float,
        Query(
            ge=-180,
            le=180,
            allow_inf_nan=False,
            description="Degrees, CGCS2000 · 经度",
            examples=[DEMO_LONGITUDE],
        ),
    ],
    latitude: Annotated[
        float,
        Query(
            ge=-90,
            le=90,
            allow_inf_nan=False,
            description="Degrees, CGCS2000 · 纬度",
            examples=[DEMO_LATITUDE],
        ),
    ],
) -> list[GridRead]:
    """The grids whose polygon holds the point on the day: the base grid first. A point on a common border has
    more than one base grid; a point outside your area has none."""
    rows = await grid_queries.list_at_point(session, actor, longitude, latitude, day)
    return [GridRead.model_validate(row) for row in rows]


@router.get("/{grid_id}", summary="Get a grid · 查看网格", responses=REFUSALS | {200: ETAG_HEADER})
async def get_grid(
    grid_id: GridId, actor: CurrentActor, session: SessionDep, day: ServiceDay, response: Response
) -> GridDetail:
    """One grid with its shape on the day. ETag is the newest version, whenever that takes effect."""
    row = await grid_queries.get_grid(session, actor, grid_id, day)
    newest = await grid_queries.latest_version(session, row.county_code, row.id)
    response.headers["ETag"] = etag(newest)
    return answers.grid_detail(row)


@router.get("/{grid_id}/versions", summary="All shapes of a grid · 网格边界历次版本", responses=REFUSALS)
async def list_versions(grid_id: GridId, actor: CurrentActor, session: SessionDep) -> list[GridVersionRead]:
    """Every dated shape it ever had, who decided it and why, oldest first."""
    return [answers.grid_version(row) for row in await grid_queries.list_versions(session, actor, grid_id)]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Open a grid · 新设网格",
    responses=problems(
        *SIGN_IN_PROBLEMS,
        Forbidden,
        NotFound,
        NotACommunity,
        GridCodesExhausted,
        ShapeNotFitting,
        InvalidGeometry,
        GridOverlap,
    ),
)
async def open_grid(
    body: Annotated[GridOpen, Body(openapi_examples=OPEN_EXAMPLE)],
    actor: GridAuthority,
    session: SessionDep,
    now: Now,
) -> GridDetail:
    """A new grid in a community. The service gives the next code; it stays with the grid for ever."""
    grid_id = await service.open_grid(session, actor, body, now=now)
    return answers.grid_detail(await grid_queries.get_grid(session, actor, grid_id, body.opened_on))


@router.put(
    "/{grid_id}/geometry",
    summary="Reshape a grid from a day on · 变更网格边界",
    responses=problems(*CHANGE_REFUSALS, GridVersionExists, ShapeNotFitting, InvalidGeometry, GridOverlap),
)
async def reshape_grid(
    grid_id: GridId,
    body: Annotated[GridReshape, Body(openapi_examples=RESHAPE_EXAMPLE)],
    actor: GridAuthority,
    session: SessionDep,
    read_version: ReadVersion,
    response: Response,
    now: Now,
) -> GridDetail:
    """A new version from the day on; earlier days keep their shape, later patrol days are folded again."""
    await service.reshape_grid(session, actor, grid_id, body, read_version=read_version, now=now)
    response.headers["ETag"] = etag(read_version + 1)
    return answers.grid_detail(await grid_queries.get_grid(session, actor, grid_id, body.valid_from))


@router.post(
    "/{grid_id}/retirement",
    summary="Retire a grid · 撤销网格",
    responses=problems(*CHANGE_REFUSALS, GridVersionExists),
)
async def retire_grid(
    grid_id: GridId,
    body: Annotated[GridRetire, Body(openapi_examples=RETIRE_EXAMPLE)],
    actor: GridAuthority,
    session: SessionDep,
    read_version: ReadVersion,
    now: Now,
) -> GridRead:
    """The grid ends; its code is never given again, its history stays."""
    row = await service.retire_grid(session, actor, grid_id, body, read_version=read_version, now=now)
    return GridRead.model_validate(row)
