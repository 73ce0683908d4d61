"""Reading pushes and cursors: every form of the same items reads the same; whatever is garbled is refused."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.exchange.items import Item
from app.exchange.sources import Scope
from app.kit.clock import from_ms
from app.kit.pagination import BadCursor
from app.sync import cursor, wire
from app.sync.cursor import Load, Position
from app.sync.heads import Head, Sealed

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
texts = st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
names = st.text('abc"\\[]{},:é', max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
times = st.integers(1_000_000_000_000, 4_000_000_000_000).map(lambda ms: from_ms(ms).isoformat())
items = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.uuids().map(str),
            "kind": st.sampled_from(["submission", "visit"]),
            "recorded_at": times,
            "fields": values,
        }
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(items)
def test_every_form_of_the_same_items_reads_the_same(sent: list[dict[str, Any]]) -> None:
    envelope = {"sent_at": NOW.isoformat()}
    plain = wire.read_push(json.dumps(envelope | {"items": sent}).encode(), "application/json")
    spaced = wire.read_push(
        json.dumps({"items": sent} | envelope, indent=2, ensure_ascii=False).encode(), "application/json"
    )
    lines = "\n".join(json.dumps(each) for each in [envelope, *sent]).encode()
    ndjson = wire.read_push(lines, "application/x-ndjson")
    # something deep makes the quick reading fail: the brackets are counted instead
    deep = ("[" * 1200 + "]" * 1200).encode()
    sent_texts = [json.dumps(each).encode() for each in sent]
    slow = wire.read_push(
        b'{"x": {"items": [1, {"items": 2}]}, "items": ['
        + b",".join([*sent_texts, deep])
        + b'], "sent_at": "'
        + NOW.isoformat().encode()
        + b'"}',
        "application/json",
    )
    assert plain.items == spaced.items == ndjson.items == slow.items[:-1]
    assert all(isinstance(each, Item) for each in plain.items)
    assert not isinstance(slow.items[-1], Item)
    assert slow.ignored_fields == 1


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80) | st.text('{}[],:"\\ait', max_size=60).map(str.encode))
def test_garbage_is_an_envelope_error_and_nothing_else(body: bytes) -> None:
    for content_type in ("application/json", "application/x-ndjson"):
        with pytest.raises(wire.EnvelopeError):
            wire.read_push(body, content_type)


ids = st.frozensets(st.uuids(), max_size=4)
positions = st.builds(
    Position,
    county_code=st.just("330921"),
    inspector_id=st.uuids(),
    seq=st.integers(0, 2**62),
    mark=st.binary(max_size=8),
    grid_ids=ids,
    areas=st.binary(min_size=8, max_size=8),
    day=st.dates(date(2000, 1, 3), date(2100, 1, 1)),
    load=st.none()
    | st.builds(Load, ids, st.booleans(), st.sampled_from(["", "subject"]), st.none() | st.uuids()),
)


@settings(max_examples=150, deadline=None)
@given(positions)
def test_a_cursor_says_what_it_was_made_of(position: Position) -> None:
    assert cursor.decode(cursor.encode(position)) == position


@settings(max_examples=300, deadline=None)
@given(positions, st.integers(0, 400), st.characters())
def test_a_garbled_cursor_is_another_or_none(position: Position, at: int, letter: str) -> None:
    text = cursor.encode(position)
    garbled = text[: at % len(text)] + letter + text[at % len(text) + 1 :]
    try:
        cursor.decode(garbled)
        cursor.decode(garbled[:-3])
    except BadCursor:
        pass


@pytest.mark.parametrize("day", [date.min, date.max])
def test_a_cursor_of_no_day_that_any_calendar_has_is_none(day: date) -> None:
    position = Position("330921", UUID(int=1), 1, b"", frozenset(), b"", day)
    with pytest.raises(BadCursor):
        cursor.decode(cursor.encode(position))


GRIDS, AREAS = [UUID(int=n) for n in range(1, 5)], [UUID(int=n) for n in range(11, 14)]
PERSON = UUID(int=99)
events = st.lists(
    st.builds(
        dict,
        grid=st.none() | st.sampled_from(GRIDS),
        area=st.none() | st.sampled_from(AREAS),
        inspector=st.none() | st.sampled_from([PERSON, UUID(int=98)]),
        urgent=st.booleans(),
        followed=st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(
    events, st.integers(0, 12), st.frozensets(st.sampled_from(GRIDS)), st.frozensets(st.sampled_from(AREAS))
)
def test_memory_says_what_a_look_at_every_event_would(
    told: list[dict[str, Any]], seq: int, grids: frozenset[UUID], areas: frozenset[UUID]
) -> None:
    seq = min(seq, len(told))
    head, scope = Head(0, b""), Scope("330921", PERSON, grids, areas, date(2026, 11, 20))
    concerns = []
    for n, each in enumerate(told, 1):
        data = {"urgent": each["urgent"]}
        data |= {"grid_id": str(each["grid"]) if each["grid"] else None}
        data |= {"inspector_id": str(each["inspector"])} if each["inspector"] else {}
        event = Sealed(n, n.to_bytes(32, "little"), "thing.changed", "thing", UUID(int=n), each["area"], data)
        head.take(event, is_followed=each["followed"])
        mine = each["inspector"] == PERSON
        mine |= each["grid"] in grids if each["grid"] else each["area"] is None or each["area"] in areas
        concerns.append((n, mine, each))
    later = [(mine, each) for n, mine, each in concerns if n > seq]
    assert head.is_idle(scope, seq) == (not any(mine and each["followed"] for mine, each in later))
    assert head.is_urgent(scope, seq) == any(mine and each["urgent"] for mine, each in later)
    assert head.is_urgent(None, seq) == any(each["urgent"] for _, each in later)
    assert head.knows(seq, seq.to_bytes(32, "little")[:8])
    assert not head.knows(len(told) + 1, b"")
    assert seq == 0 or not head.knows(seq, b"another!")


def test_memory_forgets_the_oldest_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.sync.heads.MARKS_MAX", 10)
    head = Head(100, b"")
    for n in range(101, 160):
        event = Sealed(n, n.to_bytes(8, "little"), "thing.changed", "thing", UUID(int=n), None, {})
        head.take(event, is_followed=True)
        assert head.knows(n, n.to_bytes(8, "little"))
        assert all(head.knows(m, m.to_bytes(8, "little")) for m in range(head.base + 1, n + 1))
    assert head.base >= 145
    assert not head.knows(head.base, b"")


def test_corrected_times_never_leave_the_believable() -> None:
    raw = json.dumps({"id": str(UUID(int=1)), "kind": "visit", "recorded_at": "2026-11-20T03:00:00.123456Z"})
    item = wire.read_item(raw.encode())
    assert isinstance(item, Item)
    assert item.recorded_at.microsecond == 123_000
    assert wire.corrected(item, timedelta(minutes=5), NOW).recorded_at.minute == 5
    assert wire.corrected(item, timedelta(days=5), NOW).recorded_at == NOW
    assert wire.corrected(item, -timedelta(days=20_000), NOW).recorded_at.year == 2000
