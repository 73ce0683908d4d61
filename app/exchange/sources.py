"""Objects that go out to handhelds. Each domain offers sources; `sync` pages and follows them.

An event about an object names it as its subject, carries the community (or what lies above) as `area_id` and,
where the object lies in a grid, `grid_id` in its data: that decides which handhelds look again. An object
that moves to another grid has two events, one for each grid. `urgent: true` in the data asks for a pull now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.scope import Scope as Scope


@dataclass(frozen=True, slots=True)
class Pulled:
    """One object as a handheld gets it. `body`: JSON; personal data masked.

    id       the `subject_id` of its events
    grid_id  the grid it lies in, None for what concerns a whole area
    version  grows with every change that a handheld should see
    """

    id: UUID
    grid_id: UUID | None
    version: int
    body: dict[str, Any]


class Source(Protocol):
    """One kind of object.

    kind           as the handheld knows it: `subject`, `task`, `form`, `code_table`, `grid`, `rule`, …
    subject_types  of the events after which an object of this kind must be looked at again
    """

    kind: str
    subject_types: frozenset[str]

    async def page(
        self, session: AsyncSession, scope: Scope, after: UUID | None, limit: int
    ) -> Sequence[Pulled]:
        """Up to `limit` objects in scope with an id above `after`, ordered by id."""
        ...

    async def some(self, session: AsyncSession, scope: Scope, ids: Sequence[UUID]) -> Sequence[Pulled]:
        """Those of `ids` that are in scope now; the handheld forgets the others."""
        ...
