"""What can't be accepted is kept for a person to look at, once for each content."""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import zstandard
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.kit.crypto import Vault
from app.kit.reencryption import SealedColumn
from app.patrol.models import Quarantined

SEALED = "quarantine.sealed"
SEALED_COLUMNS = (SealedColumn(SEALED, Quarantined.sealed, Quarantined.id),)


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """One refused body, whole. `detail` says what was wrong, without personal data.

    device_id  None where no handheld sent it: then `account_id` says who did
    sealed     the body where it may hold personal data; `body` is empty then
    """

    county_code: str
    id: UUID
    area_id: UUID
    device_id: UUID | None
    batch_id: UUID | None
    reason: str
    detail: str
    received_at: datetime
    digest: bytes
    body: bytes
    account_id: UUID | None = None
    sealed: str | None = None


def quarantine_row(
    county_code: str,
    area_id: UUID,
    device_id: UUID,
    batch_id: UUID | None,
    reason: str,
    detail: str,
    body: bytes,
    now: datetime,
    *,
    content: bytes | None = None,
) -> QuarantineRow:
    """A row for `body`. What has the same `content` (the body itself when None) is the same row."""
    digest = hashlib.sha256(body if content is None else content).digest()
    return QuarantineRow(
        county_code, uuid7(), area_id, device_id, batch_id, reason, detail, now, digest, body
    )


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something came from: the account that sent it, and its handheld if it was one."""

    county_code: str
    area_id: UUID
    account_id: UUID
    device_id: UUID | None


def sealed_row(
    origin: Origin,
    item_id: UUID | None,
    reason: str,
    detail: str,
    body: bytes,
    now: datetime,
    *,
    vault: Vault,
) -> QuarantineRow:
    """A row for a body that may hold personal data: kept encrypted. The same body is the same row."""
    id_ = uuid7()
    packed = b64encode(zstandard.ZstdCompressor().compress(body)).decode()
    return QuarantineRow(
        origin.county_code,
        id_,
        origin.area_id,
        origin.device_id,
        item_id,
        reason,
        detail,
        now,
        hashlib.sha256(origin.account_id.bytes + body).digest(),
        b"",
        origin.account_id,
        vault.encrypt(packed, SEALED, id_),
    )


def body_of(row: Any, vault: Vault) -> bytes:
    """What was sent, byte for byte. row: has `id`, `body` and `sealed`."""
    packed = row.body if row.sealed is None else b64decode(vault.decrypt(row.sealed, SEALED, row.id))
    return zstandard.ZstdDecompressor().decompress(packed)


async def keep(session: AsyncSession, rows: Sequence[QuarantineRow]) -> dict[tuple[UUID | None, bytes], UUID]:
    """Keeps the rows that are not kept yet; returns the id under which each (device, digest) is found."""
    if not rows:
        return {}
    unique = {(r.county_code, str(r.device_id), r.digest): r for r in rows}
    compressor = zstandard.ZstdCompressor()
    statement = insert(Quarantined).values(
        [
            {name: getattr(r, name) for name in QuarantineRow.__slots__}
            | {"body": compressor.compress(r.body) if r.sealed is None else b""}
            for _, r in sorted(unique.items())
        ]
    )
    # the no-op update makes RETURNING name the row that was there before, too
    kept = statement.on_conflict_do_update(
        constraint="uq_quarantine_county_code_device_id_digest", set_={"reason": Quarantined.reason}
    ).returning(Quarantined.device_id, Quarantined.digest, Quarantined.id)
    return {(device_id, digest): id_ for device_id, digest, id_ in (await session.execute(kept)).all()}
