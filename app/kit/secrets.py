"""Secrets of the embedded default: made once, kept in the data directory, readable by the owner alone."""

import os
import secrets
from pathlib import Path

MASTER_KEY_NAME = "master.key"


def master_key(data_dir: Path) -> str:
    """The master key of `data_dir`, made (384 random bits) when it has none.

    Raises PermissionError when the file belongs to somebody else, ValueError when it was cut short.
    """
    path = data_dir / MASTER_KEY_NAME
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(48))
    key = path.read_text().strip()
    if len(key) < 32:
        raise ValueError(
            f"{path} is damaged; restore it from a backup: what it encrypted can't be read without it"
        )
    return key


def _write_once(path: Path, content: str) -> None:
    """Complete or not at all: written aside and linked into place; a second writer keeps the first's key."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, content.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
