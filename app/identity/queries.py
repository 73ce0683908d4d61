"""SQL of accounts and logins."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, Uuid, and_, column, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role
from app.identity.device_models import Device
from app.identity.models import Account, Login
from app.identity.problems import AccountDisabled, AccountNotApproved, DeviceRevoked, LoginRevoked
from app.identity.scope import visible_to
from app.identity.verified import Claims
from app.kit.pagination import after, page
from app.kit.problems import NotFound


async def get_actor(session: AsyncSession, claims: Claims) -> Actor:
    """The actor behind verified claims. Raises LoginRevoked, AccountDisabled or DeviceRevoked."""
    row = (await session.execute(_state_of(claims))).one_or_none()
    if row is None:
        raise LoginRevoked
    if row.device_revoked_at is not None:
        raise DeviceRevoked
    if not row.enabled:
        raise AccountDisabled
    if row.approved_at is None:
        raise AccountNotApproved
    if row.login_revoked_at is not None:
        raise LoginRevoked
    return Actor(
        account_id=claims.account_id,
        county_code=row.county_code,
        role=Role(row.role),
        area_id=row.area_id,
        device_id=row.device_id,
        display_name=row.display_name,
        login_id=claims.login_id,
        limited_to=row.limited_to,
    )


def _state_of(claims: Claims) -> Select[*tuple[Any, ...]]:
    """Account, login and handheld of the claims, as they stand now, in one row."""
    return (
        select(
            Account.county_code,
            Account.role,
            Account.area_id,
            Account.display_name,
            Account.enabled,
            Account.approved_at,
            Login.limited_to,
            Login.revoked_at.label("login_revoked_at"),
            Login.device_id,
            Device.revoked_at.label("device_revoked_at"),
        )
        .select_from(Login)
        .join(Account, Account.id == Login.account_id)
        .outerjoin(Device, and_(Device.county_code == Login.county_code, Device.id == Login.device_id))
        .where(
            Login.county_code == claims.county_code,
            Login.id == claims.login_id,
            Login.account_id == claims.account_id,
        )
    )


async def find_account_by_username(
    session: AsyncSession, username: str, *, lock: bool = False
) -> Account | None:
    """The account named `username` (lower case), or None; with `lock` nobody changes it meanwhile."""
    wanted = select(Account).where(Account.username == username)
    found: Account | None = await session.scalar(wanted.with_for_update() if lock else wanted)
    return found


async def get_account(
    session: AsyncSession, actor: Actor, account_id: UUID, *, lock: bool = False
) -> Account:
    """The account, inside the actor's area. Raises NotFound."""
    wanted = select(Account).where(Account.id == account_id, visible_to(actor, Account))
    found: Account | None = await session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """What a list of accounts is narrowed to."""

    role: Role | None = None
    enabled: bool | None = None


async def list_accounts(
    session: AsyncSession, actor: Actor, wanted: AccountFilter, *, cursor: str | None, limit: int
) -> tuple[list[Account], str | None]:
    """Accounts inside the actor's area, by user name, with the cursor of the next page."""
    statement = select(Account).where(visible_to(actor, Account))
    if wanted.role is not None:
        statement = statement.where(Account.role == wanted.role)
    if wanted.enabled is not None:
        statement = statement.where(Account.enabled == wanted.enabled)
    rows = (await session.scalars(after(statement, [Account.username], cursor, limit))).all()
    return page(rows, limit, lambda account: [account.username])


MAX_SAME_PHONE = 20


async def list_by_phone(session: AsyncSession, actor: Actor, phone_indexes: list[str]) -> list[Account]:
    """Accounts inside the actor's area with one of these blind indexes of a phone number."""
    statement = select(Account).where(visible_to(actor, Account), Account.phone_index.in_(phone_indexes))
    return list(await session.scalars(statement.order_by(Account.username).limit(MAX_SAME_PHONE)))


async def county_code_of(session: AsyncSession, area_id: UUID) -> str:
    """The home code of the county that an area belongs to. Raises NotFound."""
    # `areas` lies above this package: its table is named here, its module isn't imported.
    area = table("area", column("id", Uuid()), column("county_code", String()))
    code: str | None = await session.scalar(select(area.c.county_code).where(area.c.id == area_id))
    if code is None:
        raise NotFound
    return code
