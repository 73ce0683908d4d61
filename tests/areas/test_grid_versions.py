"""What the folder loads, and two county clerks at once."""

import asyncio
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
import shapely
from shapely.geometry import MultiPolygon, box
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas import service
from app.areas.grid_queries import load_grid_versions
from app.areas.models import GridVersion
from app.areas.problems import GridOverlap
from app.areas.schemas import GridReshape
from app.identity.actor import Actor, Role
from app.kit.db import Database
from tests.areas.conftest import World, build_world, geojson
from tests.factories import areas as make

NOW = datetime.now(UTC)


async def _add_version(session: AsyncSession, world: World, cut: date) -> None:
    await session.execute(
        text("UPDATE grid_version SET valid = daterange(lower(valid), :cut) WHERE grid_id = :id"),
        {"id": world.grids[0], "cut": cut},
    )
    session.add(
        GridVersion(
            county_code=make.COUNTY,
            id=uuid4(),
            grid_id=world.grids[0],
            version=2,
            geometry=make.square(7),
            route=None,
            valid=Range(cut, None),
            reason="test",
            decided_by=None,
        )
    )
    await session.flush()


class TestLoading:
    async def test_every_shape_of_the_time_in_one_list(self, session: AsyncSession, world: World) -> None:
        await _add_version(session, world, date(2026, 6, 1))
        wanted = [*world.grids[:2], world.boats, world.foreign_grid, uuid4()]
        rows = await load_grid_versions(session, make.COUNTY, wanted, date(2026, 5, 31), date(2026, 6, 1))
        assert [(r.code[-6:], r.version, r.valid_from, r.valid_to) for r in rows] == [
            ("001001", 1, date(2024, 1, 1), date(2026, 6, 1)),
            ("001001", 2, date(2026, 6, 1), None),
            ("001002", 1, date(2024, 1, 1), None),
            ("003002", None, date(2024, 1, 1), None),
        ]
        assert rows[1].shape is not None
        assert rows[1].shape.equals(make.square(7))
        assert (rows[3].shape, rows[3].in_grid_rule) == (None, "none")

    @pytest.mark.parametrize(
        ("day", "versions"), [(date(2026, 5, 31), [1]), (date(2026, 6, 1), [2]), (date(2023, 12, 31), [])]
    )
    async def test_a_day_has_the_shape_of_that_day(
        self, session: AsyncSession, world: World, day: date, versions: list[int]
    ) -> None:
        await _add_version(session, world, date(2026, 6, 1))
        rows = await load_grid_versions(session, make.COUNTY, [world.grids[0]], day, day)
        assert [r.version for r in rows] == versions

    async def test_routes_are_shapes_too(self, session: AsyncSession, world: World) -> None:
        line = shapely.LineString([(122, 30), (122.1, 30)])
        grid_id = await make.grid(session, world.east, "330921100003500", line, in_grid_rule="route")
        (row,) = await load_grid_versions(session, make.COUNTY, [grid_id], NOW.date(), NOW.date())
        assert row.shape is not None
        assert row.shape.equals(line)

    async def test_no_grids_no_query(self, session: AsyncSession) -> None:
        assert await load_grid_versions(session, make.COUNTY, [], NOW.date(), NOW.date()) == []


async def test_two_neighbours_reshaped_at_once_cannot_both_take_the_same_ground(
    fresh_database: Database,
) -> None:
    """Each looks free of overlap to its own snapshot; the lock of the county lets only one pass."""
    async with fresh_database.transaction() as session:
        world = await build_world(session)
        freed = MultiPolygon([box(122.0, 30.0, 122.003, 30.01)])
        actor = Actor(world.county_account.id, "330921", Role.COUNTY, world.county, None, "县")
        await session.flush()
        for grid_id, shape in ((world.grids[0], freed), (world.grids[1], make.square(1))):
            body = GridReshape(geometry=geojson(shape), valid_from=date(2026, 6, 1), reason="让出")
            await service.reshape_grid(session, actor, grid_id, body, read_version=1, now=NOW)

    async def take(number: int, shape: MultiPolygon) -> None:
        body = GridReshape(geometry=geojson(shape), valid_from=date(2026, 7, 1), reason="占用")
        async with fresh_database.transaction() as session:
            await service.reshape_grid(session, actor, world.grids[number], body, read_version=2, now=NOW)
            await asyncio.sleep(0.2)

    results = await asyncio.gather(
        take(0, MultiPolygon([box(122.0, 30.0, 122.008, 30.01)])),
        take(1, MultiPolygon([box(122.004, 30.0, 122.02, 30.01)])),
        return_exceptions=True,
    )
    assert sorted(type(r).__name__ for r in results) == ["GridOverlap", "NoneType"]
    assert any(isinstance(r, GridOverlap) for r in results)
