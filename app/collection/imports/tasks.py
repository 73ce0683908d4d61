"""Jobs of imports: dry runs, imports, and forgetting files."""

from uuid import UUID

from procrastinate import JobContext

from app.collection.exports.press import vault_of_settings
from app.collection.exports.sealed_files import SealedFiles
from app.collection.imports import running
from app.collection.imports.running import Workshop
from app.kit.clock import utc_now
from app.kit.jobs import RETRY, database_of, queue, settings_of
from app.uploads.store import store_of

PURPOSE = "import"
RETRY_MOST = RETRY.max_attempts or 1


@queue.task(name="imports.run", retry=RETRY, pass_context=True)
async def run(context: JobContext, county_code: str, import_id: str) -> None:
    """Checks a file, or imports it once it is confirmed; the last attempt says that it failed."""
    shop = shop_of(context)
    try:
        await running.run_import(shop, county_code, UUID(import_id))
    except Exception:
        if context.job is not None and context.job.attempts + 1 >= RETRY_MOST:
            await running.fail_import(shop, county_code, UUID(import_id), "internal_error")
        raise


@queue.periodic(cron="27 * * * *")
@queue.task(name="imports.forget", queueing_lock="imports.forget", retry=RETRY, pass_context=True)
async def forget(context: JobContext, timestamp: int) -> None:
    """Deletes files that nobody needs any more. `timestamp`: Unix seconds of the tick."""
    await running.forget_files(shop_of(context))


def shop_of(context: JobContext) -> Workshop:
    """What importing needs, in the worker."""
    settings = settings_of(context)
    vault = vault_of_settings(settings)
    files = SealedFiles(store_of(settings), vault, PURPOSE)
    return Workshop(database_of(context), vault, files, settings.zone, utc_now)
