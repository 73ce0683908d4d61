"""Jobs of sync: held items are tried again, and are a person's when time is up."""

from datetime import UTC, datetime

from procrastinate import JobContext

from app.kit.crypto import Vault
from app.kit.jobs import RETRY, database_of, queue, settings_of
from app.sync.kinds import TAKERS
from app.sync.retries import hand_over_overdue, retry_all


@queue.periodic(cron="* * * * *")
@queue.task(name="sync.retry_held", queueing_lock="sync.retry_held", retry=RETRY, pass_context=True)
async def retry_held(context: JobContext, timestamp: int) -> None:
    """Every minute. `timestamp`: Unix seconds of the tick."""
    settings = settings_of(context)
    if settings.master_key is None:
        return
    now = datetime.fromtimestamp(timestamp, UTC)
    vault = Vault.parse(settings.master_key.get_secret_value())
    await retry_all(database_of(context), TAKERS, vault=vault, zone=settings.zone, now=now)
    await hand_over_overdue(database_of(context), zone=settings.zone, now=now)
