"""tus in the OpenAPI document: headers and bodies that we read ourselves, in tus's own words."""

from typing import Any

from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.ids import demo_id
from app.kit.problems import Forbidden, Problem
from app.uploads.problems import (
    REFUSALS,
    ChecksumDiffers,
    OffsetDiffers,
    PieceTooLong,
    PieceTypeInvalid,
    TooManyUnfinished,
    TusVersionNotSupported,
    UploadBusy,
    UploadDiffers,
    UploadGone,
    UploadHeaderInvalid,
    UploadNotFound,
    UploadTooLong,
)
from app.uploads.protocol import PIECE_TYPE, VERSION, written

SENDING: tuple[type[Problem], ...] = (
    *SIGN_IN_PROBLEMS,
    Forbidden,
    TusVersionNotSupported,
    UploadHeaderInvalid,
)
ASKING: tuple[type[Problem], ...] = (*SENDING, UploadNotFound, UploadGone, UploadBusy)
APPENDING: tuple[type[Problem], ...] = (
    *ASKING,
    OffsetDiffers,
    PieceTooLong,
    PieceTypeInvalid,
    ChecksumDiffers,
    *REFUSALS,
)
ANNOUNCING: tuple[type[Problem], ...] = (
    *SENDING,
    UploadNotFound,
    UploadDiffers,
    UploadTooLong,
    TooManyUnfinished,
    UploadBusy,
    PieceTooLong,
    PieceTypeInvalid,
    ChecksumDiffers,
    *REFUSALS,
)


def header(name: str, example: str, description: str, *, required: bool = True) -> dict[str, Any]:
    """A request header."""
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
        "example": example,
    }


def answered(description: str, *names: str) -> dict[str, Any]:
    """An answer without a body, told in headers."""
    told = ("Tus-Resumable", *names)
    return {"description": description, "headers": {name: {"schema": {"type": "string"}} for name in told}}


TUS = header("Tus-Resumable", VERSION, "Version of tus · tus 版本")
CHECKSUM = header(
    "Upload-Checksum",
    "sha1 MPrC0vIXDt2sJy0kKSFSbRS8DHE=",
    "sha1, sha256 or crc32 of the piece, base64; it then counts as a whole or not at all · 本段校验和",
    required=False,
)
METADATA = header(
    "Upload-Metadata",
    written({"upload_id": str(demo_id("upload", "example")), "content_type": "image/jpeg"}),
    "`upload_id` (made by the sender, repeat it when resending), `sha256` of the whole in hexadecimal, "
    "`content_type`, `taken_at`, `lon`, `lat`, `coord_sys`; values in base64 · 上传元数据",
    required=False,
)
BYTES: dict[str, Any] = {"content": {PIECE_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
ANNOUNCEMENT: dict[str, Any] = {
    "parameters": [
        TUS,
        header("Upload-Length", "2048", "Bytes of the whole file · 文件总字节数"),
        METADATA,
        CHECKSUM,
    ],
    "requestBody": {"required": False, **BYTES},
}
QUESTION: dict[str, Any] = {"parameters": [TUS]}
PIECE: dict[str, Any] = {
    "parameters": [TUS, header("Upload-Offset", "0", "Where the piece begins · 本段起始位置"), CHECKSUM],
    "requestBody": {"required": True, **BYTES},
}
