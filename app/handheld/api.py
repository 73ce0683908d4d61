"""Talking to the service over HTTP: retried until it answers, refusals as one clear line."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

import httpx

API = "/api/v1"
ATTEMPTS = 8
BACKOFF_FIRST_S, BACKOFF_MOST_S = 0.5, 30.0
RETRIED_STATUS = {429, 502, 503, 504}
PAGE_ROWS = 500

Sleep = Callable[[float], Awaitable[None]]
_jitter = random.SystemRandom()


class Unreachable(Exception):
    """Nobody answers, or only with "not now", however often we try."""


class Refused(Exception):
    """The service answered with a problem (RFC 9457). `code` never changes."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({status} {code})")
        self.status, self.code = status, code
        self.told = {"status": status, "code": code, "detail": detail}


class Api:
    """One login's view of the service. `retries` counts the requests that had to be sent again."""

    def __init__(self, client: httpx.AsyncClient, *, sleep: Sleep = asyncio.sleep) -> None:
        self._client, self._sleep = client, sleep
        self._access_token: str | None = None
        self._refresh_token: str | None = None
        self.retries = 0
        self.keep_tokens: Callable[[Mapping[str, str]], None] = _forget
        """Called with every new pair before it is used: a handheld writes it down."""

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON at `path` below /api/v1; parameters that are None are left out."""
        known = {name: value for name, value in params.items() if value is not None}
        return (await self.request("GET", path, params=known)).json()

    async def find(self, path: str, **params: Any) -> Any | None:
        """Like `get`, None where there is nothing."""
        try:
            return await self.get(path, **params)
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise

    async def post(self, path: str, body: Any) -> Any:
        """Posts JSON; the JSON of the answer."""
        return (await self.request("POST", path, json=body)).json()

    async def rows(self, path: str, **params: Any) -> AsyncIterator[dict[str, Any]]:
        """All rows of a list, page after page."""
        cursor: str | None = None
        while True:
            page = await self.get(path, **params, limit=PAGE_ROWS, cursor=cursor)
            for row in page["items"] if "items" in page else page["features"]:
                yield row
            cursor = page["next"]
            if cursor is None:
                return

    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str] = MappingProxyType({}), **content: Any
    ) -> httpx.Response:
        """Sends until it is answered: again after network errors and "not now", after Retry-After if given.

        An expired access token is refreshed on the way. Raises Refused or Unreachable.
        """
        refreshed, reason = False, ""
        for attempt in range(ATTEMPTS):
            try:
                answer = await self.send_once(method, path, headers=headers, **content)
            except httpx.TransportError as error:
                reason, wait_s = f"{type(error).__name__} {error}".strip(), _backoff_s(attempt)
            else:
                if answer.is_success:
                    return answer
                problem = _problem(answer)
                if answer.status_code == 401 and self._refresh_token and not refreshed:
                    refreshed = True
                    await self.refresh()
                    continue
                if answer.status_code not in RETRIED_STATUS:
                    raise problem
                reason, wait_s = str(problem), _retry_after_s(answer) or _backoff_s(attempt)
            if attempt + 1 < ATTEMPTS:
                self.retries += 1
                await self._sleep(wait_s)
        raise Unreachable(f"{self._client.base_url} does not answer after {ATTEMPTS} attempts: {reason}")

    async def send_once(
        self, method: str, path: str, *, headers: Mapping[str, str] = MappingProxyType({}), **content: Any
    ) -> httpx.Response:
        """Sends once, and returns whatever is answered. Raises httpx.TransportError."""
        return await self._client.request(method, API + path, headers=self._headers(headers), **content)

    async def sign_in(self, username: str, password: str) -> None:
        """The OAuth 2.0 password flow. Raises Refused."""
        form = {"grant_type": "password", "username": username, "password": password}
        self.adopt((await self.request("POST", "/auth/token", data=form)).json())

    async def refresh(self) -> None:
        """The next token pair. Raises Refused when the login has ended."""
        known, self._refresh_token = self._refresh_token, None  # a refused refresh is not refreshed
        form = {"grant_type": "refresh_token", "refresh_token": known or ""}
        try:
            answer = await self.request("POST", "/auth/token", data=form)
        except Unreachable:
            self._refresh_token = known  # nobody refused it: the next signal may bring the same new pair
            raise
        self.adopt(answer.json())

    def adopt(self, tokens: Mapping[str, Any]) -> None:
        """Uses these tokens from now on."""
        self._access_token, self._refresh_token = tokens["access_token"], tokens["refresh_token"]
        self.keep_tokens(self.tokens)

    @property
    def tokens(self) -> dict[str, str]:
        """The pair in use."""
        return {"access_token": self._access_token or "", "refresh_token": self._refresh_token or ""}

    @property
    def bearer(self) -> str:
        """The access token in use."""
        return self._access_token or ""

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        bearer = {"Authorization": f"Bearer {self._access_token}"} if self._access_token else {}
        return {"Accept-Language": "en", **bearer, **more}


def _forget(_tokens: Mapping[str, str]) -> None: ...


def _problem(answer: httpx.Response) -> Refused:
    try:
        body = answer.json()
        errors = "; ".join(
            f"{e.get('loc', e.get('field', ''))}: {e.get('msg', '')}" for e in body.get("errors", [])
        )
        detail = f"{body['detail']} {errors}".strip()
        return Refused(answer.status_code, body["code"], detail)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Refused(
            answer.status_code, "no_problem", f"an answer that is no problem document: {answer.text[:120]!r}"
        )


def _retry_after_s(answer: httpx.Response) -> float | None:
    try:
        return min(max(float(answer.headers["retry-after"]), 0.0), BACKOFF_MOST_S * 4)
    except (KeyError, ValueError):
        return None


def _backoff_s(attempt: int) -> float:
    most_s = min(BACKOFF_FIRST_S * 2**attempt, BACKOFF_MOST_S)
    return _jitter.uniform(most_s / 2, most_s)
