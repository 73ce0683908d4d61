"""A day delivered in any order over several API processes at once equals the same day delivered in order."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest

from app.demo.loader import DEMO_PASSWORD
from app.fleet.crew import Member, enrol
from app.fleet.parcels import Parcel, Told, leftovers
from app.fleet.proof import prove
from app.kit.clock import to_ms
from app.kit.private_service import PrivateService, private_service
from app.replay.office import Office
from app.simulation import episodes
from app.simulation.day import simulate_day
from app.simulation.plan import Clock, DayPlan, Shift
from app.simulation.uploads import Upload, uploads_of
from tests.fleet.test_simulate import simulate

ZONE = ZoneInfo("Asia/Shanghai")
DAY_MS = 86_400_000
HANDHELDS, AT_ONCE = 3, 12


@pytest.fixture(scope="module")
def service() -> Iterator[PrivateService]:
    with private_service({"WANGGE_API_PROCESSES": "2"}) as service:
        yield service


def day_of(member: Member, day: date, seed: int) -> list[dict[str, Any]]:
    """What a handheld has to send of a day: it is on duty half an hour before its shift, and killed once."""
    start_ms = to_ms(datetime.combine(day, datetime.min.time(), ZONE)) + round(7.5 * 3_600_000)
    parts = (
        episodes.walk(minutes=50),
        episodes.killed(15),
        episodes.lost_signal(20),
        episodes.off_duty(25),
        episodes.walk(minutes=40),
        episodes.indoors(30, fixes="none"),
        episodes.battery_dead(20),
        episodes.walk(minutes=30),
    )
    shift = Shift(start_ms, start_ms + 5 * 3_600_000, parts)
    clock = Clock(90_000, is_declared=True, source="device")
    plan = DayPlan(f"processes/{member.device_id}", member.shape, (shift,), seed, clock=clock)
    return [upload.content for upload in uploads_of(simulate_day(plan), every_s=300)]


def a_day_earlier(contents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same, everything 24 hours before, with presses of its own."""
    earlier = json.loads(json.dumps(contents))
    for content in earlier:
        for fix in content["fixes"]:
            fix["recorded_at"] -= DAY_MS
        content["beats"] = [at - DAY_MS for at in content.get("beats", ())]
        for press in content.get("presses", ()):
            press |= {"press_id": str(uuid4()), "pressed_at": press["pressed_at"] - DAY_MS}
        for report in content.get("reports", ()):
            report["at"] -= DAY_MS
        if "exit_at" in content["state"]:
            content["state"]["exit_at"] -= DAY_MS
    return list(earlier)


def parcels(contents: Sequence[dict[str, Any]]) -> list[Parcel]:
    """Each with an id of its own."""
    found = []
    for content in contents:
        batch_id = uuid4()
        found.append(Parcel.of(Upload(batch_id, 0, {**content, "batch_id": str(batch_id)})))
    return found


def torn(contents: Sequence[dict[str, Any]], random: Random) -> list[dict[str, Any]]:
    """The same things in other uploads: every one is cut at random, presses, beats, reports and state apart."""
    pieces = []
    for content in contents:
        envelope = {k: content[k] for k in ("coord_sys", "boot_id", "clock_offset_ms", "app_version")}
        for kind in ("fixes", "beats", "presses", "reports"):
            things = list(content.get(kind, ()))
            while things:
                size = random.randint(1, 40)
                pieces.append(envelope | {kind: things[:size]})
                things = things[size:]
        pieces.append(envelope | {"state": content["state"]})
    random.shuffle(pieces)
    return pieces


async def send(member: Member, parcel: Parcel) -> None:
    answer = await member.handheld.send_once(
        "POST", "/fix-batches", content=parcel.sent_at(0), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    parcel.told = parcel.told or Told.of(answer.json(), parcel.fixes)


async def in_order(member: Member, sent: list[Parcel]) -> None:
    for parcel in sent:
        await send(member, parcel)


async def in_any_order(member: Member, sent: list[Parcel], random: Random) -> None:
    """Many at once, many twice."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(parcel: Parcel) -> None:
        async with gate:
            await send(member, parcel)

    uploads = [*sent, *random.choices(sent, k=len(sent) // 3)]
    random.shuffle(uploads)
    await asyncio.gather(*(one(parcel) for parcel in uploads))


async def settle(member: Member, sent: list[Parcel]) -> None:
    """What was to be kept is sent again, now that everything else is there."""
    again = leftovers(sent, uuid4())
    if again is not None:
        await send(member, again)
        sent.append(again)


async def figures(member: Member, day: date) -> dict[str, Any]:
    """The figures of a day; first and last sign of life as time since its midnight."""
    explained = await member.handheld.explained_day(day)
    assert explained is not None
    found = dict(explained["figures"])
    del found["versions"]
    for name in ("first_at", "last_at"):
        found[name] = to_ms(datetime.fromisoformat(found[name])) - to_ms(
            datetime.combine(day, datetime.min.time(), ZONE)
        )
    return found


async def test_two_processes_at_once_make_the_day_that_one_after_the_other_makes(
    service: PrivateService,
) -> None:
    today = datetime.now(UTC).astimezone(ZONE).date()
    straight, shuffled = today - timedelta(days=1), today - timedelta(days=2)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)  # each upload meets any process
    async with httpx.AsyncClient(
        base_url=service.base_url, timeout=30, trust_env=False, limits=limits
    ) as client:
        office = Office(client)
        await office.sign_in("county", DEMO_PASSWORD)
        members = await enrol(office, client, HANDHELDS, straight, lambda: None)
        delivered: dict[tuple[Member, date], list[Parcel]] = {}
        for seed, member in enumerate(members):
            contents, random = day_of(member, straight, seed), Random(seed)
            one = delivered[member, straight] = parcels(contents)
            other = delivered[member, shuffled] = parcels(torn(a_day_earlier(contents), random))
            await asyncio.gather(in_order(member, one), in_any_order(member, other, random))
            await settle(member, one)
            await settle(member, other)
            expected, found = await figures(member, straight), await figures(member, shuffled)
            assert expected["fixes"] > 300
            assert expected["distance_m"] > 1000
            assert found == expected
    proof = await prove(service.database_url, delivered, set[UUID](), ZONE)
    assert proof.findings == {}
    assert proof.checked["fixes"] > 1000
    await nothing_escapes_the_proof(service, delivered)


async def nothing_escapes_the_proof(
    service: PrivateService, delivered: dict[tuple[Member, date], list[Parcel]]
) -> None:
    """Once tampered with, the database is found out."""
    member, day = next(iter(delivered))
    with psycopg.connect(service.database_url) as connection:
        connection.execute(
            "DELETE FROM fix_batch WHERE (county_code, day, inspector_id, batch_id) IN (SELECT county_code, day, "
            "inspector_id, batch_id FROM fix_batch WHERE device_id = %s AND day = %s AND fix_count > 0 LIMIT 1)",
            [member.device_id, day],
        )
        connection.execute(
            "UPDATE day_figures SET figures = figures || '{\"distance_m\": 1}' WHERE inspector_id = %s",
            [member.inspector_id],
        )
        connection.execute("DELETE FROM duty_press WHERE device_id = %s", [member.device_id])
        connection.execute(
            "UPDATE batch_receipt SET beats_stored = 77 WHERE device_id = %s", [member.device_id]
        )
        extra = next(iter(delivered[member, day])).batch_id
    delivered[member, day] = [p for p in delivered[member, day] if p.batch_id != extra]
    found = await prove(service.database_url, delivered, set[UUID](), ZONE)
    assert found.findings.keys() >= {
        "fixes of a batch",
        "figures against a fresh fold",
        "figures against what was sent",
        "presses",
        "receipts",
        "batches nobody sent",
        "receipts nobody asked for",
    }


def test_a_running_service_is_proven_over_http(service: PrivateService) -> None:
    """As far as HTTP shows it, and the report says what it does not show."""
    code, report, said = simulate("--url", service.base_url, "--as-fast-as-possible", "--seed", "9")
    assert (code, report.get("findings")) == (0, {}), (report, said)
    assert report["proof"]["checked"]["fixes"] > 10_000
    assert report["proof"]["checked"]["fixes in the figures"] == 5
    assert len(report["proof"]["skipped"]) == 3
