"""Items that come in, each with an id that its sender made, and what becomes of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.kit.crypto import Vault
from app.kit.problems import Problem

Outcome = Literal["stored", "duplicate", "held", "rejected", "quarantined"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a sender wants kept.

    id           UUID that the sender made: sent again, it changes nothing
    kind         names who takes it: `submission`, `visit`, `task_result`, …
    recorded_at  when it happened, UTC, corrected by the clock offset of its sender
    body         the JSON object as sent, without `id`, `kind` and `recorded_at`; not validated yet
    digest       SHA-256 (32 bytes) of the whole item as sent, canonical JSON
    grid_id      of one that the service itself made in a known grid; never read from a sender, and no position
    received_at  of one that was held: when it came first; None: it comes now
    """

    id: UUID
    kind: str
    recorded_at: datetime
    body: Mapping[str, Any]
    digest: bytes
    received_at: datetime | None = None
    grid_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an item. `problem`: why it was rejected or quarantined, None otherwise.

    first_outcome: of a `duplicate`, what was answered the first time (or became of it since).

    told: what else the sender is told, JSON without personal data (`subject_id`, `version`, `conflicts`,
    `missing_uploads`, …); kept in the receipt and told again to a repetition.
    """

    outcome: Outcome
    told: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None
    first_outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """What a taker needs beside the session: who sends, from which handheld, and the tools of the process.

    actor         whose item it is: the holder of the handheld when it was recorded, or who posted it
    clock_offset  to be added to every time in an item's body that the sender's clock told (`started_at`, …);
                  `recorded_at` is corrected already
    """

    actor: Actor
    vault: Vault
    zone: ZoneInfo
    now: datetime
    clock_offset: timedelta = timedelta(0)


class Take(Protocol):
    """Takes new items of one kind, set-based: one result for each, in their order.

    What is wrong with an item becomes its result, never an exception; an exception means that the set is
    halved and tried again, until what still fails alone is quarantined (a Problem: rejected). Ids have been claimed:
    no item comes twice. Rows that exist already are locked in the order of their keys.
    """

    async def __call__(
        self, session: AsyncSession, items: Sequence[Item], desk: Desk
    ) -> Sequence[Result]: ...
