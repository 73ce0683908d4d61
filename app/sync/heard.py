"""When each handheld last pulled and pushed: noted in memory, written once a minute, never by an idle pull."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database

log = structlog.get_logger("wangge.sync")
WRITTEN_EVERY_S = 60.0
CHUNK = 2000
# Another process may have heard the same handheld later; a restore sets the feed, and with it the place, back.
WRITE = text("""
INSERT INTO handheld_sync AS known (county_code, device_id, pulled_at, pulled_seq, pushed_at)
SELECT * FROM unnest(cast(:counties AS text[]), cast(:devices AS uuid[]), cast(:pulled AS timestamptz[]),
                     cast(:seqs AS bigint[]), cast(:pushed AS timestamptz[]))
ON CONFLICT (county_code, device_id) DO UPDATE
   SET pulled_seq = CASE WHEN excluded.pulled_at >= coalesce(known.pulled_at, excluded.pulled_at)
                         THEN excluded.pulled_seq ELSE known.pulled_seq END,
       pulled_at = greatest(known.pulled_at, excluded.pulled_at),
       pushed_at = greatest(known.pushed_at, excluded.pushed_at)
""")
Key = tuple[str, UUID]


@dataclass(slots=True)
class Seen:
    """Of one handheld, since it was last written."""

    pulled_at: datetime | None = None
    pulled_seq: int | None = None
    pushed_at: datetime | None = None


class Heard:
    """Start it with the process, close it with it: then what is left in memory is written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[Key, Seen] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to write once a minute."""
        self._task = asyncio.create_task(self._write_on())

    async def close(self) -> None:
        """Stops, and writes what is left."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await self._try_to_write()

    def pulled(self, county_code: str, device_id: UUID, seq: int | None, at: datetime) -> None:
        """A handheld was told everything up to the event `seq`; None: a load is under way."""
        seen = self._seen.setdefault((county_code, device_id), Seen())
        seen.pulled_at, seen.pulled_seq = at, seq

    def pushed(self, county_code: str, device_id: UUID, at: datetime) -> None:
        """A handheld's push was taken."""
        self._seen.setdefault((county_code, device_id), Seen()).pushed_at = at

    async def write_seen(self) -> None:
        """Writes everything noted so far; what is not committed is noted still."""
        keys = list(self._seen)
        for first in range(0, len(keys), CHUNK):
            some = {key: replace(self._seen[key]) for key in keys[first : first + CHUNK]}
            async with self._database.transaction() as session:
                await _write(session, some)
            for key, written in some.items():
                if self._seen[key] == written:  # nothing was noted meanwhile
                    del self._seen[key]

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(WRITTEN_EVERY_S)
            await self._try_to_write()

    async def _try_to_write(self) -> None:
        try:
            await self.write_seen()
        except (SQLAlchemyError, OSError):
            log.exception("pulls and pushes are not noted yet; the next minute tries again")


async def _write(session: AsyncSession, some: dict[Key, Seen]) -> None:
    """In the order of their keys: two processes never wait for each other in a circle."""
    keys = sorted(some)
    await session.execute(
        WRITE,
        {
            "counties": [county_code for county_code, _ in keys],
            "devices": [device_id for _, device_id in keys],
            "pulled": [some[key].pulled_at for key in keys],
            "seqs": [some[key].pulled_seq for key in keys],
            "pushed": [some[key].pushed_at for key in keys],
        },
    )
