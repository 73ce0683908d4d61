"""HTTP of imports."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Path, Query, Response, UploadFile, status

from app.collection.catalogue.examples import DEMO_ITEM_CODE
from app.collection.exports.sealed_files import SealedFiles
from app.collection.exports.writers import MEDIA_TYPES
from app.collection.imports import queries, service, templates
from app.collection.imports.models import ImportJob
from app.collection.imports.problems import (
    ImportClosed,
    ImportEncoding,
    ImportFileDamaged,
    ImportFileKind,
    ImportFileTooLarge,
    ImportHeadings,
    ImportNotConfirmable,
    ImportNotYours,
    ImportTargetUnknown,
    ImportTooManyColumns,
    ImportTooManyRows,
    ImportUnpacksTooLarge,
)
from app.collection.imports.schemas import ImportRead, ImportRowRead
from app.collection.imports.service import Sent
from app.collection.imports.states import IMPORT_STATE_LABELS, ImportKind, ImportState
from app.collection.imports.tasks import PURPOSE
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import SettingsDep, VaultDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COMMUNITY, demo_id
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, Unavailable, problems
from app.kit.schemas import FIRST_DAY, LAST_DAY
from app.uploads.dependencies import FilesDep

router = APIRouter(prefix="/imports", tags=["imports"])
Importer = Annotated[Actor, Depends(require(*SUPERVISORS, Role.SYSTEM_ADMIN))]
ImportId = Annotated[
    UUID,
    Path(
        description="Number of an import · 导入任务编号",
        openapi_examples={"demo": {"summary": "Demo · 演示", "value": str(demo_id("import", "1"))}},
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)
FILE_PROBLEMS = (
    ImportFileTooLarge,
    ImportFileKind,
    ImportFileDamaged,
    ImportEncoding,
    ImportHeadings,
    ImportTooManyRows,
    ImportTooManyColumns,
    ImportUnpacksTooLarge,
    ImportTargetUnknown,
    ImportNotYours,
    Unavailable,
)


@router.get(
    "/templates/{item_code}.xlsx",
    summary="Template of a form · 下载导入模板",
    response_class=Response,
    responses={
        200: {
            "description": "Workbook with headings, lists and an example · 模板",
            "content": {MEDIA_TYPES["xlsx"]: {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(*READING),
    },
)
async def get_template(
    item_code: Annotated[
        str,
        Path(
            max_length=64,
            description="Item · 采集项代码",
            openapi_examples={"own": {"summary": "避险转移登记", "value": DEMO_ITEM_CODE}},
        ),
    ],
    actor: Annotated[Actor, Depends(require(*SUPERVISORS))],
    session: SessionDep,
    now: Now,
) -> Response:
    """Columns with a star must be filled in; an empty cell changes nothing · 带*必填,空单元格不改动"""
    content = await templates.template(session, actor, item_code, now=now)
    headers = {"Content-Disposition": f'attachment; filename="{item_code[:64]}.xlsx"'}
    return Response(content, media_type=MEDIA_TYPES["xlsx"], headers=headers)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Send a file and have it checked · 上传并校验",
    responses=problems(*READING, *FILE_PROBLEMS),
)
async def send_file(
    actor: Importer,
    session: SessionDep,
    vault: VaultDep,
    files: FilesDep,
    settings: SettingsDep,
    now: Now,
    file: Annotated[UploadFile, File(description="XLSX or CSV (UTF-8, GB18030) · 文件")],
    kind: Annotated[
        ImportKind, Form(description="subjects 采集对象 · divisions 区划 · code_table 代码表")
    ] = ImportKind.SUBJECTS,
    target: Annotated[
        str,
        Form(
            pattern=r"^[A-Za-z][A-Za-z0-9_]{1,63}$",
            description="Item, code table, or code system of divisions (`NBS2023`) · 采集项、代码表或区划代码体系",
        ),
    ] = "resident_registered",
    area_id: Annotated[
        UUID | None,
        Form(
            description="Where rows without position belong; one's own area if empty · 归属区域",
            openapi_examples={"demo": {"summary": "Demo · 演示", "value": str(DEMO_COMMUNITY)}},
        ),
    ] = None,
    effective_on: Annotated[
        date | None,
        Form(ge=FIRST_DAY, le=LAST_DAY, description="Divisions: first day, today if empty · 区划生效日"),
    ] = None,
) -> ImportRead:
    """Nothing is written yet: the dry run says row by row what would be. Then confirm it · 先校验,确认后导入"""
    sent = Sent(
        kind,
        target,
        area_id,
        effective_on or now.astimezone(settings.zone).date(),
        (file.filename or "file")[:200].replace("\0", ""),
        await file.read(),
    )
    sealed = SealedFiles(files.store, vault, PURPOSE)
    job = await service.send_file(
        session, actor, sent, files=sealed, vault=vault, zone=settings.zone, now=now
    )
    return import_read(job)


@router.get("", summary="Imports of my area · 导入任务列表", responses=problems(*READING, BadCursor))
async def list_imports(
    actor: Importer,
    session: SessionDep,
    state: Annotated[ImportState | None, Query(description="Only in this state · 状态")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ImportRead]:
    """The oldest first; administrators see those of divisions."""
    rows, following = await queries.list_imports(session, actor, state=state, cursor=cursor, limit=limit)
    return Page(items=[import_read(row) for row in rows], next=following)


@router.get("/{import_id}", summary="How far an import is · 导入进度", responses=problems(*READING))
async def get_import(import_id: ImportId, actor: Importer, session: SessionDep) -> ImportRead:
    """Counts of the dry run, and of the import once it is confirmed."""
    return import_read(await queries.get_import(session, actor, import_id))


@router.get(
    "/{import_id}/rows",
    summary="What there is to say, row by row · 逐行说明",
    responses=problems(*READING, BadCursor),
)
async def list_import_rows(
    import_id: ImportId, actor: Importer, session: SessionDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[ImportRowRead]:
    """Refused rows and those with a warning; never what stands in their cells."""
    job = await queries.get_import(session, actor, import_id)
    rows, following = await queries.list_rows(session, job, cursor=cursor, limit=limit)
    return Page(items=[ImportRowRead.model_validate(row) for row in rows], next=following)


@router.post(
    "/{import_id}/confirmation",
    summary="Import the good rows · 确认导入",
    responses=problems(*READING, ImportNotConfirmable, ImportNotYours),
)
async def confirm_import(import_id: ImportId, actor: Importer, session: SessionDep, now: Now) -> ImportRead:
    """What has changed since the dry run is looked at again; the same file again changes nothing."""
    return import_read(await service.confirm_import(session, actor, import_id, now=now))


@router.post(
    "/{import_id}/cancellation",
    summary="Give an import up · 取消导入",
    responses=problems(*READING, ImportClosed, ImportNotYours),
)
async def cancel_import(import_id: ImportId, actor: Importer, session: SessionDep, now: Now) -> ImportRead:
    """Before it begins or while it runs; what is imported already stays · 已导入的行保留"""
    return import_read(await service.cancel_import(session, actor, import_id, now=now))


def import_read(job: ImportJob) -> ImportRead:
    """An import as the API shows it."""
    state = ImportState(job.state)
    own = ("state", "state_label", "sha256")
    shown = {name: getattr(job, name) for name in ImportRead.model_fields if name not in own}
    return ImportRead(state=state, state_label=IMPORT_STATE_LABELS[state], sha256=job.digest.hex(), **shown)
