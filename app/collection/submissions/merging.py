"""Field by field: which values of an edit hold, and which must be decided by a person.

An edit says on which version it was made. What later versions changed, unless the sender made them himself
earlier in the same chain, is "theirs": the edit did not know of it. A field that is not theirs applies. A field
that is theirs applies silently where both have the same value; else the current value stays and both values are
kept until a person decides. So edits of different fields give the same subject in any order, repeated or not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Past:
    """A version of a subject: which fields it changed, and by which submission (None: by something else)."""

    version: int
    by: UUID | None
    changed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody wants changed. fields: name → JSON value, None removes.

    base_version  the version that he saw; 0 for somebody who knew of none
    own           submissions of his own that this edit comes after, the whole chain
    """

    base_version: int
    fields: Mapping[str, Any]
    own: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Clash:
    """A field with two values; version and submission that set the current one."""

    field: str
    current: Any
    sent: Any
    current_version: int
    current_by: UUID | None


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of an edit: `changed` (name → new value, None removed), what was so already, what clashes."""

    changed: dict[str, Any] = field(default_factory=dict)
    agreed: frozenset[str] = frozenset()
    clashes: tuple[Clash, ...] = ()

    def values(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The subject's values after it; removed ones are not in it."""
        return {n: v for n, v in ({**before, **self.changed}).items() if v is not None}


def merge(values: Mapping[str, Any], past: Iterable[Past], edit: Edit) -> Merged:
    """The outcome of `edit` on a subject that has `values` now.

    past: at least every version after the edit's base, in any order.
    """
    theirs = _theirs(past, edit)
    changed, agreed, clashes = {}, set(), []
    for name, sent in edit.fields.items():
        current = values.get(name)
        if same(current, sent):
            agreed.add(name)
        elif name in theirs:
            last = theirs[name]
            clashes.append(Clash(name, current, sent, last.version, last.by))
        else:
            changed[name] = sent
    return Merged(changed, frozenset(agreed), tuple(clashes))


def _theirs(past: Iterable[Past], edit: Edit) -> dict[str, Past]:
    """Field → the latest version, unknown to the edit, that changed it."""
    found: dict[str, Past] = {}
    for each in past:
        if each.version <= edit.base_version or (each.by is not None and each.by in edit.own):
            continue
        for name in each.changed:
            if name not in found or found[name].version < each.version:
                found[name] = each
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)
