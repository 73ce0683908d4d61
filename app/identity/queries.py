"""SQL of accounts and logins."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row
from sqlalchemy import String, Uuid, column, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role
from app.identity.models import Account
from app.identity.problems import AccountDisabled, AccountNotApproved, DeviceRevoked, LoginRevoked
from app.identity.scope import visible_to
from app.identity.verified import Claims
from app.kit.db import driver_connection
from app.kit.pagination import after, page
from app.kit.problems import NotFound

# Asked with every request: prepared once for each connection, without the detour through a statement builder.
STATE = """
SELECT a.county_code, a.role, a.area_id, a.display_name, a.enabled, a.approved_at, l.limited_to,
       l.revoked_at AS login_revoked_at, l.device_id, d.revoked_at AS device_revoked_at
  FROM login l
  JOIN account a ON a.id = l.account_id
  LEFT JOIN device d ON d.county_code = l.county_code AND d.id = l.device_id
 WHERE l.county_code = %s AND l.id = %s AND l.account_id = %s
"""


@dataclass(frozen=True, slots=True)
class _State:
    """Account, login and handheld of some claims, as they stand now."""

    county_code: str
    role: str
    area_id: UUID
    display_name: str
    enabled: bool
    approved_at: datetime | None
    limited_to: str | None
    login_revoked_at: datetime | None
    device_id: UUID | None
    device_revoked_at: datetime | None


async def get_actor(session: AsyncSession, claims: Claims) -> Actor:
    """The actor behind verified claims. Raises LoginRevoked, AccountDisabled or DeviceRevoked."""
    connection = await driver_connection(session)
    cursor = connection.cursor(row_factory=class_row(_State), binary=True)
    asked = claims.county_code, claims.login_id, claims.account_id
    row = await (await cursor.execute(STATE, asked)).fetchone()
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
