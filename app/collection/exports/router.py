"""HTTP of exports."""

from base64 import b64encode
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, status
from fastapi.responses import StreamingResponse

from app.collection.exports import queries, service
from app.collection.exports.models import ExportJob
from app.collection.exports.press import PURPOSE
from app.collection.exports.problems import (
    ExportClosed,
    ExportDecided,
    ExportGone,
    ExportNotReady,
    ExportTooLarge,
    OwnExportApproval,
    TooManyExports,
)
from app.collection.exports.schemas import ExportCreate, ExportDecision, ExportRead
from app.collection.exports.sealed_files import Kept, SealedFiles
from app.collection.exports.states import EXPORT_STATE_LABELS, ExportState
from app.collection.exports.writers import MEDIA_TYPES
from app.collection.ledgers.declared import ledger_of
from app.collection.ledgers.problems import FilterUnknown, UnknownLedger
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import Today, VaultDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import demo_id
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.uploads.dependencies import FilesDep
from app.uploads.store import FileMissing

router = APIRouter(prefix="/exports", tags=["exports"])
Exporter = Annotated[Actor, Depends(require(*SUPERVISORS))]
Approver = Annotated[Actor, Depends(require(Role.COUNTY, Role.CITY))]
ExportId = Annotated[
    UUID,
    Path(
        description="Number of an export · 导出任务编号",
        openapi_examples={"demo": {"summary": "Demo · 演示", "value": str(demo_id("export", "1"))}},
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Export a ledger · 导出台账",
    responses=problems(*READING, UnknownLedger, FilterUnknown, TooManyExports, ExportTooLarge),
)
async def request_export(
    body: ExportCreate, actor: Exporter, session: SessionDep, vault: VaultDep, today: Today, now: Now
) -> ExportRead:
    """Made by the worker; ask `GET /exports/{id}` how far it is. Masked unless somebody else approves.

    Sensitive fields are never exported, approved or not · 敏感字段一律不导出
    """
    export = await service.request_export(session, actor, body, vault=vault, day=today, now=now)
    return export_read(export)


@router.get("", summary="Exports of my area · 导出任务列表", responses=problems(*READING, BadCursor))
async def list_exports(
    actor: Exporter,
    session: SessionDep,
    state: Annotated[ExportState | None, Query(description="Only in this state · 状态")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ExportRead]:
    """One's own, those of people below, and for the county what waits for approval; the oldest first."""
    rows, following = await queries.list_exports(session, actor, state=state, cursor=cursor, limit=limit)
    return Page(items=[export_read(row) for row in rows], next=following)


@router.get("/{export_id}", summary="How far an export is · 导出进度", responses=problems(*READING))
async def get_export(export_id: ExportId, actor: Exporter, session: SessionDep) -> ExportRead:
    """Rows done of rows in all, and what became of it."""
    return export_read(await queries.get_export(session, actor, export_id))


@router.post(
    "/{export_id}/decision",
    summary="Approve personal data in full · 审批不脱敏导出",
    responses=problems(*READING, ExportDecided, OwnExportApproval),
)
async def decide_export(
    export_id: ExportId, body: ExportDecision, actor: Approver, session: SessionDep, now: Now
) -> ExportRead:
    """By somebody of the county who did not ask for it himself · 申请人不得自批"""
    return export_read(await service.decide_export(session, actor, export_id, body, now=now))


@router.post(
    "/{export_id}/cancellation",
    summary="Cancel an export · 取消导出",
    responses=problems(*READING, ExportClosed),
)
async def cancel_export(export_id: ExportId, actor: Exporter, session: SessionDep, now: Now) -> ExportRead:
    """While it waits or runs; a running job stops within a page of rows."""
    return export_read(await service.cancel_export(session, actor, export_id, now=now))


@router.get(
    "/{export_id}/file",
    summary="Fetch the file · 下载导出文件",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file, with its watermark · 文件(含水印)",
            "content": {
                media.split(";")[0]: {"schema": {"type": "string", "format": "binary"}}
                for media in MEDIA_TYPES.values()
            },
        },
        **problems(*READING, ExportNotReady, ExportGone),
    },
)
async def fetch_export(
    export_id: ExportId,
    actor: Exporter,
    session: SessionDep,
    vault: VaultDep,
    files: FilesDep,
    now: Now,
) -> StreamingResponse:
    """By who asked or his superiors, until it expires; every download leaves an event · 下载留痕"""
    export = await service.fetch_export(session, actor, export_id, now=now)
    assert export.file_key is not None and export.stored_bytes is not None and export.digest is not None  # noqa: S101, PT018 - ck_export_job_file
    kept = Kept(export.file_key, export.stored_bytes)
    try:
        pieces = await SealedFiles(files.store, vault, PURPOSE).open(export.id, kept)
    except FileMissing as error:
        raise ExportGone(expires_at=None) from error
    name = quote(f"{ledger_of(export.ledger).zh}-{str(export.id)[-12:]}.{export.format}")
    return StreamingResponse(
        pieces,
        media_type=MEDIA_TYPES[export.format],
        headers={
            "Content-Length": str(export.size_bytes),
            "Content-Disposition": f"attachment; filename=\"export.{export.format}\"; filename*=UTF-8''{name}",
            "Repr-Digest": f"sha-256=:{b64encode(export.digest).decode()}:",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def export_read(export: ExportJob) -> ExportRead:
    """An export as the API shows it."""
    state = ExportState(export.state)
    shown = {
        name: getattr(export, name)
        for name in ExportRead.model_fields
        if name not in ("state_label", "sha256", "state")
    }
    sha256 = export.digest.hex() if export.digest is not None else None
    return ExportRead(state=state, state_label=EXPORT_STATE_LABELS[state], sha256=sha256, **shown)
