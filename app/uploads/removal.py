"""Taking content out of the store: a job of the transaction that forgot it."""

from procrastinate import JobContext

from app.kit.jobs import RETRY, queue, settings_of
from app.uploads.store import store_of


@queue.task(name="uploads.remove_files", retry=RETRY, pass_context=True)
async def remove_files(context: JobContext, keys: list[str]) -> None:
    """Removes what lies under the keys. They are never given again, so repeating it is harmless."""
    store = store_of(settings_of(context))
    for key in keys:
        await store.delete(key)
