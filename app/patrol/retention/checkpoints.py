"""Stretches of a county's chain that were purged. Pure.

A stretch keeps the hash of its last event: the chain goes on from it. Events of a month need not be one stretch,
because `seq` follows the order of commits and months the time of the request.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Events `first_seq` to `seq`, and the hash of the last."""

    first_seq: int
    seq: int
    hash: bytes

    def __len__(self) -> int:
        """How many events."""
        return self.seq - self.first_seq + 1

    def told(self) -> list[Any]:
        """As the event that announces it says it."""
        return [self.first_seq, self.seq, self.hash.hex()]


def merged(known: Iterable[Stretch], new: Iterable[Stretch]) -> list[Stretch]:
    """All together, neighbours joined, in order."""
    found: list[Stretch] = []
    for each in sorted([*known, *new]):
        if found and found[-1].seq + 1 == each.first_seq:
            found[-1] = Stretch(found[-1].first_seq, each.seq, each.hash)
        else:
            found.append(each)
    return found


def skip(purged: Mapping[int, Stretch], seq: int, hash_: bytes) -> tuple[int, bytes]:
    """Where the chain goes on after `seq`: behind the stretch that begins there, if one was purged.

    purged: stretches by their first seq; neighbours are joined, so one step is enough.
    """
    stretch = purged.get(seq + 1)
    return (seq, hash_) if stretch is None else (stretch.seq, stretch.hash)


def told(purged: Sequence[Stretch]) -> list[list[Any]]:
    """As JSON."""
    return [each.told() for each in purged]
