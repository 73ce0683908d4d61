"""A courier keeps a parcel until it is acknowledged, and notices what must not happen."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest
import shapely

from app.fleet import courier as module
from app.fleet.courier import Courier
from app.fleet.crew import Member
from app.fleet.days import Manners
from app.fleet.ledger import Ledger
from app.fleet.parcels import Parcel, Told, leftovers
from app.handheld.activated import Handheld
from app.simulation.uploads import Upload

GENTLE = Manners(60, hoards=False, shuffles=False, twice=0, twins=0, cut_before=0, cut_after=0)
PROBLEM = {"content-type": "application/problem+json"}
Answer = Callable[[dict[str, Any]], httpx.Response]


def stored(sent: dict[str, Any], **more: Any) -> httpx.Response:
    fixes = len(sent.get("fixes", ()))
    results = [{"disposition": "stored", "first": 0, "last": fixes - 1, "send_again": False}] if fixes else []
    counted = {"beats_stored": len(sent.get("beats", ())), "reports_stored": 0}
    return httpx.Response(200, json={"results": results, "presses": [], **counted} | more)


def refused(status: int, **headers: str) -> Answer:
    return lambda _: httpx.Response(status, json={"code": "x", "detail": "x"}, headers=PROBLEM | headers)


def broken(_: dict[str, Any]) -> httpx.Response:
    raise httpx.ReadError("gone")


def parcel(fixes: int = 3, due_ms: int = 0, **content: Any) -> Parcel:
    batch_id = uuid4()
    rows = [{"recorded_at": at} for at in range(fixes)]
    envelope = {"coord_sys": "wgs84", "clock_offset_ms": 0, "app_version": "1", "boot_id": "b"}
    return Parcel.of(
        Upload(batch_id, due_ms, {"batch_id": str(batch_id), **envelope, "fixes": rows, **content})
    )


async def deliver(
    parcels: Sequence[Parcel], answers: Sequence[Answer], manners: Manners = GENTLE
) -> tuple[Ledger, list[str]]:
    """What the ledger says, and the batch ids in the order in which they were sent; the last answer repeats."""
    seen: list[str] = []
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        sent = json.loads(request.content)
        seen.append(sent["batch_id"])
        return (left.pop(0) if len(left) > 1 else left[0])(sent)

    ledger = Ledger()
    async with httpx.AsyncClient(base_url="http://service", transport=httpx.MockTransport(answer)) as client:
        member = Member(Handheld(client), "330921", uuid4(), uuid4(), "g", shapely.Point(0, 0).buffer(1))
        courier = Courier(member, manners, np.random.default_rng(1), "https://service", ledger, lambda _: 0.0)
        async with asyncio.timeout(10):
            await courier.deliver(parcels, 0)
    return ledger, seen


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKOFF_FIRST_S", 0.001)


class TestKept:
    async def test_what_is_not_acknowledged_is_sent_again_with_its_id(self) -> None:
        one = parcel()
        ledger, seen = await deliver([one], [broken, refused(503), refused(429), stored])
        assert seen == [str(one.batch_id)] * 4
        assert one.told is not None
        assert one.told.stored.all()
        assert (ledger.retries, ledger.acknowledged, ledger.faults) == (3, 1, {})
        assert ledger.statuses == {503: 1, 429: 1, 200: 1}
        assert ledger.broken == {"ReadError": 1}

    async def test_the_oldest_goes_first_unless_somebody_shuffles(self) -> None:
        parcels = [parcel(due_ms=at) for at in (3, 1, 2)]
        _, seen = await deliver(parcels, [stored])
        assert seen == [str(parcels[n].batch_id) for n in (1, 2, 0)]
        many = [parcel(due_ms=at) for at in range(12)]
        _, seen = await deliver(many, [stored], Manners(60, False, True, 0, 0, 0, 0))
        assert sorted(seen) == sorted(str(p.batch_id) for p in many)
        assert seen != [str(p.batch_id) for p in many]

    async def test_twins_and_repetitions_count_once(self) -> None:
        parcels = [parcel() for _ in range(20)]
        ledger, seen = await deliver(parcels, [stored], Manners(60, False, False, 1.0, 0.5, 0, 0))
        assert ledger.acknowledged == 20
        assert len(seen) > 30
        assert ledger.faults == {}


class TestFaults:
    async def test_an_error_of_the_service(self) -> None:
        ledger, _ = await deliver([parcel()], [refused(500), stored])
        assert list(ledger.faults) == ["an error of the service"]

    async def test_an_error_without_a_problem_document(self) -> None:
        ledger, _ = await deliver([parcel()], [lambda _: httpx.Response(503, text="busy"), stored])
        assert list(ledger.faults) == ["an error without a problem document"]

    async def test_a_refused_upload_is_given_up(self) -> None:
        one = parcel()
        ledger, seen = await deliver([one], [refused(409)])
        assert (list(ledger.faults), len(seen), one.told) == (["an upload was refused"], 1, None)

    async def test_a_repetition_that_is_told_something_else(self) -> None:
        always_twice = Manners(60, False, False, 1.0, 0, 0, 0)
        ledger, _ = await deliver(
            [parcel()], [stored, lambda sent: stored(sent, beats_stored=7)], always_twice
        )
        assert list(ledger.faults) == ["a repetition was told something else"]


class TestLeftovers:
    def test_what_is_to_be_kept_goes_into_a_new_parcel(self) -> None:
        one = parcel(4, beats=[5, 6])
        again = [{"disposition": "off_duty", "first": 1, "last": 2, "send_again": True}]
        first_last = [{"disposition": "stored", "first": n, "last": n, "send_again": False} for n in (0, 3)]
        answer = {"results": first_last + again, "presses": [], "beats_stored": 1, "reports_stored": 0}
        one.told = Told.of(answer, 4)
        assert one.told.dispositions == {"stored": 2, "off_duty": 2}
        kept = leftovers([one, parcel()], uuid4())
        assert kept is not None
        sent = json.loads(kept.body)
        assert [f["recorded_at"] for f in sent["fixes"]] == [1, 2]
        assert sent["beats"] == [5, 6]
        assert sent["batch_id"] == str(kept.batch_id) != str(one.batch_id)

    def test_nothing_is_left_of_what_is_stored(self) -> None:
        one = parcel(2, beats=[5])
        one.told = Told.of(stored(json.loads(one.body)).json(), 2)
        assert leftovers([one], uuid4()) is None
