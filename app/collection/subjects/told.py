"""Events of subjects: what the feed, the handhelds and the audit pages hear. No personal data. No I/O."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from app.collection.subjects.changing import Applied, Place, Stored
from app.kit.events import NewEvent


def of_changes(applied: Iterable[Applied]) -> Iterator[NewEvent]:
    """`subject.created` or `subject.changed`; `subject.left_grid` for the grid before; `subject.state_changed`."""
    for each in applied:
        after, change = each.after, each.change
        submission = str(change.submission_id) if change.submission_id else None
        if each.left is not None:
            yield event("subject.left_grid", after, {"to_grid_id": text(after.place.grid_id)}, each.left)
        facts = {
            "item_code": after.item_code,
            "version": after.version,
            "changed": sorted(each.changed),
            "submission_id": submission,
        }
        yield event("subject.created" if each.before is None else "subject.changed", after, facts)
        if each.before is not None and each.new_state is not None:
            state = {"state": each.new_state.state, "since": each.new_state.since.isoformat()}
            yield event("subject.state_changed", after, {**state, "submission_id": submission})


def event(type_: str, subject: Stored, facts: dict[str, Any], place: Place | None = None) -> NewEvent:
    """An event about a subject, heard where it lies or at `place`."""
    where = place or subject.place
    data = {"kind": subject.kind, "grid_id": text(where.grid_id), "revision": subject.revision, **facts}
    return NewEvent(type_, ("subject", subject.id), data, where.area_id)


def text(value: UUID | None) -> str | None:
    """An id as JSON has it."""
    return None if value is None else str(value)
