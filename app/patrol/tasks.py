"""The folder's sweep: asks the database which days are due and folds them, a chunk a transaction."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database
from app.patrol.day_reader import DayKey
from app.patrol.fold_store import list_due, put_off
from app.patrol.folder import fold_days
from app.rules import service as rules
from app.rules.catalogue.judging import REFOLD_EVERY_S

log = structlog.get_logger("wangge.folder")
CHUNK = 40
"""Days folded in one transaction: about a third of a second."""


async def fold_due(
    database: Database, *, now: datetime, zone: ZoneInfo, refold_every_s: int | None = None
) -> int:
    """Folds one chunk of days that are due; returns how many. 0: nothing is due, or others fold what is.

    refold_every_s: least time between two folds of a day; None takes the rule. A day that cannot be folded
    (damaged bytes, say) is logged and put off; it never holds up the others.
    """
    due: list[DayKey] = []
    try:
        async with database.transaction() as session:
            due = await _list_due(session, now, zone, refold_every_s)
            await fold_days(session, due, now=now, zone=zone)
    except DBAPIError:
        raise
    except Exception:
        log.exception("chunk not folded", days=len(due))
        for key in due:
            await _fold_one(database, key, now, zone)
    return len(due)


async def _list_due(
    session: AsyncSession, now: datetime, zone: ZoneInfo, refold_every_s: int | None
) -> list[DayKey]:
    today = now.astimezone(zone).date()
    if refold_every_s is None:
        refold_every_s = (await rules.resolve(session, (), today))[REFOLD_EVERY_S]
    every = timedelta(seconds=refold_every_s)
    return await list_due(
        session, folded_before=now - every, folded_after=now + every, today=today, limit=CHUNK
    )


async def _fold_one(database: Database, key: DayKey, now: datetime, zone: ZoneInfo) -> None:
    try:
        async with database.transaction() as session:
            await fold_days(session, [key], now=now, zone=zone)
    except DBAPIError:
        raise
    except Exception:
        log.exception("day not folded", inspector_id=str(key.inspector_id), service_day=str(key.service_day))
        async with database.transaction() as session:
            await put_off(session, key, now)
