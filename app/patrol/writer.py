"""The coalescing writer: many requests' rows in one transaction, each answered after its commit.

A bounded queue; a deadlock is retried; a failing group is bisected, so that one bad upload never costs
another its place.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.kit import metrics
from app.kit.partitions import MonthMissing
from app.kit.problems import Unavailable

log = structlog.get_logger("wangge.writer")
A = TypeVar("A")
R = TypeVar("R")
Work = Callable[[Sequence[A]], Awaitable[Sequence[R]]]
RETRIES = 5
DEADLOCK, SERIALIZATION = "40P01", "40001"
BACKOFF_S = 0.02
REFUSED_FOR_S = 10.0


class QueueFull(Exception):
    """The queue is at its bound; the caller keeps its data and comes again."""


class CoalescingWriter(Generic[A, R]):
    """Hands groups of items to `work`, which commits them together and returns one result for each."""

    def __init__(self, work: Work[A, R], *, queue_max: int, group_max: int, lanes: int = 2) -> None:
        self._work, self._queue_max, self._group_max, self._lanes = work, queue_max, group_max, lanes
        self._waiting: deque[tuple[A, asyncio.Future[R]]] = deque()
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._refused_at: float | None = None

    def start(self) -> None:
        """Starts the lanes; each has one group under way."""
        self._tasks = [asyncio.create_task(self._lane(), name=f"writer-{n}") for n in range(self._lanes)]

    async def close(self) -> None:
        """Takes nothing more, and returns when everything that waits is written."""
        self._closing = True
        self._arrived.set()
        await asyncio.gather(*self._tasks)

    def is_refused(self) -> bool:
        """Whether the database refused the last group, moments ago: it is away or full.

        Forgotten after REFUSED_FOR_S: who is sent nothing because of it would never hear that it is over.
        """
        return self._refused_at is not None and time.monotonic() - self._refused_at < REFUSED_FOR_S

    def queue_share(self) -> float:
        """How full the queue is: 0 to 1."""
        return len(self._waiting) / self._queue_max

    async def submit(self, item: A) -> R:
        """The result of `item`, after its commit. Raises QueueFull, or what `work` raised for it alone."""
        if self._closing or len(self._waiting) >= self._queue_max:
            raise QueueFull
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        metrics.QUEUE.set(len(self._waiting))
        self._arrived.set()
        return await done

    async def _lane(self) -> None:
        while True:
            while not self._waiting:
                if self._closing:
                    return
                self._arrived.clear()
                await self._arrived.wait()
            size = min(len(self._waiting), self._group_max)
            group = [self._waiting.popleft() for _ in range(size)]
            metrics.QUEUE.set(len(self._waiting))
            metrics.GROUP.observe(size)
            await self._write(group)

    async def _write(self, group: list[tuple[A, "asyncio.Future[R]"]]) -> None:
        try:
            results = await self._with_retries([item for item, _ in group])
        except Exception as error:
            if _is_outage(error):
                self._refused_at = time.monotonic()
            if len(group) == 1 or _is_outage(error):
                for _, done in group:
                    if not done.done():  # the client may have hung up
                        done.set_exception(
                            Unavailable(headers={"Retry-After": "5"}) if _is_outage(error) else error
                        )
                return
            log.warning("group bisected", size=len(group), error=type(error).__name__)
            middle = len(group) // 2
            await self._write(group[:middle])
            await self._write(group[middle:])
            return
        self._refused_at = None
        for (_, done), result in zip(group, results, strict=True):
            if not done.done():
                done.set_result(result)

    async def _with_retries(self, items: Sequence[A]) -> Sequence[R]:
        for attempt in range(RETRIES):
            try:
                return await self._work(items)
            except MonthMissing:
                log.warning("month made", size=len(items))
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in (DEADLOCK, SERIALIZATION):
                    raise
                log.info("retried", attempt=attempt, size=len(items))
                await asyncio.sleep(BACKOFF_S * (attempt + 1))
        return await self._work(items)


def _is_outage(error: Exception) -> bool:
    """The database is away, full or shutting down: splitting the group would not help."""
    if isinstance(error, PoolTimeout):
        return True
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return isinstance(error, OperationalError | InterfaceError) and (state[:2] in ("", "08", "53", "57"))
