"""The handheld where it breaks: killed anywhere, a full disk, files that went, answers that are none."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.handheld.api import API, Refused
from app.handheld.store import Store
from tests.handheld.test_outbox import Shelf, _object, _page, _plain, handheld_at


class KilledError(BaseException):
    """The app was killed; nothing after it runs."""


def killed_at(place: int, shelf: Shelf) -> Callable[[httpx.Request], httpx.Response]:
    """A service at which the app dies: before or after the request number `place // 2` acts."""
    number = iter(range(10_000))

    def serve(request: httpx.Request) -> httpx.Response:
        n = next(number)
        if n == place // 2 and place % 2 == 0:
            raise KilledError
        answer = shelf(request)
        if n == place // 2:
            raise KilledError
        return answer

    return serve


def push_of(answer: Any, status: int = 200) -> Callable[[httpx.Request], httpx.Response]:
    def serve(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, bytes):
            return httpx.Response(status, content=answer)
        return httpx.Response(status, json=answer)

    return serve


class TestKilled:
    @pytest.mark.parametrize("place", range(8))
    async def test_at_any_request_the_next_start_goes_on(self, place: int, tmp_path: Path) -> None:
        shelf, file = Shelf(most=2), tmp_path / "handheld.db"
        first = handheld_at(killed_at(place, shelf), Store(file))
        ids = [first.record("visit", n=n) for n in range(5)]
        with suppress(KilledError):
            await first.push()
        again = handheld_at(shelf, Store(file))
        await again.push()
        assert list(shelf.items) == ids
        assert [each.outcome for each in again.outbox.settled()] == ["stored"] * 5

    @pytest.mark.parametrize("statement", range(1, 9))
    def test_at_any_statement_a_page_is_there_whole_or_not_at_all(
        self, statement: int, tmp_path: Path
    ) -> None:
        file = tmp_path / "handheld.db"
        store = Store(file)
        mirror = handheld_at(Shelf(), store).mirror
        mirror.take(_page([_object("subject", "a", 1, "g1")], cursor="1"))
        seen: list[dict[tuple[str, str], Any]] = []

        def copy(_text: str) -> None:  # what another process finds on the disk at this very moment
            if len(seen) < statement:
                other = handheld_at(Shelf(), Store(file))
                keys = set(other.mirror.contents())
                seen.append({("keys", str(other.mirror.cursor)): keys})

        store.reading.set_trace_callback(copy)
        page = _page([_object("subject", id_, 1, "g2") for id_ in "bc"], left_grids=["g1"], cursor="2")
        mirror.take(page)
        before, after = {("subject", "a")}, {("subject", "b"), ("subject", "c")}
        allowed = [{("keys", "1"): before}, {("keys", "2"): after}]
        assert seen
        assert all(each in allowed for each in seen)


class TestFullDisk:
    def test_what_cannot_be_kept_is_told_and_the_rest_goes_on(self, tmp_path: Path) -> None:
        store = Store(tmp_path / "handheld.db")
        handheld = handheld_at(Shelf(), store)
        kept = handheld.record("visit")
        store.reading.execute("PRAGMA max_page_count = 16")

        def fill() -> None:
            for _ in range(100):
                handheld.record("visit", note="字" * 2000)

        with pytest.raises(sqlite3.Error):
            fill()
        waiting = [json.loads(body)["id"] for body in handheld.outbox.waiting(1000)]
        assert waiting[0] == kept
        store.reading.execute("PRAGMA max_page_count = 100000")
        more = handheld.record("visit", note="有空间了")
        assert json.loads(handheld.outbox.waiting(1000)[-1])["id"] == more

    @pytest.mark.parametrize("value", [float("nan"), "\ud800"])
    def test_what_is_no_json_is_refused_at_once(self, value: Any) -> None:
        handheld = handheld_at(Shelf(), Store(":memory:"))
        with pytest.raises(ValueError, match=r"(?i)json|surrogate"):
            handheld.record("visit", note=value)
        assert handheld.outbox.count_waiting() == 0


class TestAnswersThatAreNone:
    @pytest.mark.parametrize(
        "answer",
        [
            b"<html>sign in to the Wi-Fi</html>",
            b"",
            [],
            {"results": "x", "urgent": False},
            {"results": [{"id": "x"}], "urgent": False},
            {"urgent": False},
            {"results": [], "urgent": False},
        ],
    )
    async def test_nothing_is_settled(self, answer: Any) -> None:
        handheld = handheld_at(push_of(answer), Store(":memory:"))
        handheld.record("visit")
        with pytest.raises(Refused):
            await handheld.push()
        assert handheld.outbox.count_waiting() == 1

    async def test_an_outcome_that_nobody_agreed_upon_settles_nothing(self) -> None:
        handheld = handheld_at(Shelf(), Store(":memory:"))
        item_id = handheld.record("visit")
        assert handheld.outbox.settle([{"id": item_id, "outcome": "later", "told": {}, "problem": None}]) == 0
        assert handheld.outbox.count_waiting() == 1

    async def test_a_page_that_is_none_leaves_everything(self) -> None:
        handheld = handheld_at(push_of(b"<html>"), Store(":memory:"))
        handheld.mirror.take(_page([_object("subject", "a", 1, "g1")]))
        with pytest.raises(Refused):
            await handheld.pull()
        assert set(handheld.mirror.contents()) == {("subject", "a")}

    async def test_a_cursor_that_is_none_any_more_begins_anew(self) -> None:
        asked: list[str | None] = []

        def serve(request: httpx.Request) -> httpx.Response:
            asked.append(request.url.params.get("cursor"))
            if asked[-1] is not None:
                return httpx.Response(422, json={"code": "bad_cursor", "detail": "no"})
            return httpx.Response(200, json=_page([_object("subject", "b", 1, "g1")], cursor="new"))

        handheld = handheld_at(serve, Store(":memory:"))
        handheld.mirror.take(_page([_object("subject", "a", 1, "g1")], cursor="old"))
        await handheld.pull()
        assert asked == ["old", None]
        assert set(handheld.mirror.contents()) == {("subject", "b")}


class TestOutcomes:
    async def test_a_repetition_counts_as_what_it_was_the_first_time(self) -> None:
        handheld = handheld_at(Shelf(), Store(":memory:"))
        ids = [handheld.record("visit") for _ in range(2)]
        problem = {"code": "invalid"}
        handheld.outbox.settle(
            [
                {
                    "id": i,
                    "outcome": "duplicate",
                    "first_outcome": first,
                    "told": {},
                    "problem": problem,
                }
                for i, first in zip(ids, ["rejected", "stored"], strict=True)
            ]
        )
        assert [each.outcome for each in handheld.outbox.settled()] == ["rejected", "stored"]

    async def test_what_is_held_is_asked_for_until_it_waits_no_longer(self) -> None:
        asked: list[Any] = []

        def serve(request: httpx.Request) -> httpx.Response:
            assert request.url.path == f"{API}/sync/receipts"
            asked.append(json.loads(request.content)["ids"])
            outcome = "held" if len(asked) == 1 else "stored"
            told = {"id": item_id, "outcome": outcome, "told": {"version": 2}, "problem": None}
            return httpx.Response(200, json={"receipts": [told], "urgent": False})

        handheld = handheld_at(serve, Store(":memory:"))
        item_id = handheld.record("visit")
        handheld.outbox.settle([{"id": item_id, "outcome": "held", "told": {}, "problem": None}])
        assert [await handheld.ask() for _ in range(3)] == [0, 1, 0]
        assert asked == [[item_id], [item_id]]
        assert [(e.outcome, e.told) for e in handheld.outbox.settled()] == [("stored", {"version": 2})]

    async def test_one_item_that_is_too_large_holds_up_no_other(self) -> None:
        shelf = Shelf()

        def serve(request: httpx.Request) -> httpx.Response:
            if "大" in _plain(request).decode():
                return httpx.Response(413, json={"code": "body_too_large", "detail": "too large"})
            return shelf(request)

        handheld = handheld_at(serve, Store(":memory:"))
        ids = [handheld.record("visit", note=text) for text in ("小", "大", "小", "小")]
        await handheld.push()
        assert list(shelf.items) == [ids[0], *ids[2:]]
        (aside,) = handheld.outbox.settled(["rejected"])
        assert (aside.id, (aside.problem or {})["code"]) == (ids[1], "body_too_large")


class TestAnotherSubjectId:
    async def test_edits_follow_the_id_that_the_service_told(self) -> None:
        handheld = handheld_at(Shelf(), Store(":memory:"))
        sent = handheld.create_subject("household", 1, {"a": 1})
        (created,) = [json.loads(body)["id"] for body in handheld.outbox.waiting(10)]
        waiting = handheld.edit_subject(sent, "household", 1, {"a": 2})
        told = {"subject_id": "known", "version": 4}
        handheld.outbox.settle([{"id": created, "outcome": "stored", "told": told, "problem": None}])
        bodies = [json.loads(body) for body in handheld.outbox.waiting(10)]
        assert bodies[0]["subject_id"] == sent, "what was recorded is sent as it was recorded"
        for screen in (sent, "known"):
            edit = handheld.edit_subject(screen, "household", 1, {"b": 1})
            body = json.loads(handheld.outbox.waiting(10)[-1])
            assert (body["id"], body["subject_id"], body["after"]) == (edit, "known", waiting)
            waiting = edit


class TestPhotos:
    async def test_a_file_that_is_gone_or_another_holds_up_no_other(self, tmp_path: Path) -> None:
        seen: list[str] = []

        def serve(request: httpx.Request) -> httpx.Response:
            seen.append(request.method)
            if request.method == "POST":
                return httpx.Response(201, headers={"location": f"{API}/uploads/x"})
            offset = 0 if request.method == "HEAD" else len(request.content)
            return httpx.Response(200, headers={"upload-offset": str(offset)})

        handheld = handheld_at(serve, Store(":memory:"))
        ids = []
        for name in ("gone", "cut", "good"):
            (tmp_path / name).write_bytes(b"12345678")
            ids.append(handheld.keep_photo(tmp_path / name))
        (tmp_path / "gone").unlink()
        (tmp_path / "cut").write_bytes(b"123")
        assert await handheld.photos.send() == 1
        assert handheld.photos.outcomes() == dict(
            zip(ids, ["file_missing", "file_changed", "complete"], strict=True)
        )

    @pytest.mark.parametrize(
        ("status", "code", "outcome"),
        [
            (500, "internal_error", None),
            (403, "account_disabled", None),
            (401, "login_revoked", None),
            (404, "not_found", None),
            (415, "unsupported_media_type", "unsupported_media_type"),
        ],
    )
    async def test_only_what_is_wrong_with_the_photo_ends_it(
        self, status: int, code: str, outcome: str | None, tmp_path: Path
    ) -> None:
        handheld = handheld_at(push_of({"code": code, "detail": code}, status), Store(":memory:"))
        (tmp_path / "photo").write_bytes(b"12345678")
        photo = handheld.keep_photo(tmp_path / "photo")
        with suppress(Refused):
            await handheld.photos.send()
        assert handheld.photos.outcomes() == {photo: outcome}


class TestLoginEnded:
    async def test_everything_stays_and_goes_out_after_a_new_activation(self) -> None:
        shelf, over = Shelf(), True

        def serve(request: httpx.Request) -> httpx.Response:
            if over:
                return httpx.Response(401, json={"code": "login_revoked", "detail": "over"})
            return shelf(request)

        handheld = handheld_at(serve, Store(":memory:"))
        handheld._calls.adopt({"access_token": "a", "refresh_token": "r"})
        first = handheld.record("visit")
        for _ in range(2):
            with pytest.raises(Refused):
                await handheld.push()
        second = handheld.record("visit")
        over = False
        handheld._calls.adopt({"access_token": "b", "refresh_token": "s"})
        assert await handheld.push() == 2
        assert list(shelf.items) == [first, second]
