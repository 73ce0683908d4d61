"""The offline queue: what was recorded is sent until it is answered, and never again afterwards."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.handheld.activated import Handheld
from app.handheld.api import API, Refused, Unreachable
from app.handheld.offline import OfflineHandheld
from app.handheld.store import Store


class Shelf:
    """A service as simple as can be: keeps items by id, and loses requests and answers as told."""

    def __init__(self, losses: str = "", most: int = 500) -> None:
        self._losses = iter(losses)
        self._most = most
        self.items: dict[str, dict[str, Any]] = {}
        self.taken: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == f"{API}/sync/push"
        loss = next(self._losses, "-")
        if loss == "before":
            raise httpx.ConnectError("lost")
        body = json.loads(_plain(request))
        if len(body["items"]) > self._most:
            return httpx.Response(413, json={"code": "too_many_items", "detail": "too many"})
        results = [self._take(item) for item in body["items"]]
        if loss == "after":
            raise httpx.ReadError("lost")
        if loss == "busy":
            return httpx.Response(503, json={"code": "unavailable", "detail": "later"})
        return httpx.Response(200, json={"results": results, "urgent": False, "head": 1})

    def _take(self, item: dict[str, Any]) -> dict[str, Any]:
        known = self.items.setdefault(item["id"], item)
        assert known == item, "the same id came with other content"
        outcome = "duplicate" if item["id"] in self.taken else "stored"
        self.taken.append(item["id"])
        return {"id": item["id"], "outcome": outcome, "told": {}, "problem": None}


def _plain(request: httpx.Request) -> bytes:
    import gzip

    packed = request.headers.get("content-encoding") == "gzip"
    return gzip.decompress(request.content) if packed else request.content


async def _no_wait(_seconds: float) -> None: ...


def handheld_at(shelf: Any, store: Store) -> OfflineHandheld:
    client = httpx.AsyncClient(transport=httpx.MockTransport(shelf), base_url="http://service")
    return OfflineHandheld(Handheld(client, sleep=_no_wait), store)


class TestPush:
    async def test_what_was_recorded_before_the_app_was_killed_is_sent_by_the_next(
        self, tmp_path: Path
    ) -> None:
        shelf = Shelf()
        first = Store(tmp_path / "handheld.db")
        item_id = handheld_at(shelf, first).record("submission", item_code="household", fields={"a": 1})
        del first  # nobody closes anything when the battery dies
        again = handheld_at(shelf, Store(tmp_path / "handheld.db"))
        assert await again.push() == 1
        assert list(shelf.items) == [item_id]
        assert again.outbox.count_waiting() == 0

    async def test_an_answered_item_is_never_sent_again(self) -> None:
        shelf = Shelf()
        handheld = handheld_at(shelf, Store(":memory:"))
        handheld.record("visit", findings="well")
        assert [await handheld.push(), await handheld.push()] == [1, 0]
        assert len(shelf.taken) == 1

    async def test_a_service_that_takes_fewer_gets_fewer(self) -> None:
        shelf = Shelf(most=7)
        handheld = handheld_at(shelf, Store(":memory:"))
        ids = [handheld.record("visit", n=n) for n in range(30)]
        assert await handheld.push() == 30
        assert list(shelf.items) == ids

    async def test_a_refused_push_keeps_the_items(self) -> None:
        handheld = handheld_at(
            lambda _: httpx.Response(403, json={"code": "forbidden", "detail": "no"}), Store(":memory:")
        )
        handheld.record("visit")
        with pytest.raises(Refused):
            await handheld.push()
        assert handheld.outbox.count_waiting() == 1

    async def test_an_answer_without_results_is_no_acknowledgement(self) -> None:
        answer = httpx.Response(200, json={"results": [], "urgent": False, "head": 0})
        handheld = handheld_at(lambda _: answer, Store(":memory:"))
        handheld.record("visit")
        with pytest.raises(Refused):
            await handheld.push()
        assert handheld.outbox.count_waiting() == 1

    @settings(max_examples=60, deadline=None)
    @given(
        losses=st.lists(st.sampled_from(["-", "before", "after", "busy"]), max_size=30),
        items=st.integers(1, 12),
        most=st.integers(1, 5),
    )
    async def test_every_item_is_kept_once_however_the_link_fails(
        self, losses: list[str], items: int, most: int
    ) -> None:
        shelf = Shelf(losses, most)  # type: ignore[arg-type]
        handheld = handheld_at(shelf, Store(":memory:"))
        ids = [handheld.record("visit", n=n) for n in range(items)]
        for _ in range(40):
            try:
                await handheld.push()
                break
            except Unreachable:
                continue
        assert list(shelf.items) == ids
        assert handheld.outbox.count_waiting() == 0
        assert [s.id for s in handheld.outbox.settled()] == ids


class TestEdit:
    def test_names_the_version_on_the_screen_and_the_own_item_before(self) -> None:
        store = Store(":memory:")
        handheld = handheld_at(Shelf(), store)
        subject_id = handheld.create_subject("household", 1, {"a": 1})
        created = handheld.outbox.last_of(subject_id)
        handheld.edit_subject(subject_id, "household", 1, {"a": 2})
        handheld.mirror.take(_page([_object("subject", subject_id, 7, "g1", version_of_fields=3)]))
        handheld.edit_subject(subject_id, "household", 1, {"a": 3})
        bodies = [json.loads(body) for body in handheld.outbox.waiting(10)]
        assert [(b["base_version"], b.get("after")) for b in bodies] == [
            (None, None),
            (0, created),
            (3, bodies[1]["id"]),
        ]


def _object(
    kind: str, id_: str, version: int, grid_id: str | None, version_of_fields: int = 1
) -> dict[str, Any]:
    body = {"version": version_of_fields}
    return {"kind": kind, "id": id_, "version": version, "grid_id": grid_id, "body": body}


def _page(objects: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    page = {"objects": objects, "gone": [], "left_grids": [], "reset": False, "cursor": "c", "head": 5}
    return {**page, "urgent": False, "more": False, **more}


class TestMirror:
    def test_objects_replace_leave_and_go_with_their_grid(self) -> None:
        handheld = handheld_at(Shelf(), Store(":memory:"))
        mirror = handheld.mirror
        mirror.take(
            _page(
                [
                    _object("subject", "a", 1, "g1"),
                    _object("subject", "b", 1, "g2"),
                    _object("form", "f", 1, None),
                ]
            )
        )
        mirror.take(_page([_object("subject", "a", 2, "g1")], gone=[{"kind": "form", "id": "f"}], cursor="d"))
        assert set(mirror.contents()) == {("subject", "a"), ("subject", "b")}
        assert mirror.contents()["subject", "a"][0] == 2
        mirror.take(_page([], left_grids=["g1"]))
        assert set(mirror.contents()) == {("subject", "b")}
        mirror.take(_page([_object("task", "t", 1, "g2")], reset=True, cursor="e"))
        assert set(mirror.contents()) == {("task", "t")}
        assert (mirror.cursor, mirror.head) == ("e", 5)

    def test_a_page_that_breaks_off_leaves_page_and_cursor_as_they_were(self) -> None:
        mirror = handheld_at(Shelf(), Store(":memory:")).mirror
        mirror.take(_page([_object("subject", "a", 1, "g1")]))
        with pytest.raises(KeyError):
            mirror.take(_page([_object("subject", "b", 1, "g1"), {"kind": "subject", "id": "c"}], cursor="x"))
        assert set(mirror.contents()) == {("subject", "a")}
        assert mirror.cursor == "c"


class TestLogin:
    async def test_a_killed_app_goes_on_with_its_tokens_and_a_lost_refresh_keeps_them(
        self, tmp_path: Path
    ) -> None:
        asked: list[tuple[str, str]] = []
        is_there = True

        def service(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/auth/token"):
                asked.append(("refresh", request.content.decode()))
                if not is_there:
                    raise httpx.ReadError("lost")
                return httpx.Response(200, json={"access_token": "a2", "refresh_token": "r2"})
            asked.append(("push", request.headers["authorization"]))
            if request.headers["authorization"] == "Bearer a1":
                return httpx.Response(401, json={"code": "unauthenticated", "detail": "expired"})
            return Shelf()(request)

        first = handheld_at(service, Store(tmp_path / "handheld.db"))
        first._calls.adopt({"access_token": "a1", "refresh_token": "r1"})
        first.record("visit")
        is_there = False
        with pytest.raises(Unreachable):
            await first.push()
        is_there = True
        again = handheld_at(service, Store(tmp_path / "handheld.db"))
        assert await again.push() == 1
        assert asked[-1] == ("push", "Bearer a2")
        assert "refresh_token=r1" in asked[-2][1]
        third = handheld_at(service, Store(tmp_path / "handheld.db"))
        assert third._calls.tokens == {"access_token": "a2", "refresh_token": "r2"}
