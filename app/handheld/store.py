"""What a handheld keeps: one SQLite file that survives a killed app and an empty battery.

A transaction a change, synced to the disk before the call returns: what the inspector was shown as saved is saved.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outgoing (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    subject_id TEXT,
    body TEXT NOT NULL,
    outcome TEXT,
    answer TEXT
);
CREATE INDEX IF NOT EXISTS outgoing_waiting ON outgoing (place) WHERE outcome IS NULL;
CREATE INDEX IF NOT EXISTS outgoing_subject ON outgoing (subject_id, place);
CREATE TABLE IF NOT EXISTS known_as (sent_id TEXT PRIMARY KEY, subject_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS photo (
    id TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    length_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    metadata TEXT NOT NULL,
    location TEXT,
    outcome TEXT
);
CREATE TABLE IF NOT EXISTS object (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    grid_id TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX IF NOT EXISTS object_grid ON object (grid_id);
"""


class Store:
    """The file at `path`, made when it is not there; `:memory:` for what need not outlive the process."""

    def __init__(self, path: Path | str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction; rolled back when the block raises."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled it back already
                self._connection.execute("ROLLBACK")
            raise

    @property
    def reading(self) -> sqlite3.Connection:
        """For statements that change nothing."""
        return self._connection

    def note(self, name: str) -> str | None:
        """A remembered word: the cursor, the head of the last pull, the refresh token."""
        row = self._connection.execute("SELECT value FROM note WHERE name = ?", [name]).fetchone()
        return None if row is None else str(row[0])

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()


def remember(change: sqlite3.Connection, name: str, value: str | None) -> None:
    """Sets a note inside a change; None forgets it."""
    if value is None:
        change.execute("DELETE FROM note WHERE name = ?", [name])
    else:
        change.execute("INSERT OR REPLACE INTO note (name, value) VALUES (?, ?)", [name, value])
