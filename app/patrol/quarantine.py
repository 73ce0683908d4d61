"""What can't be accepted is kept for a person to look at, once for each content."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import zstandard
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.patrol.models import Quarantined


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """One refused body, whole. `detail` says what was wrong, without personal data."""

    county_code: str
    id: UUID
    area_id: UUID
    device_id: UUID
    batch_id: UUID | None
    reason: str
    detail: str
    received_at: datetime
    digest: bytes
    body: bytes


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


async def keep(session: AsyncSession, rows: Sequence[QuarantineRow]) -> dict[tuple[UUID, bytes], UUID]:
    """Keeps the rows that are not kept yet; returns the id under which each (device, digest) is found."""
    if not rows:
        return {}
    unique = {(r.county_code, r.device_id, r.digest): r for r in rows}
    compressor = zstandard.ZstdCompressor()
    statement = insert(Quarantined).values(
        [
            {name: getattr(r, name) for name in QuarantineRow.__slots__}
            | {"body": compressor.compress(r.body)}
            for _, r in sorted(unique.items())
        ]
    )
    # the no-op update makes RETURNING name the row that was there before, too
    kept = statement.on_conflict_do_update(
        constraint="uq_quarantine_county_code_device_id_digest", set_={"reason": Quarantined.reason}
    ).returning(Quarantined.device_id, Quarantined.digest, Quarantined.id)
    return {(device_id, digest): id_ for device_id, digest, id_ in (await session.execute(kept)).all()}
