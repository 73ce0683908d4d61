"""The made-up residents of the demo: they fit their forms, and the examples' ids are among them."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.forms import Form, make_form
from app.collection.catalogue.shipped import read_forms, read_tables
from app.demo import subjects
from app.demo.divisions import read_divisions
from app.demo.islands import DemoGrid, divide_county, read_outline
from app.demo.land import load_areas, load_grids
from app.kit.ids import (
    DEMO_BUILDING,
    DEMO_COMPONENT,
    DEMO_COUNTY_CODE,
    DEMO_DUPLICATE,
    DEMO_DWELLING,
    DEMO_HOUSEHOLD,
    DEMO_ORGANIZATION,
    DEMO_PERSON,
    DEMO_PLACE,
)
from tests.factories import identity
from tests.factories import subjects as make

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def grids() -> list[DemoGrid]:
    here = [d for d in read_divisions() if d.level == "community" and d.code.startswith(DEMO_COUNTY_CODE)]
    return divide_county(read_outline(), here)


@pytest.fixture(scope="module")
def forms() -> dict[str, Form]:
    codes = {table.code: frozenset(v.code for v in table.values) for table in read_tables()}
    return {
        f.code: make_form(uuid4(), uuid4(), f.code, f.version, f.subject_kind, f.schema, codes)
        for f in read_forms()
    }


class TestDemoSubjects:
    def test_fit_their_forms(self, grids: list[DemoGrid], forms: dict[str, Form]) -> None:
        made = [s for n, g in enumerate(subjects.around(grids)) for s in subjects.subjects_of(g, n)]
        wrong = [(s.item_code, forms[s.item_code].errors(s.values, today=TODAY)) for s in made]
        assert [each for each in wrong if each[1]] == []
        assert [w for s in made for w in forms[s.item_code].warnings(s.values)] == []
        people = [s for s in made if s.item_code.startswith("resident")]
        assert len(people) == len({s.values["id_number"] for s in people}) == 120
        assert all(s.values["name"].endswith("(合成)") for s in people)
        assert len({s.id for s in made}) == len(made)
        assert {
            DEMO_PERSON,
            DEMO_HOUSEHOLD,
            DEMO_DWELLING,
            DEMO_BUILDING,
            DEMO_ORGANIZATION,
            DEMO_COMPONENT,
            DEMO_PLACE,
        } <= {s.id for s in made}

    async def test_are_linked_and_no_two_look_the_same(
        self, session: AsyncSession, grids: list[DemoGrid]
    ) -> None:
        await load_areas(session, read_divisions(), read_outline(), grids, TODAY)
        await load_grids(session, grids)
        now = datetime(2026, 11, 22, tzinfo=UTC)
        count = await subjects.load(session, grids, identity.vault(), zone=make.ZONE, now=now)
        assert await session.scalar(text("SELECT count(*) FROM subject")) == count + 2
        found = list(await session.scalars(text("SELECT id FROM duplicate_proposal")))
        assert found == [DEMO_DUPLICATE]
        dangling = text(
            "SELECT count(*) FROM subject_link l LEFT JOIN subject s ON s.id = l.to_id WHERE s.id IS NULL"
        )
        assert await session.scalar(dangling) == 0
        person = (await make.locked(session, DEMO_PERSON))[DEMO_PERSON]
        assert (person.version, person.values["phone"]) == (2, "13805800199")
        assert person.values["dwelling_id"] == str(DEMO_DWELLING)
