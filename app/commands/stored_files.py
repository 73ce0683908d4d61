"""Photos and files in a backup: those that the dumped database names, from the folder in which they rest.

A bucket has its own copies and versions; its files are not put into the backup, and the operator is told.
"""

import os
import re
from typing import Any

import psycopg

from app.kit.backup_file import BackupFile, BackupWriter
from app.kit.console import say
from app.settings import Settings
from app.uploads.store import Folder, flush_folder, make_private_folder, store_of

PREFIX = "files/"
KEY = re.compile(r"[0-9]{6}/[0-9a-f]{2}/[0-9a-f.-]+(\.jpg)?")
KEYS = """
SELECT key FROM public.stored_file
UNION ALL SELECT thumbnail_key FROM public.stored_file WHERE thumbnail_key IS NOT NULL
ORDER BY 1
"""


def add_files(source: psycopg.Connection[Any], file: BackupWriter, settings: Settings) -> int:
    """Adds every file that the snapshot of `source` names; how many. What is missing is told, not fatal."""
    store = store_of(settings)
    keys = [row[0] for row in source.execute(KEYS)] if _has_table(source) else []
    if not isinstance(store, Folder):
        if keys:
            say(
                f"!! {len(keys)} photos and files rest in a bucket and are not in the backup: copy them there."
            )
        return 0
    if keys:
        say(f"Copying {len(keys):,} photos and files …")
    missing = 0
    for key in keys:
        try:
            with (store.root / key).open("rb") as content:
                file.add_stream(PREFIX + key, content)
        except FileNotFoundError:  # purged since the snapshot, or lost
            missing += 1
    if missing:
        say(f"!! {missing} of them are not there (purged a moment ago, or lost).")
    return len(keys) - missing


def _has_table(source: psycopg.Connection[Any]) -> bool:
    """An older schema has no files."""
    row = source.execute("SELECT to_regclass('public.stored_file') IS NOT NULL").fetchone()
    return bool(row and row[0])


def place_files(backup: BackupFile, settings: Settings) -> int:
    """Puts a backup's files where the settings want them; how many. Those that are there stay as they are.

    Keys are never given twice, so nothing of another database is overwritten.
    """
    store = store_of(settings)
    placed = 0
    for name, content in backup.members(PREFIX):
        key = name.removeprefix(PREFIX)
        if not KEY.fullmatch(key):
            continue
        if not isinstance(store, Folder):
            say(
                "!! The backup holds photos and files, and the settings name a bucket: copy them there by hand."
            )
            return 0
        target = store.root / key
        make_private_folder(target.parent)
        aside = target.with_name(f".{target.name}.{os.getpid()}")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as copy:
            while chunk := content.read(1 << 20):
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        os.replace(aside, target)
        flush_folder(target.parent)
        placed += 1
    return placed
