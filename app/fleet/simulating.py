"""A run from enrolment to proof."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx

from app.fleet.chaos import Chaos, Suffered, Watch
from app.fleet.courier import Courier
from app.fleet.crew import Member, enrol
from app.fleet.days import Manners, day_of, manners_of, rng_of
from app.fleet.ledger import Ledger
from app.fleet.options import Options
from app.fleet.parcels import Parcel, leftovers
from app.fleet.proof import Proof, batches_of, prove
from app.fleet.url_proof import prove_over_http
from app.kit.clock import utc_now
from app.kit.private_service import PrivateService, end_of
from app.replay.office import Office
from app.replay.timing import duty_windows
from app.simulation.day import HandheldDay
from app.simulation.uploads import uploads_of

TIMEOUT_S = 30.0
PATIENCE_S = 120.0
ROUNDS_AGAIN = 2
Tell = Callable[[str, int, int], None]
"""Told what is going on, and how much of how much of it is done."""


class ServiceGone(Exception):
    """Nobody answers any more, and nobody is expected to."""


@dataclass
class Outcome:
    """Everything that is reported of a run."""

    options: Options
    ledger: Ledger
    suffered: Suffered
    proof: Proof
    handhelds: int
    days: list[date]
    parcels: int
    fixes: int
    walked_m: float
    seconds: float

    @property
    def is_good(self) -> bool:
        """Nothing happened that must not happen, and the service holds exactly what was sent."""
        told = self.suffered.unready_when_full is not False and self.suffered.ready_after_full is not False
        return not self.ledger.faults and not self.proof.findings and told


@dataclass
class _Load:
    """A handheld's deliveries of one day."""

    member: Member
    day: date
    manners: Manners
    truth: HandheldDay
    parcels: list[Parcel]
    end_ms: int
    begin_ms: int = field(default=0)


class Simulation:
    """One run against a service that answers at `base_url`."""

    def __init__(
        self, options: Options, base_url: str, service: PrivateService | None, zone: ZoneInfo, tell: Tell
    ) -> None:
        self._options, self._base_url, self._service = options, base_url, service
        self._zone, self._tell = zone, tell
        self.ledger, self.suffered = Ledger(), Suffered()

    async def run(self, fills_disk: bool) -> Outcome:
        """Enrols, delivers, proves. Raises CrewTooSmall, Refused, Unreachable."""
        began = time.monotonic()
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(
            base_url=self._base_url, timeout=TIMEOUT_S, trust_env=False, limits=limits
        ) as client:
            members = await self._enrolled(client)
            loads = await self._loads(members)
            known = await self._known_batches(members)
            await self._deliver(loads, fills_disk)
            await self._send_leftovers(loads)
            delivered = {(load.member, load.day): load.parcels for load in loads}
            self._tell("comparing", 0, 1)
            if self._service is not None:
                proof = await prove(self._service.database_url, delivered, known, self._zone)
            else:
                proof = await prove_over_http(delivered)
        return Outcome(
            self._options,
            self.ledger,
            self.suffered,
            proof,
            len(members),
            sorted({load.day for load in loads}),
            sum(len(load.parcels) for load in loads),
            sum(parcel.fixes for load in loads for parcel in load.parcels),
            sum(load.truth.walked_m for load in loads),
            time.monotonic() - began,
        )

    async def _enrolled(self, client: httpx.AsyncClient) -> list[Member]:
        office = Office(client)
        await office.sign_in(self._options.username, self._options.password)
        done = 0

        def one_more() -> None:
            nonlocal done
            done += 1
            self._tell("activating handhelds", done, self._options.handhelds)

        return await enrol(office, client, self._options.handhelds, self._days()[-1], one_more)

    def _days(self) -> list[date]:
        today = utc_now().astimezone(self._zone).date()
        return [today - timedelta(days=back) for back in range(self._options.days, 0, -1)]

    async def _loads(self, members: Sequence[Member]) -> list[_Load]:
        """Who delivers what; whoever is not on duty on a day has none."""
        loads = []
        for number, member in enumerate(members, 1):
            manners = manners_of(rng_of(member, self._options.seed, "manners"))
            for day in self._days():
                explained = await member.handheld.explained_day(day)
                windows = duty_windows(explained) if explained else []
                if not windows:
                    continue
                truth = day_of(member, day, windows, self._options.seed)
                parcels = [Parcel.of(upload) for upload in uploads_of(truth, every_s=manners.every_s)]
                first, last = truth.plan.shifts[0].start_ms, truth.plan.shifts[-1].end_ms
                loads.append(_Load(member, day, manners, truth, parcels, last, first))
            self._tell("walking", number, len(members))
        return loads

    async def _known_batches(self, members: Sequence[Member]) -> set[UUID]:
        if self._service is None:
            return set()
        return await batches_of(self._service.database_url, [m.device_id for m in members])

    async def _deliver(self, loads: Sequence[_Load], fills_disk: bool) -> None:
        """Day after day; with chaos, if asked for, all the time. Raises ServiceGone."""
        total = sum(len(load.parcels) for load in loads)
        self.ledger.heard_at = time.monotonic()
        beside = [self._report_progress(total)]
        if self._service is not None:
            watch = Watch(self._base_url, self.suffered)
            beside.append(watch.run())
        tasks = [asyncio.create_task(each) for each in beside]
        work = asyncio.create_task(self._deliver_days(loads))
        needed = {work}
        if self._service is not None and self._options.kills:
            chaos = Chaos(
                self._service,
                self._options.kills,
                self._options.seed,
                lambda: self.ledger.acknowledged / total,
                watch,
                self.suffered,
                fills_disk,
            )
            needed.add(asyncio.create_task(chaos.run()))
        try:
            while needed:
                done, _ = await asyncio.wait({*needed, *tasks}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                needed -= done
        finally:
            for task in (*tasks, *needed):
                task.cancel()

    async def _deliver_days(self, loads: Sequence[_Load]) -> None:
        for day in sorted({load.day for load in loads}):
            await self._deliver_day([load for load in loads if load.day == day])

    async def _deliver_day(self, loads: Sequence[_Load]) -> None:
        begin_ms, end_ms = min(load.begin_ms for load in loads), max(load.end_ms for load in loads)
        began, speed = time.monotonic(), self._options.speed

        def wall_of(at_ms: int) -> float:
            return began if speed is None else began + (at_ms - begin_ms) / 1000 / speed

        async with asyncio.TaskGroup() as group:
            for load in loads:
                rng = rng_of(load.member, self._options.seed, f"deliver/{load.day}")
                courier = Courier(load.member, load.manners, rng, self._base_url, self.ledger, wall_of)
                group.create_task(courier.deliver(load.parcels, end_ms))

    async def _send_leftovers(self, loads: Sequence[_Load]) -> None:
        """What was refused for now is sent again in a new upload, as the answers asked."""
        for round_number in range(ROUNDS_AGAIN):
            async with asyncio.TaskGroup() as group:
                for load in loads:
                    fresh = load.parcels if round_number == 0 else load.parcels[-1:]
                    again = leftovers(fresh, load.truth.own_id(f"again/{round_number}"))
                    if again is None:
                        continue
                    self.ledger.counts["sent_again_in_a_new_upload"] += 1
                    load.parcels.append(again)
                    rng = rng_of(load.member, self._options.seed, f"again/{load.day}/{round_number}")
                    courier = Courier(
                        load.member,
                        load.manners,
                        rng,
                        self._base_url,
                        self.ledger,
                        lambda _: 0.0,
                    )
                    group.create_task(courier.deliver([again], again.due_ms))

    async def _report_progress(self, total: int) -> None:
        """Raises ServiceGone when nothing comes any more, which ends the run."""
        while True:
            self._tell("uploading", self.ledger.acknowledged, total)
            if self._service is not None and self._service.process.poll() is not None:
                raise ServiceGone(f"the service ended:\n{end_of(self._service.log)}")
            if time.monotonic() - self.ledger.heard_at > PATIENCE_S:
                raise ServiceGone(f"no upload was acknowledged for {PATIENCE_S:.0f} s")
            await asyncio.sleep(0.25)
