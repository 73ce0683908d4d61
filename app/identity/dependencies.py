"""What routers ask for: the current actor, a role, the vault, the keys."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.security import OAuth2PasswordBearer

from app.identity import queries
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.keyring import KeyringCache
from app.identity.lockout import network_of
from app.identity.logins import Issuer
from app.identity.problems import EnrolmentRequired
from app.identity.separation import may_use
from app.identity.tokens import UnknownSigningKey, verify_access_token
from app.identity.verified import Claims
from app.kit.clock import Now
from app.kit.crypto import Vault
from app.kit.db import Database, SessionDep
from app.kit.problems import Forbidden, Unauthenticated
from app.settings import Settings

bearer = OAuth2PasswordBearer(
    tokenUrl="/api/v1/auth/token",
    refreshUrl="/api/v1/auth/token",
    auto_error=False,
    description="User name and password of an account · 用账号和密码登录",
)


def vault_of(app: FastAPI) -> Vault:
    """The vault of this process, made from the master key when first asked for."""
    if not hasattr(app.state, "vault"):
        settings: Settings = app.state.settings
        if settings.master_key is None:
            raise RuntimeError("WANGGE_MASTER_KEY is not set")
        app.state.vault = Vault.parse(settings.master_key.get_secret_value())
    vault: Vault = app.state.vault
    return vault


def keyring_cache_of(app: FastAPI) -> KeyringCache:
    """The signing keys of this process."""
    if not hasattr(app.state, "keyring_cache"):
        app.state.keyring_cache = KeyringCache(app.state.database, vault_of(app))
    cache: KeyringCache = app.state.keyring_cache
    return cache


async def verified_claims(app: FastAPI, token: str, now: datetime) -> Claims:
    """The claims of a bearer token; no database unless the keys are stale. Raises Unauthenticated."""
    cache = keyring_cache_of(app)
    keyring = await cache.current(now)
    try:
        return verify_access_token(token, keyring, now)
    except UnknownSigningKey:
        return verify_access_token(token, await cache.after_unknown_key(now), now)


async def current_claims(request: Request, token: Annotated[str | None, Depends(bearer)], now: Now) -> Claims:
    """The verified claims of the request's token, not yet compared with the database."""
    if token is None:
        raise Unauthenticated
    return await verified_claims(request.app, token, now)


async def signed_in(claims: Annotated[Claims, Depends(current_claims)], session: SessionDep) -> Actor:
    """The account behind the token, as the database has it now.

    Raises LoginRevoked, AccountDisabled, AccountNotApproved or DeviceRevoked at once, however long the token
    would live.
    """
    return await queries.get_actor(session, claims)


EnrollingActor = Annotated[Actor, Depends(signed_in)]
"""For the few operations that a login limited to the enrolment of a second factor may use."""


async def current_actor(request: Request, actor: EnrollingActor) -> Actor:
    """The actor, where a full login is needed. Raises EnrolmentRequired, and Forbidden for an administrator
    outside his duties.
    """
    if actor.limited_to is not None:
        raise EnrolmentRequired
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    if not may_use(actor.role, request.method, path):
        raise Forbidden
    return actor


CurrentActor = Annotated[Actor, Depends(current_actor)]
"""A router's `actor` argument."""

CurrentClaims = Annotated[Claims, Depends(current_claims)]
"""For the hot path, which checks account and device in its own transaction."""


def require(*roles: Role) -> Callable[[Actor], Awaitable[Actor]]:
    """A dependency that lets only `roles` pass: `actor: Annotated[Actor, Depends(require(Role.COUNTY))]`."""

    async def allowed(actor: CurrentActor) -> Actor:
        if actor.role not in roles:
            raise Forbidden
        return actor

    return allowed


Supervisor = Annotated[Actor, Depends(require(*SUPERVISORS, Role.SYSTEM_ADMIN))]
"""Someone who answers for people and handhelds of an area."""


async def settings_of(request: Request) -> Settings:
    """The settings of this process."""
    settings: Settings = request.app.state.settings
    return settings


async def vault(request: Request) -> Vault:
    """The vault as a dependency."""
    return vault_of(request.app)


async def keyring_cache(request: Request) -> KeyringCache:
    """The signing keys as a dependency."""
    return keyring_cache_of(request.app)


async def database(request: Request) -> Database:
    """The database itself, for what must commit although the answer is a refusal."""
    found: Database = request.app.state.database
    return found


async def address_of(request: Request) -> str:
    """Where the request comes from, as the lockout counts it. Behind a proxy see WANGGE_TRUSTED_PROXIES."""
    return network_of(request.client.host if request.client is not None else None)


ClientAddress = Annotated[str, Depends(address_of)]
"""A router's `address` argument."""

SettingsDep = Annotated[Settings, Depends(settings_of)]
VaultDep = Annotated[Vault, Depends(vault)]
KeyringCacheDep = Annotated[KeyringCache, Depends(keyring_cache)]
DatabaseDep = Annotated[Database, Depends(database)]


async def today_of(settings: SettingsDep, now: Now) -> date:
    """The service day of `now`."""
    return now.astimezone(settings.zone).date()


Today = Annotated[date, Depends(today_of)]
"""A router's `today` argument."""


async def issuer_of(keys: KeyringCacheDep, vault: VaultDep, settings: SettingsDep, now: Now) -> Issuer:
    """All that making tokens needs."""
    keyring = await keys.current(now)
    return Issuer(keyring, vault, settings.access_token_ttl_s, settings.refresh_token_ttl_s)


IssuerDep = Annotated[Issuer, Depends(issuer_of)]
