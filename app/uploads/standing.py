"""Where an upload stands, for the sender that wants to go on."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.identity.actor import Actor
from app.uploads import protocol, queries
from app.uploads.files import Files
from app.uploads.finishing import finish_later
from app.uploads.models import Upload
from app.uploads.problems import FileRefused, OffsetDiffers, UploadGone
from app.uploads.service import ENDED


@dataclass(frozen=True, slots=True)
class Standing:
    """offset_bytes: go on from there. metadata: what was announced, as Upload-Metadata."""

    offset_bytes: int
    length_bytes: int
    expires_at: datetime | None
    metadata: str


async def standing_of(files: Files, actor: Actor, upload_id: UUID, *, now: datetime) -> Standing:
    """Where to go on. One that has all its bytes and no outcome is finished first.

    Raises UploadNotFound, UploadBusy, and UploadGone for what has ended or was refused: announcing it again
    tells why, or begins anew.
    """
    async with files.database.transaction() as session:
        upload = await queries.get_of_sender(session, actor, upload_id)
    if upload.state == "received":
        try:
            with suppress(OffsetDiffers):  # the state below tells it
                await finish_later(files, actor.county_code, upload_id, now=now)
        except FileRefused as refusal:
            raise UploadGone(current_state="refused") from refusal
        async with files.database.transaction() as session:
            upload = await queries.get_of_sender(session, actor, upload_id)
    if upload.state in ENDED or upload.state == "refused":
        raise UploadGone(current_state=upload.state)
    offset_bytes = upload.offset_bytes
    if upload.state == "uploading":
        # a restored database, or a lost disk: what is gone is sent again
        offset_bytes = min(offset_bytes, await files.staging.size_of(actor.county_code, upload_id))
    return Standing(offset_bytes, upload.length_bytes, upload.expires_at, _metadata(upload))


def _metadata(upload: Upload) -> str:
    """What we kept of Upload-Metadata; a file's name is not kept."""
    told = {"upload_id": str(upload.id)}
    if upload.claimed_sha256 is not None:
        told["sha256"] = upload.claimed_sha256.hex()
    if upload.claimed_type is not None:
        told["content_type"] = upload.claimed_type
    if upload.taken_at is not None:
        told["taken_at"] = upload.taken_at.isoformat()
    if upload.geom is not None:
        told |= {"lon": str(upload.geom.x), "lat": str(upload.geom.y), "coord_sys": "cgcs2000"}
    return protocol.written(told)
