"""What submissions write subjects through: a handful of statements for up to 500 changes.

The way: `lock_many` (and `find_by_keys` for new ones) → `changing.refusal` for each → `write_many`. Rows are
locked and keys inserted in the order of their keys, so that two pushes at once wait and never deadlock.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.subjects import bulk, duplicates, indexing, keys, links, rows, told
from app.collection.subjects.changing import Applied, Change, Place, StateChange, Stored, apply, refusal
from app.collection.subjects.lifecycle import Dated, Timeline
from app.collection.subjects.models import Subject, SubjectKey, SubjectState, SubjectVersion
from app.exchange.items import Desk
from app.kit import events
from app.kit.crypto import Vault
from app.kit.events import NewEvent

__all__ = [
    "Applied",
    "Change",
    "Place",
    "StateChange",
    "Stored",
    "VersionNote",
    "apply",
    "find_by_keys",
    "history",
    "lock_many",
    "refusal",
    "write_many",
]
# One look-up by primary key after another, in the order of the ids: a county that has just begun has no statistics,
# and a plan made then would read all of it.
LOCK = text(f"""
SELECT {", ".join(f"s.{name}" for name in rows.COLUMNS)}
  FROM (SELECT id FROM unnest(cast(:ids AS uuid[])) AS u(id) ORDER BY id) a
 CROSS JOIN LATERAL (
       SELECT * FROM subject WHERE county_code = :county AND id = a.id LIMIT 1 FOR NO KEY UPDATE) s
""").columns(*Subject.__table__.columns)


async def lock_many(
    session: AsyncSession, vault: Vault, county_code: str, ids: Iterable[UUID]
) -> dict[UUID, Stored]:
    """The subjects of a county among `ids`, locked in the order of their ids until the transaction ends.

    Merged ones are among them: look at `merged_into`. Raises SealError when a key is missing.
    """
    asked = sorted(set(ids))
    if not asked:
        return {}
    found = (await session.execute(LOCK, {"county": county_code, "ids": asked})).all()
    if not found:
        return {}
    states = await timelines(session, county_code, [row.id for row in found])
    return {row.id: rows.stored_of(row, vault, states[row.id]) for row in found}


async def timelines(session: AsyncSession, county_code: str, ids: Sequence[UUID]) -> Mapping[UUID, Timeline]:
    """The states of each subject that are not voided, in their order."""
    found = (
        await session.execute(
            select(
                SubjectState.subject_id,
                SubjectState.state,
                SubjectState.since,
                SubjectState.recorded_at,
                SubjectState.submission_id,
                SubjectState.author_id,
            )
            .where(
                SubjectState.county_code == county_code,
                SubjectState.subject_id.in_(ids),
                SubjectState.voided_at.is_(None),
            )
            .order_by(SubjectState.subject_id, SubjectState.since, SubjectState.recorded_at)
        )
    ).all()
    by_subject: dict[UUID, Timeline] = defaultdict(tuple)
    for row in found:
        dated = Dated(row.state, row.since, row.recorded_at, row.submission_id, row.author_id)
        by_subject[row.subject_id] = (*by_subject[row.subject_id], dated)
    return by_subject


async def find_by_keys(
    session: AsyncSession, vault: Vault, county_code: str, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], UUID]:
    """The subjects that hold natural keys: (kind, value as the form gives it) → id, what it was merged into followed.

    Values are compared normalised, under every master key. A key that nobody holds is left out.
    """
    asked: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for kind, value in keys:
        for digest in indexing.key_digests(vault, kind, indexing.normalised_key(kind, value)):
            asked[kind, digest].append((kind, value))
    if not asked:
        return {}
    found = await bulk.fetch(
        session,
        HOLDERS,
        {
            "county": county_code,
            "kinds": [kind for kind, _ in asked],
            "digests": [digest for _, digest in asked],
        },
    )
    return {key: row.root_id for row in found for key in asked[row.key_kind, row.digest]}


HOLDERS = """
WITH RECURSIVE held AS (
    SELECT k.key_kind, k.digest, s.id, s.merged_into
      FROM unnest(cast(%(kinds)s AS text[]), cast(%(digests)s AS text[])) AS a(kind, digest)
     CROSS JOIN LATERAL (
           SELECT key_kind, digest, subject_id FROM subject_key
            WHERE county_code = %(county)s AND key_kind = a.kind AND digest = a.digest AND is_natural LIMIT 1) k
     CROSS JOIN LATERAL (
           SELECT id, merged_into FROM subject WHERE county_code = %(county)s AND id = k.subject_id LIMIT 1) s
    UNION ALL
    SELECT h.key_kind, h.digest, s.id, s.merged_into
      FROM held h
     CROSS JOIN LATERAL (
           SELECT id, merged_into FROM subject WHERE county_code = %(county)s AND id = h.merged_into LIMIT 1) s)
SELECT key_kind, digest, id AS root_id FROM held WHERE merged_into IS NULL
"""


@dataclass(frozen=True, slots=True)
class VersionNote:
    """Which fields a version changed, who made it and from what."""

    subject_id: UUID
    version: int
    changed: frozenset[str]
    submission_id: UUID | None
    author_id: UUID | None
    recorded_at: datetime


async def history(
    session: AsyncSession, county_code: str, since: Mapping[UUID, int]
) -> dict[UUID, list[VersionNote]]:
    """The versions of each subject after the one given (0: all), in their order."""
    found = await session.execute(
        VERSIONS_SINCE,
        {"county": county_code, "ids": list(since), "after": list(since.values())},
    )
    by_subject: dict[UUID, list[VersionNote]] = {subject_id: [] for subject_id in since}
    for row in found:
        note = VersionNote(
            row.subject_id,
            row.version,
            frozenset(row.changed),
            row.submission_id,
            row.author_id,
            row.recorded_at,
        )
        by_subject[row.subject_id].append(note)
    return by_subject


VERSIONS_SINCE = text("""
SELECT v.subject_id, v.version, v.changed, v.submission_id, v.author_id, v.recorded_at
  FROM unnest(cast(:ids AS uuid[]), cast(:after AS int[])) AS a(id, after)
  JOIN subject_version v ON v.county_code = :county AND v.subject_id = a.id AND v.version > a.after
 ORDER BY v.subject_id, v.version
""")


async def write_many(session: AsyncSession, desk: Desk, changes: Sequence[Change]) -> list[Applied]:
    """Applies changes in their order and writes subjects, versions, keys, states, links and events.

    Several changes of one subject follow each other: the first has what `lock_many` gave as `stored`, the
    later ones' is not looked at. Who shares a natural key with another, or looks like another, is proposed
    as a duplicate. Raises ValueError for a new subject without a place, and the state problems of
    `changing.refusal`: ask it first.
    """
    applied: list[Applied] = []
    standing: dict[UUID, Stored] = {}
    for change in changes:
        each = apply(standing.get(change.subject_id, change.stored), change, now=desk.now)
        standing[change.subject_id] = each.after
        applied.append(each)
    news = await write_applied(session, desk, applied)
    await events.record_many(
        session, desk.actor.event_actor, news, county_code=desk.actor.county_code, now=desk.now
    )
    return applied


async def write_applied(session: AsyncSession, desk: Desk, applied: Sequence[Applied]) -> list[NewEvent]:
    """`write_many` of changes that were applied in memory, in their order, each on what the one before left.

    Returns the events, causes first, to be recorded by the caller.
    """
    if not applied:
        return []
    standing = {each.after.id: each.after for each in applied}
    county = desk.actor.county_code
    new = {each.after.id for each in applied if each.before is None}
    before = {each.after.id: each.before for each in reversed(applied)}
    written = [rows.subject_row(desk.vault, county, standing[i], desk.now) for i in sorted(standing)]
    await bulk.update_rows(session, Subject, [r for r in written if r["id"] not in new], rows.MUTABLE)
    added = await keys.renew(session, desk.vault, county, before, standing)
    kept = await bulk.insert_together(
        session,
        [
            (Subject, [row for row in written if row["id"] in new]),
            (SubjectVersion, [_version_row(desk, each) for each in applied]),
            (SubjectState, _state_rows(county, applied)),
            (SubjectKey, added),
        ],
        rest="ON CONFLICT DO NOTHING RETURNING key_kind, digest, subject_id",
    )
    held = keys.held_by_others(added, kept)
    await links.write(session, county, applied)
    proposed = await duplicates.propose(
        session,
        desk.vault,
        county,
        list(standing.values()),
        before,
        held,
        today=desk.now.astimezone(desk.zone).date(),
        now=desk.now,
    )
    return [*told.of_changes(applied), *proposed]


def _version_row(desk: Desk, applied: Applied) -> dict[str, Any]:
    return rows.version_row(desk.vault, desk.actor.county_code, applied, uuid7(), desk.now)


def _state_rows(county_code: str, applied: Sequence[Applied]) -> list[dict[str, object]]:
    return [
        {
            "county_code": county_code,
            "id": uuid7(),
            "subject_id": each.after.id,
            "state": each.new_state.state,
            "since": each.new_state.since,
            "submission_id": each.new_state.submission_id,
            "author_id": each.new_state.author_id,
            "recorded_at": each.new_state.recorded_at,
            "voided_at": None,
            "voided_by": None,
            "void_reason": None,
        }
        for each in applied
        if each.new_state is not None
    ]
