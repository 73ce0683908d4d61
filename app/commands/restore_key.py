"""The master key at a restore: found, compared with the backup's fingerprints, kept in the data directory."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.commands.backup import KEY_SUFFIX
from app.kit import key_copy
from app.kit.backup_file import BackupError, BackupFile, write_private
from app.kit.console import say
from app.kit.secrets import MASTER_KEY_NAME
from app.operations.manifest import LOCKED_KEY
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where the key may come from, as the person at the keyboard said."""

    backup: BackupFile
    key_file: Path | None
    passphrase: str | None


def find(source: KeySource, wanted: list[str], settings: Settings) -> str:
    """The key that opens what the backup holds. Raises BackupError, telling where it was looked for."""
    for place, key in _candidates(source, settings):
        try:
            found = set(key_copy.fingerprints(key))
        except ValueError:
            continue
        if set(wanted) <= found:
            say(f"Master key: {place}")
            return key
    raise BackupError(
        "the master key of this backup is missing: encrypted columns and every login would be lost. Give it with "
        f"--key-file (a file {source.backup.path.name}{KEY_SUFFIX} was written beside the backup), with "
        "--passphrase-file if it was put into the backup, or as WANGGE_MASTER_KEY."
    )


def refuse_another(data_dir: Path, key: str, *, replace: bool) -> None:
    """Raises BackupError when the data directory has another key, which may still be needed."""
    path = data_dir / MASTER_KEY_NAME
    if not replace and path.exists() and path.read_text().strip() != key:
        raise BackupError(f"{path} is the key of another database; restore into another data directory")


def keep(data_dir: Path, key: str) -> None:
    """Makes it the data directory's key; another one that is there is kept under another name."""
    path = data_dir / MASTER_KEY_NAME
    if path.exists():
        if path.read_text().strip() == key:
            return
        path.rename(path.with_name(f"{MASTER_KEY_NAME}.before_{datetime.now(UTC):%Y%m%d_%H%M%S}"))
    write_private(path, key.encode())


def _candidates(source: KeySource, settings: Settings) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    locked = source.backup.read(LOCKED_KEY)
    if locked is not None and source.passphrase is not None:
        opened = key_copy.opened_with(source.passphrase, locked)
        if opened is None:
            raise BackupError("the passphrase does not open the master key in the backup")
        found.append(("from the backup", opened))
    beside = source.backup.path.with_name(source.backup.path.name + KEY_SUFFIX)
    own = settings.data_dir.absolute() / MASTER_KEY_NAME
    files = [path for path in (beside, own) if path.exists()]
    found += [
        (f"from {path}", _read(path)) for path in ([source.key_file] if source.key_file else []) + files
    ]
    if settings.master_key is not None:
        found.append(("WANGGE_MASTER_KEY", settings.master_key.get_secret_value()))
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"can't read the master key from {path}: {error}") from error
