"""The demo county in real time: handhelds that walk now, upload every minute, and go on whatever happens."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np

from app.fleet.courier import Courier
from app.fleet.crew import CrewTooSmall, Member, enrol
from app.fleet.days import Manners
from app.fleet.ledger import Ledger
from app.fleet.parcels import Parcel
from app.handheld.api import Refused, Unreachable
from app.kit.clock import to_ms, utc_now
from app.kit.console import say
from app.replay.office import Office
from app.simulation.day import HandheldDay, simulate_day
from app.simulation.habits import ordinary_shift
from app.simulation.plan import DayPlan, Shift
from app.simulation.receivers import Receiver
from app.simulation.uploads import uploads_of

UPLOAD_EVERY_S, BEAT_S = 60.0, 60.0
SAMPLING_S = (10.0, 30.0)
STAGGER_S = 60.0
SHIFT_LASTS = timedelta(hours=8)
"""How long a shift is planned where none holds: in the evening, or at night."""
WORTH_IT = timedelta(minutes=5)
AFTER_ERROR_S = 15.0
GENTLY = Manners(UPLOAD_EVERY_S, hoards=False, shuffles=False, twice=0, twins=0, cut_before=0, cut_after=0)
TROUBLES = (Refused, Unreachable, CrewTooSmall, httpx.HTTPError, OSError)
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Live:
    """How many, where, and who plans their shifts."""

    base_url: str
    handhelds: int
    username: str
    password: str
    seed: int = 1


async def walk_on(live: Live) -> None:
    """Until cancelled. What goes wrong is tried again a little later: a service that restarts is no reason to end."""
    while True:
        try:
            async with httpx.AsyncClient(
                base_url=live.base_url, timeout=TIMEOUT_S, trust_env=False
            ) as client:
                await _until_ready(client)
                office = Office(client)
                await office.sign_in(live.username, live.password)
                day = utc_now().date()
                members = await enrol(office, client, live.handhelds, day, lambda: None)
                async with asyncio.TaskGroup() as group:
                    for member in members:
                        group.create_task(_Walker(live, office, member).run())
        except* TROUBLES as troubles:  # the service is away, or somebody took a handheld over
            say(f"Walking handhelds: {_first(troubles)}; trying again.")
        await asyncio.sleep(AFTER_ERROR_S)


async def _until_ready(client: httpx.AsyncClient) -> None:
    while True:
        try:
            if (await client.get("/health/ready")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(1)


class LoginEnded(Refused):
    """Somebody activated the handheld anew."""


class _Walker:
    """One handheld, shift after shift."""

    def __init__(self, live: Live, office: Office, member: Member) -> None:
        self._live, self._office, self._member = live, office, member

    async def run(self) -> None:
        """Raises what the service refuses; everybody begins anew then."""
        rng = np.random.default_rng([self._live.seed, self._member.inspector_id.int % 2**32])
        await asyncio.sleep(float(rng.uniform(0, STAGGER_S)))
        while True:
            begin = utc_now()
            end = await self._on_duty_until(begin)
            if end - begin < WORTH_IT:
                await asyncio.sleep((end - begin).total_seconds() + 1)
                continue
            await self._walk(self._day(rng, begin, end))

    async def _on_duty_until(self, now: datetime) -> datetime:
        """When the shift ends that holds now; one is planned where there is none, up to the next."""
        shifts = await self._shifts(now)
        for starts_at, ends_at in shifts:
            if starts_at <= now < ends_at:
                return ends_at
        end = min([now + SHIFT_LASTS, *(starts_at for starts_at, _ in shifts if starts_at > now)])
        planned = {
            "inspector_id": str(self._member.inspector_id),
            "starts_at": now.replace(microsecond=0).isoformat(),
            "ends_at": end.isoformat(),
            "kind": "work",
        }
        try:
            await self._office.post("/shifts", planned)
        except Refused as refusal:
            if refusal.code != "shift_overlaps":  # somebody was quicker
                raise
        return end

    async def _shifts(self, now: datetime) -> list[tuple[datetime, datetime]]:
        span = {
            "from": (now - timedelta(days=2)).date().isoformat(),
            "to": (now + timedelta(days=2)).date().isoformat(),
        }
        rows = self._office.rows("/shifts", inspector_id=str(self._member.inspector_id), **span)
        return [(_instant(r["starts_at"]), _instant(r["ends_at"])) async for r in rows]

    def _day(self, rng: np.random.Generator, begin: datetime, end: datetime) -> HandheldDay:
        shift = Shift(to_ms(begin), to_ms(end), ordinary_shift(rng, (end - begin).total_seconds() / 60))
        name = f"live/{self._member.device_id}/{shift.start_ms}"
        receiver = Receiver(SAMPLING_S, 4.0, 45.0)
        return simulate_day(
            DayPlan(name, self._member.shape, (shift,), self._live.seed, receiver, beat_s=BEAT_S)
        )

    async def _walk(self, day: HandheldDay) -> None:
        """Delivers the day as it happens. Raises LoginEnded."""
        offset_s = time.monotonic() - utc_now().timestamp()
        ledger = Ledger()
        parcels = [Parcel.of(upload) for upload in uploads_of(day, every_s=UPLOAD_EVERY_S)]
        rng = np.random.default_rng(self._live.seed)
        courier = Courier(
            self._member, GENTLY, rng, self._live.base_url, ledger, lambda at_ms: offset_s + at_ms / 1000
        )
        work = asyncio.create_task(courier.deliver(parcels, day.happened[-1].end_ms))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=AFTER_ERROR_S)
                if "a login ended" in ledger.faults:
                    raise LoginEnded(401, "login_ended", ledger.faults["a login ended"])
            work.result()
        finally:
            work.cancel()


def _first(troubles: BaseException) -> BaseException:
    while isinstance(troubles, BaseExceptionGroup):
        troubles = troubles.exceptions[0]
    return troubles


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
