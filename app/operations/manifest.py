"""What stands in a backup beside the database: what it was made of, to compare with after restoring it."""

from datetime import datetime

import msgspec

from app.kit.backup_file import BackupError
from app.operations.inventory import Inventory

FORMAT = 1
MANIFEST, DUMP, LOCKED_KEY = "manifest.json", "database.dump", "master.key.locked"
"""Members of a backup."""


class Manifest(msgspec.Struct, frozen=True):
    """revision: of the schema. server_version: as PostgreSQL numbers itself, 150014. See `Inventory`."""

    format: int
    made_at: datetime
    app_version: str
    revision: str
    server_version: int
    counties: list[str]
    key_fingerprints: list[str]
    inventory: Inventory

    def dump(self) -> bytes:
        """As JSON for people."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)


def read_manifest(content: bytes | None) -> Manifest:
    """What `dump` wrote. Raises BackupError, also for one that a later version wrote in another format."""
    if content is None:
        raise BackupError("this is no backup of ours: it has no manifest")
    try:
        stated = msgspec.json.decode(content, type=dict)["format"]
        if stated != FORMAT:
            raise BackupError(f"the backup has format {stated}; this version reads {FORMAT}")
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, KeyError) as error:
        raise BackupError(f"the manifest of the backup can't be read: {error}") from error
