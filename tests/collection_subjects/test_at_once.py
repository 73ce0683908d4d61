"""Two pushes at the same moment: they wait for each other, nothing is lost, nobody deadlocks."""

import asyncio

from sqlalchemy import text

from app.collection.subjects.changing import Place
from app.kit.db import Database
from tests.factories import identity
from tests.factories import subjects as make

CODES = [f"B{n}" for n in range(20)]


async def test_the_same_keys_from_two_sides(fresh_database: Database) -> None:
    async with fresh_database.transaction() as session:
        county = await identity.county(session, make.COUNTY)

    async def push(codes: list[str]) -> None:
        async with fresh_database.transaction() as session:
            changes = [
                make.change("building", {"code": code}, place=Place(county.community, None)) for code in codes
            ]
            await make.write(session, *changes)

    await asyncio.gather(push(CODES), push(CODES[::-1]), push(CODES))
    async with fresh_database.transaction() as session:
        counts = [
            await session.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("subject", "subject_key", "duplicate_proposal")
        ]
    assert counts == [60, 20, 40]


async def test_edits_of_the_same_subjects_from_two_sides(fresh_database: Database) -> None:
    async with fresh_database.transaction() as session:
        county = await identity.county(session, make.COUNTY)
        made = [
            (await make.subject(session, "place", county.community, {"name": f"点{n}"})).id for n in range(10)
        ]

    async def edit(order: int, number: int) -> None:
        async with fresh_database.transaction() as session:
            stored = await make.locked(session, *made)
            ids = list(stored)[::order]
            await make.write(
                session,
                *(make.change("place", {"address": f"路{number}号"}, stored=stored[i]) for i in ids),
            )

    await asyncio.gather(*(edit(1 if n % 2 else -1, n) for n in range(4)))
    async with fresh_database.transaction() as session:
        found = list(await session.scalars(text("SELECT version FROM subject")))
        versions = await session.scalar(text("SELECT count(*) FROM subject_version"))
    assert (found, versions) == ([5] * 10, 50)
