"""The blind indexes of subjects, brought up to date with what is written."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects import indexing, rows
from app.collection.subjects.changing import Stored
from app.kit.crypto import Vault


async def renew(
    session: AsyncSession,
    vault: Vault,
    county_code: str,
    before: Mapping[UUID, Stored | None],
    standing: Mapping[UUID, Stored],
) -> list[dict[str, Any]]:
    """Forgets the blind indexes that hold no more; returns the rows of the new ones."""
    gone, added = [], []
    for subject_id, after in standing.items():
        earlier = before[subject_id]
        old = earlier.indexed.all_keys() if earlier else set()
        new = after.indexed.all_keys()
        gone += [(subject_id, kind, digest) for kind, digest in _all_digests(vault, old - new)]
        added += rows.key_rows(vault, county_code, subject_id, sorted(new - old))
    if gone:
        await session.execute(
            FORGET_KEYS,
            {
                "county": county_code,
                "ids": [subject_id for subject_id, _, _ in gone],
                "kinds": [kind for _, kind, _ in gone],
                "digests": [digest for _, _, digest in gone],
            },
        )
    return added


def held_by_others(added: Sequence[Mapping[str, Any]], kept: Sequence[Any]) -> list[tuple[str, str, UUID]]:
    """(kind, digest, subject) of the natural keys that were not kept, for another subject has them."""
    taken = {(row.key_kind, row.digest, row.subject_id) for row in kept}
    wanted = [(r["key_kind"], r["digest"], r["subject_id"]) for r in added if r["is_natural"]]
    return [key for key in wanted if key not in taken]


def _all_digests(vault: Vault, keys: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(kind, digest) for kind, value in keys for digest in indexing.key_digests(vault, kind, value)]


FORGET_KEYS = text("""
DELETE FROM subject_key k
 USING unnest(cast(:ids AS uuid[]), cast(:kinds AS text[]), cast(:digests AS text[])) AS g(id, kind, digest)
 WHERE k.county_code = :county AND k.key_kind = g.kind AND k.digest = g.digest AND k.subject_id = g.id
""")
