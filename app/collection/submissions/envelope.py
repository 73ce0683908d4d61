"""Reading an item: the members that every submission has, apart from what its form says about `fields`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
import numpy as np
import orjson
from msgspec import Meta, Struct
from shapely.geometry import Point

from app.collection.submissions.problems import RecordedInFuture, SubmissionUnreadable
from app.exchange.items import Desk, Item
from app.kit import chinese_datums
from app.kit.positions import CoordSys
from app.kit.problems import Problem
from app.kit.schemas import FIRST_INSTANT

PHOTOS_MOST = 30
FIELDS_MOST_BYTES = 64 << 10
FIRST_STATE_DAY = date(1900, 1, 1)
"""No state of a living person, a house or a firm is known to have begun before."""
Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]


class Position(Struct):
    """Where it was recorded, degrees; accuracy in metres."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]
    accuracy_m: Annotated[float, Meta(ge=0, le=100_000)] | None = None
    coord_sys: CoordSys = "wgs84"


class StateChange(Struct):
    """A new state of the subject's life cycle and the day it began."""

    state: Annotated[str, Meta(min_length=1, max_length=32)]
    on: date


class Envelope(Struct):
    """The members of a submission; docs/sync.md says what each means."""

    item_code: Code
    form_version: Annotated[int, Meta(ge=1, le=1_000_000)]
    fields: dict[str, Any]
    subject_id: UUID | None = None
    base_version: Annotated[int, Meta(ge=0, le=2_000_000_000)] | None = None
    after: UUID | None = None
    position: Position | None = None
    started_at: Annotated[datetime, Meta(tz=True)] | None = None
    upload_ids: Annotated[list[UUID], Meta(max_length=PHOTOS_MOST)] = []
    state_change: StateChange | None = None
    task_id: UUID | None = None


@dataclass(slots=True)
class Read:
    """An item that could be read. `point`: CGCS2000, 7 decimals; started_at: UTC, corrected, not after recording.

    ignored: how many members nobody here knows.
    """

    item: Item
    envelope: Envelope
    point: Point | None
    started_at: datetime | None
    ignored: int

    @property
    def is_edit(self) -> bool:
        """Whether the sender knew of a version, or of an item of his own, before this one."""
        return bool(self.envelope.base_version) or self.envelope.after is not None


def read_all(items: Sequence[Item], desk: Desk, *, ahead_s: int) -> list[Read | Problem]:
    """Each item read, or what is wrong with it. ahead_s: how far ahead of the server a recording may be."""
    found = [_read(item, desk, ahead_s) for item in items]
    _convert([each for each in found if isinstance(each, Read) and each.point is not None])
    return found


def _read(item: Item, desk: Desk, ahead_s: int) -> Read | Problem:
    if (item.recorded_at - desk.now).total_seconds() > ahead_s:
        return RecordedInFuture(recorded_at=item.recorded_at.isoformat())
    try:
        envelope = msgspec.convert(item.body, Envelope)
    except msgspec.ValidationError as error:
        return _unreadable(*_where(str(error)))
    fault = _unstorable(envelope.fields)
    if fault is not None:
        return fault
    if envelope.after == item.id:
        return _unreadable("/after", "不能是本条目自身", "names the item itself")
    change = envelope.state_change
    if change is not None and change.on < FIRST_STATE_DAY:
        return _unreadable("/state_change/on", f"早于 {FIRST_STATE_DAY}", f"is before {FIRST_STATE_DAY}")
    started = envelope.started_at
    if started is not None:
        fault = _wrong_start(started, item, desk)
        if fault is not None:
            return fault
        started = (started + desk.clock_offset).astimezone(UTC)
    position = envelope.position
    point = None
    if position is not None:
        if not (math.isfinite(position.lon) and math.isfinite(position.lat)):
            return _unreadable("/position", "不是有限数", "is not a finite number")
        point = Point(position.lon, position.lat)
    return Read(item, envelope, point, started, _ignored(item.body))


def _wrong_start(started: datetime, item: Item, desk: Desk) -> Problem | None:
    if started < FIRST_INSTANT:  # compared before it is computed with: the ends of the calendar overflow
        return _unreadable("/started_at", "早于 2000 年", "is before the year 2000")
    if started > item.recorded_at - desk.clock_offset:
        return _unreadable("/started_at", "不得晚于采集时间", "must not be later than recorded_at")
    return None


def _convert(reads: Sequence[Read]) -> None:
    """Positions from map services become CGCS2000, all of one system at once."""
    for system, transform in (("gcj02", chinese_datums.from_gcj02), ("bd09", chinese_datums.from_bd09)):
        some = [r for r in reads if r.envelope.position and r.envelope.position.coord_sys == system]
        if some:
            lon, lat = transform(
                np.array([r.point.x for r in some if r.point]), np.array([r.point.y for r in some if r.point])
            )
            for read, x, y in zip(some, lon.tolist(), lat.tolist(), strict=True):
                read.point = Point(x, y)
    for read in reads:
        if read.point is not None:
            read.point = Point(round(read.point.x, 7), round(read.point.y, 7))


def _ignored(body: Mapping[str, Any]) -> int:
    known = Envelope.__struct_fields__
    count = sum(name not in known for name in body)
    for name, kind in (("position", Position), ("state_change", StateChange)):
        part = body.get(name)
        if isinstance(part, Mapping):
            count += sum(member not in kind.__struct_fields__ for member in part)
    return count


def _unstorable(fields: Mapping[str, Any]) -> Problem | None:
    """What no database keeps: NUL characters, halves of surrogate pairs, numbers beyond 64 bits, far too much."""
    try:
        size = len(orjson.dumps(fields))
    except TypeError:
        return _unreadable(
            "/fields", "含有无法保存的字符或数字", "holds a character or number that cannot be stored"
        )
    if size > FIELDS_MOST_BYTES:
        return _unreadable("/fields", f"超过 {FIELDS_MOST_BYTES} 字节", f"exceeds {FIELDS_MOST_BYTES} bytes")
    if _has_nul(fields):
        return _unreadable("/fields", "含有空字符", "holds a NUL character")
    return None


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any("\0" in name or _has_nul(each) for name, each in value.items())
    return isinstance(value, list) and any(_has_nul(each) for each in value)


def _where(message: str) -> tuple[str, str, str]:
    """Pointer and words of what msgspec says: "Expected `int`, got `str` - at `$.position.lon`"."""
    said, _, path = message.partition(" - at `$")
    pointer = "/" + path.rstrip("`").lstrip(".").replace(".", "/").replace("[", "/").replace("]", "")
    return (pointer if len(pointer) > 1 else "", f"格式不符({said})", said)


def _unreadable(pointer: str, zh: str, en: str) -> Problem:
    return SubmissionUnreadable(errors=[{"pointer": pointer, "zh": zh, "en": en}])
