"""Bulk plans over HTTP."""

from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.events import Event
from app.rules.catalogue.staffing import PLAN_ITEMS_MAX
from app.staffing.models import Shift
from tests.factories import patrol
from tests.factories import staffing as make
from tests.identity.conftest import World
from tests.staffing.conftest import TODAY, Headers, code_of, local

PATH = "/api/v1/rosters"
TWO = [{"starts": "08:00", "ends": "12:00"}, {"starts": "14:00", "ends": "17:30"}]


def body(world: World, **change: Any) -> dict[str, Any]:
    roster = {
        "inspector_ids": [str(world.inspector.id), str(world.colleague.id)],
        "first": "2026-09-28",
        "last": "2026-10-11",
        "sessions": TWO,
    }
    return roster | change


async def planned(session: AsyncSession) -> int:
    return int(await session.scalar(select(func.count()).select_from(Shift)) or 0)


class TestPlanning:
    async def test_working_days_by_the_working_calendar(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World, session: AsyncSession
    ) -> None:
        answer = await client.post(PATH, json=body(world), headers=as_supervisor)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        days = sorted({item["service_day"] for item in told["items"]})
        assert all(date.fromisoformat(d) not in NATIONAL_DAY for d in days)
        assert "2026-09-28" in days
        assert (told["planned"], told["duplicate"], told["rejected"]) == (4 * len(days), 0, 0)
        assert await planned(session) == told["planned"]
        event = (
            await session.scalars(
                select(Event).where(Event.type == "roster.planned", Event.subject_id == world.inspector.id)
            )
        ).one()
        assert event.data["days"] == days
        assert len(event.data["shifts"]) == 2 * len(days)

    async def test_again_everything_is_there_before(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World, session: AsyncSession
    ) -> None:
        first = (await client.post(PATH, json=body(world), headers=as_supervisor)).json()
        again = (await client.post(PATH, json=body(world), headers=as_supervisor)).json()
        assert (again["planned"], again["duplicate"]) == (0, first["planned"])
        assert [i["shift_id"] for i in again["items"]] == [i["shift_id"] for i in first["items"]]
        events = select(func.count()).select_from(Event).where(Event.type == "roster.planned")
        assert await session.scalar(events) == 2

    async def test_weekdays_and_a_night_session(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World
    ) -> None:
        night = body(
            world,
            days="weekdays",
            weekdays=[6],
            sessions=[{"starts": "22:00", "ends": "06:00"}],
            inspector_ids=[str(world.inspector.id)],
        )
        items = (await client.post(PATH, json=night, headers=as_supervisor)).json()["items"]
        assert [(i["service_day"], i["starts_at"], i["ends_at"]) for i in items] == [
            ("2026-10-03", "2026-10-03T14:00:00Z", "2026-10-03T22:00:00Z"),
            ("2026-10-10", "2026-10-10T14:00:00Z", "2026-10-10T22:00:00Z"),
        ]

    async def test_one_refusal_costs_no_neighbour(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World, session: AsyncSession
    ) -> None:
        await make.shift(session, world.inspector, local(11), local(15))
        today = TODAY.isoformat()
        asked = body(world, first=today, last=today, days="every_day")
        asked["inspector_ids"] += [str(uuid4()), str(world.foreigner.id), str(world.supervisor.id)]
        answer = (await client.post(PATH, json=asked, headers=as_supervisor)).json()
        told = [(i["inspector_id"], i["outcome"], i["problem"]) for i in answer["items"]]
        assert told[0] == told[1] == (str(world.inspector.id), "rejected", "shift_overlaps")
        assert told[2] == told[3] == (str(world.colleague.id), "planned", None)
        assert [t[2] for t in told[4:]] == ["not_found"] * 4 + ["staffing_not_an_inspector"] * 2
        assert await planned(session) == 3

    async def test_sessions_that_overlap_each_other(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World
    ) -> None:
        today = TODAY.isoformat()
        both = [{"starts": "08:00", "ends": "12:00"}, {"starts": "11:00", "ends": "13:00"}]
        asked = body(world, first=today, last=today, days="every_day", sessions=both)
        answer = (await client.post(PATH, json=asked, headers=as_supervisor)).json()
        assert (answer["planned"], answer["rejected"]) == (2, 2)

    async def test_the_days_are_folded_again(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World, session: AsyncSession
    ) -> None:
        await make.patrol_days(session, world.inspector, [TODAY])
        today = TODAY.isoformat()
        await client.post(
            PATH, json=body(world, first=today, last=today, days="every_day"), headers=as_supervisor
        )
        assert await make.pending_days(session, world.inspector) == [TODAY]


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"last": "2026-09-01"}, (422, "invalid")),
            ({"last": "2028-09-01"}, (422, "invalid")),
            ({"days": "weekdays"}, (422, "invalid")),
            ({"sessions": [{"starts": "25:00", "ends": "12:00"}]}, (422, "invalid")),
            (
                {"sessions": [{"starts": "08:00", "ends": "12:00", "kind": "holiday"}]},
                (422, "unknown_day_kind"),
            ),
            ({"first": "2026-10-03", "last": "2026-10-04"}, (422, "plan_empty")),
        ],
    )
    async def test_as_a_whole(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World, change: Any, refusal: Any
    ) -> None:
        assert code_of(await client.post(PATH, json=body(world, **change), headers=as_supervisor)) == refusal

    async def test_more_than_the_rule_allows(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World, session: AsyncSession
    ) -> None:
        await patrol.decide(session, world.ours.county, PLAN_ITEMS_MAX.key, 20)
        answer = await client.post(PATH, json=body(world), headers=as_supervisor)
        assert code_of(answer) == (422, "plan_too_large")
        assert (answer.json()["most"], answer.json()["asked"]) == (20, 56)

    async def test_by_supervisors_only(
        self, client: httpx.AsyncClient, as_inspector: Headers, as_foreigner: Headers, world: World
    ) -> None:
        assert (await client.post(PATH, json=body(world))).status_code == 401
        assert code_of(await client.post(PATH, json=body(world), headers=as_inspector)) == (403, "forbidden")
        assert code_of(await client.post(PATH, json=body(world), headers=as_foreigner)) == (404, "not_found")


NATIONAL_DAY = {date(2026, 10, n) for n in range(1, 4)}
