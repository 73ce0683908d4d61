"""The working calendar over HTTP, and its seed."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.events import Event
from app.rules.calendar import load_calendar
from app.rules.calendar_seed import SERVICE, seed_calendar
from app.rules.models import ListedDay
from app.rules.working_time import DayKind, add_working_days
from tests.identity.conftest import World
from tests.rules.conftest import code_of

CALENDAR, IMPORTS = "/api/v1/calendar", "/api/v1/calendar/imports"
NOTICE_2027 = (
    "day,kind,name\n2027-01-01,holiday,元旦\n2027-02-20,makeup_workday,春节调休\n2027-02-11,holiday,春节\n"
)
TOO_LONG = b"day,kind\n" + b"2027-01-01,holiday\n" * 2001
FIELDS = {"source": "国办发明电〔2026〕1号"}


async def shown(client: httpx.AsyncClient, headers: dict[str, str], day: str, **query: str) -> Any:
    params = {"from": day, "to": day} | query
    answer = await client.get(CALENDAR, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["days"][0]


async def imported(
    client: httpx.AsyncClient, headers: dict[str, str], content: str | bytes, **fields: str
) -> httpx.Response:
    files = {"file": ("calendar.csv", content, "text/csv")}
    return await client.post(IMPORTS, files=files, data=FIELDS | fields, headers=headers)


class TestSeed:
    async def test_is_stored_once_with_an_event(self, session: AsyncSession) -> None:
        assert await seed_calendar(session, now=datetime.now(UTC)) == list(range(2004, 2027))
        assert await seed_calendar(session, now=datetime.now(UTC)) == []
        count = select(func.count()).select_from(Event).where(Event.county_code == SERVICE)
        assert await session.scalar(count.where(Event.type == "work_calendar.seeded")) == 1

    async def test_deadlines_count_by_it(self, session: AsyncSession, seeded: None) -> None:
        due = add_working_days(date(2026, 2, 13), 2, await load_calendar(session, []))
        assert (due.day, due.provisional) == (date(2026, 2, 24), False)


@pytest.mark.usefixtures("seeded")
class TestReading:
    async def test_a_holiday_a_makeup_workday_and_sessions(
        self, client: httpx.AsyncClient, as_supervisor: dict[str, str]
    ) -> None:
        holiday = await shown(client, as_supervisor, "2026-10-01")
        assert (holiday["kind"], holiday["works"], holiday["name"]) == ("holiday", False, "国庆节")
        assert holiday["sessions"] == []
        makeup = await shown(client, as_supervisor, "2026-10-10")
        assert (makeup["kind"], makeup["works"]) == ("makeup_workday", True)
        assert makeup["sessions"] == ["08:30-11:30", "14:00-17:30"]

    async def test_an_unpublished_year_is_provisional(
        self, client: httpx.AsyncClient, as_supervisor: dict[str, str]
    ) -> None:
        day = await shown(client, as_supervisor, "2027-02-08")
        assert (day["kind"], day["provisional"]) == ("holiday", True)

    async def test_sessions_of_an_area_follow_its_rules(
        self, client: httpx.AsyncClient, as_admin_of_all: dict[str, str], world: World
    ) -> None:
        summer = {"from": "06-01", "until": "09-30", "sessions": ["08:00-11:00", "15:00-18:00"]}
        body = {
            "parameter_key": "calendar.timetable",
            "area_id": str(world.ours.town),
            "effective_from": "2026-01-01",
            "value": {"sessions": ["09:00-12:00"], "seasons": [summer]},
            "source": "夏令时通知",
        }
        answer = await client.post("/api/v1/rules/decisions", json=body, headers=as_admin_of_all)
        assert answer.status_code == 201, answer.text
        town = {"area_id": str(world.ours.town)}
        assert (await shown(client, as_admin_of_all, "2026-07-01", **town))["sessions"] == summer["sessions"]
        assert (await shown(client, as_admin_of_all, "2026-11-02", **town))["sessions"] == ["09:00-12:00"]
        assert (await shown(client, as_admin_of_all, "2026-11-02"))["sessions"][0] == "08:30-11:30"

    @pytest.mark.parametrize(
        ("first", "last", "refusal"),
        [
            ("2026-01-02", "2026-01-01", "calendar_span"),
            ("2025-01-01", "2026-12-31", "calendar_span"),
            ("0001-01-01", "0001-01-02", "invalid"),
            ("2100-12-31", "9999-12-31", "invalid"),
        ],
    )
    async def test_impossible_span(
        self, client: httpx.AsyncClient, as_supervisor: dict[str, str], first: str, last: str, refusal: str
    ) -> None:
        answer = await client.get(CALENDAR, params={"from": first, "to": last}, headers=as_supervisor)
        assert code_of(answer) == (422, refusal)

    async def test_login_and_scope(
        self, client: httpx.AsyncClient, as_foreigner: dict[str, str], world: World
    ) -> None:
        query = {"from": "2026-01-01", "to": "2026-01-01"}
        assert code_of(await client.get(CALENDAR, params=query)) == (401, "unauthenticated")
        query["area_id"] = str(world.ours.town)
        assert code_of(await client.get(CALENDAR, params=query, headers=as_foreigner)) == (404, "not_found")


@pytest.mark.usefixtures("seeded")
class TestImport:
    async def test_publishes_a_year(
        self, client: httpx.AsyncClient, as_admin_of_all: dict[str, str], session: AsyncSession
    ) -> None:
        answer = await imported(client, as_admin_of_all, NOTICE_2027, publishes_year="2027")
        assert answer.status_code == 200, answer.text
        assert (answer.json()["stored"], answer.json()["rejected"]) == (3, 0)
        makeup = await shown(client, as_admin_of_all, "2027-02-20")
        assert (makeup["works"], makeup["provisional"], makeup["source"]) == (True, False, FIELDS["source"])
        # No longer a guess: the statutory holidays count only where the list names them.
        assert (await shown(client, as_admin_of_all, "2027-02-08"))["works"] is True
        event = (await session.scalars(select(Event).where(Event.type == "work_calendar.imported"))).one()
        assert event.data["publishes_year"] == 2027
        assert event.data["days"][0] == {"day": "2027-01-01", "kind": "holiday", "before": None}

    async def test_each_line_has_its_own_result(
        self, client: httpx.AsyncClient, as_admin_of_all: dict[str, str]
    ) -> None:
        content = (
            "Day,Kind,Name\n2027-01-01,holiday,元旦\n2027-13-01,holiday,\n2027-01-03,party,\n\n"
            "2027-01-01,closure,again\n1999-01-01,holiday,\n2026-10-01,holiday,国庆节\n2027-01-04\n"
        )
        first = (await imported(client, as_admin_of_all, content)).json()
        assert [(row["line"], row["status"]) for row in first["rows"]] == [
            (2, "stored"),
            (3, "rejected"),
            (4, "rejected"),
            (6, "rejected"),
            (7, "rejected"),
            (8, "stored"),  # another source than the seed's
            (9, "rejected"),
        ]
        assert all(
            row["reason_zh"] and row["reason_en"] for row in first["rows"] if row["status"] == "rejected"
        )
        again = (await imported(client, as_admin_of_all, content)).json()
        assert [row["status"] for row in again["rows"]].count("unchanged") == 2

    async def test_a_county_closes_its_own_offices(
        self, client: httpx.AsyncClient, as_county: dict[str, str], as_foreigner: dict[str, str], world: World
    ) -> None:
        content = "day,kind,name\n2026-11-23,closure,台风\n"
        answer = await imported(client, as_county, content, area_id=str(world.ours.county))
        assert answer.json()["stored"] == 1
        town = {"area_id": str(world.ours.town)}
        assert (await shown(client, as_county, "2026-11-23", **town))["kind"] == DayKind.CLOSURE
        assert (await shown(client, as_foreigner, "2026-11-23"))["works"] is True

    async def test_chinese_spreadsheet_encoding(
        self, client: httpx.AsyncClient, as_admin_of_all: dict[str, str]
    ) -> None:
        chinese = "day,kind,name\r\n2027/1/1,holiday,元旦\r\n".encode("gb18030")
        assert (await imported(client, as_admin_of_all, chinese)).json()["stored"] == 1
        assert (await shown(client, as_admin_of_all, "2027-01-01"))["name"] == "元旦"
        marked = "\ufeffday,kind,name\n2027-01-02,holiday,元旦\n".encode()
        assert (await imported(client, as_admin_of_all, marked)).json()["stored"] == 1

    @pytest.mark.parametrize(
        "content",
        [b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b"day,kind\n2027-01-01,holi\0day\n", TOO_LONG],
        ids=["empty", "binary", "header", "nul", "long"],
    )  # fmt: skip
    async def test_what_is_no_such_file(
        self, client: httpx.AsyncClient, as_admin_of_all: dict[str, str], content: bytes
    ) -> None:
        assert code_of(await imported(client, as_admin_of_all, content)) == (422, "calendar_file_unreadable")

    @pytest.mark.parametrize("fields", [{"publishes_year": "1"}, {"source": ""}, {"area_id": "x"}])
    async def test_wrong_fields(
        self, client: httpx.AsyncClient, as_admin_of_all: dict[str, str], fields: dict[str, str]
    ) -> None:
        assert code_of(await imported(client, as_admin_of_all, NOTICE_2027, **fields)) == (422, "invalid")

    async def test_a_year_is_published_for_everywhere(
        self, client: httpx.AsyncClient, as_county: dict[str, str], world: World
    ) -> None:
        answer = await imported(
            client, as_county, NOTICE_2027, publishes_year="2027", area_id=str(world.ours.county)
        )
        assert code_of(answer) == (422, "calendar_year_everywhere")

    async def test_who_may(
        self,
        client: httpx.AsyncClient,
        as_supervisor: dict[str, str],
        as_county: dict[str, str],
        as_system_admin: dict[str, str],
        as_foreigner: dict[str, str],
        world: World,
        session: AsyncSession,
    ) -> None:
        assert code_of(await imported(client, {}, NOTICE_2027)) == (401, "unauthenticated")
        assert code_of(await imported(client, as_supervisor, NOTICE_2027)) == (403, "forbidden")
        assert code_of(await imported(client, as_county, NOTICE_2027)) == (403, "forbidden")
        assert code_of(await imported(client, as_system_admin, NOTICE_2027)) == (403, "forbidden")
        foreign = await imported(client, as_foreigner, NOTICE_2027, area_id=str(world.ours.county))
        assert code_of(foreign) == (404, "not_found")
        stored = select(func.count()).select_from(ListedDay).where(ListedDay.day >= date(2027, 1, 1))
        assert await session.scalar(stored) == 0

    async def test_the_more_specific_area_wins(
        self, client: httpx.AsyncClient, as_admin_of_all: dict[str, str], world: World, session: AsyncSession
    ) -> None:
        for area_id, kind in ((world.ours.county, "closure"), (world.ours.town, "workday")):
            content = f"day,kind\n2026-11-23,{kind}\n"
            await imported(client, as_admin_of_all, content, area_id=str(area_id))
        for area_id, works in ((world.ours.county, False), (world.ours.town, True)):
            day = await shown(client, as_admin_of_all, "2026-11-23", area_id=str(area_id))
            assert day["works"] is works
        areas: set[UUID | None] = set(await session.scalars(text("SELECT area_id FROM work_calendar")))
        assert {world.ours.county, world.ours.town, None} <= areas
