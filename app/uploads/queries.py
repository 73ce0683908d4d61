"""SQL of uploads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shapely.geometry import Point
from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role
from app.identity.device_models import DeviceBinding
from app.identity.models import Account
from app.identity.scope import counties_of, visible_to
from app.kit.pagination import after, page
from app.kit.problems import NotFound
from app.uploads.comparison import Claimed
from app.uploads.models import Attachment, StoredFile, Upload
from app.uploads.problems import UploadNotFound


def claimed(at: datetime | None, point: Point | None) -> Claimed:
    """Two columns as one side of a comparison."""
    return Claimed(at, None, None) if point is None else Claimed(at, point.x, point.y)


async def find_upload(
    session: AsyncSession, county_code: str, upload_id: UUID, *, lock: bool = False
) -> Upload | None:
    """The upload as it stands now, also where the session has seen it before."""
    wanted = select(Upload).where(Upload.county_code == county_code, Upload.id == upload_id)
    found: Upload | None = await session.scalar(
        wanted.with_for_update() if lock else wanted, execution_options={"populate_existing": True}
    )
    return found


async def get_of_sender(
    session: AsyncSession, actor: Actor, upload_id: UUID, *, lock: bool = False
) -> Upload:
    """The upload, for the handheld that sends it, whoever holds it now; without one, for the account.

    Raises UploadNotFound for anybody else.
    """
    upload = await find_upload(session, actor.county_code, upload_id, lock=lock)
    if upload is None or not is_senders(upload, actor):
        raise UploadNotFound
    return upload


def is_senders(upload: Upload, actor: Actor) -> bool:
    """Whether the actor may go on with it."""
    if upload.device_id is not None:
        return upload.device_id == actor.device_id
    return upload.account_id == actor.account_id


async def add_upload(session: AsyncSession, row: dict[str, Any]) -> bool:
    """Inserts it; False when the id is taken."""
    statement = insert(Upload).values(row).on_conflict_do_nothing().returning(Upload.id)
    return await session.scalar(statement) is not None


async def advance(
    session: AsyncSession,
    upload: Upload,
    start: int,
    offset_bytes: int,
    *,
    now: datetime,
    expires_at: datetime,
) -> bool:
    """Records that the bytes up to `offset_bytes` are on disk; False when it has ended or moved meanwhile."""
    result = await session.execute(
        update(Upload)
        .where(
            Upload.county_code == upload.county_code,
            Upload.id == upload.id,
            Upload.state == "uploading",
            Upload.offset_bytes == start,
        )
        .values(
            offset_bytes=offset_bytes,
            state="received" if offset_bytes == upload.length_bytes else "uploading",
            touched_at=now,
            expires_at=expires_at,
        )
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]


async def count_unfinished(session: AsyncSession, actor: Actor) -> int:
    """How many uploads of the handheld (or the account without one) wait for bytes."""
    mine = Upload.account_id == actor.account_id
    if actor.device_id is not None:
        mine = Upload.device_id == actor.device_id
    wanted = select(func.count()).where(
        Upload.county_code == actor.county_code, mine, Upload.state == "uploading"
    )
    return int(await session.scalar(wanted) or 0)


async def find_holder(
    session: AsyncSession, county_code: str, device_id: UUID, at: datetime
) -> tuple[UUID, UUID] | None:
    """Account and area of who held the handheld at `at`."""
    wanted = (
        select(Account.id, Account.area_id)
        .join(DeviceBinding, DeviceBinding.inspector_id == Account.id)
        .where(
            DeviceBinding.county_code == county_code,
            DeviceBinding.device_id == device_id,
            DeviceBinding.valid.contains(at),
        )
    )
    row = (await session.execute(wanted)).one_or_none()
    return None if row is None else (row[0], row[1])


def in_sight(actor: Actor) -> ColumnElement[bool]:
    """Uploads of the actor's area; of an inspector only his own, not those his handheld sends for another."""
    inside = visible_to(actor, Upload)
    return and_(inside, Upload.account_id == actor.account_id) if actor.role is Role.INSPECTOR else inside


async def get_visible(
    session: AsyncSession, actor: Actor, upload_id: UUID
) -> tuple[Upload, StoredFile | None]:
    """An upload in scope, with its content where that is kept. Raises NotFound."""
    wanted = (
        _with_files()
        .where(Upload.county_code.in_(await counties_of(session, actor)), Upload.id == upload_id)
        .where(in_sight(actor))
        .limit(1)
    )
    row = (await session.execute(wanted)).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


def _with_files() -> Any:
    return select(Upload, StoredFile).outerjoin(
        StoredFile,
        and_(StoredFile.county_code == Upload.county_code, StoredFile.digest == Upload.digest),
    )


@dataclass(frozen=True, slots=True)
class UploadFilter:
    """What a list of uploads is narrowed to."""

    state: str | None = None
    flag: str | None = None
    account_id: UUID | None = None
    owner_kind: str | None = None
    owner_id: UUID | None = None


async def list_uploads(
    session: AsyncSession, actor: Actor, wanted: UploadFilter, *, cursor: str | None, limit: int
) -> tuple[list[tuple[Upload, StoredFile | None]], str | None]:
    """Uploads in scope with their content, oldest first, and the cursor of the next page."""
    statement = _with_files().where(
        Upload.county_code.in_(await counties_of(session, actor)), in_sight(actor)
    )
    if wanted.state is not None:
        statement = statement.where(Upload.state == wanted.state)
    if wanted.flag is not None:
        statement = statement.where(Upload.flags.contains([wanted.flag]))
    if wanted.account_id is not None:
        statement = statement.where(Upload.account_id == wanted.account_id)
    if wanted.owner_kind is not None or wanted.owner_id is not None:
        statement = statement.where(_named_by(wanted))
    found = await session.execute(after(statement, [Upload.created_at, Upload.id], cursor, limit))
    rows: list[tuple[Upload, StoredFile | None]] = [(upload, file) for upload, file in found]
    return page(rows, limit, lambda row: [row[0].created_at, row[0].id])


def _named_by(wanted: UploadFilter) -> ColumnElement[bool]:
    named = select(Attachment.upload_id).where(
        Attachment.county_code == Upload.county_code, Attachment.upload_id == Upload.id
    )
    if wanted.owner_kind is not None:
        named = named.where(Attachment.owner_kind == wanted.owner_kind)
    if wanted.owner_id is not None:
        named = named.where(Attachment.owner_id == wanted.owner_id)
    return exists(named)


async def list_attachments(session: AsyncSession, county_code: str, upload_id: UUID) -> Sequence[Attachment]:
    """What names the upload."""
    wanted = (
        select(Attachment)
        .where(Attachment.county_code == county_code, Attachment.upload_id == upload_id)
        .order_by(Attachment.owner_kind, Attachment.owner_id)
    )
    return (await session.scalars(wanted)).all()


async def list_missing(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Row[Any]], str | None]:
    """Uploads that the actor, or anybody with this handheld, has named and that are not complete."""
    mine: ColumnElement[bool] = Attachment.inspector_id == actor.account_id
    if actor.device_id is not None:
        mine = or_(mine, Attachment.device_id == actor.device_id)
    statement = (
        select(
            Attachment.upload_id,
            Attachment.owner_kind,
            Attachment.owner_id,
            func.coalesce(Upload.state, "unknown").label("state"),
            func.coalesce(Upload.offset_bytes, 0).label("offset_bytes"),
            Upload.refusal,
        )
        .outerjoin(
            Upload, and_(Upload.county_code == Attachment.county_code, Upload.id == Attachment.upload_id)
        )
        .where(Attachment.county_code == actor.county_code, mine)
        .where(or_(Upload.state.is_(None), Upload.state != "complete"))
    )
    keys = [Attachment.upload_id, Attachment.owner_kind, Attachment.owner_id]
    rows = (await session.execute(after(statement, keys, cursor, limit))).all()
    return page(rows, limit, lambda row: [row.upload_id, row.owner_kind, row.owner_id])
