"""Jobs of exports: making files, and deleting them when their time is over."""

import asyncio
from uuid import UUID

from procrastinate import JobContext

from app.collection.exports import running
from app.collection.exports.press import press_of
from app.kit.jobs import RETRY, queue


@queue.task(name="exports.run", retry=RETRY, pass_context=True)
async def run(context: JobContext, county_code: str, export_id: str) -> None:
    """Makes the file of an export; the last attempt says that it failed."""
    press = press_of(context)
    try:
        await running.run_export(press, county_code, UUID(export_id))
    except Exception:
        if context.job is not None and context.job.attempts + 1 >= RETRY_MOST:
            await running.fail_export(press, county_code, UUID(export_id), "internal_error")
        raise


RETRY_MOST = RETRY.max_attempts or 1


@queue.periodic(cron="21 * * * *")
@queue.task(name="exports.expire", queueing_lock="exports.expire", retry=RETRY, pass_context=True)
async def expire(context: JobContext, timestamp: int) -> None:
    """Deletes files that are past their time. `timestamp`: Unix seconds of the tick."""
    press = press_of(context)
    await running.expire_exports(press)
    await asyncio.to_thread(running.forget_leftovers, press.work, press.clock())
