"""Writing what was decided about a set: a constant number of statements, however many items."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from shapely.geometry import Point
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects import bulk, store
from app.collection.subjects.changing import mask
from app.collection.submissions import grading, sealing
from app.collection.submissions.application import Outcome
from app.collection.submissions.candidates import Candidate
from app.collection.submissions.chains import Wait
from app.collection.submissions.merging import Clash
from app.collection.submissions.models import SubjectConflict, Submission
from app.collection.submissions.news import news_of
from app.collection.submissions.quality import entry_lag_s
from app.collection.submissions.settling import Settled
from app.exchange import receipts
from app.exchange.items import Desk, Result
from app.kit import events
from app.kit.geo import to_ewkb_hex
from app.patrol.work.credits import NewWork, credit
from app.uploads.attachments import Claim, attach_many, missing_of

MUTABLE = (
    "subject_id",
    "sent_subject_id",
    "area_id",
    "grid_id",
    "state",
    "waits_for",
    "wait_kind",
    "made_version",
    "quality_score",
    "quality",
    "settled_reason",
    "revision",
)
"""What changes of a submission that was held."""
# Only the sender's own correction resubmits, and it is looked at even where others are approved by themselves.
RESUBMIT = text("""
UPDATE submission s SET review_state = 'resubmitted', revision = revision + 1
  FROM unnest(cast(:ids AS uuid[]), cast(:authors AS uuid[])) AS n(id, author_id)
 WHERE s.county_code = :county_code AND s.id = n.id AND s.author_id = n.author_id
   AND s.review_state = 'returned'
RETURNING s.id, s.area_id, s.grid_id, s.inspector_id, s.outside_own_grid
""")
REVISIONS = text("""
SELECT id, revision, review_state FROM submission
 WHERE county_code = :county_code AND id = ANY(cast(:ids AS uuid[]))
""")


async def write(
    session: AsyncSession, desk: Desk, settled: Settled, reviewed: Mapping[UUID, bool]
) -> dict[UUID, list[UUID]]:
    """Writes subjects, submissions, conflicts, photos, credits and events; returns missing photos by item.

    reviewed: by id, whether a new submission waits for a supervisor (see `reviewing.is_reviewed`).
    """
    county = desk.actor.county_code
    new = [c for c in settled.candidates.values() if not c.is_held]
    kept = [c for c in new if isinstance(settled.fates[c.id], Outcome | Wait)]
    news = await store.write_applied(session, desk, settled.applied)
    resubmitted = await _resubmit(session, county, settled)
    corrected = {row.id for row in resubmitted}
    rows = [
        _row(desk, c, settled.fates[c.id], is_reviewed=reviewed[c.id] or c.after in corrected) for c in kept
    ]
    await bulk.insert_rows(session, Submission, rows)
    await _write_held(session, desk, settled)
    conflicts = [row for fate in settled.fates.values() for row in _conflicts(desk, fate)]
    await bulk.insert_rows(session, SubjectConflict, conflicts)
    missing = await _attach(session, desk, kept)
    await _credit(session, desk, kept)
    news += news_of(settled, rows, conflicts, resubmitted)
    await events.record_many(session, desk.actor.event_actor, news, county_code=county, now=desk.now)
    return missing


async def _resubmit(session: AsyncSession, county_code: str, settled: Settled) -> Sequence[Any]:
    pairs = sorted(
        {
            (c.after, c.author_id)
            for c in settled.candidates.values()
            if c.after is not None and isinstance(settled.fates[c.id], Outcome)
        }
    )
    if not pairs:
        return []
    asked = {"ids": [i for i, _ in pairs], "authors": [a for _, a in pairs], "county_code": county_code}
    return (await session.execute(RESUBMIT, asked)).all()


async def _write_held(session: AsyncSession, desk: Desk, settled: Settled) -> None:
    """What was held and is not any more, or goes to a person now; whoever asks for its receipt hears it."""
    moved = {
        i: settled.fates[i]
        for i, c in settled.candidates.items()
        if c.is_held and not _still_waits(settled.fates[i])
    }
    if not moved:
        return
    county = desk.actor.county_code
    asked = {"county_code": county, "ids": sorted(moved)}
    before = {row.id: row for row in await session.execute(REVISIONS, asked)}
    rows = []
    for item_id, fate in moved.items():
        row = _row(desk, settled.candidates[item_id], fate, is_reviewed=False)
        rows.append(row | {"revision": before[item_id].revision + 1})
    await bulk.update_rows(session, Submission, rows, MUTABLE)
    missing = await missing_of(session, county, "submission", moved)
    told = {
        i: Result("stored", {"missing_uploads": [str(each) for each in missing.get(i, ())]} | told_of(f))
        for i, f in moved.items()
        if isinstance(f, Outcome)
    }
    await receipts.settle(session, county, told)


def _still_waits(fate: object) -> bool:
    return isinstance(fate, Wait) and fate.kind != "rejected_item"


def told_of(fate: Outcome) -> dict[str, Any]:
    """What the sender hears of an item that was applied."""
    return {
        "subject_id": None
        if fate.change is None and fate.version is None
        else str(fate.candidate.subject_id),
        "version": fate.version,
        "outside_own_grid": fate.candidate.outside_own_grid,
        "conflicts": sorted(clash.field for clash in fate.clashes),
        "quality_score": fate.score,
    }


def _row(desk: Desk, c: Candidate, fate: object, *, is_reviewed: bool) -> dict[str, Any]:
    hidden = {n for n, declared in c.form.fields.items() if declared.is_sealed}
    plain, secret = sealing.sealed(desk.vault, c.fields, hidden, c.id)
    change = c.state_change
    lag_s = entry_lag_s(c.recorded_at, c.received_at)
    renamed = c.sent_subject_id is not None and c.sent_subject_id != c.subject_id
    return {
        "county_code": desk.actor.county_code,
        "id": c.id,
        "digest": "\\x" + c.digest.hex(),
        "item_code": c.form.item_code,
        "form_version": c.form.version,
        "subject_id": c.subject_id,
        "sent_subject_id": c.sent_subject_id if renamed else None,
        "author_id": c.author_id,
        "inspector_id": c.inspector_id,
        "device_id": c.device_id,
        "recorded_at": c.recorded_at,
        "received_at": c.received_at,
        "entry_lag_s": lag_s,
        "started_at": c.started_at,
        "base_version": c.base_version,
        "after_id": c.after,
        "geom": None if c.point is None else to_ewkb_hex(c.point),
        "accuracy_m": c.accuracy_m,
        "outside_own_grid": c.outside_own_grid,
        "state_change": None if change is None else {"state": change.state, "on": change.on.isoformat()},
        "task_id": c.task_id,
        "fields": plain,
        "sealed": secret,
        "photo_count": c.photo_count,
        "review_state": "submitted" if is_reviewed else "approved",
        "review_reason": None,
        "reviewed_by": None,
        "reviewed_at": None,
        "settled_by": None,
        "settled_at": None,
        "revision": 1,
        **_standing(c, fate),
    }


def _standing(c: Candidate, fate: object) -> dict[str, Any]:
    """The columns that say what became of it."""
    if isinstance(fate, Outcome):
        return {
            "area_id": fate.place.area_id,
            "grid_id": fate.place.grid_id,
            "state": "conflict" if fate.clashes else "applied",
            "waits_for": None,
            "wait_kind": None,
            "made_version": fate.version if fate.made else None,
            "quality_score": fate.score,
            "quality": grading.dump(fate.parts),
            "settled_reason": None,
        }
    wait = fate if isinstance(fate, Wait) else Wait("rejected_item", c.after or c.subject_id or c.id)
    return {
        "area_id": c.area_id or c.author_area_id,
        "grid_id": c.grid_id,
        "state": "stuck" if wait.kind == "rejected_item" else "held",
        "waits_for": wait.id,
        "wait_kind": wait.kind,
        "made_version": None,
        "quality_score": None,
        "quality": [],
        "settled_reason": getattr(fate, "code", None),
    }


def _conflicts(desk: Desk, fate: object) -> list[dict[str, Any]]:
    return [_conflict(desk, fate, clash) for clash in fate.clashes] if isinstance(fate, Outcome) else []


def _conflict(desk: Desk, fate: Outcome, clash: Clash) -> dict[str, Any]:
    c = fate.candidate
    conflict_id = uuid5(c.id, clash.field)  # an item clashes once over a field
    declared = c.form.fields.get(clash.field)
    hidden = {"current", "sent"} if clash.field in fate.sealed else ()
    values = {"current": clash.current, "sent": clash.sent}
    plain, secret = sealing.sealed(desk.vault, values, hidden, conflict_id, sealing.CONFLICT)
    personal = (declared.personal or "text") if declared is not None and hidden else None
    if secret is not None and declared is not None and not declared.sensitive:
        plain = {n: None if v is None else mask(personal or "text", v) for n, v in values.items()}
    return {
        "county_code": desk.actor.county_code,
        "id": conflict_id,
        "subject_id": c.subject_id,
        "submission_id": c.id,
        "area_id": fate.place.area_id,
        "grid_id": fate.place.grid_id,
        "inspector_id": c.inspector_id,
        "item_code": c.form.item_code,
        "field": clash.field,
        "personal": personal,
        "current_value": plain.get("current"),
        "sent_value": plain.get("sent"),
        "sealed": secret,
        "base_version": c.base_version or 0,
        "current_version": clash.current_version,
        "current_by": clash.current_by,
        "state": "open",
        "opened_at": desk.now,
        "choice": None,
        "reason": None,
        "resolved_by": None,
        "resolved_at": None,
        "made_version": None,
    }


async def _attach(session: AsyncSession, desk: Desk, kept: Sequence[Candidate]) -> dict[UUID, list[UUID]]:
    claims = [_claim(c) for c in kept if c.upload_ids]
    if not claims:
        return {}
    county = desk.actor.county_code
    await attach_many(session, county, "submission", claims)
    return await missing_of(session, county, "submission", [claim.owner_id for claim in claims])


def _claim(c: Candidate) -> Claim:
    point: Point | None = c.point
    return Claim(
        c.id,
        c.upload_ids,
        c.recorded_at,
        None if point is None else point.x,
        None if point is None else point.y,
        inspector_id=c.inspector_id,
        device_id=c.device_id,
    )


async def _credit(session: AsyncSession, desk: Desk, kept: Sequence[Candidate]) -> None:
    """Work at a doorstep counts for the patrol day, where a position or photo goes with it (design section 5)."""
    work = [
        NewWork(desk.actor.county_code, c.inspector_id, c.id, "submission", c.started_at, c.recorded_at)
        for c in kept
        if c.inspector_id is not None
        and c.started_at is not None
        and (c.point is not None or c.photo_count > 0)
    ]
    if work:
        await credit(session, work, zone=desk.zone, now=desk.now)
