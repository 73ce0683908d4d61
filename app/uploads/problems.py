"""What can be wrong with an upload. Those of `FileRefused` are final: the file itself will not do."""

from typing import Any, ClassVar

from app.kit.problems import Problem
from app.uploads import protocol


class TusProblem(Problem):
    """A refusal in the words of tus: every answer names its version."""

    def __init__(self, *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(headers={"Tus-Resumable": protocol.VERSION, **(headers or {})}, **extra)


class TusVersionNotSupported(TusProblem):
    code, status = "tus_version_not_supported", 412
    zh, en = "仅支持 tus 1.0.0,请发送 Tus-Resumable: 1.0.0", "Only tus 1.0.0: send Tus-Resumable: 1.0.0"

    def __init__(self, **extra: Any) -> None:
        super().__init__(headers={"Tus-Version": protocol.VERSION}, **extra)


class UploadHeaderInvalid(TusProblem):
    code, status = "upload_header_invalid", 400
    zh, en = "上传请求头有误:{reason}", "A header of the upload is wrong: {reason}"


class UploadNotFound(TusProblem):
    code, status = "upload_not_found", 404
    zh, en = "没有该上传,或不属于本终端", "There is no such upload, or it is not this handheld's"


class UploadGone(TusProblem):
    code, status = "upload_gone", 410
    zh = "该上传已结束({current_state}),如仍需要请用相同编号重新创建"
    en = "The upload has ended ({current_state}); announce it again under the same id if it is still wanted"


class UploadDiffers(TusProblem):
    code, status = "upload_differs", 409
    zh = (
        "该上传编号已用于其他文件(已登记 {stored_length_bytes} 字节,本次 {sent_length_bytes} 字节),请换新编号"
    )
    en = "The id was used for another file ({stored_length_bytes} bytes, now {sent_length_bytes}); use a new id"


class OffsetDiffers(TusProblem):
    code, status = "upload_offset_differs", 409
    zh = "续传位置不符:已收 {upload_offset} 字节,请从该处续传"
    en = "The offset does not match: {upload_offset} bytes have arrived; go on from there"


class UploadBusy(TusProblem):
    code, status = "upload_busy", 423
    zh, en = (
        "另一请求正在续传该文件,请稍后再试",
        "Another request is sending this file; try again in a moment",
    )

    def __init__(self, **extra: Any) -> None:
        super().__init__(headers={"Retry-After": "2"}, **extra)


class ChecksumDiffers(TusProblem):
    code, status = "upload_checksum_differs", 460
    zh, en = (
        "本段校验和不符,已丢弃,请重发",
        "The piece does not match its checksum and was dropped; send it again",
    )


class UploadTooLong(TusProblem):
    code, status = "upload_too_long", 413
    zh = "文件超过上限:{length_bytes} 字节,最多 {limit_bytes} 字节"
    en = "The file is too long: {length_bytes} bytes, at most {limit_bytes}"


class PieceTooLong(TusProblem):
    code, status = "upload_piece_too_long", 413
    zh = "本段超出登记的文件长度,还可接收 {limit_bytes} 字节"
    en = "The piece goes beyond the announced length: {limit_bytes} bytes are left"


class PieceTypeInvalid(TusProblem):
    code, status = "upload_piece_type_invalid", 415
    zh = "续传须使用 Content-Type: application/offset+octet-stream,且不压缩"
    en = "A piece needs Content-Type: application/offset+octet-stream, uncompressed"


class TooManyUnfinished(TusProblem):
    code, status = "too_many_unfinished_uploads", 429
    zh = "未传完的文件过多(上限 {most}),请先传完"
    en = "Too many uploads are unfinished (at most {most}); finish some first"


class UploadFinished(TusProblem):
    code, status = "upload_finished", 409
    zh, en = "文件已传完入库,不能再撤销", "The file is complete and kept; it can no longer be taken back"


class FileRefused(TusProblem):
    """Of a whole file. Told again whenever the sender asks; terminate and announce again to send it anew."""

    status: ClassVar[int] = 422


class FileDigestDiffers(FileRefused):
    code, status = "file_digest_differs", 422
    zh = "文件校验不符(应为 {claimed_sha256},实为 {actual_sha256}),请重新上传"
    en = "The file is not what was announced (SHA-256 {claimed_sha256}, got {actual_sha256}); send it again"


class FileTypeRefused(FileRefused):
    code, status = "file_type_refused", 422
    zh = "不是可接收的文件:按内容判断,只收照片(JPEG、PNG、WebP、HEIC)、PDF 和音视频"
    en = "Not a file that is taken: by its content it is no photo (JPEG, PNG, WebP, HEIC), PDF or recording"


class FileTooLong(FileRefused):
    code, status = "file_too_long", 422
    zh = "按内容为 {content_type},{length_bytes} 字节超过该类上限 {limit_bytes} 字节"
    en = "By its content it is {content_type}: {length_bytes} bytes are more than the {limit_bytes} of its kind"


class PictureUnreadable(FileRefused):
    code, status = "picture_unreadable", 422
    zh, en = "图片已损坏,无法读取", "The picture is broken and can't be read"


class PictureTooLarge(FileRefused):
    code, status = "picture_too_large", 422
    zh = "图片像素过多({pixels}),上限 {limit_pixels}"
    en = "The picture has too many pixels ({pixels}, at most {limit_pixels})"


class FileNotThere(Problem):
    code, status = "file_not_there", 404
    zh = "文件尚未传完或已清除(当前状态 {current_state})"
    en = "The file is not there: it has not arrived or was removed (state {current_state})"


class NoThumbnail(Problem):
    code, status = "no_thumbnail", 404
    zh = "没有缩略图(状态 {thumbnail_state})"
    en = "There is no thumbnail ({thumbnail_state})"


class RangeNotSatisfiable(Problem):
    code, status = "range_not_satisfiable", 416
    zh, en = "请求的区间超出文件长度 {length_bytes}", "The range lies behind the end of {length_bytes} bytes"


REFUSALS: tuple[type[FileRefused], ...] = (
    FileDigestDiffers,
    FileTypeRefused,
    FileTooLong,
    PictureUnreadable,
    PictureTooLarge,
)
