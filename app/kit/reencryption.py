"""Moves stored values to the current key, some rows at a time; for the worker after a key rotation."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import literal, not_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.kit.crypto import Vault


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values, the row's id that they are bound to, and the blind index beside it.

    renew  called with county code, the row's id and the opened value, where other rows are made from it
    """

    name: str
    sealed: InstrumentedAttribute[Any]
    row_id: InstrumentedAttribute[UUID]
    index: InstrumentedAttribute[Any] | None = None
    renew: Callable[[AsyncSession, Vault, str, UUID, str], Awaitable[None]] | None = None


async def reencrypt_some(
    session: AsyncSession, vault: Vault, column: SealedColumn, *, limit: int = 500
) -> int:
    """Seals up to `limit` values under the current key and renews their index; returns how many.

    Call until it returns 0; only then may the old key leave the settings. Rows that others hold are left
    for the next call. Raises SealError when a value can't be opened.
    """
    current = f"{vault.cipher}:{vault.current}:%"
    # large tables begin every key with the county: without it each update would read the whole table
    county = getattr(column.sealed.class_, "county_code", None)
    stale = (
        select(column.row_id, column.sealed, county if county is not None else literal(None))
        .where(column.sealed.is_not(None), not_(column.sealed.like(current)))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = (await session.execute(stale)).all()
    for row_id, sealed, county_code in rows:
        plain = vault.decrypt(sealed, column.name, row_id)
        fresh: dict[Any, str] = {column.sealed: vault.encrypt(plain, column.name, row_id)}
        if column.index is not None:
            fresh[column.index] = vault.blind_index(plain, column.name)
        await session.execute(
            update(column.sealed.class_)
            .where(column.row_id == row_id, *([] if county is None else [county == county_code]))
            .values(fresh)
            .execution_options(synchronize_session=False)
        )
        if column.renew is not None:
            await column.renew(session, vault, county_code, row_id, plain)
    return len(rows)
