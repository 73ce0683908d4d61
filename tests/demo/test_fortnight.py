"""The fortnight of 岱东镇: what its named days are named for is what the service makes of them."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from app.demo.fortnight.loading import load_fortnight
from app.demo.fortnight.named import LENDER, NAMED, Name, NamedDay, town_grids, working_days
from app.demo.loader import load_demo
from app.demo.people import inspector_id
from app.kit.db import Database
from app.kit.ids import demo_id
from app.patrol.models import DayFigures
from tests.conftest import ROOT, _clone, _drop, url_of
from tests.factories import identity

SETTINGS = identity.settings().model_copy(update={"demo_passwords": True})


@pytest.fixture(scope="module")
async def loaded(template: str) -> AsyncIterator[Database]:
    name = _clone(template)
    database = Database.connect(url_of(name))
    await load_demo(database, SETTINGS, today=date(2026, 11, 22))
    assert await load_fortnight(database, SETTINGS.zone) == len(working_days())
    yield database
    await database.close()
    _drop(name)


async def figures_of(database: Database, named: NamedDay) -> dict[str, Any]:
    async with database.transaction() as session:
        codes = town_grids((await session.scalars(text("SELECT code FROM grid"))).all())
        found = await session.scalar(
            select(DayFigures.figures).where(
                DayFigures.inspector_id == inspector_id(codes[named.place]),
                DayFigures.service_day == named.day,
            )
        )
    assert found is not None, named.name
    return found


@pytest.fixture
async def named(loaded: Database) -> dict[Name, dict[str, Any]]:
    return {each.name: await figures_of(loaded, each) for each in NAMED}


def outcomes(figures: dict[str, Any]) -> dict[str, str]:
    return {check["check"]: check["outcome"] for check in figures["checks"]}


async def test_every_named_day_is_what_it_is_called(named: dict[Name, dict[str, Any]]) -> None:
    assert {name: figures["status"] for name, figures in named.items()} == {
        "passed": "pass",
        "missed_by_20_minutes": "fail",
        "driven": "fail",
        "killed_app": "fail",
        "half_day_leave": "pass",
        "training": "excused",
        "night_shift": "pass",
        "borrowed_device": "pass",
        "under_appeal": "fail",
        "appeal_upheld": "fail",
    }


async def test_it_is_loaded_once(loaded: Database) -> None:
    assert await load_fortnight(loaded, SETTINGS.zone) == 0


async def test_it_was_missed_by_twenty_minutes_and_by_nothing_else(named: dict[Name, dict[str, Any]]) -> None:
    figures = named["missed_by_20_minutes"]
    assert outcomes(figures) == {"patrol_s": "missed", "distance_m": "met", "online_share": "met"}
    missing = next(check["missing"] for check in figures["checks"] if check["check"] == "patrol_s")
    assert missing == pytest.approx(20 * 60, abs=90)


async def test_metres_in_a_vehicle_are_shown_and_not_counted(named: dict[Name, dict[str, Any]]) -> None:
    assert named["driven"]["vehicle_distance_m"] > 8000
    assert named["driven"]["distance_m"] < 2000


async def test_half_a_day_asks_for_about_half(named: dict[Name, dict[str, Any]]) -> None:
    asked = {check["check"]: check["asked"] for check in named["half_day_leave"]["checks"]}
    assert asked["distance_m"] == pytest.approx(3000 * 5 / 9.5, abs=1)


async def test_the_borrower_walked_with_the_lenders_handheld(loaded: Database) -> None:
    named = next(n for n in NAMED if n.name == "borrowed_device")
    async with loaded.transaction() as session:
        codes = town_grids((await session.scalars(text("SELECT code FROM grid"))).all())
        carriers = (
            await session.scalars(
                text("SELECT DISTINCT device_id FROM fix_batch WHERE inspector_id = :person AND day = :day"),
                {"person": inspector_id(codes[named.place]), "day": named.day},
            )
        ).all()
    assert carriers == [demo_id("device", codes[LENDER])]


async def test_one_appeal_waits_and_one_was_upheld(loaded: Database) -> None:
    async with loaded.transaction() as session:
        found = (await session.execute(text("SELECT state, decided_status FROM appeal ORDER BY 1"))).all()
    assert [tuple(row) for row in found] == [("decided", "pass"), ("filed", None)]


async def test_the_documentation_names_the_same_days(loaded: Database) -> None:
    async with loaded.transaction() as session:
        codes = town_grids((await session.scalars(text("SELECT code FROM grid"))).all())
    rows = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8").splitlines()
    for named in NAMED:
        code = codes[named.place]
        tail = f"| {named.day.isoformat()} | wg{code} | {inspector_id(code)} |"
        assert any(row.endswith(tail) for row in rows), named.name
