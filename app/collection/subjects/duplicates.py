"""Duplicates: found on every write by the keys that two subjects share, or by how near they lie.

A pair is proposed once. Two subjects that hold different natural keys of one kind are two.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.subjects import bulk, indexing
from app.collection.subjects.changing import Stored
from app.collection.subjects.merge_models import DuplicateProposal
from app.identity.scope import area_path
from app.kit.crypto import Vault
from app.kit.events import NewEvent
from app.rules import service as rules
from app.rules.catalogue.subjects import NEAR_BUILDING_M, NEAR_COMPONENT_M, NEAR_PLACE_M

NEAR = {"component": NEAR_COMPONENT_M, "building": NEAR_BUILDING_M, "place": NEAR_PLACE_M}
HeldKeys = Sequence[tuple[str, str, UUID]]
"""(kind, digest, subject) of natural keys that another subject holds."""
_MOST_A_KEY = 20
# Whether s and o hold different natural keys of one kind under one master key: then they are two things.
DIFFERENT_KEYS = """
   EXISTS (SELECT FROM
       (SELECT key_kind, digest FROM subject_key
         WHERE county_code = :county AND subject_id = s.id AND is_natural OFFSET 0) mine,
       (SELECT key_kind, digest FROM subject_key
         WHERE county_code = :county AND subject_id = o.id AND is_natural OFFSET 0) theirs
        WHERE mine.key_kind = theirs.key_kind AND mine.digest <> theirs.digest
          AND split_part(mine.digest, ':', 2) = split_part(theirs.digest, ':', 2))
"""


async def propose(
    session: AsyncSession,
    vault: Vault,
    county_code: str,
    standing: Sequence[Stored],
    before: Mapping[UUID, Stored | None],
    held: HeldKeys,
    *,
    today: date,
    now: datetime,
) -> list[NewEvent]:
    """Proposes who shares a key or mark with one of the written subjects, or lies where it lies.

    Returns the events, to be recorded by the caller; a pair that was proposed before gives none.
    """
    found = await _sharing(session, county_code, [*held, *_new_marks(vault, standing, before)])
    found += await _near(session, county_code, _placed(standing, before), today)
    pairs: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    for row in found:
        one, other = sorted((row.one_id, row.other_id))
        pairs.setdefault((one, other), _proposal(county_code, one, other, row, now))
    kept = await bulk.insert_rows(
        session,
        DuplicateProposal,
        list(pairs.values()),
        rest="ON CONFLICT DO NOTHING RETURNING id, one_id, other_id, area_id, reason",
    )
    return [
        NewEvent(
            "duplicate.proposed",
            ("duplicate", row.id),
            {"one_id": str(row.one_id), "other_id": str(row.other_id), "reason": row.reason},
            row.area_id,
        )
        for row in kept
    ]


def _new_marks(
    vault: Vault, standing: Sequence[Stored], before: Mapping[UUID, Stored | None]
) -> list[tuple[str, str, UUID]]:
    marks = []
    for after in standing:
        earlier = before[after.id]
        new = after.indexed.all_keys() - (earlier.indexed.all_keys() if earlier else set())
        for kind, value in sorted(new):
            if kind in indexing.MARKS:
                marks += [(kind, d, after.id) for d in indexing.key_digests(vault, kind, value)]
    return marks


def _placed(standing: Sequence[Stored], before: Mapping[UUID, Stored | None]) -> list[Stored]:
    found = []
    for after in standing:
        earlier = before[after.id]
        is_new = earlier is None or earlier.place.position != after.place.position
        if after.kind in NEAR and after.place.position is not None and is_new:
            found.append(after)
    return found


async def _sharing(session: AsyncSession, county_code: str, keys: HeldKeys) -> list[Any]:
    if not keys:
        return []
    asked = {
        "county": county_code,
        "kinds": [kind for kind, _, _ in keys],
        "digests": [digest for _, digest, _ in keys],
        "ids": [subject_id for _, _, subject_id in keys],
        "most": _MOST_A_KEY,
    }
    return list(await session.execute(SHARING, asked))


# Each part is pinned (LATERAL with LIMIT, MATERIALIZED): a county that has just begun has no statistics.
SHARING = text(
    """
WITH candidate AS MATERIALIZED (
    SELECT a.kind, a.id, k.subject_id
      FROM unnest(cast(:kinds AS text[]), cast(:digests AS text[]), cast(:ids AS uuid[])) AS a(kind, digest, id)
     CROSS JOIN LATERAL (
           SELECT subject_id FROM subject_key
            WHERE county_code = :county AND key_kind = a.kind AND digest = a.digest AND subject_id <> a.id
            LIMIT :most) k)
SELECT s.id AS one_id, o.id AS other_id, s.area_id,
       CASE c.kind WHEN 'phone' THEN 'same_phone_similar_name' WHEN 'name_and_birth' THEN 'same_name_and_birth_date'
                   WHEN 'name' THEN 'same_name' ELSE 'same_key' END AS reason
  FROM candidate c
 CROSS JOIN LATERAL (SELECT * FROM subject WHERE county_code = :county AND id = c.id OFFSET 0) s
 CROSS JOIN LATERAL (SELECT * FROM subject WHERE county_code = :county AND id = c.subject_id OFFSET 0) o
 WHERE o.kind = s.kind AND o.merged_into IS NULL AND s.merged_into IS NULL
   AND CASE c.kind WHEN 'phone' THEN s.kind = 'person' AND s.name_tokens && o.name_tokens
                   WHEN 'name' THEN o.area_id = s.area_id ELSE true END
   AND NOT """
    + DIFFERENT_KEYS
    + """
 ORDER BY c.kind
"""
)


async def _near(session: AsyncSession, county_code: str, placed: Sequence[Stored], today: date) -> list[Any]:
    if not placed:
        return []
    applied = await rules.resolve(session, await area_path(session, placed[0].place.area_id), today)
    within = {kind: applied[parameter] for kind, parameter in NEAR.items()}
    asked = {
        "county": county_code,
        "ids": [each.id for each in placed],
        "within": [within[each.kind] for each in placed],
        "most": _MOST_A_KEY,
    }
    return list(await session.execute(NEARBY, asked))


# The box is in degrees so that the GiST index is used; 80,000 m a degree holds up to 44° north.
NEARBY = text(
    """
SELECT s.id AS one_id, o.id AS other_id, s.area_id, 'near_position' AS reason
  FROM unnest(cast(:ids AS uuid[]), cast(:within AS int[])) AS a(id, within_m)
  JOIN subject s ON s.county_code = :county AND s.id = a.id
 CROSS JOIN LATERAL (
       SELECT o.id FROM subject o
        WHERE o.county_code = :county AND o.kind = s.kind AND o.item_code = s.item_code AND o.id <> s.id
          AND o.merged_into IS NULL AND o.geom && ST_Expand(s.geom, a.within_m / 80000.0)
          AND ST_Distance(cast(o.geom AS geography), cast(s.geom AS geography)) <= a.within_m
          AND (o.name_tokens && s.name_tokens OR o.name_tokens = '{}' OR s.name_tokens = '{}')
          AND NOT """
    + DIFFERENT_KEYS
    + """
        LIMIT :most) o
 WHERE a.within_m > 0
"""
)


def _proposal(county_code: str, one: UUID, other: UUID, row: Any, now: datetime) -> dict[str, Any]:
    return {
        "county_code": county_code,
        "id": uuid7(),
        "one_id": one,
        "other_id": other,
        "area_id": row.area_id,
        "reason": row.reason,
        "state": "proposed",
        "proposed_at": now,
        "decided_at": None,
        "decided_by": None,
        "note": None,
    }
