"""Who tries to admit what is not his to admit is refused, and the attempt stays (S0-32, S4-45)."""

from datetime import datetime
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncSession

from app.affairs.models import Affair
from app.affairs.problems import AffairNotYours
from app.affairs.workflow import Action
from app.identity.actor import Actor
from app.kit import events
from app.kit.db import Database


async def refuse(
    session: AsyncSession, database: Database, actor: Actor, affair: Affair, action: Action, *, now: datetime
) -> NoReturn:
    """Logs the attempt in a transaction of its own, since the request's own is undone. Raises AffairNotYours."""
    affair_id, county_code, area_id = affair.id, affair.county_code, affair.area_id
    await session.rollback()  # gives its connection back before another one is asked for
    async with database.transaction() as own:
        await events.record(
            own,
            actor.event_actor,
            "affair.attempt_refused",
            ("affair", affair_id),
            {"action": action, "role": actor.role, "reason": AffairNotYours.code},
            county_code=county_code,
            area_id=area_id,
            now=now,
        )
    raise AffairNotYours
