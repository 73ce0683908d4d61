"""Loads the demo county, Daishan, once; later starts only plan the shifts ahead."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Area
from app.demo import (
    affairs,
    decisions,
    land,
    ledgers,
    people,
    staff,
    subjects,
    submissions,
    tasks,
    uploads,
    visits,
)
from app.demo.divisions import read_divisions
from app.demo.fortnight.named import FIRST_DAY
from app.demo.fortnight.tasks import load as fortnight
from app.demo.islands import divide_county, read_outline
from app.demo.people import DemoAccount
from app.demo.quarantined import load_quarantined
from app.demo.roster import DAYS_BACK, plan_shifts
from app.demo.spares import load_spares
from app.demo.walk import load_walk
from app.identity.actor import ROLE_LABELS
from app.identity.passwords import hash_password
from app.kit import events
from app.kit.clock import day_start, utc_now
from app.kit.crypto import Vault
from app.kit.db import Database
from app.kit.ids import DEMO_BOAT_GRID_CODE, DEMO_COUNTY, DEMO_COUNTY_CODE, DEMO_DAY, DEMO_GRID_CODE
from app.kit.jobs import defer
from app.patrol.periods.sealing import note_periods
from app.settings import Settings

DEMO_PASSWORD = "Wangge-330921"  # noqa: S105 - well known on purpose; only where demo_passwords is set
LOCK = 0x44454D4F
LOADED = (
    "area, area_version, area_code, area_closure, grid, grid_version, account, device, device_binding, "
    "appointment, shift, subject, subject_key, subject_link, subject_state, subject_version, submission, "
    "item_receipt, attachment, event"
)


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """An account that a visitor may use."""

    username: str
    password: str
    role: str


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What a call did. `loaded` is False when the county was there already."""

    loaded: bool
    areas: int
    grids: int
    accounts: int
    devices: int
    shifts: int


async def load_demo(database: Database, settings: Settings, *, today: date) -> DemoSummary:
    """Loads areas, grids, people, handhelds and rules in one transaction; does so only once.

    today: a date in the service's zone; bindings and appointments begin with the first walked day. With
    `settings.demo_passwords` all accounts have DEMO_PASSWORD, else a password that nobody knows.
    """
    async with database.transaction() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        if await session.scalar(select(Area.id).where(Area.id == DEMO_COUNTY)):
            shifts = await plan_shifts(session, today, settings.zone)
            return DemoSummary(False, areas=0, grids=0, accounts=0, devices=0, shifts=shifts)
        return await _load(session, settings, today)


async def _load(session: AsyncSession, settings: Settings, today: date) -> DemoSummary:
    now = utc_now()
    since = day_start(min(today - timedelta(days=DAYS_BACK), FIRST_DAY, DEMO_DAY), settings.zone)
    divisions = read_divisions()
    outline = read_outline()
    here = [d for d in divisions if d.level == "community" and d.code.startswith(DEMO_COUNTY_CODE)]
    grids = divide_county(outline, here)
    areas = await land.load_areas(session, divisions, outline, grids, today)
    await land.load_grids(session, grids)
    codes = sorted([*(grid.code for grid in grids), DEMO_BOAT_GRID_CODE])
    accounts = [*people.role_accounts(divisions), *people.inspectors(codes)]
    await staff.load_accounts(session, accounts, await _password_hash(settings), since)
    devices = people.devices(codes)
    await staff.load_devices(session, devices, since)
    await staff.load_service(session, codes, since, today)
    if settings.demo_passwords and settings.master_key is not None:
        await staff.load_activation_code(session, settings.master_key.get_secret_value(), now)
    shifts = await plan_shifts(session, today, settings.zone)
    await note_periods(session, DEMO_COUNTY_CODE, DEMO_DAY, today)
    await decisions.record_decisions(session, now)
    await uploads.load(session, settings, now=now)
    await affairs.load(session, today=today, zone=settings.zone, now=now)
    if settings.master_key is not None:
        vault = Vault.parse(settings.master_key.get_secret_value())
        await subjects.load(session, grids, vault, zone=settings.zone, now=now)
        await visits.load(session, vault, today=today, zone=settings.zone, now=now)
        await tasks.load(session, vault, today=today, zone=settings.zone, now=now)
        await submissions.load(session, vault, today=today, zone=settings.zone, now=now)
        await ledgers.load(session, settings, vault, today=today, now=now)
    await load_walk(session, settings.zone)
    await load_quarantined(session, now)
    await load_spares(session, today, settings.zone, now)
    if settings.demo_fortnight:
        await defer(session, fortnight)
    await session.execute(text(f"ANALYZE {LOADED}"))  # the planner must not meet these tables as empty ones
    summary = DemoSummary(True, areas, len(codes), len(accounts), len(devices), shifts)
    await _record(session, summary, now)
    return summary


async def _password_hash(settings: Settings) -> str:
    # One hash for all: Argon2 takes 25 ms each, and the same well-known password needs no salt of its own.
    return await hash_password(DEMO_PASSWORD if settings.demo_passwords else secrets.token_urlsafe(32))


async def _record(session: AsyncSession, summary: DemoSummary, now: datetime) -> None:
    data = {"areas": summary.areas, "grids": summary.grids, "accounts": summary.accounts}
    await events.record(
        session,
        events.SYSTEM,
        "demo.loaded",
        ("area", DEMO_COUNTY),
        data | {"devices": summary.devices, "shifts": summary.shifts},
        county_code=DEMO_COUNTY_CODE,
        area_id=DEMO_COUNTY,
        now=now,
    )


def demo_logins() -> list[DemoLogin]:
    """One login a role, for the welcome text; they work where `demo_passwords` is set."""
    seen: dict[str, DemoAccount] = {}
    everybody: Sequence[DemoAccount] = people.role_accounts(read_divisions())
    for account in [*everybody, *people.inspectors([DEMO_GRID_CODE])]:
        seen.setdefault(account.role, account)
    seen["community"] = next(a for a in everybody if a.username == "community")
    seen["township"] = next(a for a in everybody if a.username == "township")
    return [DemoLogin(a.username, DEMO_PASSWORD, ROLE_LABELS[a.role]) for a in seen.values()]
