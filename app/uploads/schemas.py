"""What goes out of uploads; what comes in are bytes and headers."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.kit.schemas import Output
from app.uploads.models import Attachment, StoredFile, Upload

StateRead = Annotated[
    Literal["uploading", "received", "complete", "refused", "terminated", "expired", "purged"],
    Field(
        description="uploading 上传中 · received 已收齐待核验 · complete 已入库 · refused 已拒收 · "
        "terminated 已撤销 · expired 已过期 · purged 已清除"
    ),
]
FlagRead = Literal["position_differs", "time_differs"]
Flags = Annotated[
    list[FlagRead],
    Field(description="For a person to look at: position_differs 位置不符 · time_differs 时间不符"),
]
ThumbnailState = Annotated[
    Literal["pending", "made", "none", "failed"],
    Field(description="pending 生成中 · made 已生成 · none 无缩略图 · failed 无法生成"),
]
DistanceM = Annotated[
    float | None,
    Field(
        description="Between the photo's own position and the claimed one, metres · 照片内位置与上报位置相距(米)"
    ),
]
DifferenceS = Annotated[
    int | None,
    Field(description="The photo's own time minus the claimed one, seconds · 照片内时间减上报时间(秒)"),
]


class PointRead(Output):
    """Degrees, CGCS2000."""

    lon: Annotated[float, Field(description="Longitude · 经度")]
    lat: Annotated[float, Field(description="Latitude · 纬度")]


class UploadRead(Output):
    """An upload in a list. Where it was taken is told one at a time."""

    id: Annotated[UUID, Field(description="As its sender made it · 上传编号")]
    account_id: Annotated[UUID, Field(description="Whose it is · 所属账号")]
    area_id: Annotated[UUID, Field(description="Where it counts · 所属区划")]
    state: StateRead
    content_type: Annotated[str | None, Field(description="By its content, once complete · 按内容判定的类型")]
    length_bytes: Annotated[int, Field(description="Announced length · 文件长度(字节)")]
    offset_bytes: Annotated[int, Field(description="What has arrived · 已收字节")]
    sha256: Annotated[str | None, Field(description="Of the content, hexadecimal · 内容摘要")]
    taken_at: Annotated[datetime | None, Field(description="As its sender says · 上报的拍摄时刻")]
    flags: Flags
    thumbnail_state: Annotated[ThumbnailState | None, Field(description="Null until complete · 缩略图状态")]
    created_at: Annotated[datetime, Field(description="When it was announced · 创建时刻")]
    completed_at: Annotated[datetime | None, Field(description="When it was complete · 入库时刻")]
    expires_at: Annotated[
        datetime | None, Field(description="When it is removed if nothing more comes · 未续传则于此刻清除")
    ]


class AttachmentRead(Output):
    """What names the upload."""

    owner_kind: Annotated[str, Field(description="`submission`, `visit`, `task`, … · 引用者类别")]
    owner_id: Annotated[UUID, Field(description="Its id · 引用者编号")]
    claimed_at: Annotated[datetime | None, Field(description="When it was taken, it says · 所称拍摄时刻")]
    claimed_position: Annotated[PointRead | None, Field(description="Where, it says · 所称位置")]
    exif_distance_m: DistanceM
    exif_difference_s: DifferenceS
    flags: Flags


class UploadDetailRead(UploadRead):
    """An upload with what it says of itself and who names it."""

    device_id: Annotated[UUID | None, Field(description="The handheld that sends it · 上传终端")]
    claimed_type: Annotated[str | None, Field(description="What its sender calls it · 上报的类型")]
    position: Annotated[PointRead | None, Field(description="Where its sender took it · 上报的位置")]
    exif_taken_at: Annotated[
        datetime | None, Field(description="What the photo says; null: silent · 照片内拍摄时刻")
    ]
    exif_position: Annotated[
        PointRead | None, Field(description="What the photo says; null: silent · 照片内位置")
    ]
    exif_distance_m: DistanceM
    exif_difference_s: DifferenceS
    width_px: Annotated[int | None, Field(description="Width as stored · 宽(像素)")]
    height_px: Annotated[int | None, Field(description="Height as stored · 高(像素)")]
    refusal_code: Annotated[str | None, Field(description="Code of the problem, if refused · 拒收代码")]
    attachments: Annotated[list[AttachmentRead], Field(description="What names it · 引用者")]


class MissingUploadRead(Output):
    """A photo that something names and that is not here."""

    upload_id: Annotated[UUID, Field(description="Send it under this id · 请以此编号上传")]
    owner_kind: Annotated[str, Field(description="What names it · 引用者类别")]
    owner_id: Annotated[UUID, Field(description="Its id · 引用者编号")]
    state: Annotated[
        Literal["unknown", "uploading", "received", "refused", "terminated", "expired", "purged"],
        Field(description="unknown: never announced · unknown 表示从未创建,其余同上传状态"),
    ]
    offset_bytes: Annotated[int, Field(description="What has arrived · 已收字节")]
    refusal_code: Annotated[str | None, Field(description="Why it was refused · 拒收代码")]


def listed(upload: Upload, file: StoredFile | None) -> UploadRead:
    """The answer for one row of a list."""
    return UploadRead(**_common(upload, file))


def detailed(upload: Upload, file: StoredFile | None, attachments: list[Attachment]) -> UploadDetailRead:
    """The answer for one upload."""
    return UploadDetailRead(
        **_common(upload, file),
        device_id=upload.device_id,
        claimed_type=upload.claimed_type,
        position=_point(upload.geom),
        exif_taken_at=upload.exif_taken_at,
        exif_position=_point(upload.exif_geom),
        exif_distance_m=upload.exif_distance_m,
        exif_difference_s=upload.exif_difference_s,
        width_px=upload.width_px,
        height_px=upload.height_px,
        refusal_code=refusal_code(upload.refusal),
        attachments=[_attached(each) for each in attachments],
    )


def refusal_code(refusal: dict[str, Any] | None) -> str | None:
    """Of the column."""
    return None if refusal is None else str(refusal["code"])


def _common(upload: Upload, file: StoredFile | None) -> dict[str, Any]:
    columns = {name: getattr(upload, name, None) for name in UploadRead.model_fields}
    return columns | {
        "sha256": upload.digest and upload.digest.hex(),
        "thumbnail_state": file and file.thumbnail_state,
    }


def _attached(attachment: Attachment) -> AttachmentRead:
    columns = {name: getattr(attachment, name, None) for name in AttachmentRead.model_fields}
    return AttachmentRead(**columns | {"claimed_position": _point(attachment.claimed_geom)})


def _point(geom: Any) -> PointRead | None:
    return None if geom is None else PointRead(lon=geom.x, lat=geom.y)
