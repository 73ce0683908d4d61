"""Rows of identity, and the areas they stand in: plain async functions over a session."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from uuid import UUID

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.identity import accounts, bindings, devices, logins
from app.identity.actor import Role, system_actor
from app.identity.dependencies import keyring_cache_of, vault_of
from app.identity.device_models import Device, DeviceBinding
from app.identity.logins import Issuer, TokenPair
from app.identity.models import Account
from app.kit.crypto import Vault
from app.kit.db import Database
from app.main import create_app
from app.settings import Settings

MASTER_KEY = "a-master-key-for-tests-and-nothing-else"
PASSWORD = "Harbour-2026"
NOTICE = "2026-1"
INSTALLATION = "installation-0000-0001"


def vault() -> Vault:
    """The vault of the tests."""
    return Vault.parse(MASTER_KEY)


def settings() -> Settings:
    """Settings of an app under test."""
    # its files lie outside the checkout
    return Settings(master_key=SecretStr(MASTER_KEY), data_dir=Path(gettempdir()) / "wangge-tests")


def app_over(database: Database) -> FastAPI:
    """The application over a test's database."""
    return create_app(settings(), database)


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """An HTTP client of `app`, in process."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers={"Accept-Language": "en"})


@cache
def password_hash() -> str:
    """A cheap but real Argon2id hash of PASSWORD."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD)


async def area(session: AsyncSession, county_code: str, level: str, *above: UUID) -> UUID:
    """An area below `above` (nearest first), with its closure."""
    area_id = uuid7()
    await session.execute(
        text("INSERT INTO area (id, county_code, level) VALUES (:id, :county, :level)"),
        {"id": area_id, "county": county_code, "level": level},
    )
    for depth, ancestor in enumerate((area_id, *above)):
        await session.execute(
            text("INSERT INTO area_closure (area_id, ancestor_id, depth) VALUES (:area, :ancestor, :depth)"),
            {"area": area_id, "ancestor": ancestor, "depth": depth},
        )
    return area_id


@dataclass(frozen=True, slots=True)
class County:
    """A county with one town and one community."""

    code: str
    county: UUID
    town: UUID
    community: UUID


async def county(session: AsyncSession, code: str, *above: UUID) -> County:
    """A county's three levels, below `above`."""
    county_id = await area(session, code, "county", *above)
    town = await area(session, code, "township", county_id, *above)
    community = await area(session, code, "community", town, county_id, *above)
    return County(code, county_id, town, community)


async def account(
    session: AsyncSession, area_id: UUID, role: Role, *, username: str | None = None, phone: str | None = None
) -> Account:
    """An enabled account whose password is PASSWORD."""
    name = username or f"{role.value}-{uuid7().hex[-8:]}"
    new = accounts.NewAccount(name, password_hash(), role, area_id, "王海生", phone)
    return await accounts.create_account(session, system_actor("330921"), new, vault=vault(), now=now())


async def device(session: AsyncSession, area_id: UUID, *, serial_no: str | None = None) -> Device:
    """A registered handheld that meets the standard."""
    new = devices.NewDevice(
        serial_no or f"SN-{uuid7().hex[-10:]}", area_id, "Honor X5b", "14", "1.0.0", ["camera", "gnss"]
    )
    return await devices.register_device(session, system_actor("330921"), new, now=now())


async def binding(
    session: AsyncSession, bound: Device, inspector: Account, *, start: datetime | None = None
) -> DeviceBinding:
    """An open binding, since an hour ago unless told otherwise."""
    since = start or now() - timedelta(hours=1)
    return await bindings.bind_device(
        session, system_actor(bound.county_code), bound, inspector.id, start=since, now=now()
    )


async def issuer(app: FastAPI, at: datetime | None = None) -> Issuer:
    """What makes tokens in `app`."""
    keyring = await keyring_cache_of(app).current(at or now())
    return Issuer(keyring, vault_of(app), app.state.settings.access_token_ttl_s, 45 * 86400)


async def login(
    app: FastAPI,
    session: AsyncSession,
    owner: Account,
    on: Device | None = None,
    *,
    at: datetime | None = None,
) -> TokenPair:
    """A login of `owner`, on a handheld where given."""
    pair = await logins.start_login(
        session,
        owner,
        issuer=await issuer(app, at),
        now=at or now(),
        device_id=on.id if on else None,
        installation_id=INSTALLATION if on else None,
    )
    await session.flush()
    return pair


def bearer(pair: TokenPair) -> dict[str, str]:
    """The header that carries an access token."""
    return {"Authorization": f"Bearer {pair.access_token}"}


def now() -> datetime:
    """The present instant; a test has no router to get it from."""
    return datetime.now(UTC)
