"""Every line of "Bad input": a clear problem or a result for each fix, neighbours stored, never a 500."""

import gzip
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import zstandard
from fastapi import FastAPI
from sqlalchemy import text

from app.kit.clock import to_ms
from app.kit.db import Database
from app.patrol import wire
from app.settings import Settings
from tests.factories import identity
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, Handheld, batch, press, walk
from tests.patrol.conftest import count, stored_fixes

BODY_MAX = Settings.model_fields["body_max_bytes"].default


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem of a refusal, checked."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), (
        answer.text
    )
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    assert body["detail"]
    return body


def ranges(answer: httpx.Response) -> list[tuple[str, int, int, str | None, bool]]:
    """What was said of the fixes."""
    assert answer.status_code == 200, answer.text
    return [
        (r["disposition"], r["first"], r["last"], r["reason"], r["send_again"])
        for r in answer.json()["results"]
    ]


async def receipt_says_the_same(handheld: Handheld, answer: httpx.Response) -> None:
    """Asked again by id, the server says what it said."""
    said = answer.json()
    receipt = await handheld.get(f"/fix-batches/{said['batch_id']}")
    assert receipt.status_code == 200, receipt.text
    for name in ("results", "presses", "beats_stored", "reports_stored"):
        assert receipt.json()[name] == said[name]


async def send_with_neighbours(
    handheld: Handheld, database: Database, beat: Beat, bad: dict[str, Any]
) -> tuple[str, str | None, bool]:
    """Sends `bad` between good fixes; what is said of it. The neighbours are stored, the receipt agrees."""
    fixes = walk(beat.at("09:00"), 40)
    fixes[2] = {**fixes[2], **bad}
    answer = await handheld.send(batch(fixes))
    said = ranges(answer)
    assert said[0] == ("stored", 0, 1, None, False)
    assert said[2] == ("stored", 3, 4, None, False)
    assert said[1][1:3] == (2, 2)
    assert await stored_fixes(database) == (5 if said[1][0] == "stored" else 4)
    await receipt_says_the_same(handheld, answer)
    return said[1][0], said[1][3], said[1][4]


class TestUnreadableBodies:
    @pytest.mark.parametrize(
        "content",
        [
            b'{"batch_id": ',
            b"",
            b"\xff\xfe\x00",
            b"not json",
            b'{"a": 1} trailing',
            b"[" * 200_000,
            b'{"fixes":' + b"[" * 100_000,
            b'{"x":' * 50_000 + b"1" + b"}" * 50_000,
        ],
        ids=[
            "cut", "empty", "not utf-8", "text", "trailing", "nested", "nested fixes", "nested objects"
        ],
    )  # fmt: skip
    async def test_broken_json(self, handheld: Handheld, database: Database, content: bytes) -> None:
        problem(await handheld.send_raw(content), 400, "bad_request")
        assert await count(database, "quarantine") == 1

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"batch_id": 7}, "batch_id"),
            ({"batch_id": "x"}, "batch_id"),
            ({"batch_id": "{uuid}\n"}, "batch_id"),
            ({"batch_id": None}, "batch_id"),
            ({"coord_sys": "epsg3857"}, "coord_sys"),
            ({"coord_sys": "\x00"}, "coord_sys"),
            ({"coord_sys": "\ud800"}, "body"),
            ({"coord_sys": 3}, "coord_sys"),
            ({"sent_at": "2026-11-20T09:01:00"}, "sent_at"),
            ({"sent_at": "yesterday"}, "sent_at"),
            ({"sent_at": 2**70}, "sent_at"),
            ({"fixes": {"a": 1}}, "fixes"),
            ({"fixes": "many"}, "fixes"),
            ({"beats": ["2026-11-20T09:01:00"]}, "beats"),
            ({"beats": [10**40]}, "beats"),
            ({"presses": [{"kind": "on"}]}, "presses"),
            ({"presses": [{"press_id": "x\n", "kind": "on", "pressed_at": 1}]}, "presses"),
            ({"reports": [{"at": 1, "cause": "aliens"}]}, "reports"),
            ({"clock_offset_ms": 2**40}, "clock_offset_ms"),
            ({"boot_id": "b" * 65}, "boot_id"),
            ({"columns": {"recorded_at_ms": [1.5]}}, "columns"),
        ],
    )
    async def test_an_envelope_that_breaks_the_rules(
        self, handheld: Handheld, database: Database, beat: Beat, change: dict[str, Any], field: str
    ) -> None:
        body = batch(walk(beat.at("09:00"), 20)) | change
        if isinstance(body["batch_id"], str):
            body["batch_id"] = body["batch_id"].replace("{uuid}", str(uuid4()))
        found = problem(await handheld.send_raw(json.dumps(body).encode()), 422, "batch_unreadable")
        assert found["field"].startswith(field)
        assert await count(database, "quarantine") == 1
        assert await stored_fixes(database) == 0

    @pytest.mark.parametrize("content", [b"[]", b"null", b"3", b'"text"', b"9" * 10_000])
    async def test_json_that_is_no_upload(self, handheld: Handheld, content: bytes) -> None:
        problem(await handheld.send_raw(content), 422, "batch_unreadable")

    async def test_a_retry_of_an_unreadable_body_is_kept_once(
        self, handheld: Handheld, supervisor: Handheld
    ) -> None:
        for _ in range(2):
            await handheld.send_raw(b"{broken")
        kept = (await supervisor.get("/quarantine")).json()["items"]
        assert [(k["reason"], k["batch_id"]) for k in kept] == [("unreadable", None)]

    async def test_empty_batch(self, handheld: Handheld) -> None:
        problem(await handheld.send(batch()), 422, "batch_empty")
        empty = {"recorded_at_ms": [], "longitude_e7": [], "latitude_e7": [], "accuracy_m": []}
        problem(await handheld.send(batch(columns=empty)), 422, "batch_empty")

    async def test_2001_fixes(self, handheld: Handheld, database: Database, beat: Beat) -> None:
        fixes = walk(beat.at("09:00"), 2000, every_s=1)
        assert len(fixes) == 2001
        problem(await handheld.send(batch(fixes)), 422, "batch_too_long")
        assert ranges(await handheld.send(batch(fixes[:2000]))) == [("stored", 0, 1999, None, False)]
        assert await stored_fixes(database) == 2000


class TestBodies:
    async def test_50_mb(self, handheld: Handheld) -> None:
        problem(await handheld.send_raw(b" " * (50 << 20)), 413, "body_too_large")

    async def test_50_mb_in_pieces_without_a_length(self, handheld: Handheld) -> None:
        async def pieces() -> Any:
            for _ in range(50):
                yield b" " * (1 << 20)

        answer = await handheld.client.post(make.UPLOAD, content=pieces(), headers=handheld.headers)
        problem(answer, 413, "body_too_large")

    async def test_gzip_and_zstd(self, handheld: Handheld, database: Database, beat: Beat) -> None:
        body = json.dumps(batch(walk(beat.at("09:00"), 50))).encode()
        first = await handheld.send_raw(gzip.compress(body), content_encoding="gzip")
        again = await handheld.send_raw(zstandard.compress(body), content_encoding="zstd")
        assert [a.json()["outcome"] for a in (first, again)] == ["stored", "duplicate"]
        assert await stored_fixes(database) == 6

    @pytest.mark.parametrize("encoding", ["gzip", "zstd"])
    async def test_bombs(self, handheld: Handheld, encoding: str) -> None:
        zeros = b"0" * (200 << 20)
        bomb = gzip.compress(zeros, 9) if encoding == "gzip" else zstandard.compress(zeros)
        assert len(bomb) < BODY_MAX
        problem(await handheld.send_raw(bomb, content_encoding=encoding), 413, "body_too_large")

    @pytest.mark.parametrize("encoding", ["gzip", "zstd"])
    async def test_broken_compression(self, handheld: Handheld, beat: Beat, encoding: str) -> None:
        body = json.dumps(batch(walk(beat.at("09:00"), 500))).encode()
        packed = gzip.compress(body) if encoding == "gzip" else zstandard.compress(body)
        for broken in (packed[:-20], packed[:5], b"", b"garbage" * 10, packed + b"garbage"):
            problem(await handheld.send_raw(broken, content_encoding=encoding), 400, "bad_request")

    @pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "\xe9"])
    async def test_unknown_encoding(self, handheld: Handheld, encoding: str) -> None:
        named = httpx.Headers(handheld.headers | {"Content-Encoding": encoding}, encoding="latin-1")
        answer = await handheld.client.post(make.UPLOAD, content=b"{}", headers=named)
        problem(answer, 415, "unsupported_media_type")


class TestBadFixes:
    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            ({"longitude": "122"}, "unreadable"),
            ({"recorded_at": "2026-11-20T09:00:00"}, "unreadable"),
            ({"recorded_at": "soon"}, "unreadable"),
            ({"recorded_at": None}, "unreadable"),
            ({"recorded_at": True}, "unreadable"),
            ({"accuracy_m": None}, "unreadable"),
            ({"provider": "pigeon"}, "unreadable"),
            ({"provider": "\x00"}, "unreadable"),
            ({"provider": "\ud800"}, "unreadable"),
            ({"time_source": []}, "unreadable"),
            ({"is_mock": "no"}, "unreadable"),
            ({"elapsed_ms": 10**40}, "unreadable"),
            ({"recorded_at": 10**40}, "unreadable"),
            ({"longitude": 190.0}, "longitude"),
            ({"longitude": -180.5}, "longitude"),
            ({"latitude": 90.5, "longitude": 100.0}, "latitude"),
            ({"latitude": 1e300}, "latitude"),
            ({"longitude": 10**40}, "longitude"),
            ({"accuracy_m": -1.0}, "accuracy"),
            ({"accuracy_m": 1e9}, "accuracy"),
            ({"longitude": 30.005, "latitude": 122.001}, "swapped"),
        ],
    )
    async def test_what_makes_no_sense_is_invalid(
        self, handheld: Handheld, database: Database, beat: Beat, bad: dict[str, Any], reason: str
    ) -> None:
        said = await send_with_neighbours(handheld, database, beat, bad)
        assert said == ("invalid", reason, False)
        assert await count(database, "quarantine") == 1

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
    @pytest.mark.parametrize("field", ["longitude", "latitude", "accuracy_m"])
    async def test_nan_and_infinities(
        self, handheld: Handheld, database: Database, beat: Beat, number: str, field: str
    ) -> None:
        fixes = walk(beat.at("09:00"), 40)
        fixes[2][field] = "@"
        body = json.dumps(batch(fixes)).replace('"@"', number).encode()
        answer = await handheld.send_raw(body)
        said = ranges(answer)
        assert [r[:3] for r in said] == [("stored", 0, 1), ("invalid", 2, 2), ("stored", 3, 4)]
        assert await stored_fixes(database) == 4
        await receipt_says_the_same(handheld, answer)

    async def test_a_number_of_5000_digits(self, handheld: Handheld, database: Database, beat: Beat) -> None:
        fixes = walk(beat.at("09:00"), 40)
        fixes[2]["longitude"] = "@"
        answer = await handheld.send_raw(json.dumps(batch(fixes)).replace('"@"', "9" * 5000).encode())
        assert [r[:3] for r in ranges(answer)] == [("stored", 0, 1), ("invalid", 2, 2), ("stored", 3, 4)]

    @pytest.mark.parametrize("item", [None, 3, "fix", [], [[]], {}, {"a": {"b": {}}}, True])
    async def test_something_else_among_the_fixes(
        self, handheld: Handheld, database: Database, beat: Beat, item: Any
    ) -> None:
        fixes = walk(beat.at("09:00"), 40)
        fixes[2] = item
        assert [r[:4] for r in ranges(await handheld.send(batch(fixes)))] == [
            ("stored", 0, 1, None), ("invalid", 2, 2, "unreadable"), ("stored", 3, 4, None)
        ]  # fmt: skip
        assert await stored_fixes(database) == 4

    @pytest.mark.parametrize(
        "odd",
        [
            {"speed_mps": -3.0},
            {"bearing_deg": 720.0},
            {"altitude_m": 1e12},
            {"battery_pct": 300.0},
            {"elapsed_ms": -5},
        ],
    )
    async def test_an_odd_extra_is_unknown_and_costs_nothing(
        self, handheld: Handheld, database: Database, beat: Beat, odd: dict[str, Any]
    ) -> None:
        fixes = walk(beat.at("09:00"), 40)
        fixes[2] |= odd
        assert ranges(await handheld.send(batch(fixes))) == [("stored", 0, 4, None, False)]

    async def test_outside_china_is_stored_and_flagged(
        self, handheld: Handheld, database: Database, beat: Beat
    ) -> None:
        said = await send_with_neighbours(handheld, database, beat, {"longitude": 2.35, "latitude": 48.85})
        assert said == ("stored", "outside_china", False)

    async def test_future_beyond_the_tolerance(
        self, handheld: Handheld, database: Database, beat: Beat, clock: Clock
    ) -> None:
        fixes = walk(clock.now + timedelta(seconds=119), 2, every_s=1)
        assert ranges(await handheld.send(batch(fixes))) == [
            ("stored", 0, 1, None, False),
            ("future", 2, 2, None, True),
        ]

    @pytest.mark.parametrize("at_ms", [2**53, 253_402_300_800_000, 4_102_444_800_000])
    async def test_far_future(self, handheld: Handheld, database: Database, beat: Beat, at_ms: int) -> None:
        said = await send_with_neighbours(handheld, database, beat, {"recorded_at": at_ms})
        assert said == ("future", None, True)

    @pytest.mark.parametrize("text_", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59"])
    async def test_the_end_of_time(
        self, handheld: Handheld, database: Database, beat: Beat, text_: str
    ) -> None:
        assert (await send_with_neighbours(handheld, database, beat, {"recorded_at": text_}))[0] == "future"

    @pytest.mark.parametrize(
        "at", [-(2**53), "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", 0, "1999-12-31T23:59:59Z"]
    )
    async def test_years_old(self, handheld: Handheld, database: Database, beat: Beat, at: Any) -> None:
        disposition, _, again = await send_with_neighbours(handheld, database, beat, {"recorded_at": at})
        assert (disposition, again) == ("too_old", False)

    async def test_46_days_old(
        self, handheld: Handheld, database: Database, beat: Beat, clock: Clock
    ) -> None:
        old = to_ms(clock.now - timedelta(days=45, seconds=1))
        said = await send_with_neighbours(handheld, database, beat, {"recorded_at": old})
        assert said == ("too_old", None, False)

    async def test_seconds_sent_as_milliseconds(
        self, handheld: Handheld, database: Database, beat: Beat
    ) -> None:
        said = await send_with_neighbours(
            handheld, database, beat, {"recorded_at": to_ms(beat.at("09:00")) // 1000}
        )
        assert said == ("too_old", "looks_like_seconds", False)

    async def test_off_duty_is_not_stored(self, handheld: Handheld, database: Database, beat: Beat) -> None:
        said = await send_with_neighbours(handheld, database, beat, {"recorded_at": to_ms(beat.at("07:30"))})
        assert said == ("off_duty", None, True)

    async def test_not_bound_at_that_time(
        self, handheld: Handheld, database: Database, beat: Beat, clock: Clock
    ) -> None:
        before = to_ms(clock.now - timedelta(days=31))
        said = await send_with_neighbours(handheld, database, beat, {"recorded_at": before})
        assert said == ("unbound", None, True)

    async def test_duplicate_keys_the_last_counts(
        self, handheld: Handheld, database: Database, beat: Beat
    ) -> None:
        body = json.dumps(batch(walk(beat.at("09:00"), 10))).replace(
            '"accuracy_m": 6.0', '"accuracy_m": 9.0, "accuracy_m": 6.0'
        )
        assert ranges(await handheld.send_raw(body.encode())) == [("stored", 0, 1, None, False)]

    async def test_unknown_fields_are_passed_over(self, handheld: Handheld, beat: Beat) -> None:
        fixes = [f | {"steps": 3, "\x00": "\ud800"} for f in walk(beat.at("09:00"), 10)]
        body = json.dumps(batch(fixes, mood={"a": [1]})).encode()
        assert ranges(await handheld.send_raw(body)) == [("stored", 0, 1, None, False)]


class TestColumns:
    def columns(self, fixes: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        def differences(values: list[int]) -> list[int]:
            return [v - (values[i - 1] if i else 0) for i, v in enumerate(values)]

        return {
            "recorded_at_ms": differences([f["recorded_at"] for f in fixes]),
            "longitude_e7": differences([round(f["longitude"] * 1e7) for f in fixes]),
            "latitude_e7": differences([round(f["latitude"] * 1e7) for f in fixes]),
            "accuracy_m": [6.0],
            **more,
        }

    async def test_rows_and_columns_are_the_same_batch(
        self, handheld: Handheld, database: Database, beat: Beat
    ) -> None:
        fixes, batch_id = walk(beat.at("09:00"), 90), uuid4()
        first = await handheld.send(batch(fixes, batch_id=batch_id))
        again = await handheld.send(batch(batch_id=batch_id, columns=self.columns(fixes)))
        assert [first.json()["outcome"], again.json()["outcome"]] == ["stored", "duplicate"]

    @pytest.mark.parametrize(
        "column", ["longitude_e7", "latitude_e7", "accuracy_m", "provider", "elapsed_ms", "is_mock"]
    )
    async def test_unequal_lengths(
        self, handheld: Handheld, database: Database, beat: Beat, column: str
    ) -> None:
        values: dict[str, list[Any]] = {"provider": ["gps"], "is_mock": [True], "accuracy_m": [6.0]}
        wrong = {column: values.get(column, [1]) * 2}
        body = batch(columns=self.columns(walk(beat.at("09:00"), 40), **wrong))
        found = problem(await handheld.send(body), 422, "batch_unreadable")
        assert found["field"] == f"columns.{column}"
        assert await stored_fixes(database) == 0

    async def test_a_bad_value_costs_only_its_fix(
        self, handheld: Handheld, database: Database, beat: Beat
    ) -> None:
        accuracy: list[float | None] = [6.0, None, 6.0, -4.0, 6.0]
        body = batch(columns=self.columns(walk(beat.at("09:00"), 40), accuracy_m=accuracy))
        assert [r[:3] for r in ranges(await handheld.send(body))] == [
            ("stored", 0, 0), ("invalid", 1, 1), ("stored", 2, 2), ("invalid", 3, 3), ("stored", 4, 4)
        ]  # fmt: skip

    async def test_differences_that_add_up_beyond_64_bits(self, handheld: Handheld) -> None:
        huge = [2**53] * 2000
        columns = {"recorded_at_ms": huge, "longitude_e7": huge, "latitude_e7": huge, "accuracy_m": [1.0]}
        answer = await handheld.send(batch(columns=columns))
        assert {r[0] for r in ranges(answer)} <= {"invalid", "duplicate"}

    async def test_rows_beside_columns_are_refused_not_lost(
        self, handheld: Handheld, database: Database, beat: Beat
    ) -> None:
        fixes = walk(beat.at("09:00"), 40)
        body = batch(fixes[:3], columns=self.columns(fixes[3:]))
        found = problem(await handheld.send(body), 422, "batch_unreadable")
        assert found["field"] == "columns"
        assert await stored_fixes(database) == 0


class TestIdentity:
    async def test_same_id_other_content(self, handheld: Handheld, database: Database, beat: Beat) -> None:
        batch_id, fixes = uuid4(), walk(beat.at("09:00"), 50)
        first = await handheld.send(batch(fixes, batch_id=batch_id))
        other = problem(await handheld.send(batch(fixes[1:], batch_id=batch_id)), 409, "batch_differs")
        assert other["stored_digest"] != other["sent_digest"]
        receipt = (await handheld.get(f"/fix-batches/{batch_id}")).json()
        assert receipt["digest"] == other["stored_digest"]
        assert (await handheld.send(batch(fixes, batch_id=batch_id))).json()["results"] == first.json()[
            "results"
        ]
        assert await stored_fixes(database) == 6

    async def test_other_content_that_cannot_be_read_differs_too(
        self, handheld: Handheld, beat: Beat
    ) -> None:
        batch_id, fixes = uuid4(), walk(beat.at("09:00"), 20)
        one, two = ([*fixes, {"recorded_at": "x", "longitude": n}] for n in (1, 2))
        assert (await handheld.send(batch(one, batch_id=batch_id))).json()["outcome"] == "stored"
        problem(await handheld.send(batch(two, batch_id=batch_id)), 409, "batch_differs")
        assert (await handheld.send(batch(one, batch_id=batch_id))).json()["outcome"] == "duplicate"

    async def test_a_retry_with_another_send_time_is_the_same(self, handheld: Handheld, beat: Beat) -> None:
        body = batch(walk(beat.at("09:00"), 50))
        first = await handheld.send(body)
        again = await handheld.send(body | {"sent_at": to_ms(beat.at("10:00")), "sent_elapsed_ms": 5})
        assert (first.json()["outcome"], again.json()["outcome"]) == ("stored", "duplicate")
        assert first.json()["results"] == again.json()["results"]

    async def test_forms_of_one_id(self, handheld: Handheld, database: Database, beat: Beat) -> None:
        batch_id, fixes = uuid4(), walk(beat.at("09:00"), 50)
        forms = (str(batch_id), str(batch_id).upper(), batch_id.hex)
        answers = [await handheld.send(batch(fixes, batch_id=form)) for form in forms]
        assert [a.json()["outcome"] for a in answers] == ["stored", "duplicate", "duplicate"]
        assert {a.json()["batch_id"] for a in answers} == {str(batch_id)}
        assert await count(database, "batch_receipt") == 1

    async def test_another_handhelds_batch_id(
        self, handheld: Handheld, app: FastAPI, client: httpx.AsyncClient, database: Database, beat: Beat,
        clock: Clock,
    ) -> None:  # fmt: skip
        other = await make.sign_in(app, client, database, beat.colleague, beat.other_device, at=clock.now)
        body = batch(walk(beat.at("09:00"), 50))
        await handheld.send(body)
        problem(await other.send(body), 409, "batch_differs")
        assert (await other.get(f"/fix-batches/{body['batch_id']}")).status_code == 404

    async def test_revoked_handheld_is_quarantined_once(
        self, handheld: Handheld, supervisor: Handheld, database: Database, beat: Beat
    ) -> None:
        async with database.transaction() as session:
            await session.execute(
                text("UPDATE device SET revoked_at = now(), state = 'revoked' WHERE id = :id"),
                {"id": beat.device.id},
            )
        body = batch(walk(beat.at("09:00"), 50))
        first = problem(await handheld.send(body), 403, "revoked_device_quarantined")
        retry = body | {"sent_at": to_ms(beat.at("11:00"))}
        again = problem(await handheld.send(retry), 403, "revoked_device_quarantined")
        assert again["quarantine_id"] == first["quarantine_id"]
        assert await stored_fixes(database) == 0
        kept = (await supervisor.get("/quarantine")).json()["items"]
        assert [(k["id"], k["reason"], k["batch_id"]) for k in kept] == [
            (first["quarantine_id"], "revoked_device", body["batch_id"])
        ]

    async def test_a_revoked_handhelds_unreadable_body_is_quarantined(
        self, handheld: Handheld, database: Database, beat: Beat
    ) -> None:
        async with database.transaction() as session:
            await session.execute(
                text("UPDATE device SET revoked_at = now(), state = 'revoked' WHERE id = :id"),
                {"id": beat.device.id},
            )
        problem(await handheld.send_raw(b"{"), 403, "revoked_device_quarantined")
        assert await count(database, "quarantine") == 1

    async def test_an_account_without_handheld(self, supervisor: Handheld, beat: Beat) -> None:
        problem(await supervisor.send(batch(walk(beat.at("09:00"), 10))), 403, "device_needed")

    async def test_no_token(self, client: httpx.AsyncClient, beat: Beat) -> None:
        answer = await client.post(make.UPLOAD, json=batch(walk(beat.at("09:00"), 10)))
        problem(answer, 401, "unauthenticated")

    async def test_expired_token(
        self, handheld: Handheld, database: Database, beat: Beat, clock: Clock
    ) -> None:
        clock.now += timedelta(seconds=identity.settings().access_token_ttl_s + 1)
        problem(await handheld.send(batch(walk(beat.at("09:00"), 10))), 401, "token_expired")
        assert await stored_fixes(database) == 0

    @pytest.mark.parametrize("forge", ["none", "other_key", "hs256", "tampered"])
    async def test_forged_tokens(
        self, handheld: Handheld, beat: Beat, database: Database, forge: str
    ) -> None:
        from tests.identity.test_tokens import encode, other_key

        token = handheld.headers["Authorization"].removeprefix("Bearer ")
        header, payload, signature = token.split(".")
        from jose import jwt

        claims, head = jwt.get_unverified_claims(token), jwt.get_unverified_header(token)
        forged = {
            "none": f"{encode(head | {'alg': 'none'})}.{payload}.",
            "other_key": jwt.encode(claims, other_key(), "ES256", headers={"kid": head["kid"]}),
            "hs256": jwt.encode(claims, "secret", "HS256", headers={"kid": head["kid"]}),
            "tampered": f"{header}.{encode(claims | {'dev': str(beat.other_device.id)})}.{signature}",
        }[forge]
        stranger = Handheld(handheld.client, {"Authorization": f"Bearer {forged}"})
        problem(await stranger.send(batch(walk(beat.at("09:00"), 10))), 401, "unauthenticated")
        assert await stored_fixes(database) == 0


class TestPressesBeatsReports:
    async def test_beats_only(self, handheld: Handheld, beat: Beat) -> None:
        beats = [to_ms(beat.at("09:00")) + n * 60_000 for n in range(5)]
        far = [to_ms(beat.at("07:00")), 2**53, -(2**53), to_ms(beat.at("23:00"))]
        answer = await handheld.send(batch(beats=[*beats, *far, beats[0]]))
        assert answer.json()["beats_stored"] == 5
        assert answer.json()["results"] == []
        await receipt_says_the_same(handheld, answer)

    async def test_reports_only(self, handheld: Handheld, beat: Beat) -> None:
        reports = [
            {"at": to_ms(beat.at("09:00")), "cause": "no_signal"},
            {"at": 2**53, "cause": "battery"},
            {"at": to_ms(beat.at("07:00")), "cause": "killed"},
        ]
        answer = await handheld.send(batch(reports=reports))
        assert answer.json()["reports_stored"] == 1
        await receipt_says_the_same(handheld, answer)

    async def test_a_press_opens_duty_for_the_fixes_of_its_batch(
        self, handheld: Handheld, database: Database, beat: Beat
    ) -> None:
        early = walk(beat.at("07:30"), 60)
        answer = await handheld.send(batch(early, presses=[press("on", beat.at("07:29"))]))
        assert ranges(answer) == [("stored", 0, 6, None, False)]
        assert [p["disposition"] for p in answer.json()["presses"]] == ["stored"]
        await receipt_says_the_same(handheld, answer)

    async def test_impossible_presses(self, handheld: Handheld, beat: Beat, clock: Clock) -> None:
        presses = [
            press("on", clock.now + timedelta(minutes=3)),
            press("on", clock.now - timedelta(days=46)),
            press("on", clock.now - timedelta(days=31)),
            press("off", beat.at("09:30")),
            press("on", beat.at("09:30")) | {"pressed_at": 2**53},
            press("on", beat.at("09:30")) | {"pressed_at": -(2**53)},
            press("on", beat.at("09:30")) | {"pressed_at": "9999-12-31T23:59:59Z"},
            press("on", beat.at("09:30")) | {"pressed_at": "0001-01-01T00:00:00Z"},
        ]
        answer = await handheld.send(batch(walk(beat.at("09:00"), 20), presses=presses))
        assert ranges(answer) == [("stored", 0, 2, None, False)]
        assert [p["disposition"] for p in answer.json()["presses"]] == [
            "future", "too_old", "unbound", "stored", "future", "too_old", "future", "too_old"
        ]  # fmt: skip
        await receipt_says_the_same(handheld, answer)

    async def test_a_press_again_is_a_duplicate_and_with_other_content_a_conflict(
        self, handheld: Handheld, database: Database, beat: Beat
    ) -> None:
        one = press("off", beat.at("09:30"))
        said = []
        for presses in ([one], [one], [one | {"kind": "on"}]):
            answer = await handheld.send(batch(presses=presses))
            said += [p["disposition"] for p in answer.json()["presses"]]
        assert said == ["stored", "duplicate", "conflict"]
        assert await count(database, "duty_press") == 1

    async def test_two_presses_with_one_id_in_one_batch(
        self, handheld: Handheld, database: Database, beat: Beat
    ) -> None:
        one = press("off", beat.at("09:30"))
        answer = await handheld.send(batch(presses=[one, one, one | {"kind": "on"}]))
        assert [p["disposition"] for p in answer.json()["presses"]] == ["stored", "duplicate", "conflict"]
        assert await count(database, "duty_press") == 1

    async def test_an_impossible_press_does_not_speak_for_a_good_one_with_its_id(
        self, handheld: Handheld, database: Database, beat: Beat, clock: Clock
    ) -> None:
        good = press("off", beat.at("09:30"))
        answer = await handheld.send(batch(presses=[good, good | {"pressed_at": to_ms(clock.now) + 10**9}]))
        assert [p["disposition"] for p in answer.json()["presses"]] == ["stored", "future"]


class TestCost:
    """A body within the size limit must not hold up everybody else's requests."""

    @pytest.mark.parametrize("item", ["0", "[]", "{}"])
    async def test_a_million_unreadable_fixes_are_not_read_one_by_one(
        self, handheld: Handheld, monkeypatch: pytest.MonkeyPatch, item: str
    ) -> None:
        converted = []
        convert = wire.msgspec.convert

        def counted(value: Any, kind: Any) -> Any:
            converted.append(kind)
            return convert(value, kind)

        monkeypatch.setattr(wire.msgspec, "convert", counted)
        body = json.dumps(batch(["@"])).replace('"@"', ",".join([item] * 1_000_000))
        problem(await handheld.send_raw(body.encode()), 422, "batch_too_long")
        assert len(converted) <= wire.FIXES_MAX + 2
