"""An inspector at work: grid, shift, handheld, rules that assess; and the walks he sends."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from app.identity.device_models import Device
from app.identity.models import Account
from app.kit.clock import Now, to_ms
from app.kit.db import Database
from app.kit.events import SYSTEM
from app.patrol.ingestor import Ingestor
from app.rules.catalogue import judging
from app.rules.service import Decision, set_value
from tests.factories import areas, identity, staffing

ZONE = ZoneInfo("Asia/Shanghai")
COUNTY = "330921"
UPLOAD = "/api/v1/fix-batches"
WEST, SOUTH = 122.001, 30.005
"""Where walks begin: inside the first cell of `areas.square`."""
METRE_LON = 1 / 96_380
"""Degrees of longitude a metre at that latitude."""
LEG_M = 1500
Fix = dict[str, Any]


class Clock:
    """The instant that the app under test believes in, everywhere."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class Beat:
    """An inspector with all that makes his day count, a colleague with a handheld, and who watches them."""

    county: identity.County
    foreign: identity.County
    inspector: Account
    colleague: Account
    supervisor: Account
    foreigner: Account
    admin: Account
    device: Device
    other_device: Device
    grid: UUID
    day: date

    def at(self, clock: str, day: date | None = None) -> datetime:
        """The instant of "HH:MM[:SS]" on the day, in the county's zone."""
        return datetime.combine(day or self.day, time.fromisoformat(clock), ZONE).astimezone(UTC)


def noon() -> datetime:
    """Noon of the day before yesterday in Shanghai: months exist around it, and days after it are over."""
    today = datetime.now(ZONE).date()
    return datetime.combine(today - timedelta(days=2), time(12), ZONE).astimezone(UTC)


def app_at(database: Database, clock: Clock, *, queue_max: int = 2000, group_max: int = 128) -> FastAPI:
    """The application over `database` at `clock`; start its `ingestor` before uploading."""
    app = identity.app_over(database)
    app.state.ingestor = Ingestor(database, zone=ZONE, clock=clock, queue_max=queue_max, group_max=group_max)

    async def now() -> datetime:
        return clock.now

    app.dependency_overrides[Now.__metadata__[0].dependency] = now  # type: ignore[attr-defined]
    return app


async def assessed(session: AsyncSession, area_id: UUID, county_code: str = COUNTY) -> None:
    """The area assesses tracks, with a basis and an approval on file."""
    decisions = (
        (judging.LEGAL_BASIS, "document"),
        (judging.APPROVAL_NO, "1"),
        (judging.POLICY, "assess"),
    )
    for parameter, value in decisions:
        await decide(session, area_id, parameter.key, value, county_code=county_code)


async def decide(
    session: AsyncSession,
    area_id: UUID,
    key: str,
    value: Any,
    *,
    since: date = areas.SINCE,
    county_code: str = COUNTY,
) -> None:
    """A rule of an area, backdated if need be."""
    await set_value(
        session,
        SYSTEM,
        Decision(key, area_id, since, None, value, "test"),
        county_code=county_code,
        area_path=[area_id],
        now=datetime.now(UTC),
        today=None,
    )


async def beat(session: AsyncSession, now: datetime, *, assess: bool = True) -> Beat:
    """On the local day of `now`: shift 08:00 to 13:00 for both inspectors, handhelds bound for a month."""
    county = await identity.county(session, COUNTY)
    foreign = await identity.county(session, "330922")
    inspector = await identity.account(session, county.community, Role.INSPECTOR)
    colleague = await identity.account(session, county.community, Role.INSPECTOR)
    made = Beat(
        county,
        foreign,
        inspector,
        colleague,
        await identity.account(session, county.town, Role.TOWNSHIP),
        await identity.account(session, foreign.county, Role.COUNTY),
        await identity.account(session, county.county, Role.SYSTEM_ADMIN),
        await identity.device(session, county.community),
        await identity.device(session, county.community),
        await areas.grid(session, county.community, "330921100001001", areas.square(0, width=3)),
        now.astimezone(ZONE).date(),
    )
    since = now - timedelta(days=30)
    for each, device in ((inspector, made.device), (colleague, made.other_device)):
        await identity.binding(session, device, each, start=since)
        await staffing.appointment(session, each, made.grid, since)
        await staffing.shift(session, each, made.at("08:00"), made.at("13:00"))
    if assess:
        await assessed(session, county.county)
    await session.flush()
    return made


def walk(
    start: datetime,
    seconds: int,
    *,
    speed_mps: float = 1.2,
    every_s: int = 10,
    north_m: float = 0.0,
    **attributes: Any,
) -> list[Fix]:
    """Fixes of somebody who walks east and back again, LEG_M each way; times in Unix milliseconds."""
    fixes = []
    for second in range(0, seconds + 1, every_s):
        along = second * speed_mps % (2 * LEG_M)
        east_m = min(along, 2 * LEG_M - along)
        fixes.append(
            {
                "recorded_at": to_ms(start) + second * 1000,
                "longitude": round(WEST + east_m * METRE_LON, 7),
                "latitude": round(SOUTH + north_m / 110_860, 7),
                "accuracy_m": 6.0,
                **attributes,
            }
        )
    return fixes


def batch(
    fixes: Sequence[Any] = (), *, batch_id: UUID | str | None = None, **envelope: Any
) -> dict[str, Any]:
    """The body of an upload."""
    return {
        "batch_id": str(batch_id or uuid4()),
        "coord_sys": "wgs84",
        "sent_at": "2026-11-20T09:01:00+08:00",
        **({"fixes": list(fixes)} if len(fixes) else {}),
        **envelope,
    }


def press(kind: str, at: datetime, press_id: UUID | None = None) -> dict[str, Any]:
    """A duty press as a handheld sends it."""
    return {"press_id": str(press_id or uuid4()), "kind": kind, "pressed_at": to_ms(at)}


@dataclass(frozen=True, slots=True)
class Handheld:
    """A handheld's client: it uploads and reads with its holder's token."""

    client: httpx.AsyncClient
    headers: dict[str, str]

    async def send(self, body: dict[str, Any]) -> httpx.Response:
        """Uploads one batch as JSON."""
        return await self.send_raw(json.dumps(body).encode())

    async def send_raw(self, content: bytes, **headers: str) -> httpx.Response:
        """Uploads bytes as they are."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(
            UPLOAD, content=content, headers={"Content-Type": "application/json", **self.headers, **named}
        )

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """Reads something."""
        return await self.client.get(f"/api/v1{path}", params=params, headers=self.headers)


async def sign_in(
    app: FastAPI,
    client: httpx.AsyncClient,
    database: Database,
    owner: Account,
    device: Device | None = None,
    *,
    at: datetime,
) -> Handheld:
    """A login at `at`, committed."""
    async with database.transaction() as session:
        pair = await identity.login(app, session, owner, device, at=at)
    return Handheld(client, identity.bearer(pair))
