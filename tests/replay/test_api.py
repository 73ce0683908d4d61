"""What a handheld does when the network or the service says no."""

import gzip
import json

import httpx
import pytest

from app.handheld.activated import Activation, Handheld
from app.handheld.api import ATTEMPTS, Refused, Unreachable

BATCH = {"batch_id": "b", "fixes": [{"recorded_at": 1}]}
TOKENS = {"access_token": "new", "refresh_token": "next", "expires_in": 1}


class Service:
    """Answers with what the test lined up, then 200; remembers what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers, self.requests, self.slept = list(answers), [], []

    def handheld(self) -> Handheld:
        client = httpx.AsyncClient(base_url="http://wangge", transport=httpx.MockTransport(self._answer))
        handheld = Handheld(client, sleep=self._sleep)
        handheld.adopt({"access_token": "old", "refresh_token": "first"})
        return handheld

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else httpx.Response(200, json={"outcome": "stored"})
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": "No"}, headers=headers)


class TestRetries:
    async def test_a_lost_answer_is_asked_for_again_with_the_same_batch(self):
        service = Service(httpx.ReadTimeout("lost"), httpx.ConnectError("gone"))
        assert (await service.handheld().upload(BATCH))["outcome"] == "stored"
        assert len({(r.content, r.headers["content-encoding"]) for r in service.requests}) == 1
        assert json.loads(gzip.decompress(service.requests[2].content)) == BATCH

    async def test_busy_is_waited_out_as_long_as_it_says(self):
        service = Service(problem(503, "ingest_busy", **{"Retry-After": "7"}))
        handheld = service.handheld()
        await handheld.upload(BATCH)
        assert service.slept == [7.0]
        assert handheld.retries == 1

    async def test_without_retry_after_the_pauses_grow(self):
        service = Service(*(problem(503, "unavailable") for _ in range(5)))
        await service.handheld().upload(BATCH)
        assert service.slept[0] < service.slept[2] < service.slept[4]

    async def test_a_dead_service_is_given_up_in_the_end(self):
        service = Service(*(httpx.ConnectError("refused") for _ in range(ATTEMPTS)))
        with pytest.raises(Unreachable, match=f"http://wangge.*{ATTEMPTS} attempts.*refused"):
            await service.handheld().upload(BATCH)
        assert len(service.requests) == ATTEMPTS

    async def test_a_refusal_is_not_repeated(self):
        service = Service(problem(409, "batch_differs"))
        with pytest.raises(Refused, match=r"No \(409 batch_differs\)"):
            await service.handheld().upload(BATCH)
        assert len(service.requests) == 1

    async def test_an_answer_that_is_no_problem_document_is_still_told(self):
        with pytest.raises(Refused, match="<html>"):
            await Service(httpx.Response(404, text="<html>")).handheld().upload(BATCH)


class TestTokens:
    async def test_an_expired_token_is_refreshed_and_the_batch_sent_again(self):
        service = Service(problem(401, "token_expired"), httpx.Response(200, json=TOKENS))
        await service.handheld().upload(BATCH)
        first, refresh, second = service.requests
        assert b"refresh_token=first" in refresh.content
        assert (first.headers["authorization"], second.headers["authorization"]) == (
            "Bearer old",
            "Bearer new",
        )
        assert first.content == second.content

    async def test_a_refresh_that_is_refused_ends_it(self):
        service = Service(problem(401, "token_expired"), problem(401, "refresh_refused"))
        with pytest.raises(Refused, match="refresh_refused"):
            await service.handheld().upload(BATCH)
        assert len(service.requests) == 2

    async def test_a_fresh_token_that_is_refused_too_ends_it(self):
        service = Service(
            problem(401, "token_expired"), httpx.Response(200, json=TOKENS), problem(401, "device_revoked")
        )
        with pytest.raises(Refused, match="device_revoked"):
            await service.handheld().upload(BATCH)

    async def test_activation_acknowledges_the_notice_in_force(self):
        answer = TOKENS | {"inspector_id": "i", "device_id": "d"}
        service = Service(httpx.Response(200, json={"version": "2026-1"}), httpx.Response(201, json=answer))
        handheld = service.handheld()
        await handheld.activate(Activation("WG-1", "12345678", "330921"))
        assert (handheld.inspector_id, handheld.device_id) == ("i", "d")
        assert service.requests[0].url.params["county_code"] == "330921"
        sent = json.loads(service.requests[1].content)
        assert (sent["notice_version"], sent["code"]) == ("2026-1", "12345678")


async def test_lists_are_read_to_their_last_page():
    pages = [{"items": [{"n": 1}], "next": "c"}, {"features": [{"n": 2}], "next": None}]
    service = Service(*(httpx.Response(200, json=page) for page in pages))
    assert [row["n"] async for row in service.handheld().rows("/things", day="d")] == [1, 2]
    assert service.requests[1].url.params["cursor"] == "c"
