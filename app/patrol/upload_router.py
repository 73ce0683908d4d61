"""What a handheld calls: upload, its receipts, its configuration."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Body, Path, Request
from starlette.responses import Response

from app.identity.dependencies import CurrentActor, CurrentClaims
from app.identity.verified import Claims
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_BATCH
from app.kit.problems import NotFound, problems
from app.patrol import uploads
from app.patrol.ingestor import Ingestor
from app.patrol.online.state import ToldState
from app.patrol.problems import (
    BatchDiffers,
    BatchEmpty,
    BatchTooLong,
    BatchUnreadable,
    DeviceNeeded,
    IngestBusy,
    RevokedDeviceQuarantined,
    UploadsTooFrequent,
)
from app.patrol.upload_examples import UPLOAD_EXAMPLES
from app.patrol.upload_schemas import HandheldConfigRead, ReceiptQuery, ReceiptRead, UploadAnswerRead
from app.patrol.wire import Upload
from app.settings import Settings

router = APIRouter(tags=["patrol upload"])
SEQ_MAX_DIGITS = 18
UPLOAD_SCHEMA = "#/components/schemas/Upload"
UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": UPLOAD_SCHEMA}, "examples": UPLOAD_EXAMPLES}},
    },
}


def upload_schemas() -> dict[str, Any]:
    """JSON Schemas of the upload's body for the OpenAPI document, from the types that decode it."""
    _, components = msgspec.json.schema_components(
        [Upload, ToldState], ref_template="#/components/schemas/{name}"
    )
    # it is decoded by itself, so its type does not know that it belongs there
    components["Upload"]["properties"]["state"] = {"$ref": "#/components/schemas/ToldState"}
    return components


@router.post(
    "/fix-batches",
    summary="Upload a batch of fixes · 上传定位批次",
    response_model=None,
    responses={
        200: {"model": UploadAnswerRead, "description": "Stored, after its commit · 已落盘"},
        **problems(
            BatchEmpty,
            BatchTooLong,
            BatchUnreadable,
            BatchDiffers,
            DeviceNeeded,
            RevokedDeviceQuarantined,
            IngestBusy,
            UploadsTooFrequent,
        ),
    },
    openapi_extra=UPLOAD_BODY,
)
async def upload(request: Request, claims: CurrentClaims) -> Response:
    """Up to 2,000 fixes, heartbeats, duty presses and reasons of interruptions.

    Send the same batch again, with the same `batch_id`, until it is answered: it is stored once. Each run of
    fixes gets a disposition by index; `send_again` says whether keeping a refused fix is worthwhile. The answer
    carries the day as last computed; `pending` tells that newer data is not in it yet. With `Wangge-Seq` (the
    `head` of the last pull) the answer has a header `Wangge-Urgent`: 1 asks for a pull now.

    同一批次(相同 `batch_id`)可反复重发直到收到回执,只入库一次;`results` 按序号区间逐段说明处理结果。
    """
    if claims.device_id is None:
        raise DeviceNeeded
    ingestor: Ingestor = request.app.state.ingestor
    answer = await ingestor.take(claims.county_code, claims.device_id, claims.login_id, await request.body())
    return Response(answer, media_type="application/json", headers=_urgent(request, claims))


def _urgent(request: Request, claims: Claims) -> dict[str, str] | None:
    """The header that asks for a pull now, for a handheld that told where its last pull stood."""
    seq = request.headers.get("wangge-seq", "")
    if not seq.isdecimal() or len(seq) > SEQ_MAX_DIGITS:
        return None
    is_urgent: Callable[[Claims, int], bool] = request.app.state.is_urgent
    return {"Wangge-Urgent": "1" if is_urgent(claims, int(seq)) else "0"}


@router.get(
    "/fix-batches/{batch_id}",
    summary="Receipt of one batch · 批次回执",
    responses=problems(NotFound, DeviceNeeded),
)
async def get_receipt(
    batch_id: Annotated[UUID, Path(description="Batch id · 批次号", examples=[str(DEMO_BATCH)])],
    actor: CurrentActor,
    session: SessionDep,
) -> ReceiptRead:
    """What was answered to a batch of this handheld, for one whose answer was lost · 查询本终端某批次的回执"""
    return await uploads.get_receipt(session, actor, batch_id)


@router.post(
    "/fix-batches/receipts",
    summary="Receipts of many batches · 批量查询回执",
    responses=problems(DeviceNeeded),
)
async def list_receipts(
    body: Annotated[ReceiptQuery, Body(examples=[{"batch_ids": [str(DEMO_BATCH)]}])],
    actor: CurrentActor,
    session: SessionDep,
) -> list[ReceiptRead]:
    """The receipts that exist among up to 500 batch ids of this handheld; the others were never stored."""
    return await uploads.list_receipts(session, actor, body.batch_ids)


@router.get(
    "/handheld/config",
    summary="How this handheld should behave · 终端配置",
    responses=problems(DeviceNeeded),
)
async def get_config(
    request: Request, actor: CurrentActor, session: SessionDep, now: Now
) -> HandheldConfigRead:
    """Sampling, limits and lowest app version where this handheld works today · 采样间隔、限值与最低版本"""
    settings: Settings = request.app.state.settings
    return await uploads.get_config(
        session,
        actor,
        today=now.astimezone(settings.zone).date(),
        body_max_bytes=settings.body_max_bytes,
    )
