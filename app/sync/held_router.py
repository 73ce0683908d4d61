"""HTTP of items that wait for what has not arrived; submissions have a list of their own."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, status

from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import SettingsDep, VaultDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import demo_id
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.sync import held
from app.sync.held_schemas import HeldItemDiscard, HeldItemRead

router = APIRouter(prefix="/held-items", tags=["sync"])

Reader = Annotated[Actor, Depends(require(Role.INSPECTOR, *SUPERVISORS))]
Judge = Annotated[Actor, Depends(require(*SUPERVISORS))]
ItemId = Annotated[
    UUID,
    Path(
        description="Id of a waiting item · 等待中的条目编号",
        openapi_examples={"demo": {"value": str(demo_id("visit", "held"))}},
    ),
]


@router.get(
    "",
    summary="Visits and results that wait · 等待中的走访和任务结果",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor),
)
async def list_held(
    actor: Reader, session: SessionDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[HeldItemRead]:
    """For a subject or submission that has not arrived: taken by themselves when it comes · 所等内容到达后自动入库

    Overdue ones first: should nothing come any more, give them up · 超时的排在最前
    """
    rows, following = await held.list_held(session, actor, cursor=cursor, limit=limit)
    return Page(items=[HeldItemRead.model_validate(row) for row in rows], next=following)


@router.post(
    "/{item_id}/discard",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Give a waiting item up · 作废等待中的条目",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, NotFound),
)
async def discard_held(
    item_id: ItemId,
    body: HeldItemDiscard,
    actor: Judge,
    session: SessionDep,
    settings: SettingsDep,
    vault: VaultDep,
    now: Now,
) -> None:
    """Its sender hears it from his receipt; the content is kept in the quarantine · 内容留存于隔离区"""
    await held.discard(session, actor, item_id, body.reason, vault=vault, zone=settings.zone, now=now)
