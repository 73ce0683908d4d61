"""An item on its way to a subject, whether it came just now or was held before."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from shapely.geometry import Point

from app.collection.catalogue.forms import Form
from app.collection.subjects.changing import StateChange
from app.collection.submissions.chains import Link

_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(slots=True)
class Candidate:
    """One item, read and checked by its form, with the place it was recorded in.

    fields           normalized; null removes
    sent_subject_id  as the sender named it; `subject_id` what it means here: the same natural key may be known
    makes            the sender knew of no such subject: it is made unless somebody else made it before
    author_area_id   the area that the author works for: what he edits lies inside, or in one of `own_grids`
    is_held          it was held before and is in the table already
    is_rebased       a person wants it to hold as if it had been made on the subject as it stands
    is_redirected    the subject that it names was merged into another, of which its sender has seen no version
    """

    id: UUID
    digest: bytes
    form: Form
    fields: Mapping[str, Any] = field(repr=False)  # personal: no log shows it
    sent_subject_id: UUID | None
    subject_id: UUID | None
    makes: bool
    base_version: int | None
    after: UUID | None
    recorded_at: datetime
    received_at: datetime
    author_id: UUID
    author_area_id: UUID
    inspector_id: UUID | None
    device_id: UUID | None
    area_id: UUID | None
    grid_id: UUID | None
    grid_code: str | None
    own_grids: frozenset[UUID]
    outside_own_grid: bool
    point: Point | None
    accuracy_m: float | None
    started_at: datetime | None
    upload_ids: tuple[UUID, ...]
    photo_count: int
    state_change: StateChange | None
    task_id: UUID | None
    ignored: int = 0
    is_held: bool = False
    is_rebased: bool = False
    is_redirected: bool = False

    @property
    def seen_version(self) -> int:
        """The version of its subject that the sender had seen; 0 for none."""
        return 0 if self.makes or self.is_redirected else self.base_version or 0

    @property
    def link(self) -> Link:
        """As a link of its chain."""
        return Link(self.id, self.recorded_at, self.subject_id, self.makes, self.after)

    @property
    def links_to(self) -> list[UUID]:
        """The subjects that its values name, in the order of the form."""
        fields = self.form.fields
        named = (self.fields.get(n) for n, declared in fields.items() if declared.link is not None)
        return [each for value in named for each in ids_in(value)]

    def with_links(self, known_as: Mapping[UUID, UUID]) -> Mapping[str, Any]:
        """Its fields, where subjects are named by the ids under which they are known."""
        linked = [n for n, f in self.form.fields.items() if f.link is not None and self.fields.get(n)]
        if not linked:
            return self.fields
        return {**self.fields, **{name: _renamed(self.fields[name], known_as) for name in linked}}

    @property
    def natural_keys(self) -> list[tuple[str, str]]:
        """(kind, value) of the natural keys that it gives."""
        return [
            (declared.key, str(self.fields[name]))
            for name, declared in self.form.fields.items()
            if declared.key is not None and self.fields.get(name)
        ]


def ids_in(value: Any) -> list[UUID]:
    """The ids in a value that is one, or a list of them."""
    texts = value if isinstance(value, list) else [value]
    return [UUID(each) for each in texts if isinstance(each, str) and _ID.fullmatch(each)]


def _renamed(value: Any, known_as: Mapping[UUID, UUID]) -> Any:
    if isinstance(value, list):
        return [_renamed(each, known_as) for each in value]
    found = ids_in(value)
    return str(known_as.get(found[0], found[0])) if found else value
