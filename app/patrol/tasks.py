"""The folder's sweep: asks the database which days are due and folds them, a chunk a transaction."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.kit.db import Database
from app.patrol.fold_store import list_due
from app.patrol.folder import fold_days
from app.rules import service as rules
from app.rules.catalogue.judging import REFOLD_EVERY_S

CHUNK = 40
"""Days folded in one transaction: about a third of a second."""


async def fold_due(
    database: Database, *, now: datetime, zone: ZoneInfo, refold_every_s: int | None = None
) -> int:
    """Folds one chunk of days that are due; returns how many. 0 means that nothing is due, or another folder works.

    refold_every_s: least time between two folds of a day; None takes the rule.
    """
    async with database.transaction() as session:
        today = now.astimezone(zone).date()
        if refold_every_s is None:
            refold_every_s = (await rules.resolve(session, (), today))[REFOLD_EVERY_S]
        due = await list_due(
            session, folded_before=now - timedelta(seconds=refold_every_s), today=today, limit=CHUNK
        )
        await fold_days(session, due, now=now, zone=zone)
        return len(due)
