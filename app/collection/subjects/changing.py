"""What a change makes of a subject. Pure: what is stored and a change in, what is to be stored out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from app.collection.subjects import finding, lifecycle
from app.collection.subjects.finding import Field, FoundBy
from app.collection.subjects.indexing import Indexed
from app.collection.subjects.lifecycle import Dated, Timeline
from app.collection.subjects.problems import SubjectClosed, SubjectKindDiffers, SubjectMerged
from app.kit import masking
from app.kit.problems import Problem

MASKS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "name": masking.mask_name,
        "id_number": masking.mask_id_number,
        "phone": masking.mask_phone,
        "address": masking.mask_address,
        "text": masking.mask_text,
    }
)
"""How each kind of personal field is shown by default."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subject lies. `position`: (longitude, latitude) in degrees, CGCS2000, or None."""

    area_id: UUID
    grid_id: UUID | None
    position: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class StateChange:
    """A state of the life cycle and the day it began."""

    state: str
    on: date


@dataclass(frozen=True, slots=True)
class Change:
    """One accepted change of one subject.

    stored      as `lock_many` gave it; None for a new subject, or when an earlier change of the same
                `write_many` makes it
    fields      of the form that `values` were validated by, by name
    values      only the fields that apply; None removes one
    place       None keeps where it lies; needed for a new subject
    day         service day of `recorded_at`
    state       of the life cycle, if it changes; a new subject begins with the first state of its kind
    """

    subject_id: UUID
    kind: str
    item_code: str
    fields: Mapping[str, Field]
    values: Mapping[str, Any]
    recorded_at: datetime
    day: date
    stored: "Stored | None" = None
    place: Place | None = None
    state: StateChange | None = None
    submission_id: UUID | None = None
    author_id: UUID | None = None
    quality_score: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A subject as it stands. `values`: open, personal and sensitive fields together, in plain."""

    id: UUID
    kind: str
    place: Place
    item_code: str
    version: int
    revision: int
    values: Mapping[str, Any]
    hidden: frozenset[str]
    """Names of the fields that are stored sealed."""
    masked: Mapping[str, Any]
    sensitive: frozenset[str]
    tags: tuple[str, ...]
    name: str | None
    address: str | None
    indexed: Indexed
    states: Timeline
    quality_score: int | None
    fresh_at: datetime
    created_at: datetime
    merged_into: UUID | None = None

    @property
    def state(self) -> str:
        """The state that holds."""
        return self.states[-1].state

    @property
    def state_since(self) -> date:
        """The day it began."""
        return self.states[-1].since


@dataclass(frozen=True, slots=True)
class Applied:
    """What a change came to. `changed`: names of fields whose value is another now; `left`: the place before,
    where the subject moved to another grid or area.
    """

    before: Stored | None
    after: Stored
    change: Change
    changed: frozenset[str]
    new_state: Dated | None
    left: Place | None = field(default=None)


def refusal(stored: Stored, change: Change, *, is_supervisor: bool) -> Problem | None:
    """Why a change of an existing subject can't be taken; None when it can.

    SubjectKindDiffers, SubjectMerged (names where it went), SubjectClosed (left, died, …: after that day
    fields are changed by supervisors only, as corrections), StateUnknown, StateInFuture, StateNotAllowed.
    """
    if stored.kind != change.kind:
        return SubjectKindDiffers(stored_kind=stored.kind, sent_kind=change.kind)
    if stored.merged_into is not None:
        return SubjectMerged(merged_into=str(stored.merged_into))
    try:
        timeline = _timeline(stored, change)
    except Problem as problem:
        return problem
    closed = lifecycle.is_closed(stored.state) and lifecycle.is_closed(timeline[-1].state)
    edits = any(stored.values.get(name) != value for name, value in change.values.items())
    if closed and edits and change.day > stored.state_since and not is_supervisor:
        return SubjectClosed(current_state=stored.state, state_since=stored.state_since.isoformat())
    return None


def refusal_of_new(change: Change) -> Problem | None:
    """Why a new subject can't begin with the state that it is sent with; None when it can."""
    try:
        _timeline(None, change)
    except Problem as problem:
        return problem
    return None


def apply(stored: Stored | None, change: Change, *, now: datetime) -> Applied:
    """What becomes of a subject. `now`: when the server takes it.

    Raises ValueError for a new subject without a place, and the problems of `refusal` about states.
    """
    base = stored or _blank(change, now)
    named = {name: value for name, value in change.values.items() if base.values.get(name) != value}
    values = {name: value for name, value in {**base.values, **named}.items() if value is not None}
    timeline = _timeline(stored, change)
    place = _moved(base.place, change.place)
    hidden, masked, sensitive = _covered(base, change, values)
    found = finding.found_by(
        FoundBy(base.name, base.address, base.indexed), change.kind, change.fields, values
    )
    after = replace(
        base,
        place=place,
        item_code=change.item_code,
        version=base.version + 1,
        revision=base.revision + 1,
        values=values,
        hidden=hidden,
        masked=masked,
        sensitive=sensitive,
        tags=finding.tags_of(base.tags, change.fields, base.values, values),
        name=found.name,
        address=found.address,
        indexed=found.indexed,
        states=timeline,
        quality_score=base.quality_score if change.quality_score is None else change.quality_score,
        fresh_at=max(base.fresh_at, change.recorded_at),
    )
    added = [each for each in timeline if each not in base.states or stored is None]
    moved = stored is not None and (place.grid_id, place.area_id) != (base.place.grid_id, base.place.area_id)
    return Applied(
        before=stored,
        after=after,
        change=change,
        changed=frozenset(named),
        new_state=added[0] if added else None,
        left=base.place if moved else None,
    )


def _blank(change: Change, now: datetime) -> Stored:
    if change.place is None:
        raise ValueError("a new subject needs a place")
    return Stored(
        id=change.subject_id,
        kind=change.kind,
        place=change.place,
        item_code=change.item_code,
        version=0,
        revision=0,
        values={},
        hidden=frozenset(),
        masked={},
        sensitive=frozenset(),
        tags=(),
        name=None,
        address=None,
        indexed=Indexed(),
        states=(),
        quality_score=None,
        fresh_at=change.recorded_at,
        created_at=now,
    )


def _timeline(stored: Stored | None, change: Change) -> Timeline:
    asked = change.state
    if asked is None:
        if stored is not None:
            return stored.states
        asked = StateChange(lifecycle.first_state(change.kind), change.day)
    new = Dated(asked.state, asked.on, change.recorded_at, change.submission_id, change.author_id)
    return lifecycle.put_in(change.kind, stored.states if stored else (), new, change.day)


def _moved(base: Place, new: Place | None) -> Place:
    if new is None:
        return base
    return new if new.position is not None else replace(new, position=base.position)


def _covered(
    base: Stored, change: Change, values: Mapping[str, Any]
) -> tuple[frozenset[str], dict[str, Any], frozenset[str]]:
    """Names of sealed fields, masked values, names of sensitive fields: of those that have a value."""
    hidden, masked, sensitive = set(base.hidden), dict(base.masked), set(base.sensitive)
    for name in change.values:
        known = change.fields.get(name)
        hidden.discard(name)
        sensitive.discard(name)
        masked.pop(name, None)
        if known is None or name not in values:
            continue
        if known.sensitive:
            hidden.add(name)
            sensitive.add(name)
        elif known.personal is not None:
            hidden.add(name)
            masked[name] = mask(known.personal, values[name])
    return frozenset(hidden), masked, frozenset(sensitive)


def mask(personal: str, value: Any) -> Any:
    """A personal value, or each of a list, as it is shown by default."""
    if isinstance(value, list):
        return [mask(personal, each) for each in value]
    return MASKS.get(personal, masking.mask_text)(str(value))
