"""The tree in the database: dated versions, aliases, closure, constraints."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas import closure
from app.identity.scope import AreaClosure
from app.kit.db import savepoint
from tests.areas.conftest import World
from tests.factories import areas as make

NEW_YEAR = date(2027, 1, 1)


async def pairs(session: AsyncSession) -> set[tuple[UUID, UUID, int]]:
    rows = await session.execute(select(AreaClosure.area_id, AreaClosure.ancestor_id, AreaClosure.depth))
    return {(r.area_id, r.ancestor_id, r.depth) for r in rows}


async def move(session: AsyncSession, area_id: UUID, parent: UUID, day: date) -> None:
    await session.execute(
        text("UPDATE area_version SET valid = daterange(lower(valid), :day) WHERE area_id = :id"),
        {"id": area_id, "day": day},
    )
    await session.execute(
        text("INSERT INTO area_version VALUES (:row, :id, :parent, '新名', daterange(:day, NULL))"),
        {"row": uuid4(), "id": area_id, "parent": parent, "day": day},
    )


class TestClosure:
    async def test_attached_areas_and_a_full_rebuild_agree(self, session: AsyncSession, world: World) -> None:
        before = await pairs(session)
        assert (world.west, world.city, 3) in before
        assert await closure.rebuild(session, date(2026, 11, 22)) == 0
        await session.execute(text("DELETE FROM area_closure"))
        assert await closure.rebuild(session, date(2026, 11, 22)) == len(before)
        assert await pairs(session) == before

    async def test_a_move_takes_effect_on_its_day_with_all_below(
        self, session: AsyncSession, world: World
    ) -> None:
        await move(session, world.town, world.foreign_county, NEW_YEAR)
        assert await closure.rebuild(session, date(2026, 12, 31)) == 0
        assert await closure.rebuild(session, NEW_YEAR) > 0
        after = await pairs(session)
        assert (world.west, world.foreign_county, 2) in after
        assert not {p for p in after if p[:2] == (world.west, world.county)}
        assert (world.west, world.city, 3) in after

    async def test_a_loop_in_bad_data_ends(self, session: AsyncSession, world: World) -> None:
        await move(session, world.city, world.west, NEW_YEAR)
        await closure.rebuild(session, NEW_YEAR)
        assert (world.west, world.west, 0) in await pairs(session)


class TestConstraints:
    @pytest.mark.parametrize(
        ("statement", "constraint"),
        [
            (
                "INSERT INTO area_version VALUES (gen_random_uuid(), :west, :town, '又名', '[2026-01-01,)')",
                "ex_area_version_area_id_valid",
            ),
            (
                "INSERT INTO area_code VALUES (gen_random_uuid(), :east, 'NBS2023', '330921100001', "
                "'[2026-01-01,)')",
                "ex_area_code_code",
            ),
            (
                "INSERT INTO area_code VALUES (gen_random_uuid(), :west, 'NBS2023', '330921999999', "
                "'[2026-01-01,)')",
                "ex_area_code_area_id",
            ),
            ("UPDATE area_version SET parent_id = area_id WHERE area_id = :west", "ck_area_version_parent"),
            ("UPDATE area_version SET valid = 'empty' WHERE area_id = :west", "ck_area_version_valid"),
            ("UPDATE area_version SET valid = '(,)' WHERE area_id = :west", "ck_area_version_valid"),
            (
                "INSERT INTO grid_version (county_code, id, grid_id, version, geometry, valid, reason) "
                "SELECT county_code, gen_random_uuid(), grid_id, 2, geometry, '[2026-01-01,)', '' "
                "FROM grid_version WHERE grid_id = :grid",
                "ex_grid_version_grid_id_valid",
            ),
            ("UPDATE grid_version SET geometry = NULL WHERE grid_id = :grid", "ck_grid_version_shape"),
            (
                "UPDATE grid_version SET geometry = ST_Multi(ST_GeomFromText("
                "'POLYGON((0 0,1 1,1 0,0 1,0 0))', 4490)) WHERE grid_id = :grid",
                "ck_grid_version_geometry",
            ),
            (
                "INSERT INTO grid SELECT county_code, gen_random_uuid(), area_id, '33092110000100', name, "
                "grid_class, in_grid_rule, movement_profile, opened_on FROM grid WHERE id = :grid",
                "ck_grid_code",
            ),
            (
                "INSERT INTO grid SELECT county_code, gen_random_uuid(), area_id, code, name, "
                "grid_class, in_grid_rule, movement_profile, opened_on FROM grid WHERE id = :grid",
                "uq_grid_county_code_code",
            ),
        ],
    )
    async def test_the_database_is_the_last_validator(
        self, session: AsyncSession, world: World, statement: str, constraint: str
    ) -> None:
        known = {"west": world.west, "east": world.east, "town": world.town, "grid": world.grids[0]}
        used = {name: value for name, value in known.items() if f":{name}" in statement}
        with pytest.raises(IntegrityError, match=constraint):
            async with savepoint(session):
                await session.execute(text(statement), used)

    async def test_a_code_may_go_to_another_area_later(self, session: AsyncSession, world: World) -> None:
        await session.execute(
            text("UPDATE area_code SET valid = '[2024-01-01,2027-01-01)' WHERE area_id = :west"),
            {"west": world.west},
        )
        await session.execute(
            text(
                "INSERT INTO area_code VALUES "
                "(gen_random_uuid(), :new, 'NBS2023', '330921100001', '[2027-01-01,)')"
            ),
            {"new": await make.area(session, "community", "新社区", parent=world.town)},
        )
