"""Items that wait to be sent, and what became of those that were: none is dropped before it is answered."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.handheld.store import Store


@dataclass(frozen=True, slots=True)
class Settled:
    """What the service said of an item: `stored`, `duplicate`, `held`, `rejected` or `quarantined`."""

    id: str
    kind: str
    outcome: str
    told: Mapping[str, Any]
    problem: Mapping[str, Any] | None


class Outbox:
    """The queue of items, in the order they were recorded."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, item: Mapping[str, Any]) -> None:
        """Keeps an item; on the disk when this returns. The same id again changes nothing."""
        with self._store.change() as change:
            change.execute(
                "INSERT OR IGNORE INTO outgoing (id, kind, subject_id, body) VALUES (?, ?, ?, ?)",
                [item["id"], item["kind"], item.get("subject_id"), json.dumps(item, ensure_ascii=False)],
            )

    def waiting(self, most: int) -> list[str]:
        """Bodies of the oldest items without an answer, as JSON texts: sent again, they are the same bytes."""
        rows = self._store.reading.execute(
            "SELECT body FROM outgoing WHERE outcome IS NULL ORDER BY place LIMIT ?", [most]
        )
        return [row[0] for row in rows]

    def settle(self, results: Iterable[Mapping[str, Any]]) -> int:
        """Notes the answers of one push; returns how many items it settled.

        A repetition's `duplicate` tells the first result again, so nothing is lost with a lost answer.
        """
        settled = 0
        with self._store.change() as change:
            for each in results:
                answer = json.dumps(
                    {"told": each["told"], "problem": each.get("problem")}, ensure_ascii=False
                )
                settled += change.execute(
                    "UPDATE outgoing SET outcome = ?, answer = ? WHERE id = ? AND outcome IS NULL",
                    [each["outcome"], answer, each["id"]],
                ).rowcount
        return settled

    def last_of(self, subject_id: str) -> str | None:
        """The id of the latest own item about a subject: the next edit comes `after` it."""
        row = self._store.reading.execute(
            "SELECT id FROM outgoing WHERE subject_id = ? ORDER BY place DESC LIMIT 1", [subject_id]
        ).fetchone()
        return None if row is None else str(row[0])

    def settled(self, outcomes: Sequence[str] = ()) -> list[Settled]:
        """Answered items, all or those with one of these outcomes, oldest first."""
        rows = self._store.reading.execute(
            "SELECT id, kind, outcome, answer FROM outgoing WHERE outcome IS NOT NULL ORDER BY place"
        ).fetchall()
        found = []
        for id_, kind, outcome, text in rows:
            if not outcomes or outcome in outcomes:
                answer = json.loads(text)
                found.append(Settled(id_, kind, outcome, answer["told"], answer["problem"]))
        return found

    def count_waiting(self) -> int:
        """How many items have no answer yet."""
        row = self._store.reading.execute("SELECT count(*) FROM outgoing WHERE outcome IS NULL").fetchone()
        return int(row[0])
