"""HTTP of the quarantine: what handhelds sent and nobody could accept."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import VaultDep, require
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.errors import language
from app.kit.ids import DEMO_QUARANTINED
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import NotFound, problems
from app.operations import quarantine_service as quarantine
from app.operations.problems import AlreadySettled, NotReleasable, ReleaseTooLate
from app.operations.quarantine_schemas import (
    QuarantineOpenedRead,
    QuarantineRangeRead,
    QuarantineRead,
    Reason,
    ReleaseRead,
    SettlementCreate,
)
from app.patrol.problems import BatchDiffers
from app.sync.router import synchronizer_of
from app.sync.schemas import ItemResult
from app.sync.synchronizer import told_of

router = APIRouter(prefix="/quarantine", tags=["operations"])
Keeper = Annotated[Actor, Depends(require(*SUPERVISORS, Role.SYSTEM_ADMIN))]
Answerable = Annotated[Actor, Depends(require(*SUPERVISORS))]
"""What was sent may show whereabouts: those who answer for the people look, not those who run the machine."""
QuarantineId = Annotated[UUID, Path(description="Id · 编号", examples=[str(DEMO_QUARANTINED)])]


@router.get("", summary="What could not be accepted · 隔离区", responses=problems(BadCursor))
async def list_quarantined(
    actor: Keeper,
    session: SessionDep,
    state: Annotated[
        Literal["open", "released", "dismissed"] | None,
        Query(description="open 待处理 · released 已放行 · dismissed 已作废"),
    ] = None,
    reason: Annotated[Reason | None, Query(description="Only for this reason · 原因")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[QuarantineRead]:
    """Uploads of revoked handhelds, unreadable bodies, fixes that nobody could read · 隔离留存的上报内容"""
    wanted = quarantine.QuarantineFilter(state, reason)
    rows, following = await quarantine.list_quarantined(session, actor, wanted, cursor=cursor, limit=limit)
    return Page(items=[QuarantineRead.model_validate(r) for r in rows], next=following)


@router.get(
    "/{quarantine_id}", summary="One, with what was sent · 查看隔离内容", responses=problems(NotFound)
)
async def get_quarantined(
    quarantine_id: QuarantineId, actor: Answerable, session: SessionDep, vault: VaultDep, now: Now
) -> QuarantineOpenedRead:
    """The beginning of the content. Looking at it is recorded: it may show whereabouts · 查看会留痕"""
    row, body = await quarantine.open_quarantined(
        session, actor, quarantine_id, how="viewed", vault=vault, now=now
    )
    text, is_cut = quarantine.beginning(body)
    return QuarantineOpenedRead(**row._mapping, text=text, sent_bytes=len(body), is_cut=is_cut)


@router.get(
    "/{quarantine_id}/body",
    summary="Download what was sent · 下载原始内容",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **problems(NotFound)},
)
async def get_body(
    quarantine_id: QuarantineId, actor: Answerable, session: SessionDep, vault: VaultDep, now: Now
) -> Response:
    """Byte for byte. The download is recorded · 下载会留痕"""
    _, body = await quarantine.open_quarantined(
        session, actor, quarantine_id, how="downloaded", vault=vault, now=now
    )
    return Response(
        body,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{quarantine_id}.bin"'},
    )


@router.post(
    "/{quarantine_id}/releases",
    summary="Release what was quarantined · 放行入库",
    responses=problems(NotFound, NotReleasable, AlreadySettled, ReleaseTooLate, BatchDiffers),
)
async def release(
    quarantine_id: QuarantineId,
    body: SettlementCreate,
    actor: Answerable,
    session: SessionDep,
    request: Request,
    now: Now,
) -> ReleaseRead:
    """Taken in as if it had been accepted when it came, for whoever held the handheld then: the day folds again,
    items get a result each, which their receipts tell from then on. What still cannot be read stays here.

    按收到时有效处理,归属当时的持有人:轨迹重新计算巡查日,条目逐条给出结果并更新回执;重复放行不会重复入库。
    """
    found = await quarantine.release(
        session, actor, quarantine_id, body.reason, now=now, tools=synchronizer_of(request).tools
    )
    fixes = found.result
    return ReleaseRead(
        quarantined=QuarantineRead.model_validate(found.row),
        results=[] if fixes is None else [QuarantineRangeRead.of(r) for r in fixes.results],
        beats_stored=0 if fixes is None else fixes.beats_stored,
        reports_stored=0 if fixes is None else fixes.reports_stored,
        items=[
            ItemResult.model_validate(told_of(n, id_, result, language(request.headers)))
            for n, (id_, result) in enumerate(found.items)
        ],
    )


@router.post(
    "/{quarantine_id}/dismissals",
    summary="Dismiss it with a reason · 作废",
    responses=problems(NotFound, AlreadySettled),
)
async def dismiss(
    quarantine_id: QuarantineId, body: SettlementCreate, actor: Answerable, session: SessionDep, now: Now
) -> QuarantineRead:
    """Nothing of it is counted; the content stays until retention removes it · 不计入,内容保留至期满"""
    return QuarantineRead.model_validate(
        await quarantine.dismiss(session, actor, quarantine_id, body.reason, now=now)
    )
