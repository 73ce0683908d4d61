"""The whitelist: which form may be used where and when; what ships; what handhelds pull."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.affairs.admissions import Attempt, record_attempts
from app.affairs.models import CollectionItem
from app.collection.catalogue import seeding
from app.collection.catalogue.forms import Form
from app.collection.catalogue.models import CodeTable, FormVersion
from app.collection.catalogue.pull import CodeTableSource, ItemSource
from app.collection.catalogue.shipped import read_forms, read_tables
from app.collection.catalogue.usable import load_offer, usable_forms
from app.exchange.sources import Scope, Source
from app.identity.actor import Actor, Role
from app.identity.scope import area_path
from app.kit.events import Event
from tests.affairs.conftest import Offices
from tests.catalogue.test_catalogue import CODES, FORM, OWN, add_item, publish
from tests.factories.catalogue import SINCE, admit

RESIDENT = ("resident_registered", 1)


async def answer_of(
    offices: Offices, asked: tuple[str, int], *, area: UUID | None = None, at: datetime | None = None
) -> Any:
    """The form, or the code of the problem."""
    async with offices.database.transaction() as session:
        path = await area_path(session, area or offices.place.community)
        found = await usable_forms(session, "330921", [asked], area_path=path, at=at or offices.clock.now)
    said = found[asked]
    return said if isinstance(said, Form) else said.code


class TestUsable:
    async def test_a_form_that_is_admitted(self, offices: Offices) -> None:
        await offices.admit(await offices.propose())
        form = await answer_of(offices, RESIDENT)
        assert (form.item_code, form.version, form.subject_kind) == (*RESIDENT, "person")
        assert form is await answer_of(offices, RESIDENT), "compiled once for each process"

    @pytest.mark.requirement("S4-44")
    @pytest.mark.requirement("S0-31")
    async def test_nothing_before_admission_or_elsewhere(self, offices: Offices) -> None:
        assert await answer_of(offices, RESIDENT) == "item_not_admitted"
        affair = await offices.propose_temporary()
        await offices.post("township", f"/affairs/{affair}/approval")
        assert await answer_of(offices, RESIDENT) == "item_not_admitted"
        await offices.post("county", f"/affairs/{affair}/filing", {"filed_no": "1"})
        assert isinstance(await answer_of(offices, RESIDENT), Form)
        assert await answer_of(offices, RESIDENT, area=offices.other_town) == "item_not_admitted"
        assert await answer_of(offices, ("component", 1)) == "item_not_admitted"

    async def test_the_time_of_the_record_counts(self, offices: Offices) -> None:
        said = await offices.admit(await offices.propose_temporary(), "township")
        since, until = (datetime.fromisoformat(said[f"in_force_{end}"]) for end in ("from", "until"))
        tick = timedelta(milliseconds=1)
        assert isinstance(await answer_of(offices, RESIDENT, at=since), Form)
        assert await answer_of(offices, RESIDENT, at=since - tick) == "item_not_admitted"
        assert isinstance(await answer_of(offices, RESIDENT, at=until - tick), Form)
        assert await answer_of(offices, RESIDENT, at=until) == "item_not_admitted"

    async def test_old_versions_for_a_while(self, offices: Offices) -> None:
        await add_item(offices)
        await publish(offices)
        await offices.admit(await offices.propose(item_codes=[OWN]))
        await publish(offices, based_on=1, json_schema=FORM | {"x-notice": "新告知"})
        end = offices.clock.now + timedelta(days=30)
        assert isinstance(await answer_of(offices, (OWN, 1), at=end - timedelta(seconds=1)), Form)
        assert await answer_of(offices, (OWN, 1), at=end) == "form_version_expired"
        assert isinstance(await answer_of(offices, (OWN, 2), at=end), Form)

    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            (("nonsense", 1), "item_unknown"),
            (("resident_registered", 2), "form_version_unknown"),
            (("resident_registered", 0), "form_version_unknown"),
            (("张三 110105", 1), "item_unknown"),
        ],
    )
    async def test_what_nobody_knows(self, offices: Offices, asked: tuple[str, int], code: str) -> None:
        assert await answer_of(offices, asked) == code

    async def test_reading_needs_no_admission(self, offices: Offices) -> None:
        async with offices.database.transaction() as session:
            offer = await load_offer(session, "330921", ["resident_registered"])
        form = offer.newest("resident_registered", at=offices.clock.now)
        assert form is not None
        assert form.version == 1
        assert offer.any_form("component", 1, at=offices.clock.now) is None, "was not asked for"

    async def test_factory_admits(self, session: AsyncSession, offices: Offices) -> None:
        await admit(session, "330921", offices.place.county, "component")
        found = await usable_forms(
            session, "330921", [("component", 1)], area_path=[offices.place.county], at=SINCE
        )
        assert isinstance(found["component", 1], Form)


class TestAttempts:
    @pytest.mark.requirement("S0-32")
    async def test_are_logged_without_what_was_sent(self, session: AsyncSession, offices: Offices) -> None:
        actor = Actor(uuid4(), "330921", Role.INSPECTOR, offices.place.community, None, "x")
        about = [uuid4(), uuid4()]
        attempts = [
            Attempt(("submission", about[0]), "component", 1, actor.area_id, "item_not_admitted"),
            Attempt(("submission", about[1]), "张三 110105", None, None, "item_unknown"),
        ]
        await record_attempts(session, actor, attempts, now=offices.clock.now)
        rows = (
            await session.scalars(
                select(Event).where(Event.type == "affair.attempt_refused").order_by(Event.ord)
            )
        ).all()
        assert [row.subject_id for row in rows] == about
        assert [row.data["item_code"] for row in rows] == ["component", "?"]
        assert rows[0].data["role"] == "inspector"


class TestSeeding:
    async def test_again_changes_nothing(self, session: AsyncSession, offices: Offices) -> None:
        counts = select(
            *(
                select(func.count()).select_from(t).scalar_subquery()
                for t in (CollectionItem, FormVersion, CodeTable)
            )
        )
        before = (await session.execute(counts)).one()
        assert await seeding.seed_catalogue(session, now=offices.clock.now) == 0
        assert (await session.execute(counts)).one() == before

    async def test_an_upgrade_brings_the_next_version(
        self, session: AsyncSession, offices: Offices, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def upgraded() -> list[Any]:
            return [replace(f, version=2) if f.code == "component" else f for f in read_forms()]

        monkeypatch.setattr(seeding, "read_forms", upgraded)
        assert await seeding.seed_catalogue(session, now=offices.clock.now) == 1
        item = seeding.item_id("component")
        stored = await session.get_one(FormVersion, seeding.form_id("component", 2))
        assert stored.previous_until == offices.clock.now + timedelta(days=30)
        assert (await session.get_one(CollectionItem, item, populate_existing=True)).version == 2
        told = select(Event.county_code).where(
            Event.type == "item.form_published",
            Event.subject_id == item,
            Event.occurred_at == offices.clock.now,
        )
        assert set(await session.scalars(told)) == {"330921", "330922"}, (
            "each county hears it in its own feed"
        )
        assert await seeding.seed_catalogue(session, now=offices.clock.now) == 0


async def everything(session: AsyncSession, source: Source, scope: Scope, limit: int = 7) -> dict[UUID, Any]:
    """A first load, page by page."""
    found: dict[UUID, Any] = {}
    after = None
    while page := await source.page(session, scope, after, limit):
        assert len(page) <= limit
        assert [p.id for p in page] == sorted(p.id for p in page)
        found |= {p.id: p for p in page}
        after = page[-1].id
    return found


class TestPull:
    def scope(self, offices: Offices, *areas: UUID) -> Scope:
        place = offices.place
        here = areas or (place.community, place.town, place.county)
        return Scope("330921", uuid4(), frozenset(), frozenset(here), offices.today)

    async def test_items_that_are_admitted_here(self, offices: Offices) -> None:
        await offices.admit(await offices.propose(item_codes=["component", "dwelling"]))
        await offices.admit(await offices.propose_temporary(item_codes=["article"]), "township", "备案2")
        async with offices.database.transaction() as session:
            found = await everything(session, ItemSource(), self.scope(offices), limit=2)
            assert {p.body["code"] for p in found.values()} == {"component", "dwelling", "article"}
            elsewhere = self.scope(offices, offices.other_town, offices.place.county)
            assert len(await everything(session, ItemSource(), elsewhere)) == 2
            ids = [*found, uuid4()]
            some = await ItemSource().some(session, elsewhere, ids)
            assert {p.body["code"] for p in some} == {"component", "dwelling"}, (
                "the handheld forgets the third"
            )
        body = found[seeding.item_id("article")].body
        assert body["admitted"][0]["until"] is not None
        assert body["forms"][0]["version"] == 1
        assert body["forms"][0]["schema"]["properties"]["name"]["title"] == "物品名称"

    async def test_changes_of_an_item_raise_its_version(self, offices: Offices) -> None:
        affair = await offices.propose(item_codes=["component"])
        await offices.admit(affair)
        item = seeding.item_id("component")

        async def version() -> int | None:
            async with offices.database.transaction() as session:
                some = await ItemSource().some(session, self.scope(offices), [item])
                return some[0].version if some else None

        first = await version()
        assert first is not None
        schema = next(f for f in read_forms() if f.code == "component").schema | {"x-notice": "新"}
        await publish(offices, "component", based_on=1, json_schema=schema)
        assert await version() == first + 1
        await offices.post("county", f"/affairs/{affair}/ending", {"reason": "完"})
        assert await version() is None

    async def test_code_tables_and_their_ends(self, offices: Offices) -> None:
        old = seeding.table_id("hazard_type", 1)
        async with offices.database.transaction() as session:
            found = await everything(session, CodeTableSource(), self.scope(offices), limit=20)
        assert len(found) == len(read_tables())
        assert found[old].body["values"][2] == {"code": "02", "zh": "消防隐患", "en": "fire", "parent": None}
        assert (found[old].version, found[old].body["accepted_until"]) == (1, None)
        await offices.post("county", "/catalogue/code-tables/hazard_type/versions", CODES)
        async with offices.database.transaction() as session:
            [ended] = await CodeTableSource().some(session, self.scope(offices), [old])
            assert (ended.version, ended.body["accepted_until"] is None) == (2, False)
            assert (
                len(await everything(session, CodeTableSource(), self.scope(offices)))
                == len(read_tables()) + 1
            )
            later = replace(self.scope(offices), today=offices.today + timedelta(days=31))
            assert await CodeTableSource().some(session, later, [old]) == []
