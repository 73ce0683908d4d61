"""The rule book in memory: what applies at a place on a day, why, and since when. Pure."""

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

import orjson

from app.rules.catalogue import PARAMETERS
from app.rules.parameter import Parameter

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
D = TypeVar("D", bound="DataclassInstance")
MEMO_SIZE = 4096


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded decision. `value` None: from here on what the wider area says applies again.

    In force from `effective_from` until the day before `effective_to` (open when None). `version` counts
    the decisions of the whole book and tells which of two was recorded later.
    """

    id: UUID
    key: str
    area_id: UUID | None
    effective_from: date
    effective_to: date | None
    value: Any | None
    source: str
    version: int

    def in_force(self, day: date) -> bool:
        """Whether it applies on `day`, unless another outranks it."""
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)


@dataclass(frozen=True, slots=True)
class Applied:
    """A value with its provenance; `entry` None means the default that is declared in code."""

    value: Any
    source: str
    entry: Entry | None


class RuleSet:
    """Every parameter's value at one place on one day."""

    __slots__ = ("_applied", "_versions", "version")

    def __init__(self, applied: Mapping[str, Applied]) -> None:
        self._applied = applied
        self._versions: dict[tuple[str, ...], str] = {}
        self.version = self.version_of("")

    def __getitem__(self, parameter: Parameter[T]) -> T:
        """The value, typed as the parameter is."""
        return cast("T", self._applied[parameter.key].value)

    def applied(self) -> Mapping[str, Applied]:
        """Value and provenance by key."""
        return self._applied

    def version_of(self, *prefixes: str) -> str:
        """16 hex digits over the values under `prefixes` ("patrol.") and the decisions they come from.

        Equal in every process. A figure names the version of the rules it depends on, so that a new upload
        interval doesn't make old days look outdated.
        """
        if prefixes not in self._versions:
            named = {key: applied for key, applied in self._applied.items() if key.startswith(prefixes)}
            self._versions[prefixes] = _digest(named)
        return self._versions[prefixes]

    def fill(self, shape: type[D], prefix: str) -> D:
        """A flat dataclass whose every field `f` is the parameter `<prefix>.f`; KeyError when missing."""
        return shape(**{f.name: self._applied[f"{prefix}.{f.name}"].value for f in fields(shape)})


class RuleBook:
    """All decisions; resolving is a look-up, because few areas and dates make a difference."""

    def __init__(
        self, entries: Iterable[Entry], parameters: Mapping[str, Parameter[Any]] = PARAMETERS
    ) -> None:
        self._parameters = parameters
        self._entries: dict[tuple[str, UUID | None], list[Entry]] = defaultdict(list)
        for entry in entries:
            self._entries[entry.key, entry.area_id].append(entry)
        self._areas = {area_id for _, area_id in self._entries}
        # Between two neighbouring turning points every day has the same rules.
        self._turns = sorted(
            {
                d
                for group in self._entries.values()
                for e in group
                for d in (e.effective_from, e.effective_to)
                if d
            }
        )
        self._memo: dict[tuple[tuple[UUID, ...], int], RuleSet] = {}

    def resolve(self, area_path: Sequence[UUID], day: date) -> RuleSet:
        """What applies in `area_path[0]` on `day`; the path goes from the most specific area to the root.

        The most specific area wins, then the latest `effective_from`, then the latest recorded.
        """
        places = tuple(area_id for area_id in area_path if area_id in self._areas)
        memo_key = (places, bisect_right(self._turns, day))
        known = self._memo.get(memo_key)
        if known is None:
            if len(self._memo) >= MEMO_SIZE:
                self._memo.clear()
            known = RuleSet({p.key: self._apply(p, places, day) for p in self._parameters.values()})
            self._memo[memo_key] = known
        return known

    def _apply(self, parameter: Parameter[Any], places: tuple[UUID, ...], day: date) -> Applied:
        for area_id in (*places, None):
            in_force = [e for e in self._entries.get((parameter.key, area_id), ()) if e.in_force(day)]
            if not in_force:
                continue
            entry = max(in_force, key=lambda e: (e.effective_from, e.version))
            if entry.value is not None:
                return Applied(entry.value, entry.source, entry)
        return Applied(parameter.default, parameter.source, None)


def _digest(applied: Mapping[str, Applied]) -> str:
    content = [
        (
            key,
            PARAMETERS[key].dump(a.value) if key in PARAMETERS else a.value,
            a.entry.id if a.entry else None,
        )
        for key, a in sorted(applied.items())
    ]
    return hashlib.sha256(orjson.dumps(content)).hexdigest()[:16]
