"""HTTP of tus 1.0: announce, ask, append, take back. Any tus client works; docs/sync.md tells what we add."""

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.responses import Response

from app.identity.actor import Actor
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.problems import MethodNotAllowed, Problem, problems
from app.uploads import protocol, service
from app.uploads import tus_documents as document
from app.uploads.appending import Piece, append, require_sender
from app.uploads.dependencies import FilesDep, Sender, UploadId
from app.uploads.files import Files
from app.uploads.limits import limits_of
from app.uploads.problems import PieceTypeInvalid, UploadFinished, UploadHeaderInvalid
from app.uploads.standing import standing_of


class TusRoute(APIRoute):
    """Every answer names the version of tus, refusals included."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler, inside ours."""
        handle = super().get_route_handler()

        async def handle_tus(request: Request) -> Response:
            try:
                response = await handle(request)
            except protocol.HeaderError as error:
                raise UploadHeaderInvalid(reason=str(error)) from error
            except Problem as problem:
                problem.headers.setdefault("Tus-Resumable", protocol.VERSION)
                raise
            response.headers["Tus-Resumable"] = protocol.VERSION
            return response

        return handle_tus


router = APIRouter(prefix="/uploads", tags=["uploads"], route_class=TusRoute)


@router.options("", include_in_schema=False)
@router.options("/{upload_id}", include_in_schema=False)
async def tell(files: FilesDep, session: SessionDep, now: Now) -> Response:
    """What this server can do."""
    limits = await limits_of(session, None, now.astimezone(files.zone).date())
    return _answer(
        204,
        {
            "Tus-Version": protocol.VERSION,
            "Tus-Extension": protocol.EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(protocol.ALGORITHMS),
            "Tus-Max-Size": str(limits.length_most(None)),
        },
    )


@router.post(
    "",
    status_code=201,
    response_model=None,
    response_class=Response,
    summary="Announce an upload (tus) · 创建上传",
    responses={
        201: document.answered("Announced · 已创建", "Location", "Upload-Offset", "Upload-Expires"),
        **problems(*document.ANNOUNCING),
    },
    openapi_extra=document.ANNOUNCEMENT,
)
async def announce(request: Request, sender: Sender, files: FilesDep, now: Now) -> Response:
    """The same `upload_id` from the same handheld is answered with the same `Location`: nothing is doubled.

    The body may bring the first bytes. 相同 `upload_id` 重复创建得到同一地址;请求体可直接携带首段内容。
    """
    told, length_bytes = protocol.announced(request.headers), protocol.length(request.headers)
    brings_bytes = _brings_bytes(request.headers)
    async with files.database.transaction() as session:
        upload, is_new = await service.announce(session, sender, told, length_bytes, now=now, zone=files.zone)
    offset_bytes, expires_at = upload.offset_bytes, upload.expires_at
    if brings_bytes and is_new:
        progress = await append(files, sender, upload.id, _piece(request, 0), now=now)
        offset_bytes, expires_at = progress.offset_bytes, progress.expires_at
    location = f"{request.scope.get('root_path', '')}/api/v1/uploads/{upload.id}"
    return _answer(201, {"Location": location, **_standing(offset_bytes, expires_at)})


@router.head(
    "/{upload_id}",
    response_model=None,
    response_class=Response,
    summary="Where an upload stands (tus) · 查询续传位置",
    responses={
        200: document.answered("Go on from Upload-Offset · 由此续传", "Upload-Offset", "Upload-Length"),
        **problems(*document.ASKING),
    },
    openapi_extra=document.QUESTION,
)
async def ask(upload_id: UploadId, sender: Sender, files: FilesDep, now: Now) -> Response:
    """For the handheld that sends it, whoever holds it now; 410 when it has ended or was refused."""
    return await _ask(upload_id, sender, files, now)


@router.patch(
    "/{upload_id}",
    status_code=204,
    response_model=None,
    response_class=Response,
    summary="Send a piece (tus) · 续传一段",
    responses={
        204: document.answered("On disk and counted · 已落盘", "Upload-Offset", "Upload-Expires"),
        **problems(*document.APPENDING),
    },
    openapi_extra=document.PIECE,
)
async def send_piece(
    upload_id: UploadId, request: Request, sender: Sender, files: FilesDep, now: Now
) -> Response:
    """Bytes from `Upload-Offset` on. The last piece is answered once the whole file was checked.

    A file that is refused then (422) is told so again to whoever announces it again · 最后一段返回整体核验结果
    """
    return await _send_piece(upload_id, request, sender, files, now)


@router.delete(
    "/{upload_id}",
    status_code=204,
    response_model=None,
    response_class=Response,
    summary="Take an upload back (tus) · 撤销上传",
    responses={
        204: document.answered("Gone · 已撤销"),
        **problems(*document.ASKING, UploadFinished),
    },
    openapi_extra=document.QUESTION,
)
async def take_back(upload_id: UploadId, sender: Sender, files: FilesDep, now: Now) -> Response:
    """Unfinished or refused ones only: a complete file may be evidence."""
    return await _take_back(upload_id, sender, files, now)


@router.post("/{upload_id}", include_in_schema=False)
async def override(
    upload_id: UploadId, request: Request, sender: Sender, files: FilesDep, now: Now
) -> Response:
    """PATCH, DELETE and HEAD where a proxy lets only POST pass: X-HTTP-Method-Override, as tus wants it."""
    match request.headers.get("x-http-method-override", "").upper():
        case "PATCH":
            return await _send_piece(upload_id, request, sender, files, now)
        case "DELETE":
            return await _take_back(upload_id, sender, files, now)
        case "HEAD":
            return await _ask(upload_id, sender, files, now)
    raise MethodNotAllowed(headers={"Allow": "GET, HEAD, PATCH, DELETE"})


async def _ask(upload_id: UUID, sender: Actor, files: Files, now: datetime) -> Response:
    stands = await standing_of(files, sender, upload_id, now=now)
    told = {"Upload-Length": str(stands.length_bytes), "Upload-Metadata": stands.metadata}
    return _answer(200, told | _standing(stands.offset_bytes, stands.expires_at))


async def _send_piece(
    upload_id: UUID, request: Request, sender: Actor, files: Files, now: datetime
) -> Response:
    await require_sender(files, sender, upload_id)
    if not _brings_bytes(request.headers, may_be_empty=True):
        raise PieceTypeInvalid
    offset_bytes = protocol.number(request.headers, "upload-offset")
    progress = await append(files, sender, upload_id, _piece(request, offset_bytes), now=now)
    return _answer(204, _standing(progress.offset_bytes, progress.expires_at))


async def _take_back(upload_id: UUID, sender: Actor, files: Files, now: datetime) -> Response:
    await require_sender(files, sender, upload_id)
    async with files.staging.locked(sender.county_code, upload_id):
        async with files.database.transaction() as session:
            await service.terminate(session, sender, upload_id, now=now)
        await files.staging.forget(sender.county_code, upload_id)
    return _answer(204, {})


def _brings_bytes(headers: Headers, *, may_be_empty: bool = False) -> bool:
    """Whether the body is a piece. Raises PieceTypeInvalid for a body that is something else."""
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    is_piece = headers.get("content-type", "").partition(";")[0].strip().lower() == protocol.PIECE_TYPE
    if has_body and (not is_piece or headers.get("content-encoding", "identity") != "identity"):
        raise PieceTypeInvalid
    return is_piece and (has_body or may_be_empty)


def _piece(request: Request, offset_bytes: int) -> Piece:
    length = (
        protocol.number(request.headers, "content-length") if "content-length" in request.headers else None
    )
    return Piece(offset_bytes, length, protocol.checksum(request.headers), request.stream())


def _standing(offset_bytes: int, expires_at: datetime | None) -> dict[str, str]:
    expiry = {} if expires_at is None else {"Upload-Expires": protocol.http_date(expires_at)}
    return {"Upload-Offset": str(offset_bytes), **expiry}


def _answer(status_code: int, told: Mapping[str, str]) -> Response:
    return Response(status_code=status_code, headers={"Cache-Control": "no-store", **told})
