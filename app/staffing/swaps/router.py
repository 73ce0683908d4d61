"""HTTP of swaps."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, status

from app.identity.dependencies import CurrentActor, SettingsDep, Supervisor
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_SWAP
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.staffing import queries as staffing_queries
from app.staffing.away import bounds_of
from app.staffing.parameters import InspectorQuery
from app.staffing.problems import NotAnInspector
from app.staffing.roster_models import GridSwap
from app.staffing.schemas import UnservedRead
from app.staffing.swaps import queries, service
from app.staffing.swaps.problems import (
    GridLeftEmpty,
    NothingToSwap,
    SwapBegun,
    SwapChanged,
    SwapIdReused,
    SwapOfOneself,
    SwapTime,
)
from app.staffing.swaps.schemas import SwapCreate, SwapRead, SwapUndoneRead

router = APIRouter(prefix="/grid-swaps", tags=["staffing"])


@router.get(
    "",
    summary="Swaps of an inspector · 换岗与顶岗",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, NotAnInspector, BadCursor),
)
async def list_swaps(
    actor: CurrentActor,
    session: SessionDep,
    inspector_id: InspectorQuery,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SwapRead]:
    """By begin. An inspector sees his own."""
    inspector = await staffing_queries.get_inspector(session, actor, inspector_id)
    rows, following = await queries.list_swaps(session, inspector, cursor, limit)
    return Page(items=[_read(row) for row in rows], next=following)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Swap grids, or substitute, by the hour · 换岗或顶岗",
    responses=problems(
        *SIGN_IN_PROBLEMS,
        Forbidden,
        NotFound,
        NotAnInspector,
        SwapOfOneself,
        SwapTime,
        SwapIdReused,
        NothingToSwap,
        GridLeftEmpty,
    ),
)
async def swap_grids(
    body: SwapCreate, actor: Supervisor, session: SessionDep, settings: SettingsDep, now: Now
) -> SwapRead:
    """Kept as appointments; refused when a grid would be left without anybody who is present."""
    return _read(await service.swap_grids(session, actor, body, zone=settings.zone, now=now))


@router.post(
    "/{swap_id}/cancellations",
    summary="Undo a swap before it begins · 撤销换岗",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, NotFound, SwapBegun, SwapChanged),
)
async def undo_swap(
    swap_id: Annotated[
        UUID,
        Path(
            description="Id of a swap · 换岗标识",
            openapi_examples={"demo": {"summary": "Demo · 演示", "value": str(DEMO_SWAP)}},
        ),
    ],
    actor: Supervisor,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
) -> SwapUndoneRead:
    """The appointments are what they were; `unserved` tells what nobody serves because of it."""
    row = await service.undo_swap(session, actor, swap_id, zone=settings.zone, now=now)
    left = [UnservedRead.model_validate(each) for each in await service.list_left_unserved(session, row)]
    return SwapUndoneRead(**_read(row).model_dump(), unserved=left)


def _read(row: GridSwap) -> SwapRead:
    begins, ends = bounds_of(row.during)
    return SwapRead(
        id=row.id,
        mode=row.mode,
        inspector_id=row.inspector_id,
        other_id=row.other_id,
        starts_at=begins,
        ends_at=ends,
        reason=row.reason,
        appointments_made=row.made,
        appointments_cut=[UUID(each["id"]) for each in row.replaced],
        created_by=row.created_by,
        created_at=row.created_at,
        undone_at=row.undone_at,
    )
