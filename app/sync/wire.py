"""How a push is read: quickly when it is right, item by item when it is not. Pure.

One unreadable item never costs the others, unless it breaks the brackets or quotes of the JSON around it; in
NDJSON it costs its own line only.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from app.exchange.items import Item
from app.kit.schemas import FIRST_INSTANT, LAST_INSTANT

ITEMS_MAX = 500
DEPTH_MAX = 32
KIND_MAX_CHARS = 40
NDJSON = ("application/x-ndjson", "application/ndjson")
KNOWN = {"sent_at", "items", "clock_offset_ms"}
OFFSET_MAX_MS = 2**31
_WHITE = b" \t\r\n"
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],:]', re.DOTALL)
_decode = msgspec.json.Decoder().decode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError, ValueError, OverflowError)


class EnvelopeError(ValueError):
    """What stands around the items cannot be read. `field` is "body" where it is no JSON at all."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class TooManyItemsError(ValueError):
    """More than ITEMS_MAX."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An item that is none. id: as sent, where it could be read. body: its bytes."""

    id: UUID | None
    field: str
    reason: str
    body: bytes


@dataclass(slots=True)
class Push:
    """An envelope with its items in their order; times as sent, `clock_offset` not yet applied.

    sent_at: when the handheld's clock said it was. clock_offset_ms: what it measured itself, or None.
    """

    sent_at: datetime
    clock_offset_ms: int | None
    ignored_fields: int
    items: list[Item | Unreadable] = field(default_factory=list)


def read_push(body: bytes, content_type: str) -> Push:
    """Reads a push. Raises EnvelopeError or TooManyItemsError; whatever is wrong with an item stays with it."""
    if content_type.partition(";")[0].strip().lower() in NDJSON:
        envelope, raws = _read_lines(body)
    else:
        envelope, raws = _read_document(body)
    if len(raws) > ITEMS_MAX:
        raise TooManyItemsError
    push = Push(_sent_at(envelope), _offset(envelope), len(envelope.keys() - KNOWN))
    push.items = [read_item(raw) for raw in raws]
    return push


def read_item(raw: bytes) -> Item | Unreadable:
    """One item from its JSON."""
    try:
        value = _decode(raw)
    except _UNREADABLE:
        return Unreadable(None, "item", "JSON", raw)
    if not isinstance(value, dict):
        return Unreadable(None, "item", "no object", raw)
    id_ = _uuid(value.get("id"))
    if id_ is None:
        return Unreadable(None, "id", "no UUID", raw)
    flaw = _flaw(value)
    if flaw is not None:
        return Unreadable(id_, "item", flaw, raw)
    kind = value.get("kind")
    if not isinstance(kind, str) or not 0 < len(kind) <= KIND_MAX_CHARS:
        return Unreadable(id_, "kind", "no name of a kind", raw)
    recorded_at = _instant(value.get("recorded_at"))
    if recorded_at is None:
        return Unreadable(id_, "recorded_at", "no time with offset between 2000 and 2100", raw)
    rest = {name: member for name, member in value.items() if name not in ("id", "kind", "recorded_at")}
    return Item(id_, kind, recorded_at, rest, digest_of(value))


def digest_of(value: Any) -> bytes:
    """SHA-256 (32 bytes) of JSON in canonical form: sorted names, no white space."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).digest()


def corrected(item: Item, offset: timedelta, now: datetime) -> Item:
    """The item with its time by the server's clock; nothing has been recorded after `now`."""
    at = min(item.recorded_at + offset, now)
    return Item(item.id, item.kind, max(at, FIRST_INSTANT), item.body, item.digest)


def _read_document(body: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    try:
        members = {name: bytes(raw) for name, raw in _members(body).items()}
        items = members.pop("items", None)
        raws = None if items is None else [bytes(raw) for raw in _elements(items)]
    except _UNREADABLE:
        members, raws = _split_document(body)
    if raws is None:
        raise EnvelopeError("items", "missing")
    envelope = {name: _value(name, raw) for name, raw in members.items()}
    return envelope | {"items": None}, raws


def _read_lines(body: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    lines = [line for line in body.split(b"\n") if line.strip(_WHITE)]
    if not lines:
        raise EnvelopeError("body", "empty")
    try:
        envelope = _decode(lines[0])
    except _UNREADABLE as error:
        raise EnvelopeError("body", "the first line is no JSON") from error
    if not isinstance(envelope, dict):
        raise EnvelopeError("body", "the first line is no object")
    return envelope, lines[1:]


def _value(name: str, raw: bytes) -> Any:
    if name not in KNOWN:
        return None  # ignored whatever it is
    try:
        return _decode(raw)
    except _UNREADABLE as error:
        raise EnvelopeError(name, "no JSON") from error


def _split_document(body: bytes) -> tuple[dict[str, bytes], list[bytes] | None]:
    """Members of the document and elements of `items` by brackets alone, whatever stands between them."""
    try:
        members = dict(_pairs(body))
        items = members.pop("items", None)
        if items is None:
            return members, None
        if not (items.startswith(b"[") and items.endswith(b"]")):
            raise EnvelopeError("items", "no list")
        return members, list(_pieces(items))
    except (UnicodeError, ValueError) as error:
        if isinstance(error, EnvelopeError):
            raise
        raise EnvelopeError("body", "no JSON") from error


def _pairs(body: bytes) -> Iterator[tuple[str, bytes]]:
    body = body.strip(_WHITE)
    if not (body.startswith(b"{") and body.endswith(b"}")):
        raise EnvelopeError("body", "no JSON object")
    for piece in _pieces(body):
        name = _TOKEN.match(piece)
        if name is None or piece[name.end() :].lstrip(_WHITE)[:1] != b":":
            raise EnvelopeError("body", "no JSON")
        yield json.loads(name[0]), piece[name.end() :].lstrip(_WHITE)[1:].strip(_WHITE)


def _pieces(text: bytes) -> Iterator[bytes]:
    """What stands between the outermost brackets, split at its commas."""
    depth, start = 0, 1
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
        elif mark in (b"}", b"]"):
            depth -= 1
            if depth == 0 and token.end() != len(text):
                raise EnvelopeError("body", "no JSON")
        elif mark == b"," and depth == 1:
            yield text[start : token.start()].strip(_WHITE)
            start = token.end()
    if depth:
        raise EnvelopeError("body", "no JSON")
    last = text[start:-1].strip(_WHITE)
    if last:
        yield last


def _sent_at(envelope: dict[str, Any]) -> datetime:
    found = _instant(envelope.get("sent_at"))
    if found is None:
        raise EnvelopeError("sent_at", "no time with offset between 2000 and 2100")
    return found


def _offset(envelope: dict[str, Any]) -> int | None:
    found = envelope.get("clock_offset_ms")
    if found is None:
        return None
    if not isinstance(found, int) or isinstance(found, bool) or abs(found) >= OFFSET_MAX_MS:
        raise EnvelopeError("clock_offset_ms", "no whole number of ms")
    return found


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) and len(value) in (32, 36) else None
    except ValueError:
        return None


def _instant(value: Any) -> datetime | None:
    """An RFC 3339 time with offset, to the millisecond."""
    if not isinstance(value, str):
        return None
    try:
        at = msgspec.convert(value, datetime)
    except (msgspec.ValidationError, UnicodeError):
        return None
    if at.tzinfo is None or not FIRST_INSTANT <= at <= LAST_INSTANT:
        return None
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _flaw(value: Any, depth: int = 1) -> str | None:
    """Why the database could not keep it, or None."""
    if depth > DEPTH_MAX:
        return f"more than {DEPTH_MAX} levels deep"
    if isinstance(value, str):
        return "a NUL character" if "\0" in value else None
    if isinstance(value, dict):
        parts = (part for pair in value.items() for part in pair)
        return next((flaw for part in parts if (flaw := _flaw(part, depth + 1))), None)
    if isinstance(value, list):
        return next((flaw for part in value if (flaw := _flaw(part, depth + 1))), None)
    return None
