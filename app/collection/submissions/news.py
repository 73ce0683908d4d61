"""Events of submissions and conflicts: what the feed, the handhelds and the audit pages hear. No personal data."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.collection.submissions.application import Outcome
from app.collection.submissions.settling import Settled
from app.kit.events import NewEvent


def news_of(
    settled: Settled,
    rows: Sequence[Mapping[str, Any]],
    conflicts: Sequence[Mapping[str, Any]],
    resubmitted: Sequence[Any],
) -> list[NewEvent]:
    """One event for each submission that was kept or moved on, and for each conflict, causes first."""
    by_id = {row["id"]: row for row in rows}
    found = []
    for item_id, candidate in settled.candidates.items():
        fate = settled.fates[item_id]
        if item_id in by_id:
            row = by_id[item_id]
            type_ = {"held": "submission.held", "stuck": "submission.held"}.get(
                row["state"], "submission.received"
            )
            found.append(submission_event(type_, row, _facts(row)))
        elif candidate.is_held and isinstance(fate, Outcome):
            state = "conflict" if fate.clashes else "applied"
            row = {
                "id": item_id,
                "area_id": fate.place.area_id,
                "grid_id": fate.place.grid_id,
                "inspector_id": candidate.inspector_id,
                "outside_own_grid": candidate.outside_own_grid,
            }
            facts = {"state": state, "subject_id": str(candidate.subject_id), "version": fate.version}
            found.append(submission_event("submission.released", row, facts))
    found += [submission_event("submission.resubmitted", row._mapping, {}) for row in resubmitted]
    return found + [conflict_event("conflict.opened", row, {"field": row["field"]}) for row in conflicts]


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    facts = {
        "item_code": row["item_code"],
        "state": row["state"],
        "review_state": row["review_state"],
        "subject_id": _text(row["subject_id"]),
        "entry_lag_s": row["entry_lag_s"],
        "outside_own_grid": row["outside_own_grid"],
    }
    if row["state"] in ("held", "stuck"):
        facts |= {"wait_kind": row["wait_kind"], "waits_for": _text(row["waits_for"])}
    return facts


def submission_event(type_: str, row: Mapping[str, Any], facts: Mapping[str, Any]) -> NewEvent:
    """An event about a submission. Outside his own grids its sender hears of it by the area."""
    data = {"inspector_id": _text(row["inspector_id"]), **facts}
    if row["grid_id"] is not None and not row["outside_own_grid"]:
        data["grid_id"] = str(row["grid_id"])
    return NewEvent(type_, ("submission", row["id"]), data, row["area_id"])


def conflict_event(type_: str, row: Mapping[str, Any], facts: Mapping[str, Any]) -> NewEvent:
    """An event about a conflict."""
    data = {
        "subject_id": str(row["subject_id"]),
        "submission_id": str(row["submission_id"]),
        "inspector_id": _text(row["inspector_id"]),
        "grid_id": _text(row["grid_id"]),
        **facts,
    }
    return NewEvent(type_, ("conflict", row["id"]), data, row["area_id"])


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
