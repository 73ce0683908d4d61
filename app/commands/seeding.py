"""What every database holds before its first request."""

from datetime import UTC, datetime

from app.collection.catalogue.seeding import seed_catalogue
from app.kit.db import Database
from app.kit.partitions import PARTITIONED, ensure_months
from app.rules.calendar_seed import seed_calendar


async def seed(url: str) -> None:
    """Makes the months around today, the working calendar and the catalogue of forms; again without harm."""
    database, now = Database.connect(url, pool_size=1), datetime.now(UTC)
    try:
        async with database.transaction() as session:
            for table in PARTITIONED:
                await ensure_months(session, now.date(), table)
            await seed_calendar(session, now=now)
            await seed_catalogue(session, now=now)
    finally:
        await database.close()
