"""Items that wait to be sent, and what became of those that were: none is dropped before it is answered."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.handheld.store import Store

OUTCOMES = {"stored", "held", "rejected", "quarantined"}


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an item: `stored`, `held`, `rejected` or `quarantined`."""

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
        """Keeps an item; on the disk when this returns. The same id again changes nothing.

        Raises ValueError for what is no JSON (NaN, a lone surrogate), sqlite3.Error when the disk is full.
        """
        body = json.dumps(item, ensure_ascii=False, allow_nan=False)
        body.encode()
        with self._store.change() as change:
            change.execute(
                "INSERT OR IGNORE INTO outgoing (id, kind, subject_id, body) VALUES (?, ?, ?, ?)",
                [item["id"], item["kind"], item.get("subject_id"), body],
            )

    def waiting(self, most: int) -> list[str]:
        """Bodies of the oldest items without an answer, as JSON texts: sent again, they are the same bytes."""
        rows = self._store.reading.execute(
            "SELECT body FROM outgoing WHERE outcome IS NULL ORDER BY place LIMIT ?", [most]
        )
        return [row[0] for row in rows]

    def settle(self, results: Iterable[Mapping[str, Any]]) -> int:
        """Notes the answers of one push; returns how many items it settled.

        A repetition's `duplicate` tells the first result again, so nothing is lost with a lost answer. An outcome
        that is none of those agreed upon settles nothing.
        """
        settled = 0
        with self._store.change() as change:
            for each in results:
                outcome = each.get("first_outcome") or each["outcome"]
                if outcome == "duplicate":  # of an older service
                    outcome = "stored"
                if outcome in OUTCOMES:
                    settled += _note(change, each["id"], outcome, each["told"], each.get("problem"))
        return settled

    def set_aside(self, item_id: str, problem: Mapping[str, Any]) -> None:
        """Notes an item that cannot be sent as rejected: it stays here to be looked at, and holds up no other."""
        with self._store.change() as change:
            _note(change, item_id, "rejected", {}, problem)

    def held(self, most: int) -> list[str]:
        """Ids of items that wait at the service for others."""
        rows = self._store.reading.execute(
            "SELECT id FROM outgoing WHERE outcome = 'held' ORDER BY place LIMIT ?", [most]
        )
        return [str(row[0]) for row in rows]

    def subject_of(self, subject_id: str) -> str:
        """The id under which the service keeps a subject: another than was sent, where it knew it already."""
        row = self._store.reading.execute(
            "SELECT subject_id FROM known_as WHERE sent_id = ?", [subject_id]
        ).fetchone()
        return subject_id if row is None else str(row[0])

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


def _note(
    change: sqlite3.Connection, item_id: str, outcome: str, told: Mapping[str, Any], problem: Any
) -> int:
    """Notes an answer of a waiting or held item; 1 if there was one."""
    answer = json.dumps({"told": told, "problem": problem}, ensure_ascii=False)
    noted = change.execute(
        "UPDATE outgoing SET outcome = ?, answer = ? WHERE id = ? AND (outcome IS NULL OR outcome = 'held')",
        [outcome, answer, item_id],
    ).rowcount
    known_as = told.get("subject_id")
    if noted and known_as:
        (sent,) = change.execute("SELECT subject_id FROM outgoing WHERE id = ?", [item_id]).fetchone()
        if sent and sent != known_as:
            change.execute("INSERT OR REPLACE INTO known_as VALUES (?, ?)", [sent, known_as])
            change.execute("UPDATE outgoing SET subject_id = ? WHERE subject_id = ?", [known_as, sent])
    return noted
