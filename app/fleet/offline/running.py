"""A run of the offline day, from enrolment to proof, against a private service that is killed on the way."""

import asyncio
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import numpy as np

from app.fleet.chaos import Chaos, Suffered, Watch
from app.fleet.crew import CrewTooSmall, Member
from app.fleet.days import CLOCK_ERRORS_MS, day_of, rng_of
from app.fleet.offline.bad_link import BadLink
from app.fleet.offline.crew import Pair, enrol_pairs
from app.fleet.offline.plan import in_order, plan_of
from app.fleet.offline.proof import PairAtWork, prove_collection
from app.fleet.offline.working import Worker, on_bad_link, with_client
from app.fleet.options import Options
from app.fleet.parcels import Parcel
from app.fleet.proof import Proof, batches_of, prove
from app.fleet.simulating import TIMEOUT_S, Tell
from app.handheld.activated import Handheld
from app.kit.clock import day_start, to_ms, utc_now
from app.kit.private_service import PrivateService
from app.replay.office import Office
from app.replay.relocation import Grid
from app.replay.timing import duty_windows
from app.simulation.uploads import uploads_of

LOST_SHARE = 1 / 3
CLOCKS_OFF = 0.5
WAIT_SHARE = 0.2
"""Handhelds wait this share of what they would: the day's delivery takes minutes, not hours."""


@dataclass
class OfflineOutcome:
    """Everything that is reported of a run. seconds: of the delivery alone in `delivery_s`."""

    options: Options
    proof: Proof
    suffered: Suffered
    handhelds: int
    day: date
    items: int = 0
    photos: int = 0
    fixes: int = 0
    link: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    broken_off: int = 0
    delivery_s: float = 0.0
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """The service holds exactly what was recorded, and never answered with an error of its own."""
        own_errors = {status for status in self.statuses if status >= 500 and status != 503}
        return not self.proof.findings and not own_errors


class OfflineDay:
    """One run: everybody works a whole shift without signal, then all send at once."""

    def __init__(self, options: Options, service: PrivateService, zone: ZoneInfo, tell: Tell) -> None:
        self._options, self._service, self._zone, self._tell = options, service, zone, tell
        self._links: dict[str, BadLink] = {}
        self._clients: list[httpx.AsyncClient] = []
        self._known: set[UUID] = set()

    async def run(self) -> OfflineOutcome:
        """Raises CrewTooSmall, Refused, Unreachable, NeverThrough."""
        began = time.monotonic()
        day = utc_now().astimezone(self._zone).date() - timedelta(days=1)
        with tempfile.TemporaryDirectory(prefix="wangge-offline-") as folder:
            async with self._closing():
                pairs = await self._pairs(day, Path(folder))
                devices = [w.member.device_id for pair in pairs for w in pair.workers]
                self._known = await batches_of(self._service.database_url, devices)
                for link in self._links.values():
                    link.is_good = False
                outcome = OfflineOutcome(
                    self._options, Proof(), Suffered(), sum(len(p.workers) for p in pairs), day
                )
                sending = time.monotonic()
                await self._deliver(pairs, outcome.suffered)
                outcome.delivery_s = time.monotonic() - sending
                for link in self._links.values():
                    link.is_good = True
                await self._prove(pairs, outcome)
        outcome.seconds = time.monotonic() - began
        return outcome

    @asynccontextmanager
    async def _closing(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            for client in self._clients:
                await client.aclose()

    def _handheld_of(self, grid: Grid) -> Handheld:
        rng = np.random.default_rng([zlib.crc32(f"link/{grid.code}".encode()), self._options.seed])
        link = BadLink(httpx.AsyncHTTPTransport(), rng, LOST_SHARE)
        link.is_good = True
        self._links[grid.code] = link
        self._clients.append(on_bad_link(self._service.base_url, link, TIMEOUT_S))
        return with_client(self._clients[-1], WAIT_SHARE)

    async def _pairs(self, day: date, folder: Path) -> list[PairAtWork]:
        """Enrols everybody; the morning makes the people whom both know; then both work without signal."""
        count, done = self._options.handhelds // 2, 0

        def one_more() -> None:
            nonlocal done
            done += 1
            self._tell("activating pairs", done, count)

        async with httpx.AsyncClient(
            base_url=self._service.base_url, timeout=TIMEOUT_S, trust_env=False
        ) as client:
            office = Office(client)
            await office.sign_in(self._options.username, self._options.password)
            since = day_start(day - timedelta(days=1), self._zone)
            pairs = await enrol_pairs(office, self._handheld_of, count, since, one_more)
        working = []
        for number, pair in enumerate(pairs, 1):
            working.append(await self._at_work(pair, day, folder))
            self._tell("working without signal", number, count)
        return working

    async def _at_work(self, pair: Pair, day: date, folder: Path) -> PairAtWork:
        first = await self._worker(pair.first, day, folder)
        second = await self._worker(pair.second, day, folder)
        windows = duty_windows(await pair.first.handheld.explained_day(day) or {"duty": []})
        if not windows:
            raise CrewTooSmall(f"nobody is on duty in grid {pair.grid.code} on {day}")
        span_ms = (to_ms(windows[0].start_at), to_ms(windows[-1].end_at))
        rng = rng_of(pair.first, self._options.seed, "plan")
        plan = plan_of(pair.grid.code, pair.grid.shape, span_ms, rng)
        for doing in plan.morning:
            first.record(doing)
        await first.handheld.sync()
        await second.handheld.sync()
        second.people |= first.people
        for worker, doings in ((first, plan.offline["first"]), (second, plan.offline["second"])):
            for doing in in_order(doings):
                worker.record(doing)
        return PairAtWork(plan, first, second)

    async def _worker(self, member: Member, day: date, folder: Path) -> Worker:
        """A member with his fixes of the day and a clock that is right, or off by minutes."""
        rng = rng_of(member, self._options.seed, "offline")
        error_ms = int(rng.integers(*CLOCK_ERRORS_MS)) if rng.random() < CLOCKS_OFF else 0
        windows = duty_windows(await member.handheld.explained_day(day) or {"duty": []})
        parcels = []
        if windows:
            truth = day_of(member, day, windows, self._options.seed)
            parcels = [Parcel.of(upload) for upload in uploads_of(truth)]
        return Worker(
            member, self._links[member.grid_code], folder / member.grid_code, error_ms, rng, parcels
        )

    async def _deliver(self, pairs: Sequence[PairAtWork], suffered: Suffered) -> None:
        """Everybody at once, while parts of the service are killed."""
        workers = [worker for pair in pairs for worker in pair.workers]
        total = sum(worker.handheld.outbox.count_waiting() + len(worker.parcels) for worker in workers)

        def share() -> float:
            waiting = sum(
                worker.handheld.outbox.count_waiting() + sum(p.told is None for p in worker.parcels)
                for worker in workers
            )
            self._tell("sending", total - waiting, total)
            return 1 - waiting / total

        watch = Watch(self._service.base_url, suffered)
        watching = asyncio.create_task(watch.run())
        chaos = Chaos(self._service, self._options.kills, self._options.seed, share, watch, suffered, False)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(chaos.run())
                for worker in workers:
                    group.create_task(worker.send_everything())
        finally:
            watching.cancel()

    async def _prove(self, pairs: Sequence[PairAtWork], outcome: OfflineOutcome) -> None:
        self._tell("comparing", 0, 1)
        workers = [worker for pair in pairs for worker in pair.workers]
        delivered = {(w.member, outcome.day): w.parcels for w in workers if w.parcels}
        outcome.proof = await prove(self._service.database_url, delivered, self._known, self._zone)
        await prove_collection(self._service.database_url, pairs, outcome.proof)
        outcome.items = sum(len(w.items) for w in workers)
        outcome.photos = sum(len(w.photos) for w in workers)
        outcome.fixes = sum(parcel.fixes for w in workers for parcel in w.parcels)
        outcome.broken_off = sum(w.rounds["broken off"] for w in workers)
        for link in self._links.values():
            outcome.link.update(link.counts)
            outcome.statuses.update(link.statuses)
