"""SQL of accounts and logins."""

from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role
from app.identity.device_models import Device
from app.identity.models import Account, Login
from app.identity.problems import AccountDisabled, DeviceRevoked, LoginRevoked
from app.identity.verified import Claims


async def get_actor(session: AsyncSession, claims: Claims) -> Actor:
    """The actor behind verified claims. Raises LoginRevoked, AccountDisabled or DeviceRevoked."""
    row = (
        await session.execute(
            select(
                Account.county_code,
                Account.role,
                Account.area_id,
                Account.display_name,
                Account.enabled,
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
    ).one_or_none()
    if row is None:
        raise LoginRevoked
    if row.device_revoked_at is not None:
        raise DeviceRevoked
    if not row.enabled:
        raise AccountDisabled
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
    )


async def find_account_by_username(session: AsyncSession, username: str) -> Account | None:
    """The account named `username` (lower case), or None."""
    found: Account | None = await session.scalar(select(Account).where(Account.username == username))
    return found


async def find_account(session: AsyncSession, account_id: UUID) -> Account | None:
    """The account, or None."""
    return await session.get(Account, account_id)
