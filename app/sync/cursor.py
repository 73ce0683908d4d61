"""Where a handheld stands: opaque to it, everything to us. Pure.

It says which event it has seen last, and for which grids and areas, so that a change of either is noticed.
"""

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import msgspec

from app.exchange.scope import Scope
from app.kit.pagination import BadCursor
from app.kit.schemas import FIRST_INSTANT, LAST_INSTANT

MAX_CHARS = 8000
MARK_BYTES = 8


@dataclass(frozen=True, slots=True)
class Load:
    """A load under way: of these grids, up to the object `after` of the source of the kind `source`.

    whole: a first load, of what concerns whole areas, too.
    """

    grid_ids: frozenset[UUID]
    whole: bool
    source: str = ""
    after: UUID | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """seq and mark: the last event seen and the first bytes of its hash; 0 and empty before the first.

    areas: digest of the areas it was told about. day: for which its rules and grids were told.
    """

    county_code: str
    inspector_id: UUID
    seq: int
    mark: bytes
    grid_ids: frozenset[UUID]
    areas: bytes
    day: date
    load: Load | None = None


class _Packed(msgspec.Struct, array_like=True):
    county: str
    inspector: bytes
    seq: int
    mark: bytes
    grids: bytes
    areas: bytes
    day: int
    load: tuple[bytes, bool, str, bytes] | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def encode(position: Position) -> str:
    """As the handheld keeps it."""
    load = position.load
    packed = _Packed(
        position.county_code,
        position.inspector_id.bytes,
        position.seq,
        position.mark,
        _bytes(position.grid_ids),
        position.areas,
        position.day.toordinal(),
        None
        if load is None
        else (_bytes(load.grid_ids), load.whole, load.source, load.after.bytes if load.after else b""),
    )
    return urlsafe_b64encode(_encode(packed)).decode().rstrip("=")


def decode(text: str) -> Position:
    """What `encode` made. Raises BadCursor."""
    try:
        packed = _decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        load, day = packed.load, date.fromordinal(packed.day)
        if packed.seq < 0 or not FIRST_INSTANT.date() < day < LAST_INSTANT.date():
            raise BadCursor
        return Position(
            packed.county,
            UUID(bytes=packed.inspector),
            packed.seq,
            packed.mark,
            _ids(packed.grids),
            packed.areas,
            day,
            None
            if load is None
            else Load(_ids(load[0]), load[1], load[2], UUID(bytes=load[3]) if load[3] else None),
        )
    except (binascii.Error, msgspec.DecodeError, ValueError, OverflowError, UnicodeError) as error:
        raise BadCursor from error


def areas_digest(scope: Scope) -> bytes:
    """Stands for the areas of a scope."""
    return hashlib.sha256(_bytes(scope.area_ids)).digest()[:MARK_BYTES]


def _bytes(ids: Iterable[UUID]) -> bytes:
    return b"".join(sorted(each.bytes for each in ids))


def _ids(packed: bytes) -> frozenset[UUID]:
    return frozenset(UUID(bytes=packed[n : n + 16]) for n in range(0, len(packed), 16))
