"""One item after another on the subjects they are about, in memory: what is stored in, what is to be stored out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from app.collection.subjects import changing
from app.collection.subjects.changing import Applied, Change, Place, Stored
from app.collection.submissions import chains, merging, quality
from app.collection.submissions.candidates import Candidate
from app.collection.submissions.merging import Clash, Edit, Merged, Past
from app.collection.submissions.places import day_of
from app.collection.submissions.problems import PlaceElsewhere, SubjectElsewhere
from app.collection.submissions.quality import Check, Facts, Part, Weights
from app.kit.problems import Problem


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a candidate that could be applied.

    change   for the subject, None when nothing changed or there is no subject
    version  of the subject afterwards, None without a subject; `made` whether this item made it
    sealed   names of fields whose values are kept sealed
    """

    candidate: Candidate
    place: Place
    change: Change | None
    version: int | None
    made: bool
    clashes: tuple[Clash, ...]
    sealed: frozenset[str]
    parts: tuple[Part, ...]
    score: int | None


@dataclass(slots=True)
class Board:
    """The subjects of a set as they stand after the items applied so far.

    past     versions of each subject, those made here included
    after, authors  of items that are in the tables, for whole chains
    paths    area → areas up to the root
    linked   places of subjects that new ones are linked to
    weights  of the quality score, by area
    """

    zone: ZoneInfo
    now: datetime
    subjects: dict[UUID, Stored]
    past: dict[UUID, list[Past]]
    after: Mapping[UUID, UUID | None]
    authors: Mapping[UUID, UUID]
    paths: Mapping[UUID, Sequence[UUID]]
    linked: Mapping[UUID, tuple[UUID, UUID | None]]
    weights: Mapping[UUID, Weights]
    applied: list[Applied] = field(default_factory=list)

    def apply(self, candidate: Candidate) -> Outcome | Problem:
        """Takes a candidate whose turn it is; a Problem says why it can't be taken, and nothing changed then."""
        if candidate.subject_id is None:
            return self._without_subject(candidate)
        stored = self.subjects.get(candidate.subject_id)
        if stored is None:
            return self._new(candidate)
        return self._edit(candidate, stored)

    def _without_subject(self, candidate: Candidate) -> Outcome | Problem:
        place = self._place(candidate, None)
        refused = self._elsewhere(candidate, place)
        if refused is not None:
            return refused
        return self._outcome(candidate, place, None, None, Merged(), dict(candidate.fields))

    def _new(self, candidate: Candidate) -> Outcome | Problem:
        place = self._place(candidate, None)
        refused = self._elsewhere(candidate, place)
        if refused is not None:
            return refused
        values = {name: value for name, value in candidate.fields.items() if value is not None}
        merged = Merged(changed=values)
        change = self._change(candidate, values, place, None)
        refused = changing.refusal_of_new(change)
        if refused is not None:
            return refused
        return self._take(candidate, place, change, merged, values)

    def _edit(self, candidate: Candidate, stored: Stored) -> Outcome | Problem:
        if not self._in_scope(candidate, stored):
            return SubjectElsewhere()
        merged = merging.merge(stored.values, self.past.get(stored.id, ()), self._as_edit(candidate, stored))
        change = self._change(candidate, merged.changed, self._new_place(candidate, stored), stored)
        refused = changing.refusal(stored, change, is_supervisor=candidate.inspector_id is None)
        if refused is not None:
            return refused
        place = self._place(candidate, stored)
        values = merged.values(stored.values)
        if not (merged.changed or merged.agreed or candidate.state_change):
            return self._outcome(candidate, place, None, stored, merged, values)
        return self._take(candidate, place, change, merged, values)

    def _as_edit(self, candidate: Candidate, stored: Stored) -> Edit:
        own = chains.ancestors(candidate.after, self.after)
        own = frozenset(i for i in own if self.authors.get(i) == candidate.author_id)
        if not candidate.makes:
            known = stored.version if candidate.is_rebased else candidate.seen_version
            # a version that never was (a restored backup, another subject's): he knew of none of these
            return Edit(known if known <= stored.version else 0, candidate.fields, own)
        # he knew of no record: what he left empty says nothing about the one that was there
        told = {name: value for name, value in candidate.fields.items() if value is not None}
        return Edit(0, told, own)

    def _take(
        self, candidate: Candidate, place: Place, change: Change, merged: Merged, values: Mapping[str, Any]
    ) -> Outcome:
        subject_id = change.subject_id
        parts, score = self._quality(candidate, place, merged, values)
        change = replace(change, quality_score=score)
        applied = changing.apply(self.subjects.get(subject_id), change, now=self.now)
        self.subjects[subject_id] = applied.after
        self.past.setdefault(subject_id, []).append(
            Past(applied.after.version, candidate.id, applied.changed)
        )
        self.applied.append(applied)
        return self._outcome(candidate, place, change, applied.after, merged, values, (parts, score))

    def _outcome(
        self,
        candidate: Candidate,
        place: Place,
        change: Change | None,
        stored: Stored | None,
        merged: Merged,
        values: Mapping[str, Any],
        judged: tuple[tuple[Part, ...], int | None] | None = None,
    ) -> Outcome:
        parts, score = judged or self._quality(candidate, place, merged, values)
        sealed = {
            n for n in candidate.fields if n in candidate.form.fields and candidate.form.fields[n].is_sealed
        }
        sealed |= stored.hidden if stored else set()
        version = stored.version if stored else None
        return Outcome(
            candidate,
            place,
            change,
            version,
            change is not None,
            merged.clashes,
            frozenset(sealed),
            parts,
            score,
        )

    def _change(
        self, candidate: Candidate, values: Mapping[str, Any], place: Place | None, stored: Stored | None
    ) -> Change:
        return Change(
            subject_id=cast("UUID", candidate.subject_id),  # `apply` has seen to both
            kind=cast("str", candidate.form.subject_kind),
            item_code=candidate.form.item_code,
            fields=candidate.form.fields,
            values=values,
            recorded_at=candidate.recorded_at,
            day=day_of(candidate.recorded_at, self.zone),
            stored=stored,
            place=place,
            state=candidate.state_change,
            submission_id=candidate.id,
            author_id=candidate.author_id,
        )

    def _quality(
        self, candidate: Candidate, place: Place, merged: Merged, values: Mapping[str, Any]
    ) -> tuple[tuple[Part, ...], int | None]:
        checks: dict[Check, bool] = {"no_conflict": not merged.clashes}
        if candidate.inspector_id is not None:
            checks["own_grid"] = not candidate.outside_own_grid
        keys = [name for name, declared in candidate.form.fields.items() if declared.key is not None]
        if keys:
            checks["natural_key"] = any(values.get(name) for name in keys)
        facts = Facts(
            values=values,
            weights={name: declared.weight for name, declared in candidate.form.fields.items()},
            checks=checks,
            photo_count=candidate.photo_count,
            has_position=candidate.point is not None,
            accuracy_m=candidate.accuracy_m,
        )
        weights = self.weights[place.area_id]
        parts = tuple(quality.judge(facts, weights))
        fresh = quality.with_freshness(parts, weights, candidate.recorded_at, candidate.recorded_at)
        return parts, quality.score(fresh)

    def _place(self, candidate: Candidate, stored: Stored | None) -> Place:
        """Where the record was made; else where its subject, or what it is linked to, lies."""
        position = None if candidate.point is None else (candidate.point.x, candidate.point.y)
        if candidate.area_id is not None and (position is not None or stored is None):
            return Place(candidate.area_id, candidate.grid_id, position)
        if stored is not None:
            return Place(stored.place.area_id, stored.place.grid_id, position)
        for subject_id in candidate.links_to:
            there = self.subjects.get(subject_id)
            if there is not None:
                return Place(there.place.area_id, there.place.grid_id, position)
            if subject_id in self.linked:
                return Place(*self.linked[subject_id], position)
        return Place(candidate.author_area_id, None, position)

    def _new_place(self, candidate: Candidate, stored: Stored) -> Place | None:
        """A subject stays where it lies; one without grid or position gets what this record knows."""
        if candidate.point is None or candidate.area_id is None:
            return None
        position = (candidate.point.x, candidate.point.y)
        if stored.place.grid_id is None and candidate.grid_id is not None:
            return Place(candidate.area_id, candidate.grid_id, position)
        if stored.place.position is None and stored.place.grid_id == candidate.grid_id:
            return Place(stored.place.area_id, stored.place.grid_id, position)
        return None

    def _in_scope(self, candidate: Candidate, stored: Stored) -> bool:
        if candidate.author_area_id in self.paths.get(stored.place.area_id, ()):
            return True
        return stored.place.grid_id is not None and stored.place.grid_id in candidate.own_grids

    def _elsewhere(self, candidate: Candidate, place: Place) -> Problem | None:
        """An inspector may record beyond his grid, flagged; the office stays within its area."""
        if candidate.inspector_id is not None:
            return None
        inside = candidate.author_area_id in self.paths.get(place.area_id, ())
        return None if inside else PlaceElsewhere()


def past_of(histories: Mapping[UUID, Sequence[Any]]) -> dict[UUID, list[Past]]:
    """What `subjects.store.history` gave, as the merge wants it."""
    found: dict[UUID, list[Past]] = defaultdict(list)
    for subject_id, notes in histories.items():
        found[subject_id] = [Past(n.version, n.submission_id, n.changed) for n in notes]
    return found
