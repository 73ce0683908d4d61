"""After a change of the master key: what is sealed, and the keyed indexes that are made from it."""

from uuid import UUID

import orjson
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects import bulk, rows
from app.collection.subjects.indexing import Indexed
from app.collection.subjects.models import SEALED, VERSION_SEALED, Subject, SubjectKey, SubjectVersion
from app.kit.crypto import Vault
from app.kit.reencryption import SealedColumn


async def renew_indexes(
    session: AsyncSession, vault: Vault, county_code: str, subject_id: UUID, plain: str
) -> None:
    """Blind indexes and keyed tokens of a subject under the current key, from its opened column."""
    indexed = Indexed.load(orjson.loads(plain)["index"])
    this = (Subject.county_code == county_code) & (Subject.id == subject_id)
    row = (await session.execute(select(Subject.name, Subject.address).where(this))).one()
    mine = (SubjectKey.county_code == county_code) & (SubjectKey.subject_id == subject_id)
    kinds = set(await session.scalars(select(SubjectKey.key_kind).where(mine)))
    await session.execute(delete(SubjectKey).where(mine))
    # a natural key that another subject holds was not this one's before and does not become it now
    keys = sorted(key for key in indexed.all_keys() if key[0] in kinds)
    fresh = rows.key_rows(vault, county_code, subject_id, keys)
    await bulk.insert_rows(session, SubjectKey, fresh, rest="ON CONFLICT DO NOTHING")
    await session.execute(
        update(Subject)
        .where(this)
        .values(
            name_tokens=rows.name_tokens(vault, row.name, indexed),
            address_tokens=rows.address_tokens(vault, row.address, indexed),
        )
        .execution_options(synchronize_session=False)
    )


SEALED_COLUMNS = (
    SealedColumn(SEALED, Subject.sealed, Subject.id, renew=renew_indexes),
    SealedColumn(VERSION_SEALED, SubjectVersion.sealed, SubjectVersion.id),
)
