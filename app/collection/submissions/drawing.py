"""A random sample that anybody can draw again: the seed orders the ids, the first ones are the sample."""

import hashlib
from collections.abc import Iterable
from uuid import UUID

SEED_BITS = 62


def draw(ids: Iterable[UUID], seed: int, size: int) -> list[UUID]:
    """Up to `size` of `ids`, every subset equally likely over the seeds; the order of `ids` plays no part.

    The rank of an id is SHA-256 over the seed and the id, so the sample of a smaller size is the beginning of that
    of a larger one.
    """
    prefix = seed.to_bytes(8, "big", signed=True)
    ranked = sorted(set(ids), key=lambda i: (hashlib.sha256(prefix + i.bytes).digest(), i))
    return ranked[:size]
