"""Any split, shuffle, repetition or delay of a day's inputs gives the same figures, bit for bit."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import to_ms
from app.kit.db import Database
from app.patrol.arrival import read_arrival
from app.patrol.day_reader import DayKey
from app.patrol.folder import fold_days
from app.patrol.ingest import Answer, ingest_group
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, batch, press, walk

ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a handheld has to deliver: where it goes in the body, and what it is."""

    device_id: UUID
    kind: str
    content: Any


async def hand_over(session: AsyncSession, beat: Beat, clock: str) -> None:
    """At that time of the day the inspectors swap their handhelds."""
    await session.execute(text("DELETE FROM device_binding"))
    before, at = beat.at(clock) - timedelta(days=20), beat.at(clock)
    for device, first, second in (
        (beat.device, beat.inspector, beat.colleague),
        (beat.other_device, beat.colleague, beat.inspector),
    ):
        for holder, since, until in ((first, before, at), (second, at, None)):
            await session.execute(
                text(
                    "INSERT INTO device_binding (county_code, id, device_id, inspector_id, valid) "
                    "VALUES (:county, :id, :device, :inspector, tstzrange(:since, :until))"
                ),
                {
                    "county": make.COUNTY,
                    "id": uuid4(),
                    "device": device.id,
                    "inspector": holder.id,
                    "since": since,
                    "until": until,
                },
            )


def day_of(beat: Beat) -> list[Item]:
    """What both handhelds saw on one day: walks, a stay, a mock, a jump, contradictions, beats, presses."""
    noise = Random(7)
    mine = walk(beat.at("08:10"), 3600, every_s=20)
    mine += [f | {"longitude": mine[-1]["longitude"]} for f in walk(beat.at("09:11"), 1500, every_s=30)]
    mine += walk(beat.at("09:50"), 3000, every_s=25, time_source="device")
    for fix in mine:
        fix["longitude"] = round(fix["longitude"] + noise.gauss(0, 3) * make.METRE_LON, 7)
    mine[20] |= {"is_mock": True}
    mine[40] |= {"longitude": mine[40]["longitude"] + 0.05}
    mine[41] |= {"accuracy_m": 400.0}
    contradictions = [mine[n] | {"latitude": round(mine[n]["latitude"] + 1e-4, 7)} for n in (3, 55, 120)]
    theirs = walk(beat.at("08:30"), 4000, every_s=40, north_m=300.0, speed_mps=0.8)
    after = walk(beat.at("10:41"), 1800, every_s=20)
    items = [Item(beat.device.id, "fixes", f) for f in (*mine, *contradictions)]
    items += [Item(beat.other_device.id, "fixes", f) for f in (*theirs, *after)]
    items += [Item(beat.device.id, "beats", to_ms(beat.at("09:37")) + n * 60_000) for n in range(12)]
    items += [
        Item(beat.device.id, "presses", press(kind, beat.at(at), make_id(n)))
        for n, (kind, at) in enumerate((("on", "07:40"), ("off", "11:20"), ("on", "11:40")))
    ]
    items += [Item(beat.device.id, "fixes", f) for f in walk(beat.at("07:42"), 600, every_s=30)]
    items += [Item(beat.device.id, "reports", {"at": to_ms(beat.at("09:40")), "cause": "no_signal"})]
    # in the voluntary window too: what comes before the press that opens it is not counted, and sent again
    items += [Item(beat.device.id, "beats", to_ms(beat.at("07:53")) + n * 60_000) for n in range(6)]
    items += [Item(beat.device.id, "reports", {"at": to_ms(beat.at("07:52")), "cause": "no_permission"})]
    items += [
        Item(
            beat.device.id, "state", {"battery_pct": 40, "exit_reason": reason, "exit_at": to_ms(beat.at(at))}
        )
        for at, reason in (("07:58", "system_kill"), ("10:41", "crash"), ("11:50", "user_stop"))
    ]
    return items


def make_id(n: int) -> UUID:
    """The n-th press id."""
    return UUID(int=0x7000_8000_0000_0000_0000 << 48 | n)


def bodies(items: Iterable[Item], envelope: dict[str, Any]) -> list[tuple[UUID, list[Item], dict[str, Any]]]:
    """One batch a handheld that holds all of `items`, and one for each state: an upload has but one."""
    by_device: dict[UUID, list[Item]] = defaultdict(list)
    found = []
    for item in items:
        if item.kind == "state":
            found.append((item.device_id, [item], batch(state=item.content, **envelope)))
        else:
            by_device[item.device_id].append(item)
    for device_id, own in by_device.items():
        parts: dict[str, list[Any]] = defaultdict(list)
        for item in own:
            parts[item.kind].append(item.content)
        fixes = parts.pop("fixes", [])
        found.append((device_id, own, batch(fixes, **parts, **envelope)))
    return found


async def deliver(
    session: AsyncSession, clock: Clock, deliveries: list[list[tuple[UUID, list[Item], dict[str, Any]]]]
) -> list[Item]:
    """Ingests groups of uploads; returns what the handhelds are told to keep for later, or not told is stored."""
    keep: list[Item] = []
    for group in deliveries:
        arrivals = [
            read_arrival(make.COUNTY, device_id, json.dumps(body).encode()) for device_id, _, body in group
        ]
        answers = await ingest_group(session, arrivals, now=clock.now, zone=make.ZONE)
        for answer, (_, own, _) in zip(answers, group, strict=True):
            assert isinstance(answer, Answer)
            fixes = [i for i in own if i.kind == "fixes"]
            for said in answer.result.results:
                if said.send_again:
                    keep += fixes[said.first : said.last + 1]
            for kind, stored in (
                ("beats", answer.result.beats_stored),
                ("reports", answer.result.reports_stored),
                ("state", answer.result.reports_stored),
            ):
                sent = [i for i in own if i.kind == kind]
                keep += sent if stored < len(sent) else []
    return keep


async def figures(session: AsyncSession, beat: Beat, clock: Clock) -> dict[UUID, dict[str, Any]]:
    """The figures of both inspectors' days, without the input version."""
    keys = [DayKey(make.COUNTY, i.id, beat.day) for i in (beat.inspector, beat.colleague)]
    folded = await fold_days(session, keys, now=clock.now + timedelta(days=2), zone=make.ZONE)
    found = {}
    for key, day in folded.items():
        found[key.inspector_id] = json.loads(msgspec.json.encode(day.figures))
        del found[key.inspector_id]["versions"]["input_version"]
    return found


async def in_one_go(database: Database, beat: Beat, clock: Clock, envelope: dict[str, Any]) -> Any:
    """The figures when everything comes at once, in one batch a handheld."""
    async with database.sessions() as session:
        await session.begin()
        assert not await deliver(session, clock, [bodies(day_of(beat), envelope)])
        found = await figures(session, beat, clock)
        await session.rollback()
    return found


async def test_any_split_shuffle_repetition_and_delay(database: Database, clock: Clock) -> None:
    async with database.transaction() as session:
        beat = await make.beat(session, clock.now)
        await hand_over(session, beat, "10:40")
    envelope = {"clock_offset_ms": 1500, "boot_id": "b"}
    expected = await in_one_go(database, beat, clock, envelope)
    mine, theirs = expected[beat.inspector.id], expected[beat.colleague.id]
    assert mine["fixes"] > 300
    assert theirs["fixes"] > 50
    assert mine["distance_m"] > 5000
    assert mine["verdicts"]["mock"]["fixes"] == 1
    everything = day_of(beat)

    async def any_order(
        randomness: Random, size: int, group_size: int, repeated: float, folding: bool
    ) -> None:
        items = [*everything, *(i for i in everything if randomness.random() < repeated)]
        randomness.shuffle(items)
        async with database.sessions() as session:
            await session.begin()
            for _ in range(4):  # a handheld sends again what was refused for now
                parts = [items[n : n + size] for n in range(0, len(items), size)]
                uploads = [upload for part in parts for upload in bodies(part, envelope)]
                uploads += [u for u in uploads if randomness.random() < repeated]
                randomness.shuffle(uploads)
                groups = [uploads[n : n + group_size] for n in range(0, len(uploads), group_size)]
                items = await deliver(session, clock, groups)
                if folding:
                    await figures(session, beat, clock)
                if not items:
                    break
            found = await figures(session, beat, clock)
            await session.rollback()
        assert found == expected

    loop = asyncio.get_running_loop()

    @settings(max_examples=ROUNDS, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(
        randomness=st.randoms(use_true_random=False),
        size=st.integers(1, 60),
        group_size=st.integers(1, 8),
        repeated=st.floats(0, 0.3),
        folding=st.booleans(),
    )
    def examples(**drawn: Any) -> None:
        asyncio.run_coroutine_threadsafe(any_order(**drawn), loop).result()

    await asyncio.to_thread(examples)  # hypothesis wants no loop of its own thread
