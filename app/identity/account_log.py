"""Events about accounts."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Account
from app.kit import events
from app.kit.events import EventActor


async def record_account(
    session: AsyncSession,
    actor: EventActor,
    account: Account,
    type_: str,
    data: Mapping[str, object],
    *,
    now: datetime,
) -> None:
    """Writes an event about `account`; `data` without personal data."""
    await events.record(
        session,
        actor,
        type_,
        ("account", account.id),
        data,
        county_code=account.county_code,
        area_id=account.area_id,
        now=now,
    )
