"""New items: read, placed in a grid and checked by their form, each by itself."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from shapely.geometry import Point
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.catalogue.forms import Form
from app.collection.catalogue.usable import load_offer
from app.collection.subjects.changing import StateChange
from app.collection.submissions import sealing
from app.collection.submissions.candidates import Candidate
from app.collection.submissions.envelope import Read
from app.collection.submissions.places import Whereabouts, day_of, whereabouts
from app.collection.submissions.problems import SubjectNeeded, SubjectNotTaken, SubmissionInvalid
from app.exchange.items import Desk
from app.identity.actor import Role
from app.identity.scope import area_paths
from app.kit.problems import Problem


async def candidates_of(
    session: AsyncSession, desk: Desk, reads: Sequence[Read]
) -> list[Candidate | Problem]:
    """Of each readable item what can go to its subject, or why it can't."""
    if not reads:
        return []
    where = await whereabouts(session, desk, reads)
    offer = await load_offer(session, desk.actor.county_code, {r.envelope.item_code for r in reads})
    areas = [_area(desk, there) for there in where]
    paths = await area_paths(session, areas)
    found = []
    for read, there, area_id in zip(reads, where, areas, strict=True):
        asked = read.envelope.item_code, read.envelope.form_version
        form = offer.form(*asked, area_path=paths.get(area_id, ()), at=read.item.recorded_at)
        found.append(_candidate(desk, read, there, form))
    return found


async def held_candidates(session: AsyncSession, desk: Desk, rows: Sequence[Row[Any]]) -> list[Candidate]:
    """Submissions that were held, as they are tried again. Their forms were good when they came."""
    if not rows:
        return []
    offer = await load_offer(session, desk.actor.county_code, {row.item_code for row in rows})
    forms = [offer.any_form(row.item_code, row.form_version, at=row.received_at) for row in rows]
    return [_again(desk, row, form) for row, form in zip(rows, forms, strict=True) if form is not None]


def _area(desk: Desk, there: Whereabouts) -> UUID:
    """Where it must be admitted: in the community of the record, or of the sender."""
    grid = there.grid
    return grid.area_id if grid is not None else desk.actor.area_id


def _candidate(desk: Desk, read: Read, there: Whereabouts, form: Form | Problem) -> Candidate | Problem:
    if isinstance(form, Problem):
        return form
    envelope, item, actor = read.envelope, read.item, desk.actor
    fields = form.normalized(envelope.fields)
    today = day_of(item.recorded_at, desk.zone)
    refused = _wrong_subject(read, form) or _wrong_fields(form, fields, read, today)
    if refused is not None:
        return refused
    is_inspector = actor.role is Role.INSPECTOR
    makes = form.subject_kind is not None and not read.is_edit
    grid = there.grid
    change = envelope.state_change
    return Candidate(
        id=item.id,
        digest=item.digest,
        form=form,
        fields=fields,
        sent_subject_id=envelope.subject_id,
        subject_id=envelope.subject_id or (uuid7() if makes else None),
        makes=makes,
        base_version=envelope.base_version,
        after=envelope.after,
        recorded_at=item.recorded_at,
        received_at=desk.now,
        author_id=actor.account_id,
        author_area_id=actor.area_id,
        inspector_id=actor.account_id if is_inspector else None,
        device_id=actor.device_id,
        area_id=grid.area_id if grid else None,
        grid_id=grid.id if grid else None,
        grid_code=grid.code if grid else None,
        own_grids=frozenset(there.own),
        outside_own_grid=is_inspector and there.is_outside,
        point=read.point,
        accuracy_m=envelope.position.accuracy_m if envelope.position else None,
        started_at=read.started_at,
        upload_ids=tuple(dict.fromkeys(envelope.upload_ids)),
        photo_count=len(set(envelope.upload_ids)),
        state_change=StateChange(change.state, change.on) if change else None,
        task_id=envelope.task_id,
        ignored=read.ignored,
    )


def _wrong_subject(read: Read, form: Form) -> Problem | None:
    about = read.envelope.subject_id is not None or read.envelope.state_change is not None
    if form.subject_kind is None and about:
        return SubjectNotTaken()
    if form.subject_kind is not None and read.is_edit and read.envelope.subject_id is None:
        return SubjectNeeded()
    return None


def _wrong_fields(form: Form, fields: Mapping[str, Any], read: Read, today: date) -> Problem | None:
    only_changes = form.subject_kind is not None and read.is_edit
    errors = [e.told() for e in form.errors(fields, today=today, only_changes=only_changes)]
    own = read.envelope.subject_id
    for name, declared in form.fields.items():
        if declared.link is not None and own is not None and fields.get(name) == str(own):
            errors.append(
                {
                    "pointer": f"/{name}",
                    "code": "linked_to_itself",
                    "zh": f"{declared.title_zh}:不能指向自身",
                    "en": f"{declared.title_en}: names the subject itself",
                }
            )
    return SubmissionInvalid(errors=errors) if errors else None


def _again(desk: Desk, row: Row[Any], form: Form) -> Candidate:
    change = row.state_change
    return Candidate(
        id=row.id,
        digest=row.digest,
        form=form,
        fields=sealing.opened(desk.vault, row.fields, row.sealed, row.id),
        sent_subject_id=row.sent_subject_id or row.subject_id,
        subject_id=row.subject_id,
        makes=False,
        base_version=row.base_version,
        after=row.after_id,
        recorded_at=row.recorded_at,
        received_at=row.received_at,
        author_id=row.author_id,
        author_area_id=row.author_area_id,
        inspector_id=row.inspector_id,
        device_id=row.device_id,
        area_id=row.area_id if row.grid_id else None,
        grid_id=row.grid_id,
        grid_code=None,
        own_grids=frozenset([row.grid_id] if row.grid_id and not row.outside_own_grid else []),
        outside_own_grid=row.outside_own_grid,
        point=None if row.lon is None else Point(row.lon, row.lat),
        accuracy_m=row.accuracy_m,
        started_at=row.started_at,
        upload_ids=(),
        photo_count=row.photo_count,
        state_change=StateChange(change["state"], date.fromisoformat(change["on"])) if change else None,
        task_id=row.task_id,
        is_held=True,
    )
