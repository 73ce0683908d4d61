"""Moves stored values to the current key, some rows at a time; for the worker after a key rotation."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import not_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.kit.crypto import Vault


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values, the row's id that they are bound to, and the blind index beside it."""

    name: str
    sealed: InstrumentedAttribute[Any]
    row_id: InstrumentedAttribute[UUID]
    index: InstrumentedAttribute[Any] | None = None


async def reencrypt_some(
    session: AsyncSession, vault: Vault, column: SealedColumn, *, limit: int = 500
) -> int:
    """Seals up to `limit` values under the current key and renews their index; returns how many.

    Call until it returns 0; only then may the old key leave the settings. Rows that others hold are left
    for the next call. Raises SealError when a value can't be opened.
    """
    current = f"{vault.cipher}:{vault.current}:%"
    stale = (
        select(column.row_id, column.sealed)
        .where(column.sealed.is_not(None), not_(column.sealed.like(current)))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.execute(stale)).all()
    for row_id, sealed in rows:
        plain = vault.decrypt(sealed, column.name, row_id)
        fresh: dict[Any, str] = {column.sealed: vault.encrypt(plain, column.name, row_id)}
        if column.index is not None:
            fresh[column.index] = vault.blind_index(plain, column.name)
        await session.execute(
            update(column.sealed.class_)
            .where(column.row_id == row_id)
            .values(fresh)
            .execution_options(synchronize_session=False)
        )
    return len(rows)
