"""The demo county in the database: loaded once, complete, usable by the fixed ids."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas import service
from app.demo.loader import DEMO_PASSWORD, DemoSummary, demo_logins, load_demo
from app.identity.actor import Role, system_actor
from app.identity.passwords import verify_password
from app.identity.scope import area_path
from app.kit.db import Database
from app.kit.ids import (
    DEMO_APPOINTMENT,
    DEMO_BINDING,
    DEMO_BOAT_GRID,
    DEMO_COMMUNITY,
    DEMO_COMMUNITY_SUPERVISOR,
    DEMO_COUNTY,
    DEMO_COUNTY_SUPERVISOR,
    DEMO_DAY,
    DEMO_DEVICE,
    DEMO_FOREIGN_SUPERVISOR,
    DEMO_GRID,
    DEMO_INSPECTOR,
    DEMO_PLACE,
    DEMO_SPARE_DEVICE,
    DEMO_SPARE_INSPECTOR,
    DEMO_TOWN,
    DEMO_TOWN_SUPERVISOR,
    DEMO_VISIT,
)
from app.rules import service as rules
from app.rules.catalogue import judging
from tests.conftest import _clone, _drop, url_of
from tests.factories import identity

TODAY = date(2026, 11, 22)
SETTINGS = identity.settings().model_copy(update={"demo_passwords": True})
KEPT = (
    *("area", "area_version", "area_code", "area_outline", "area_closure", "grid", "grid_version"),
    *("account", "device", "device_binding", "appointment", "shift", "activation_code"),
    *("rule_value", "event"),
)


@pytest.fixture(scope="module")
async def loaded(template: str) -> AsyncIterator[tuple[Database, DemoSummary]]:
    """A database of its own with the demo county, shared by tests that only read."""
    name = _clone(template)
    database = Database.connect(url_of(name))
    yield database, await load_demo(database, SETTINGS, today=TODAY)
    await database.close()
    _drop(name)


@pytest.fixture
def demo(loaded: tuple[Database, DemoSummary]) -> DemoSummary:
    return loaded[1]


@pytest.fixture
async def session(loaded: tuple[Database, DemoSummary]) -> AsyncIterator[AsyncSession]:
    async with loaded[0].sessions() as session:
        yield session


async def counts(session: AsyncSession) -> dict[str, int]:
    return {t: await session.scalar(text(f"SELECT count(*) FROM {t}")) or 0 for t in KEPT}


async def test_covers_the_county_completely_by_our_own_measure(
    session: AsyncSession, demo: DemoSummary
) -> None:
    for area_id in (DEMO_COUNTY, DEMO_TOWN, DEMO_COMMUNITY):
        found = await service.cover(session, system_actor("330921"), area_id, TODAY)
        assert found.coverage.share == 1.0
        assert (found.coverage.gaps, found.coverage.overlaps, found.coverage.outside) == ([], [], [])


async def test_covers_the_county_completely_by_postgis(session: AsyncSession, demo: DemoSummary) -> None:
    gap = await session.scalar(
        text(
            "SELECT ST_Area(ST_Difference(o.geometry, (SELECT ST_Union(geometry) FROM grid_version))::geography) "
            "FROM area_outline o WHERE o.area_id = :county"
        ),
        {"county": DEMO_COUNTY},
    )
    overlap = await session.scalar(
        text(
            "SELECT coalesce(sum(ST_Area(ST_Intersection(a.geometry, b.geometry)::geography)), 0) "
            "FROM grid_version a JOIN grid_version b ON a.id < b.id AND ST_Intersects(a.geometry, b.geometry)"
        )
    )
    assert gap == pytest.approx(0, abs=0.01)
    assert overlap == pytest.approx(0, abs=0.01)


async def test_every_grid_says_that_it_is_synthetic_and_has_an_inspector_with_a_handheld(
    session: AsyncSession, demo: DemoSummary
) -> None:
    assert await session.scalar(text("SELECT bool_and(synthetic AND name LIKE '%合成%') FROM grid"))
    without = await session.scalar(
        text(
            "SELECT count(*) FROM grid g WHERE NOT EXISTS (SELECT FROM appointment a "
            "JOIN account k ON k.id = a.inspector_id AND k.role = 'inspector' AND k.enabled "
            "JOIN device_binding b ON b.county_code = a.county_code AND b.inspector_id = a.inspector_id "
            "JOIN device d ON d.county_code = b.county_code AND d.id = b.device_id AND d.state = 'active' "
            "WHERE a.county_code = g.county_code AND a.grid_id = g.id AND a.role = 'full_time' "
            "AND a.valid @> :first AND b.valid @> :first AND upper_inf(a.valid) AND upper_inf(b.valid))"
        ),
        {"first": datetime(2026, 10, 12, 0, 0, tzinfo=UTC)},
    )
    assert without == 0
    boats = (
        await session.execute(
            text(
                "SELECT grid_class, in_grid_rule, movement_profile, "
                "(SELECT count(*) FROM grid_version WHERE grid_id = g.id) FROM grid g WHERE id = :id"
            ),
            {"id": DEMO_BOAT_GRID},
        )
    ).one()
    assert tuple(boats) == ("S", "none", "boat", 0)


async def test_every_inspector_is_on_shift_on_each_of_52_days_weekends_included(
    session: AsyncSession, demo: DemoSummary
) -> None:
    rows = (
        await session.execute(
            text(
                "SELECT count(*) AS days, min(service_day) AS first, max(service_day) AS last, "
                "min(starts_at AT TIME ZONE 'Asia/Shanghai' - service_day) AS starts, "
                "max(ends_at AT TIME ZONE 'Asia/Shanghai' - service_day) AS ends "
                "FROM shift WHERE inspector_id <> :spare AND service_day <> :walked GROUP BY inspector_id"
            ),
            {"spare": DEMO_SPARE_INSPECTOR, "walked": DEMO_DAY},
        )
    ).all()
    assert len(rows) == demo.grids
    assert {tuple(r) for r in rows} == {
        (
            52,
            TODAY - timedelta(days=21),
            TODAY + timedelta(days=30),
            timedelta(hours=8),
            timedelta(hours=17, minutes=30),
        )
    }


async def test_loading_twice_changes_nothing_and_later_only_adds_shifts_ahead(
    database: Database, demo: DemoSummary
) -> None:
    first = await load_demo(database, SETTINGS, today=TODAY)
    assert first == demo
    async with database.sessions() as session:
        before = await counts(session)
        again = await load_demo(database, SETTINGS, today=TODAY)
        assert (again.loaded, again.shifts) == (False, 0)
        assert await counts(session) == before
        later = await load_demo(database, SETTINGS, today=TODAY + timedelta(days=3))
        assert later.shifts == 3 * demo.grids
        assert await counts(session) == before | {"shift": before["shift"] + 3 * demo.grids}


@pytest.mark.parametrize(
    ("table", "ids"),
    [
        ("area", (DEMO_COUNTY, DEMO_TOWN, DEMO_COMMUNITY)),
        ("grid", (DEMO_GRID, DEMO_BOAT_GRID)),
        ("device", (DEMO_DEVICE, DEMO_SPARE_DEVICE)),
        ("device_binding", (DEMO_BINDING,)),
        ("appointment", (DEMO_APPOINTMENT,)),
        (
            "account",
            (
                DEMO_INSPECTOR,
                DEMO_SPARE_INSPECTOR,
                DEMO_COMMUNITY_SUPERVISOR,
                DEMO_TOWN_SUPERVISOR,
                DEMO_COUNTY_SUPERVISOR,
                DEMO_FOREIGN_SUPERVISOR,
            ),
        ),
    ],
)
async def test_the_fixed_ids_exist(
    session: AsyncSession, demo: DemoSummary, table: str, ids: tuple[object, ...]
) -> None:
    found = await session.scalar(
        text(f"SELECT count(*) FROM {table} WHERE id = ANY(:ids)"), {"ids": list(ids)}
    )
    assert found == len(ids)


async def test_one_account_a_role_with_the_password_that_is_printed(
    session: AsyncSession, demo: DemoSummary
) -> None:
    logins = demo_logins()
    assert len({login.role for login in logins}) == len(Role) - 1  # partners have clients, not passwords
    for login in logins:
        stored = await session.scalar(
            text("SELECT password_hash FROM account WHERE username = :name AND enabled"),
            {"name": login.username},
        )
        assert stored is not None
    assert await verify_password(stored, DEMO_PASSWORD)


async def test_without_demo_passwords_nobody_knows_them(database: Database) -> None:
    await load_demo(database, identity.settings(), today=TODAY)
    async with database.sessions() as session:
        stored = await session.scalar(text("SELECT password_hash FROM account WHERE username = 'county'"))
        assert not await verify_password(stored, DEMO_PASSWORD)
        assert await session.scalar(text("SELECT count(*) FROM activation_code")) == 0


async def test_daishans_thresholds_apply_with_their_source(session: AsyncSession, demo: DemoSummary) -> None:
    found = await rules.resolve(session, await area_path(session, DEMO_COMMUNITY), TODAY)
    assert rules.patrol_policy(found) == "assess"
    assert (found[judging.PATROL_MIN_S], found[judging.DISTANCE_MIN_M]) == (14400, 3000)
    assert "Daishan 2018" in found.applied()[judging.DISTANCE_MIN_M.key].source
    elsewhere = await rules.resolve(session, [], TODAY)
    assert rules.patrol_policy(elsewhere) == "record"


async def test_the_load_leaves_an_event(session: AsyncSession, demo: DemoSummary) -> None:
    data = await session.scalar(text("SELECT data FROM event WHERE type = 'demo.loaded'"))
    assert data["grids"] == demo.grids


async def test_a_key_place_was_visited_and_the_visit_is_proven(
    session: AsyncSession, demo: DemoSummary
) -> None:
    visits = await session.execute(
        text("SELECT subject_id, proven_by FROM visit WHERE id = :id"), {"id": DEMO_VISIT}
    )
    assert visits.all() == [(DEMO_PLACE, "position")]
    assert await session.scalar(text("SELECT count(*) FROM key_subject")) == 3
    assert await session.scalar(text("SELECT count(*) FROM visit")) == 3
