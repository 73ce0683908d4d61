"""What an office has decided or has to decide in the demo: a resident entered twice, a merge, a move, an owner."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects import store
from app.collection.subjects.changing import Change
from app.collection.subjects.merge_models import DuplicateProposal, SubjectMerge
from app.collection.subjects.models import Subject, SubjectLink, SubjectState
from app.exchange.items import Desk
from app.kit.ids import (
    DEMO_BUILDING,
    DEMO_COMMUNITY,
    DEMO_COMPONENT,
    DEMO_COUNTY_CODE,
    DEMO_COUNTY_SUPERVISOR,
    DEMO_DUPLICATE,
    DEMO_INSPECTOR,
    DEMO_LINK,
    DEMO_MERGE,
    DEMO_ORGANIZATION,
    DEMO_PERSON,
    DEMO_STATE,
    demo_id,
)

PERSON_AGAIN = demo_id("person", "resident, entered twice")
COMPONENT_AGAIN = demo_id("component", "1, entered twice")
OWNER_SINCE = date(2020, 5, 1)
COPIED = ("name", "gender", "residence_consistency", "inflow_reason")


async def load(session: AsyncSession, desk: Desk, changes: Sequence[Change]) -> None:
    """Adds them beside the written subjects `changes`."""
    by_id = {change.subject_id: change for change in changes}
    person, component = by_id[DEMO_PERSON], by_id[DEMO_COMPONENT]
    some = {name: value for name, value in person.values.items() if name in COPIED}
    again = replace(person, subject_id=PERSON_AGAIN, values=some)
    unnumbered = {n: v for n, v in component.values.items() if n != "component_code"}
    [first, _] = await store.write_many(
        session,
        desk,
        [
            again,
            replace(
                component,
                subject_id=COMPONENT_AGAIN,
                values=unnumbered,
                place=_beside(component),
                stored=None,
            ),
        ],
    )
    _propose(session, desk)
    await session.flush()  # the pair is known before the store finds it by itself: so it has the examples' id
    born = {"birth_date": person.values["birth_date"]}
    await store.write_many(session, desk, [replace(again, stored=first.after, values=born)])
    await _merge(session, desk)
    await _move(session, desk)
    session.add(
        SubjectLink(
            county_code=DEMO_COUNTY_CODE,
            id=DEMO_LINK,
            kind="owns",
            from_id=DEMO_ORGANIZATION,
            to_id=DEMO_BUILDING,
            valid_from=OWNER_SINCE,
        )
    )


def _beside(change: Change) -> store.Place | None:
    place = change.place
    if place is None or place.position is None:
        return place
    return replace(place, position=(place.position[0] + 0.0002, place.position[1]))


def _propose(session: AsyncSession, desk: Desk) -> None:
    one, other = sorted((DEMO_PERSON, PERSON_AGAIN))
    session.add(
        DuplicateProposal(
            county_code=DEMO_COUNTY_CODE,
            id=DEMO_DUPLICATE,
            one_id=one,
            other_id=other,
            area_id=DEMO_COMMUNITY,
            reason="same_name_and_birth_date",
            state="proposed",
            proposed_at=desk.now,
        )
    )


async def _merge(session: AsyncSession, desk: Desk) -> None:
    session.add(
        SubjectMerge(
            county_code=DEMO_COUNTY_CODE,
            id=DEMO_MERGE,
            loser_id=COMPONENT_AGAIN,
            winner_id=DEMO_COMPONENT,
            area_id=DEMO_COMMUNITY,
            reason="同一井盖登记两次",
            merged_by=DEMO_COUNTY_SUPERVISOR,
            merged_at=desk.now,
        )
    )
    await session.execute(
        update(Subject)
        .where(Subject.county_code == DEMO_COUNTY_CODE, Subject.id == COMPONENT_AGAIN)
        .values(merged_into=DEMO_COMPONENT)
    )


async def _move(session: AsyncSession, desk: Desk) -> None:
    since = desk.now.astimezone(desk.zone).date() - timedelta(days=2)
    session.add(
        SubjectState(
            county_code=DEMO_COUNTY_CODE,
            id=DEMO_STATE,
            subject_id=DEMO_PERSON,
            state="moved",
            since=since,
            author_id=DEMO_INSPECTOR,
            recorded_at=desk.now,
        )
    )
    await session.execute(
        update(Subject)
        .where(Subject.county_code == DEMO_COUNTY_CODE, Subject.id == DEMO_PERSON)
        .values(state="moved", state_since=since, revision=Subject.revision + 1)
    )
