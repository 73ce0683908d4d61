"""Two people at the same moment: real transactions, whoever commits first."""

import asyncio
from uuid import UUID, uuid4

from app.kit.db import Database
from tests.factories import catalogue
from tests.factories import patrol as make
from tests.factories import submissions as factory
from tests.factories.submissions import HERE, Counter, id_number, resident, rows


async def counters(database: Database) -> tuple[Counter, Counter]:
    """An inspector and his colleague; each push opens a transaction of its own."""
    now = make.noon()
    async with database.transaction() as session:
        beat = await make.beat(session, now)
        await catalogue.admit(session, beat.county.code, beat.county.county)
        one = Counter(session, factory.actor_of(beat.inspector, beat.device.id), beat.at("10:00"))
        two = Counter(session, factory.actor_of(beat.colleague, beat.other_device.id), beat.at("10:00"))
        return one, two


async def push(database: Database, who: Counter, *items: factory.Item) -> list[factory.Result]:
    """Pushes in a transaction of its own."""
    async with database.transaction() as session:
        return await Counter(session, who.actor, who.at).push(*items)


async def test_edits_of_one_version_at_once_lose_nothing(fresh_database: Database) -> None:
    one, two = await counters(fresh_database)
    subjects = [str(uuid4()) for _ in range(5)]
    await push(fresh_database, one, *[one.item(resident(), subject_id=s, position=HERE) for s in subjects])
    pushes = [
        push(fresh_database, who, *[who.item(fields, subject_id=s, base_version=1) for s in order])
        for n in range(4)
        for who, order, fields in (
            (one, subjects, {"occupation": f"甲{n}"}),
            (two, subjects[::-1], {"education": "10", "employer": f"乙{n}"}),
        )
    ]
    results = [each for answered in await asyncio.gather(*pushes) for each in answered]
    assert {each.outcome for each in results} == {"stored"}
    async with fresh_database.transaction() as session:
        kept = await rows(session, "SELECT version, attributes FROM subject")
        clashes = await rows(
            session, "SELECT subject_id, field, current_value, sent_value FROM subject_conflict"
        )
    assert all(row.attributes["education"] == "10" for row in kept)
    for subject_id in map(UUID, subjects):
        for field, sent in (("occupation", "甲"), ("employer", "乙")):
            values = {c.sent_value for c in clashes if c.subject_id == subject_id and c.field == field}
            values |= {c.current_value for c in clashes if c.subject_id == subject_id and c.field == field}
            assert values == {f"{sent}{n}" for n in range(4)}


async def test_the_same_person_recorded_twice_at_once_is_one_or_proposed_as_a_duplicate(
    fresh_database: Database,
) -> None:
    one, two = await counters(fresh_database)
    number = id_number(7)
    answered = await asyncio.gather(
        *[
            push(fresh_database, who, who.item(resident(id_number=number), position=HERE))
            for who in (one, two)
        ]
    )
    assert [each.outcome for (each,) in answered] == ["stored", "stored"]
    async with fresh_database.transaction() as session:
        subjects = await rows(session, "SELECT id FROM subject")
        proposed = await rows(session, "SELECT reason FROM duplicate_proposal WHERE reason = 'same_key'")
    assert len(subjects) - 1 == len(proposed)
