"""Which version of a form or code table stands in a county, and until when earlier ones do. Pure.

What ships with the product stands until a county publishes a version of its own; from then on its own versions
follow one another, and what ships later doesn't touch it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Protocol
from uuid import UUID


class Edition(Protocol):
    """A stored version, of a form or a code table."""

    @property
    def id(self) -> UUID: ...
    @property
    def county_code(self) -> str | None: ...
    @property
    def version(self) -> int: ...
    @property
    def published_at(self) -> datetime: ...
    @property
    def previous_until(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """A version as a county sees it. `until`: exclusive; None for the newest."""

    id: UUID
    version: int
    published_at: datetime
    until: datetime | None

    def is_accepted(self, at: datetime) -> bool:
        """Whether a record made at that instant may follow it."""
        return self.until is None or at < self.until


def line_of(editions: Iterable[Edition]) -> Sequence[Standing]:
    """One county's versions of one thing, the newest last. editions: the product's and the county's own."""
    known = list(editions)
    own = sorted((e for e in known if e.county_code is not None), key=_order)
    shipped = sorted((e for e in known if e.county_code is None), key=_order)
    if own:
        shipped = [e for e in shipped if e.published_at <= own[0].published_at]
    line = [*shipped, *own]
    return [
        Standing(each.id, each.version, each.published_at, _end(following))
        for each, following in zip_longest(line, line[1:])
    ]


def _end(following: Edition | None) -> datetime | None:
    """When a version ends that `following` replaces."""
    return None if following is None else following.previous_until or following.published_at


def _order(edition: Edition) -> int:
    return edition.version
