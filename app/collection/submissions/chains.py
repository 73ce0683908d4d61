"""Who comes after whom: the order in which items can be applied, and what the others wait for.

An item needs its subject, unless it makes it, and the sender's own item that it comes `after`. Both may be in the
same set, in any order, or among what was held before. What it needs and is nowhere, it waits for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Literal
from uuid import UUID

WaitKind = Literal["item", "subject", "rejected_item"]


@dataclass(frozen=True, slots=True)
class Link:
    """An item as a link of a chain. makes: whether it makes `subject_id`; subject_id None: about no subject."""

    id: UUID
    recorded_at: datetime
    subject_id: UUID | None
    makes: bool
    after: UUID | None


@dataclass(frozen=True, slots=True)
class Wait:
    """What an item waits for: an item, a subject, or a person because the item before it was refused or comes
    after it, too."""

    kind: WaitKind
    id: UUID


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known beside the set: subjects, items that were applied, items that were refused or discarded."""

    subjects: Collection[UUID]
    applied: Collection[UUID]
    refused: Collection[UUID]


def arrange(links: Sequence[Link], ground: Ground) -> tuple[list[UUID], dict[UUID, Wait]]:
    """The ids that can be applied, in order, and what each of the others waits for.

    Among those that are free at the same time makers come first, then the earlier recorded, then the smaller id:
    the order of arrival plays no part.
    """
    applied, subjects = set(ground.applied), set(ground.subjects)
    by_need: dict[UUID, list[Link]] = defaultdict(list)
    open_needs: dict[UUID, set[UUID]] = {}
    free: list[Link] = []
    for link in links:
        needs = set(_needs(link, applied, subjects))
        open_needs[link.id] = needs
        for need in needs:
            by_need[need].append(link)
        if not needs:
            free.append(link)
    order = _run(free, by_need, open_needs)
    done = set(order)
    left = [link for link in links if link.id not in done]
    rings = _rings({link.id: link.after for link in left})
    waits = {
        link.id: _wait(link, applied | done, rings if link.id in rings else ground.refused) for link in left
    }
    return order, waits


def _rings(after: Mapping[UUID, UUID | None]) -> set[UUID]:
    """Items that come after themselves by way of others: no arrival ever frees them."""
    found: set[UUID] = set()
    left = set(after)
    while left:
        walked: dict[UUID, None] = {}
        item_id: UUID | None = next(iter(left))
        while item_id is not None and item_id in left and item_id not in walked:
            walked[item_id] = None
            item_id = after[item_id]
        if item_id is not None and item_id in walked:
            path = list(walked)
            found.update(path[path.index(item_id) :])
        left -= walked.keys()
    return found


def _run(
    free: Iterable[Link], by_need: Mapping[UUID, Sequence[Link]], open_needs: Mapping[UUID, set[UUID]]
) -> list[UUID]:
    queue = [(_rank(link), link.id, link) for link in free]
    heapify(queue)
    order: list[UUID] = []
    while queue:
        link = heappop(queue)[2]
        order.append(link.id)
        met = (link.id, link.subject_id) if link.makes else (link.id,)
        for need in met:
            for waiting in by_need.get(need, ()) if need is not None else ():
                left = open_needs[waiting.id]
                if need in left:
                    left.remove(need)
                    if not left:
                        heappush(queue, (_rank(waiting), waiting.id, waiting))
    return order


def _rank(link: Link) -> tuple[bool, datetime]:
    return not link.makes, link.recorded_at


def _needs(link: Link, applied: Collection[UUID], subjects: Collection[UUID]) -> Iterable[UUID]:
    if link.after is not None and link.after not in applied:
        yield link.after
    if link.subject_id is not None and not link.makes and link.subject_id not in subjects:
        yield link.subject_id


def _wait(link: Link, applied: Collection[UUID], refused: Collection[UUID]) -> Wait:
    if link.after is not None and link.after not in applied:
        return Wait("rejected_item" if link.after in refused else "item", link.after)
    return Wait("subject", link.subject_id or link.id)


def ancestors(item_id: UUID | None, after: Mapping[UUID, UUID | None]) -> frozenset[UUID]:
    """The chain that ends in `item_id`, itself included. after: item → the item before it."""
    found: set[UUID] = set()
    while item_id is not None and item_id not in found:
        found.add(item_id)
        item_id = after.get(item_id)
    return frozenset(found)
