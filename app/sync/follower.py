"""Keeps this process's memory of the feed up to date: reads what the sealer has sealed, a few times a second."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.exchange.sources import Scope
from app.kit.db import Database
from app.kit.events import Event, EventHead
from app.sync.admissions import Admissions
from app.sync.heads import Head, Sealed

log = structlog.get_logger("wangge.sync")
POLL_S = 0.2
FRESH_S = 1.0
"""Memory that was compared with the database longer ago than this answers nothing: so late an event may be heard."""
LOOKBACK = 5000
"""Events of each county that are read when a process starts: older cursors ask the database once."""
CHUNK = 500
"""Few enough that nobody waits for them to be decoded: requests are answered between two chunks."""
AFTER_ERROR_S = 1.0
COLUMNS = (
    Event.seq,
    Event.hash,
    Event.type,
    Event.subject_type,
    Event.subject_id,
    Event.area_id,
    Event.data,
)


class Follower:
    """Start it with the process, close it with it. subject_types: whose events make handhelds look again."""

    def __init__(
        self,
        database: Database,
        subject_types: Iterable[str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._clock = database, clock
        self._subject_types = frozenset(subject_types)
        self._heads: dict[str, Head] = {}
        self._polled_s: float | None = None
        self._task: asyncio.Task[None] | None = None
        self.admissions = Admissions(clock)

    def start(self) -> None:
        """Begins to follow."""
        self._task = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Stops."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def head(self, county_code: str) -> Head | None:
        """The county's feed as known here; None when that may be out of date, or nothing was sealed yet."""
        if self._polled_s is None or self._clock() - self._polled_s > FRESH_S:
            return None
        return self._heads.get(county_code)

    def is_urgent(self, county_code: str, scope: Scope | None, seq: int) -> bool:
        """Whether something after `seq` asks for a pull now, as far as is known here."""
        head = self._heads.get(county_code)
        return head is not None and head.is_urgent(scope, seq)

    async def poll(self, connection: AsyncConnection) -> None:
        """Takes in everything that was sealed since the last time."""
        began_s = self._clock()
        rows = (await connection.execute(select(EventHead.__table__))).all()
        for county_code, seq, hash_ in rows:
            known = self._heads.get(county_code)
            if known is not None and (seq < known.seq or (seq == known.seq and hash_ != known.hash)):
                known = None  # the database was restored to an earlier state
                self.admissions.forget()
            if known is None:
                known = self._heads[county_code] = Head(max(0, seq - LOOKBACK), b"")
            while known.seq < seq:
                await self._take_chunk(connection, county_code, known, seq)
        for gone in self._heads.keys() - {row.county_code for row in rows}:
            del self._heads[gone]
        self._polled_s = began_s

    async def _take_chunk(self, connection: AsyncConnection, county_code: str, head: Head, seq: int) -> None:
        found = await connection.execute(
            select(*COLUMNS)
            .where(Event.county_code == county_code, Event.seq > head.seq, Event.seq <= seq)
            .order_by(Event.seq)
            .limit(CHUNK)
        )
        rows = found.all()
        for row in rows:
            event = Sealed(*row)
            head.take(event, is_followed=event.subject_type in self._subject_types)
            self.admissions.heed(county_code, event)
        if len(rows) < CHUNK and head.seq < seq:  # the rest was purged, or lost in a restore
            self._heads[county_code] = head = Head(seq, b"")

    async def _follow(self) -> None:
        while True:
            try:
                async with self._database.engine.connect() as raw:
                    connection = await raw.execution_options(isolation_level="AUTOCOMMIT")
                    while True:
                        await self.poll(connection)
                        await asyncio.sleep(POLL_S)
            except Exception:  # whatever it is: a follower that has ended would never be noticed
                log.exception("the feed cannot be followed; pulls ask the database meanwhile")
                await asyncio.sleep(AFTER_ERROR_S)
