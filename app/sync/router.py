"""HTTP of sync: push, pull, receipts."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query, Request
from starlette.responses import Response

from app.identity.dependencies import CurrentActor, CurrentClaims, Supervisor
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.errors import language
from app.kit.ids import DEMO_SUBMISSION
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import problems
from app.patrol.problems import DeviceNeeded, RevokedDeviceQuarantined, UploadsTooFrequent
from app.sync import receipts, state
from app.sync.cursor import MAX_CHARS
from app.sync.examples import PUSH_EXAMPLES
from app.sync.problems import PushTooLong, PushUnreadable
from app.sync.schemas import HandheldSyncRead, ItemReceiptQuery, ItemReceiptsRead, PullRead, PushRead
from app.sync.synchronizer import Synchronizer
from app.sync.wire import NDJSON

router = APIRouter(prefix="/sync", tags=["sync"])
OBJECT: dict[str, Any] = {"type": "object"}
PUSH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["sent_at", "items"],
                    "properties": {
                        "sent_at": {
                            "type": "string",
                            "format": "date-time",
                            "description": "The handheld's clock at sending · 发送时终端时间",
                        },
                        "clock_offset_ms": {
                            "type": ["integer", "null"],
                            "description": "To be added to its times, if it knows · 终端自测的时钟校正量",
                        },
                        "items": {"type": "array", "maxItems": 500, "items": OBJECT},
                    },
                },
                "examples": PUSH_EXAMPLES,
            },
            NDJSON[0]: {"schema": {"type": "string"}},
        },
    },
}
LastSeq = Annotated[
    int | None,
    Header(
        alias="Wangge-Seq", ge=0, description="`head` of the last pull; asks for `urgent` · 上次拉取的 head"
    ),
]


def synchronizer_of(request: Request) -> Synchronizer:
    """That of this process."""
    found: Synchronizer = request.app.state.synchronizer
    return found


@router.post(
    "/push",
    summary="Push what was recorded · 推送条目",
    response_model=None,
    responses={
        200: {"model": PushRead, "description": "After its commit, a result for each item · 逐条结果,已落盘"},
        **problems(PushTooLong, PushUnreadable, DeviceNeeded, RevokedDeviceQuarantined, UploadsTooFrequent),
    },
    openapi_extra=PUSH_BODY,
)
async def push(request: Request, claims: CurrentClaims, last_seq: LastSeq = None) -> Response:
    """Up to 500 items of any kind, as JSON or NDJSON, gzip or zstd; each with a UUID that the handheld made.

    Send the same items again, unchanged, until they are answered: each is stored once. One that cannot be taken
    costs its neighbours nothing. The protocol is docs/sync.md.

    同一条目可原样反复发送直到收到回执,只入库一次;某条有误不影响其他条目。
    """
    answer = await synchronizer_of(request).push(
        claims,
        await request.body(),
        request.headers.get("content-type", ""),
        language=language(request.headers),
        seq=last_seq,
    )
    return Response(answer, media_type="application/json")


@router.get(
    "/pull",
    summary="Pull what is new · 拉取变更",
    response_model=None,
    responses={200: {"model": PullRead}, **problems(BadCursor, DeviceNeeded)},
)
async def pull(
    request: Request,
    claims: CurrentClaims,
    cursor: Annotated[
        str | None, Query(max_length=MAX_CHARS, description="As last answered; none at first · 上次的 cursor")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="About so many objects · 每次对象数(约)")] = 200,
) -> Response:
    """The present state of what concerns this handheld and has changed since the cursor; everything at first.

    Apply `reset`, `left_grids`, `gone` and `objects` in this order together with the cursor, in one transaction;
    pull again while `more`.

    首次不带游标,逐页加载;之后只返回变化。请将本页内容与游标一并保存。
    """
    return Response(await synchronizer_of(request).pull(claims, cursor, limit), media_type="application/json")


@router.post("/receipts", summary="What became of items · 条目回执")
async def list_receipts(
    request: Request,
    body: Annotated[ItemReceiptQuery, Body(examples=[{"ids": [str(DEMO_SUBMISSION)]}])],
    claims: CurrentClaims,
    actor: CurrentActor,
    session: SessionDep,
    last_seq: LastSeq = None,
) -> ItemReceiptsRead:
    """Of this handheld or account, as things stand now: an item that was held may be stored since · 查询条目当前结果"""
    return ItemReceiptsRead(
        receipts=await receipts.list_receipts(session, actor, body.ids, language(request.headers)),
        urgent=last_seq is not None and synchronizer_of(request).is_urgent(claims, last_seq),
    )


@router.get("/state", summary="How far handhelds are behind · 终端同步状态", responses=problems(BadCursor))
async def list_state(
    actor: Supervisor,
    session: SessionDep,
    now: Now,
    silent_min: Annotated[
        int | None,
        Query(ge=1, le=525_600, description="Only without a pull for so long · 仅列多少分钟未拉取的"),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[HandheldSyncRead]:
    """Handhelds in use, by serial number: last pull and push, and what of theirs still waits · 按序列号排列"""
    rows, following = await state.list_state(
        session, actor, silent_min=silent_min, cursor=cursor, limit=limit, now=now
    )
    return Page(items=[HandheldSyncRead.model_validate(row) for row in rows], next=following)
