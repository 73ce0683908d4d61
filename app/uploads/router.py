"""HTTP of what was uploaded: lists, details, content, thumbnails. The way in is `tus_router`."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_SUBMISSION
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.uploads import downloads, queries, service
from app.uploads.content_types import GROUPS
from app.uploads.dependencies import FilesDep, Reader, UploadId
from app.uploads.problems import FileNotThere, NoThumbnail, RangeNotSatisfiable
from app.uploads.queries import UploadFilter
from app.uploads.schemas import (
    FlagRead,
    MissingUploadRead,
    UploadDetailRead,
    UploadRead,
    detailed,
    listed,
    refusal_code,
)

router = APIRouter(prefix="/uploads", tags=["uploads"])
READING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)
BINARY = {"schema": {"type": "string", "format": "binary"}}
FILE = dict.fromkeys(GROUPS, BINARY)


@router.get(
    "", summary="List uploads · 上传列表", responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor)
)
async def list_uploads(
    actor: Reader,
    session: SessionDep,
    state: Annotated[
        Literal["uploading", "received", "complete", "refused", "terminated", "expired", "purged"] | None,
        Query(description="Only this state · 状态"),
    ] = None,
    flag: Annotated[FlagRead | None, Query(description="Only with this flag · 标注")] = None,
    account_id: Annotated[UUID | None, Query(description="Only of this account · 所属账号")] = None,
    owner_kind: Annotated[
        str | None,
        Query(description="Only what such things name · 引用者类别", max_length=40, examples=["submission"]),
    ] = None,
    owner_id: Annotated[
        UUID | None,
        Query(description="Only what this names · 引用者编号", examples=[str(DEMO_SUBMISSION)]),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[UploadRead]:
    """An inspector's own, everybody else's whole area; the oldest first · 网格员看本人,其他人看辖区"""
    wanted = UploadFilter(state, flag, account_id, owner_kind, owner_id)
    rows, following = await queries.list_uploads(session, actor, wanted, cursor=cursor, limit=limit)
    return Page(items=[listed(*row) for row in rows], next=following)


@router.get(
    "/missing",
    summary="Photos that are named and not here · 待补传的照片",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor),
)
async def list_missing(
    actor: Reader, session: SessionDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[MissingUploadRead]:
    """What this handheld, or this account, has named in submissions, visits, … and not yet delivered."""
    rows, following = await queries.list_missing(session, actor, cursor=cursor, limit=limit)
    items = [MissingUploadRead(**row._mapping, refusal_code=refusal_code(row.refusal)) for row in rows]
    return Page(items=items, next=following)


@router.get("/{upload_id}", summary="One upload · 上传详情", responses=problems(*READING))
async def get_upload(upload_id: UploadId, actor: Reader, session: SessionDep, now: Now) -> UploadDetailRead:
    """What it is, what it says of itself, who names it. Looking at another's leaves an event · 查看他人的会留痕"""
    return detailed(**await service.describe(session, actor, upload_id, now=now))


@router.get(
    "/{upload_id}/content",
    response_model=None,
    response_class=Response,
    summary="The file itself · 下载原文件",
    responses={
        200: {"description": "The file · 原文件", "content": FILE},
        206: {"description": "The range that was asked for · 所请求的区间", "content": FILE},
        304: {"description": "The ETag is the known one · 未变化"},
        **problems(*READING, FileNotThere, RangeNotSatisfiable),
    },
)
async def get_content(
    upload_id: UploadId,
    actor: Reader,
    session: SessionDep,
    files: FilesDep,
    now: Now,
    range_: Annotated[str | None, Header(alias="Range", description="One range · 字节区间")] = None,
    if_none_match: Annotated[str | None, Header(description="Known ETag · 已有版本")] = None,
    if_range: Annotated[str | None, Header(description="ETag that the range is of · 区间所属版本")] = None,
) -> Response:
    """As it was uploaded, EXIF included; `ETag` is its SHA-256. Reading another's leaves an event."""
    upload, file = await service.look_at(session, actor, upload_id, "content", now=now)
    if file is None:
        raise FileNotThere(current_state=upload.state)
    asked = downloads.Asked(range_, if_none_match, if_range)
    return await downloads.send_content(files, upload.id, file, asked)


@router.get(
    "/{upload_id}/thumbnail",
    response_model=None,
    response_class=Response,
    summary="A small copy · 缩略图",
    responses={
        200: {"description": "A JPEG without EXIF · 不含元数据的小图", "content": {"image/jpeg": BINARY}},
        **problems(*READING, FileNotThere, NoThumbnail),
    },
)
async def get_thumbnail(
    upload_id: UploadId, actor: Reader, session: SessionDep, files: FilesDep, now: Now
) -> Response:
    """Upright and without metadata; made within moments after the upload. Reading another's leaves an event."""
    upload, file = await service.look_at(session, actor, upload_id, "thumbnail", now=now)
    if file is None:
        raise FileNotThere(current_state=upload.state)
    if file.thumbnail_key is None:
        raise NoThumbnail(thumbnail_state=file.thumbnail_state)
    return await downloads.send_thumbnail(files, file.thumbnail_key, f'"{file.digest.hex()}.jpg"')
