"""The service's objects as this handheld knows them, kept in step by pulling."""

import json
from collections.abc import Mapping
from typing import Any

from app.handheld.store import Store, remember

CURSOR, HEAD = "cursor", "head"


class Mirror:
    """Objects by kind and id. A page and its cursor are kept together or not at all."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def cursor(self) -> str | None:
        """Where the next pull goes on; None for the first."""
        return self._store.note(CURSOR)

    @property
    def head(self) -> int:
        """Head of the feed at the last pull: sent along, so that answers can say `urgent`."""
        return int(self._store.note(HEAD) or 0)

    def take(self, page: Mapping[str, Any]) -> None:
        """Applies one answer to a pull."""
        with self._store.change() as change:
            if page["reset"]:
                change.execute("DELETE FROM object")
            for grid_id in page["left_grids"]:
                change.execute("DELETE FROM object WHERE grid_id = ?", [grid_id])
            for gone in page["gone"]:
                change.execute("DELETE FROM object WHERE kind = ? AND id = ?", [gone["kind"], gone["id"]])
            for each in page["objects"]:
                change.execute(
                    "INSERT OR REPLACE INTO object (kind, id, version, grid_id, body) VALUES (?, ?, ?, ?, ?)",
                    [
                        each["kind"],
                        each["id"],
                        each["version"],
                        each["grid_id"],
                        json.dumps(each["body"], sort_keys=True, ensure_ascii=False),
                    ],
                )
            remember(change, CURSOR, page["cursor"])
            remember(change, HEAD, str(page["head"]))

    def begin_anew(self) -> None:
        """Forgets objects and cursor: the next pull loads everything."""
        with self._store.change() as change:
            change.execute("DELETE FROM object")
            remember(change, CURSOR, None)

    def body(self, kind: str, id_: str) -> dict[str, Any] | None:
        """What is known of an object; None when it is not known."""
        row = self._store.reading.execute(
            "SELECT body FROM object WHERE kind = ? AND id = ?", [kind, id_]
        ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def bodies(self, kind: str) -> dict[str, dict[str, Any]]:
        """All objects of a kind, by id."""
        rows = self._store.reading.execute("SELECT id, body FROM object WHERE kind = ? ORDER BY id", [kind])
        return {id_: json.loads(body) for id_, body in rows}

    def contents(self) -> dict[tuple[str, str], tuple[int, str | None, str]]:
        """Everything, for comparing two handhelds: version, grid and body by kind and id."""
        rows = self._store.reading.execute("SELECT kind, id, version, grid_id, body FROM object")
        return {(kind, id_): (version, grid_id, body) for kind, id_, version, grid_id, body in rows}
