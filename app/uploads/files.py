"""What uploads need of the process: the database, where files lie on their way, and where they rest."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.kit.db import Database
from app.settings import Settings
from app.uploads.staging import Staging, staging_of
from app.uploads.store import FileStore, store_of


@dataclass(frozen=True, slots=True)
class Files:
    """zone: of EXIF times that name none, and of the day whose rules apply."""

    database: Database
    staging: Staging
    store: FileStore
    zone: ZoneInfo


def files_of(settings: Settings, database: Database) -> Files:
    """As the settings want it; nothing is opened or made yet."""
    return Files(database, staging_of(settings), store_of(settings), settings.zone)
