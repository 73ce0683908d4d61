"""The worker's sweeps leave word that they live, and how far behind they are."""

import time
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from app.kit.db import Database
from app.operations.models import WorkerSweep

TOLD_EVERY_S = 10.0


class SweepMark:
    """Of one sweep of one worker: told to the database every ten seconds at most."""

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name
        self._caught_up_at: datetime | None = None
        self._told_at = -TOLD_EVERY_S

    async def ran(self, now: datetime, *, caught_up: bool) -> None:
        """The sweep ran at `now`; caught_up: nothing was left to do."""
        if caught_up:
            self._caught_up_at = now
        if time.monotonic() - self._told_at < TOLD_EVERY_S:
            return
        self._told_at = time.monotonic()
        await self._tell(now)

    async def _tell(self, now: datetime) -> None:
        # a worker that just started counts as caught up until it knows better, unless another said so later
        statement = insert(WorkerSweep).values(
            name=self._name, ran_at=now, caught_up_at=self._caught_up_at or now
        )
        known = statement.on_conflict_do_update(
            constraint="pk_worker_sweep",
            set_={
                "ran_at": func.greatest(WorkerSweep.ran_at, now),
                "caught_up_at": func.greatest(WorkerSweep.caught_up_at, self._caught_up_at)
                if self._caught_up_at
                else WorkerSweep.caught_up_at,
            },
        )
        async with self._database.transaction() as session:
            await session.execute(known)
