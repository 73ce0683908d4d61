"""One handheld delivering its parcels: kept until acknowledged, sent again with backoff, not always gently."""

import asyncio
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import httpx
import numpy as np

from app.fleet.crew import Member
from app.fleet.days import Manners
from app.fleet.ledger import UNAVAILABLE, Ledger
from app.fleet.parcels import Parcel, Told
from app.handheld.api import API, Refused
from app.kit.clock import to_ms, utc_now

UPLOAD = "/fix-batches"
JSON = {"Content-Type": "application/json"}
RETRIED = {429, 502, UNAVAILABLE, 504}
BACKOFF_FIRST_S, BACKOFF_MOST_S = 0.3, 6.0
ACTING_S = 2.0
"""How long a cut connection is kept open for the service to begin its answer."""


class Courier:
    """`wall_of` says when (monotonic seconds) something due at a simulated instant may be sent."""

    def __init__(
        self,
        member: Member,
        manners: Manners,
        rng: np.random.Generator,
        base_url: str,
        ledger: Ledger,
        wall_of: Callable[[int], float],
    ) -> None:
        self._member, self._manners, self._rng = member, manners, rng
        self._base_url, self._ledger, self._wall_of = base_url, ledger, wall_of

    async def deliver(self, parcels: Sequence[Parcel], rush_ms: int) -> None:
        """Returns when everything is acknowledged. `rush_ms`: when hoarders begin."""
        coming = sorted(parcels, key=lambda p: p.due_ms)
        if self._manners.hoards:
            coming = [_held(p, rush_ms) for p in coming]
        waiting: list[Parcel] = []
        tries = 0
        while coming or waiting:
            now = time.monotonic()
            while coming and self._wall_of(coming[0].due_ms) <= now:
                waiting.append(coming.pop(0))
            if not waiting:
                await asyncio.sleep(self._wall_of(coming[0].due_ms) - now)
                continue
            index = int(self._rng.integers(len(waiting))) if self._manners.shuffles else 0
            wait_s = await self._try(waiting[index], tries)
            if waiting[index].told is not None or wait_s is None:
                del waiting[index]
                tries = 0
                continue
            tries += 1
            self._ledger.counts["retries"] += 1
            await asyncio.sleep(wait_s)

    async def _try(self, parcel: Parcel, tries: int) -> float | None:
        """Sends once, with whatever mischief; how long to wait before the next attempt, None when it is over."""
        chance, manners = self._rng.random(), self._manners
        if tries == 0:
            if chance < manners.cut_before + manners.cut_after:
                await self._cut(parcel, after=chance >= manners.cut_before)
            elif chance < manners.cut_before + manners.cut_after + manners.twins:
                self._ledger.counts["twins"] += 1
                return (await asyncio.gather(self._send(parcel, tries), self._send(parcel, tries)))[0]
        wait_s = await self._send(parcel, tries)
        if parcel.told is not None and self._rng.random() < manners.twice:
            self._ledger.counts["sent_twice"] += 1
            await self._send(parcel, tries)
        return wait_s

    async def _send(self, parcel: Parcel, tries: int) -> float | None:
        body = parcel.sent_at(to_ms(utc_now()))
        began = time.monotonic()
        try:
            answer = await self._member.handheld.send_once("POST", UPLOAD, content=body, headers=JSON)
        except httpx.TransportError as error:
            self._ledger.broken[type(error).__name__] += 1
            return self._backoff_s(tries)
        self._ledger.answered(answer.status_code, time.monotonic() - began)
        if answer.status_code == 200:
            self._take(parcel, answer)
            return None
        return await self._refused(answer, tries)

    def _take(self, parcel: Parcel, answer: httpx.Response) -> None:
        told = Told.of(answer.json(), parcel.fixes)
        if parcel.told is None:
            parcel.told = told
            self._ledger.acknowledged += 1
            self._ledger.counts.update({f"fixes {name}": n for name, n in told.dispositions.items()})
        elif told.differs_from(parcel.told):
            self._ledger.fault("a repetition was told something else", f"batch {parcel.batch_id}")

    async def _refused(self, answer: httpx.Response, tries: int) -> float | None:
        status = answer.status_code
        if answer.headers.get("content-type", "").split(";")[0] != "application/problem+json":
            self._ledger.fault("an error without a problem document", f"{status} {answer.text[:120]!r}")
        if status == 401:
            try:
                await self._member.handheld.refresh()
            except Refused as refusal:
                self._ledger.fault("a login ended", str(refusal))
                return None
            except httpx.TransportError:
                return self._backoff_s(tries)
            return 0.0
        if status in RETRIED:
            return max(_retry_after_s(answer), self._backoff_s(tries))
        if status >= 500:
            self._ledger.fault("an error of the service", f"{status} {answer.text[:200]!r}")
            return self._backoff_s(tries)
        self._ledger.fault("an upload was refused", f"{status} {answer.text[:200]!r}")
        return None

    def _backoff_s(self, tries: int) -> float:
        most_s = min(BACKOFF_FIRST_S * 2**tries, BACKOFF_MOST_S)
        return float(self._rng.uniform(most_s / 2, most_s))

    async def _cut(self, parcel: Parcel, *, after: bool) -> None:
        """A request whose answer nobody waits for: half of it, or all of it."""
        where = urlsplit(self._base_url)
        if where.scheme != "http":
            return  # behind TLS a half request would have to be made by the TLS library
        self._ledger.counts["cut_after" if after else "cut_before"] += 1
        body = parcel.sent_at(to_ms(utc_now()))
        head = (
            f"POST {API}{UPLOAD} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self._member.handheld.bearer}\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        try:
            reader, writer = await asyncio.open_connection(where.hostname, where.port or 80)
            writer.write(head + (body if after else body[: len(body) // 2]))
            await writer.drain()
            if after:
                async with asyncio.timeout(ACTING_S):
                    await reader.read(1)
            writer.transport.abort()
        except (OSError, TimeoutError) as error:
            self._ledger.broken[type(error).__name__] += 1


def _held(parcel: Parcel, until_ms: int) -> Parcel:
    parcel.due_ms = max(parcel.due_ms, until_ms)
    return parcel


def _retry_after_s(answer: httpx.Response) -> float:
    try:
        return float(answer.headers.get("retry-after", 0))
    except ValueError:
        return 0.0
