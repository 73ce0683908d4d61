"""Walking the links from a subject, step by step: who lives where, what belongs to what, who is linked to whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects import queries
from app.identity.actor import Actor

_MOST_LINKS_A_STEP = 5_000


@dataclass(frozen=True, slots=True)
class Edge:
    """A link as it was walked; `from_id` and `to_id` with merges followed."""

    id: UUID
    kind: str
    from_id: UUID
    to_id: UUID
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Node:
    """A subject and after how many steps it was reached."""

    subject: Row[Any]
    steps: int


@dataclass(frozen=True, slots=True)
class Network:
    """What was reached. `is_truncated`: more was there than was asked for."""

    nodes: list[Node]
    links: list[Edge]
    is_truncated: bool


async def walk(
    session: AsyncSession,
    actor: Actor,
    start: Row[Any],
    *,
    steps: int,
    kinds: Sequence[str] | None,
    at: date | None,
    limit: int,
) -> Network:
    """Everything within `steps` links of `start`, in both directions, nearest first, up to `limit` subjects.

    Only what the actor may see is stepped on, so nothing beyond his area is reached through it.
    """
    nodes = {start.id: Node(start, 0)}
    edges: dict[UUID, Edge] = {}
    frontier, truncated = [start.id], False
    for step in range(1, steps + 1):
        touching = await queries.list_neighbours(
            session,
            start.county_code,
            frontier,
            kinds=kinds,
            direction=None,
            at=at,
            after=None,
            most=_MOST_LINKS_A_STEP,
        )
        truncated |= len(touching) == _MOST_LINKS_A_STEP
        met = await queries.brief(session, actor, {row.root_id for row in touching} - nodes.keys())
        frontier = []
        for subject_id in sorted(met):
            if len(nodes) >= limit:
                truncated = True
                break
            nodes[subject_id] = Node(met[subject_id], step)
            frontier.append(subject_id)
        edges |= {row.id: _edge(row) for row in touching if row.root_id in nodes}
        if not frontier:
            break
    return Network(list(nodes.values()), sorted(edges.values(), key=lambda edge: edge.id), truncated)


def _edge(row: Row[Any]) -> Edge:
    ends = (row.subject_id, row.root_id) if row.direction == "out" else (row.root_id, row.subject_id)
    return Edge(row.id, row.kind, *ends, row.valid_from, row.valid_to)
