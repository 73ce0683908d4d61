"""The worker's tools for making files."""

from procrastinate import JobContext

from app.collection.exports.running import Press
from app.collection.exports.sealed_files import SealedFiles
from app.kit.clock import utc_now
from app.kit.crypto import Vault
from app.kit.jobs import database_of, settings_of
from app.settings import Settings
from app.uploads.store import store_of

PURPOSE = "export"


def vault_of_settings(settings: Settings) -> Vault:
    """The vault of a worker. Raises RuntimeError without a master key."""
    if settings.master_key is None:
        raise RuntimeError("WANGGE_MASTER_KEY is not set")
    return Vault.parse(settings.master_key.get_secret_value())


def files_of(settings: Settings, vault: Vault) -> SealedFiles:
    """Files of exports, wherever the settings say that files rest."""
    return SealedFiles(store_of(settings), vault, PURPOSE)


def press_of(context: JobContext) -> Press:
    """What making files needs, in the worker."""
    settings = settings_of(context)
    vault = vault_of_settings(settings)
    return Press(
        database=database_of(context),
        vault=vault,
        files=files_of(settings, vault),
        zone=settings.zone,
        work=settings.data_dir.absolute() / "exports",
        clock=utc_now,
    )
