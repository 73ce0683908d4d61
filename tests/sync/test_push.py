"""What a handheld pushes is stored once, item by item, whatever its neighbours are like."""

import asyncio
import gzip
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import zstandard

from app.exchange.items import Desk, Item, Result
from app.exchange.receiving import receive, resettle
from app.identity import devices
from app.identity.actor import Role, system_actor
from app.identity.device_models import DeviceState
from app.identity.handover import Handover, hand_over
from app.identity.logins import actor_of
from app.kit.db import Database
from app.sync.wire import digest_of
from tests.factories import identity
from tests.factories import patrol as make
from tests.patrol.conftest import Office
from tests.sync.conftest import PUSH, RECEIPTS, Notes, Post, make_tables, note, rows_of, synchronizer_at

pytestmark = pytest.mark.requirement("S4-51")


async def texts(database: Database) -> list[str]:
    return [row.text for row in await rows_of(database, "SELECT text FROM note ORDER BY text")]


class TestOutcomes:
    async def test_each_item_gets_its_result_in_its_place(self, post: Post) -> None:
        items = [note("一"), note("二二", held=True)]
        answer = await post.push(items)
        assert [r["id"] for r in answer["results"]] == [i["id"] for i in items]
        assert [(r["index"], r["outcome"], r["told"]) for r in answer["results"]] == [
            (0, "stored", {"length": 1}),
            (1, "held", {"length": 2}),
        ]

    async def test_a_repetition_hears_the_first_result_again_and_changes_nothing(
        self, post: Post, notes: Notes
    ) -> None:
        items = [note("一"), note("二", held=True)]
        first = (await post.push(items))["results"]
        again = (await post.push(items))["results"]
        assert [r["outcome"] for r in again] == ["duplicate", "duplicate"]
        assert [r["first_outcome"] for r in again] == [r["outcome"] for r in first]
        assert [r["told"] for r in again] == [r["told"] for r in first]
        assert len(notes.calls) == 1

    async def test_the_order_of_names_and_white_space_are_no_content(self, post: Post) -> None:
        item = note()
        await post.push([item])
        swapped = json.dumps(dict(reversed(list(item.items()))), indent=3)
        body = f'{{"items": [ {swapped} ], "sent_at": "{post.clock.now.isoformat()}"}}'
        assert (await post.push_raw(body.encode())).json()["results"][0]["outcome"] == "duplicate"

    async def test_the_same_id_with_other_content_is_refused_with_both_digests(self, post: Post) -> None:
        item = note("一")
        await post.push([item])
        other = item | {"text": "二"}
        (result,) = (await post.push([other]))["results"]
        assert (result["outcome"], result["problem"]["code"]) == ("rejected", "content_differs")
        assert result["problem"]["stored_digest"] == digest_of(item).hex()
        assert result["problem"]["sent_digest"] == digest_of(other).hex()
        assert await texts(post.database) == ["一"]

    async def test_an_id_twice_in_one_push_counts_once(self, post: Post) -> None:
        item = note("一")
        answer = await post.push([item, item, item | {"text": "二"}])
        assert [r["outcome"] for r in answer["results"]] == ["stored", "duplicate", "rejected"]
        assert await texts(post.database) == ["一"]

    async def test_a_rejection_is_told_again_in_the_language_of_who_asks(self, post: Post) -> None:
        item = note(wrong="problem")
        (first,) = (await post.push([item]))["results"]
        (again,) = (await post.push([item], headers={"Accept-Language": "zh"}))["results"]
        assert (first["outcome"], first["problem"]["code"]) == ("rejected", "not_found")
        assert (again["outcome"], again["first_outcome"]) == ("duplicate", "rejected")
        assert again["problem"]["code"] == "not_found"
        assert again["problem"]["detail"].startswith("不存在")


class TestOneAmongMany:
    @pytest.mark.parametrize("wrong", ["raises", "sql"])
    async def test_one_broken_item_among_500_costs_only_itself(
        self, post: Post, notes: Notes, wrong: str
    ) -> None:
        items = [note(str(n)) for n in range(500)]
        items[217]["wrong"] = wrong
        results = (await post.push(items))["results"]
        assert [r["index"] for r in results if r["outcome"] != "stored"] == [217]
        assert (results[217]["outcome"], results[217]["problem"]["code"]) == ("quarantined", "item_failed")
        assert len(await texts(post.database)) == 499
        assert len(notes.calls) < 40, "halved, not tried one by one"
        (kept,) = await rows_of(post.database, "SELECT id, reason, sealed, body FROM quarantine")
        assert (str(kept.id), kept.reason) == (results[217]["told"]["quarantine_id"], "item_failed")
        assert kept.sealed, "it may name people"
        assert bytes(kept.body) == b""

    async def test_what_is_kept_can_be_read_by_who_answers_for_it(self, post: Post, office: Office) -> None:
        (result,) = (await post.push([note("张三的秘密", wrong="raises")]))["results"]
        path = f"/quarantine/{result['told']['quarantine_id']}"
        opened = (await (await office.of(post.beat.supervisor)).get(path)).json()
        assert (opened["reason"], opened["device_id"]) == ("item_failed", str(post.beat.device.id))
        assert "张三的秘密" in opened["text"]
        assert (await (await office.of(post.beat.foreigner)).get(path)).status_code == 404

    async def test_501_items_are_refused_and_nothing_is_taken(self, post: Post) -> None:
        answer = await post.push_raw(post.body([note(str(n)) for n in range(501)]))
        assert (answer.status_code, answer.json()["code"]) == (413, "push_too_long")
        assert await texts(post.database) == []

    async def test_an_unknown_kind_is_kept_and_named(self, post: Post) -> None:
        answer = await post.push([note("一") | {"kind": "horoscope"}, note("二")])
        assert [r["outcome"] for r in answer["results"]] == ["quarantined", "stored"]
        assert answer["results"][0]["problem"]["code"] == "unknown_kind"
        assert answer["results"][0]["problem"]["kind"] == "horoscope"

    @pytest.mark.parametrize(
        ("broken", "has_id"),
        [
            ("17", False),
            ('"text"', False),
            ("null", False),
            ("[]", False),
            ('{"kind": "note"}', False),
            ('{"id": "nonsense", "kind": "note"}', False),
            (
                '{"id": "7d0ff0a2-9c51-4c3f-8b7d-0a4d9c9c1b11", "kind": "note", "recorded_at": "yesterday"}',
                True,
            ),
            (
                '{"id": "7d0ff0a2-9c51-4c3f-8b7d-0a4d9c9c1b11", "kind": 3, "recorded_at": "2026-11-20T03:55:00Z"}',
                True,
            ),
            (
                '{"id": "7d0ff0a2-9c51-4c3f-8b7d-0a4d9c9c1b11", "kind": "note", "recorded_at": "2026-11-20T03:55:00"}',
                True,
            ),
            (
                '{"id": "7d0ff0a2-9c51-4c3f-8b7d-0a4d9c9c1b11", "kind": "note", "recorded_at": "1970-01-01T00:00:00Z"}',
                True,
            ),
            (
                '{"id": "7d0ff0a2-9c51-4c3f-8b7d-0a4d9c9c1b11", "kind": "note", '
                '"recorded_at": "2026-11-20T03:55:00Z", "text": "a\\u0000b"}',
                True,
            ),
            (
                '{"id": "7d0ff0a2-9c51-4c3f-8b7d-0a4d9c9c1b11", "kind": "note", '
                '"recorded_at": "2026-11-20T03:55:00Z", "text": ' + "[" * 40 + "]" * 40 + "}",
                True,
            ),
            ('{"id": ' + "[" * 3000 + "]" * 3000 + "}", False),
            ('{"text": NaN}', False),
            ('{"text": "\\ud800"}', False),
            ('{"text": oops, "x": "} ] \\" ,"}', False),
        ],
    )
    async def test_what_is_no_item_costs_only_itself(self, post: Post, broken: str, has_id: bool) -> None:
        good = [json.dumps(note("一")), json.dumps(note('二 ],} " ['))]
        body = f'{{"sent_at": "{post.clock.now.isoformat()}", "items": [{good[0]}, {broken}, {good[1]}]}}'
        answer = (await post.push_raw(body.encode())).json()
        assert [r["outcome"] for r in answer["results"]] == ["stored", "quarantined", "stored"]
        assert answer["results"][1]["problem"]["code"] == "item_unreadable"
        assert (answer["results"][1]["id"] is not None) is has_id
        again = (await post.push_raw(body.encode())).json()
        assert again["results"][1]["told"] == answer["results"][1]["told"], "kept once"
        lines = "\n".join([json.dumps({"sent_at": post.clock.now.isoformat()}), broken, good[0]])
        ndjson = (await post.push_raw(lines.encode(), Content_Type="application/x-ndjson")).json()
        assert [r["outcome"] for r in ndjson["results"]] == ["quarantined", "duplicate"]

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"", 400, "bad_request"),
            (b"{", 400, "bad_request"),
            (b"[]", 400, "bad_request"),
            (b'{"items": []', 400, "bad_request"),
            (b'{"items": []}', 422, "push_unreadable"),
            (b'{"sent_at": "2026-11-20T03:55:00Z"}', 422, "push_unreadable"),
            (b'{"sent_at": "2026-11-20T03:55:00Z", "items": 3}', 422, "push_unreadable"),
            (b'{"sent_at": "now", "items": []}', 422, "push_unreadable"),
            (
                b'{"sent_at": "2026-11-20T03:55:00Z", "clock_offset_ms": 1.5, "items": []}',
                422,
                "push_unreadable",
            ),
            (b'{"sent_at": "2026-11-20T03:55:00Z", "items": [}', 400, "bad_request"),
            (b'{"sent_at": "2026-11-20T03:55:00Z", "items": [{]}', 400, "bad_request"),
        ],
    )
    async def test_an_envelope_that_cannot_be_read_takes_nothing(
        self, post: Post, body: bytes, status: int, code: str
    ) -> None:
        answer = await post.push_raw(body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


class TestForms:
    async def test_ndjson_gzip_and_zstd(self, post: Post) -> None:
        lines = [{"sent_at": post.clock.now.isoformat(), "app": "x"}, note("一"), note("二")]
        text = "\n".join(json.dumps(line) for line in lines).encode() + b"\n\n"
        answer = await post.push_raw(
            gzip.compress(text), Content_Type="application/x-ndjson; charset=utf-8", Content_Encoding="gzip"
        )
        assert [r["outcome"] for r in answer.json()["results"]] == ["stored", "stored"]
        assert answer.json()["ignored_fields"] == 1
        packed = zstandard.ZstdCompressor().compress(post.body([note("三")], color="red", size=3))
        answer = await post.push_raw(packed, Content_Encoding="zstd")
        assert answer.json()["results"][0]["outcome"] == "stored"
        assert answer.json()["ignored_fields"] == 2

    async def test_a_clock_that_is_off_is_corrected_by_what_was_measured(
        self, post: Post, notes: Notes
    ) -> None:
        minutes = timedelta(minutes=-7)
        wrong = post.clock.now + minutes
        item = note() | {"recorded_at": (wrong - timedelta(hours=1)).isoformat()}
        answer = await post.push([item], sent_at=wrong.isoformat())
        assert answer["clock_offset_ms"] == 7 * 60_000
        assert notes.desks[-1].clock_offset == timedelta(minutes=7)
        (row,) = await rows_of(post.database, "SELECT recorded_at FROM item_receipt")
        assert row.recorded_at == post.clock.now - timedelta(hours=1)

    async def test_seconds_on_the_way_are_no_wrong_clock_and_its_own_measure_counts_more(
        self, post: Post, notes: Notes
    ) -> None:
        sent = (post.clock.now - timedelta(seconds=20)).isoformat()
        assert (await post.push([note()], sent_at=sent))["clock_offset_ms"] == 0
        assert (await post.push([note()], sent_at=sent, clock_offset_ms=1234))["clock_offset_ms"] == 1234

    async def test_nothing_is_recorded_in_the_future(self, post: Post) -> None:
        await post.push([note() | {"recorded_at": "2099-01-01T00:00:00Z"}])
        (row,) = await rows_of(post.database, "SELECT recorded_at FROM item_receipt")
        assert row.recorded_at == post.clock.now


class TestWhoSends:
    async def test_without_a_token_nobody_pushes(self, post: Post) -> None:
        answer = await post.handheld.client.post(PUSH, content=post.body([note()]))
        assert answer.status_code == 401

    async def test_an_account_without_a_handheld_is_told_so(self, post: Post, office: Office) -> None:
        supervisor = await office.of(post.beat.supervisor)
        answer = await supervisor.client.post(PUSH, content=post.body([]), headers=supervisor.headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "device_needed")

    async def test_what_a_revoked_handheld_sends_is_kept_for_a_person(self, post: Post) -> None:
        async with post.database.transaction() as session:
            await devices.revoke_device(
                session,
                system_actor(make.COUNTY),
                post.beat.device.id,
                DeviceState.LOST,
                "丢失",
                now=post.clock.now,
            )
        body = post.body([note()])
        answer = await post.push_raw(body)
        assert (answer.status_code, answer.json()["code"]) == (403, "revoked_device_quarantined")
        again = await post.push_raw(body)
        assert again.json()["quarantine_id"] == answer.json()["quarantine_id"]
        assert await texts(post.database) == []
        (kept,) = await rows_of(post.database, "SELECT reason FROM quarantine")
        assert kept.reason == "revoked_device_items"

    async def test_what_the_former_holder_left_on_it_stays_his(
        self, post: Post, office: Office, notes: Notes
    ) -> None:
        early = (post.clock.now - timedelta(hours=2)).isoformat()
        async with post.database.transaction() as session:
            free = await identity.account(session, post.beat.county.community, Role.INSPECTOR)
            await hand_over(
                session,
                system_actor(make.COUNTY),
                post.beat.device.id,
                Handover(free.id, post.clock.now - timedelta(hours=1)),
                vault=identity.vault(),
                now=post.clock.now,
                today=post.beat.day,
            )
        holder = Post(await office.of(free, post.beat.device), *_rest(post))
        late = (post.clock.now - timedelta(minutes=5)).isoformat()
        items = [note("我的") | {"recorded_at": late}, note("前任的") | {"recorded_at": early}]
        answer = await holder.push(items)
        assert [r["outcome"] for r in answer["results"]] == ["stored", "stored"]
        assert [(d.actor.account_id, calls) for d, calls in zip(notes.desks, notes.calls, strict=True)] == [
            (post.beat.inspector.id, [UUID(items[1]["id"])]),
            (free.id, [UUID(items[0]["id"])]),
        ]

    async def test_a_storm_is_told_to_wait(self, post: Post) -> None:
        answers = [await post.push_raw(b"") for _ in range(340)]
        assert {a.status_code for a in answers} == {400, 429}
        refused = next(a for a in answers if a.status_code == 429)
        assert refused.json()["code"] == "uploads_too_frequent"
        assert int(refused.headers["retry-after"]) > 0


def _rest(post: Post) -> tuple[Any, ...]:
    return post.synchronizer, post.database, post.clock, post.beat


class TestReceipts:
    async def test_who_sent_hears_what_became_of_it(self, post: Post, office: Office) -> None:
        items = [note("一"), note("二", wrong="problem"), note("三", held=True)]
        await post.push(items)
        ids = [i["id"] for i in items] + [str(uuid4())]
        answer = await post.handheld.client.post(RECEIPTS, json={"ids": ids}, headers=post.handheld.headers)
        found = {r["id"]: r for r in answer.json()["receipts"]}
        assert {id_: r["outcome"] for id_, r in found.items()} == dict(
            zip(ids, ["stored", "rejected", "held"], strict=False)
        )
        assert found[ids[1]]["problem"]["code"] == "not_found"
        async with post.database.transaction() as session:
            await resettle(session, make.COUNTY, {UUID(ids[2]): Result("stored", {"version": 4})})
        answer = await post.handheld.client.post(
            RECEIPTS, json={"ids": ids[2:3]}, headers=post.handheld.headers
        )
        (now,) = answer.json()["receipts"]
        assert (now["outcome"], now["told"]) == ("stored", {"version": 4})
        assert (await post.push(items[2:]))["results"][0]["first_outcome"] == "stored"

    async def test_others_hear_nothing(self, post: Post, office: Office) -> None:
        item = note()
        await post.push([item])
        for who in (post.beat.colleague, post.beat.foreigner):
            other = await office.of(who)
            answer = await other.client.post(RECEIPTS, json={"ids": [item["id"]]}, headers=other.headers)
            assert answer.json()["receipts"] == []
        nobody = await other.client.post(RECEIPTS, json={"ids": [item["id"]]})
        assert nobody.status_code == 401


async def test_an_office_without_a_handheld_uses_the_same_door(
    post: Post, office: Office, notes: Notes
) -> None:
    desk = Desk(actor_of(post.beat.supervisor), identity.vault(), make.ZONE, post.clock.now)
    sent = note("窗口登记", wrong="raises")
    item = Item(UUID(sent["id"]), "note", post.clock.now, sent, digest_of(sent))
    async with post.database.transaction() as session:
        ((_, result),) = await receive(session, desk, [item], {"note": notes})
    assert result.outcome == "quarantined"
    (row,) = await rows_of(post.database, "SELECT device_id, account_id FROM quarantine")
    assert (row.device_id, row.account_id) == (None, post.beat.supervisor.id)
    supervisor = await office.of(post.beat.supervisor)
    (listed,) = (await supervisor.get("/quarantine")).json()["items"]
    assert (listed["device_id"], listed["account_id"]) == (str(UUID(int=0)), str(post.beat.supervisor.id))


class TestTwoAtOnce:
    async def test_two_retries_at_once_store_once_and_hear_the_same(self, fresh_database: Database) -> None:
        notes = Notes()
        clock = make.Clock(make.noon())
        app = make.app_at(fresh_database, clock)
        app.state.synchronizer = synchronizer_at(fresh_database, clock, notes)
        async with fresh_database.transaction() as session:
            await make_tables(session)
            beat = await make.beat(session, clock.now)
        async with identity.client_of(app) as client:
            handheld = await make.sign_in(
                app, client, fresh_database, beat.inspector, beat.device, at=clock.now
            )
            post = Post(handheld, app.state.synchronizer, fresh_database, clock, beat)
            items = [note(str(n)) for n in range(40)]
            # in opposite orders: without an order of locks they would wait for each other for ever
            pushes = [post.push(items if n % 2 else items[::-1]) for n in range(6)]
            answers = await asyncio.gather(*pushes)
        assert sorted(await texts(fresh_database)) == sorted(i["text"] for i in items)
        by_id: dict[str, list[Any]] = {}
        for answer in answers:
            for result in answer["results"]:
                by_id.setdefault(result["id"], []).append(result)
        for results in by_id.values():
            assert sorted(r["outcome"] for r in results) == ["duplicate"] * 5 + ["stored"]
            assert len({json.dumps(r["told"]) for r in results}) == 1


class TestIdsOfOthers:
    async def test_whoever_uses_anothers_id_hears_nothing_of_what_became_of_it(
        self, post: Post, office: Office
    ) -> None:
        sent = note()
        await post.push([sent])
        other = await office.of(post.beat.colleague, post.beat.other_device)
        for item in (sent, sent | {"text": "另一条"}):
            answer = await other.client.post(
                "/api/v1/sync/push", content=post.body([item]), headers=other.headers
            )
            (result,) = answer.json()["results"]
            assert (result["outcome"], result["told"]) == ("rejected", {})
            assert result["problem"]["code"] == "id_taken"
            assert "digest" not in answer.text
        assert (await post.push([sent]))["results"][0]["outcome"] == "duplicate"
