"""Links between subjects: opened and closed by the fields that name them, or by hand; read in all directions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.subjects import bulk, rows
from app.collection.subjects.changing import Applied
from app.collection.subjects.models import SubjectLink


@dataclass(slots=True)
class _Open:
    """A link that holds; `row_id` None until it is stored."""

    link_id: UUID | None
    kind: str
    valid_from: date
    submission_id: UUID | None


_Held = dict[tuple[UUID, str], dict[UUID, _Open]]
"""Open links by (from, field) and whom they name."""


async def write(session: AsyncSession, county_code: str, applied: Sequence[Applied]) -> None:
    """Closes what a changed link field names no more on the day of the change and opens what it names now."""
    named = [(each, rows.changed_links(each)) for each in applied]
    named = [(each, changed) for each, changed in named if changed]
    if not named:
        return
    held = await _held(session, county_code, sorted({each.after.id for each, _ in named}))
    closed: list[tuple[UUID, date]] = []
    added: list[dict[str, Any]] = []
    for each, changed in named:
        day = each.change.day
        for field, (kind, targets) in changed.items():
            open_now = held.setdefault((each.after.id, field), {})
            for target in sorted(set(open_now) - targets):
                link = open_now.pop(target)
                end = max(link.valid_from, day)
                if link.link_id is not None:
                    closed.append((link.link_id, end))
                else:
                    added.append(_row(county_code, each.after.id, target, field, link, end))
            for target in sorted(targets - set(open_now)):
                open_now[target] = _Open(None, kind, day, each.change.submission_id)
    for (from_id, field), targets_now in held.items():
        for target, link in targets_now.items():
            if link.link_id is None:
                added.append(_row(county_code, from_id, target, field, link, None))
    await _close(session, county_code, closed)
    await bulk.insert_rows(session, SubjectLink, added, rest="ON CONFLICT DO NOTHING")


async def _held(session: AsyncSession, county_code: str, from_ids: Sequence[UUID]) -> _Held:
    found = await session.execute(
        select(
            SubjectLink.id,
            SubjectLink.from_id,
            SubjectLink.field,
            SubjectLink.to_id,
            SubjectLink.kind,
            SubjectLink.valid_from,
            SubjectLink.submission_id,
        ).where(
            SubjectLink.county_code == county_code,
            SubjectLink.from_id.in_(from_ids),
            SubjectLink.field.is_not(None),
            SubjectLink.valid_to.is_(None),
        )
    )
    held: _Held = {}
    for row in found:
        link = _Open(row.id, row.kind, row.valid_from, row.submission_id)
        held.setdefault((row.from_id, row.field), {})[row.to_id] = link
    return held


async def _close(session: AsyncSession, county_code: str, closed: Sequence[tuple[UUID, date]]) -> None:
    if closed:
        await session.execute(
            CLOSE,
            {
                "county": county_code,
                "ids": [link_id for link_id, _ in closed],
                "ends": [end for _, end in closed],
            },
        )


CLOSE = text("""
UPDATE subject_link l SET valid_to = c.ends
  FROM unnest(cast(:ids AS uuid[]), cast(:ends AS date[])) AS c(id, ends)
 WHERE l.county_code = :county AND l.id = c.id
""")


def _row(
    county_code: str, from_id: UUID, to_id: UUID, field: str | None, link: _Open, valid_to: date | None
) -> dict[str, Any]:
    return {
        "county_code": county_code,
        "id": uuid7(),
        "kind": link.kind,
        "from_id": from_id,
        "to_id": to_id,
        "field": field,
        "valid_from": link.valid_from,
        "valid_to": valid_to,
        "submission_id": link.submission_id,
    }
