"""Takes items of the kind `submission`: from handhelds, from the office, from imports."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.affairs.admissions import Attempt, record_attempts
from app.collection.catalogue.problems import ItemNotAdmitted, ItemUnknown
from app.collection.submissions import places
from app.collection.submissions.application import Outcome
from app.collection.submissions.arrivals import candidates_of
from app.collection.submissions.candidates import Candidate
from app.collection.submissions.chains import Wait
from app.collection.submissions.envelope import Read, read_all
from app.collection.submissions.reviewing import is_reviewed
from app.collection.submissions.settling import Fate, settle
from app.collection.submissions.writing import told_of, write
from app.exchange.items import Desk, Item, Result
from app.identity.scope import area_path
from app.kit.problems import Problem
from app.rules import service as rules
from app.rules.catalogue.ingest import FUTURE_TOLERANCE_S

KIND = "submission"


async def take(session: AsyncSession, items: Sequence[Item], desk: Desk) -> list[Result]:
    """One result for each of up to 500 items, in their order (see `app.exchange.items.Take`).

    stored    applied; `told.conflicts` names fields that wait for a person
    held      waits for what has not arrived (`told.waits_for`); applied by itself when it comes
    rejected  `problem` says why, for a wrong form `errors` field by field
    """
    path = await area_path(session, desk.actor.area_id)
    ruled = await rules.resolve(session, path, places.day_of(desk.now, desk.zone))
    reads = read_all(items, desk, ahead_s=ruled[FUTURE_TOLERANCE_S])
    good = [each for each in reads if isinstance(each, Read)]
    checked = await candidates_of(session, desk, good)
    refused: dict[UUID, Problem] = {
        item.id: each for item, each in zip(items, reads, strict=True) if isinstance(each, Problem)
    }
    refused |= {
        read.item.id: each for read, each in zip(good, checked, strict=True) if isinstance(each, Problem)
    }
    await _log_attempts(session, desk, good, refused)
    new = [each for each in checked if isinstance(each, Candidate)]
    settled = await settle(session, desk, new, refused)
    reviewed = {c.id: is_reviewed(ruled, c.form.item_code) for c in new}
    missing = await write(session, desk, settled, reviewed)
    codes = await _codes(session, desk, new, settled.fates.values())
    return [
        Result("rejected", {}, refused[item.id])
        if item.id in refused
        else _result(settled.candidates[item.id], settled.fates[item.id], missing, codes)
        for item in items
    ]


def _result(
    candidate: Candidate, fate: Fate, missing: Mapping[UUID, list[UUID]], codes: Mapping[UUID, str]
) -> Result:
    if isinstance(fate, Problem):
        return Result("rejected", {}, fate)
    told: dict[str, Any] = {"missing_uploads": [str(each) for each in missing.get(candidate.id, ())]}
    if candidate.ignored:
        told["ignored"] = candidate.ignored
    if isinstance(fate, Wait):
        waits = {"subject_id": _text(candidate.subject_id), "wait_kind": fate.kind, "waits_for": str(fate.id)}
        return Result("held", told | waits)
    grid_id = fate.place.grid_id
    told |= told_of(fate) | {"grid_code": codes.get(grid_id) if grid_id else None}
    doubts = [each.told() for each in candidate.form.warnings(candidate.fields)]
    if doubts:
        told["warnings"] = doubts
    return Result("stored", told)


async def _codes(session: AsyncSession, desk: Desk, new: Sequence[Candidate], fates: Any) -> dict[UUID, str]:
    known = {c.grid_id: c.grid_code for c in new if c.grid_id and c.grid_code}
    grids = {fate.place.grid_id for fate in fates if isinstance(fate, Outcome) and fate.place.grid_id}
    return known | await places.grid_codes(session, desk.actor.county_code, grids - known.keys())


async def _log_attempts(
    session: AsyncSession, desk: Desk, reads: Sequence[Read], refused: Mapping[UUID, Problem]
) -> None:
    """Collecting for what was never admitted leaves an event (S0-31), though nothing is stored."""
    attempts = [
        Attempt(
            (KIND, read.item.id),
            read.envelope.item_code,
            read.envelope.form_version,
            desk.actor.area_id,
            refused[read.item.id].code,
        )
        for read in reads
        if isinstance(refused.get(read.item.id), ItemNotAdmitted | ItemUnknown)
    ]
    await record_attempts(session, desk.actor, attempts, now=desk.now)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
