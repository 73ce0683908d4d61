"""Duty over HTTP, end to end: presses in uploads, `GET /me/duty`, and which day a night belongs to."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import text

from app.identity.actor import Role
from app.kit.clock import to_ms
from app.kit.db import Database
from tests.factories import identity, staffing
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, Handheld
from tests.patrol.conftest import Office, count
from tests.patrol.test_days import close_of_day, judged
from tests.staffing.conftest import code_of


async def duty(handheld: Handheld) -> dict[str, Any]:
    answer = await handheld.get("/me/duty")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def z(beat: Beat, clock: str, days: int = 0) -> str:
    """An instant of the beat's day as the API writes it."""
    return (beat.at(clock) + timedelta(days=days)).isoformat().replace("+00:00", "Z")


async def at_work(office: Office, beat: Beat, clock: Clock, now: datetime) -> Handheld:
    """The inspector's handheld at another time: tokens don't live that long."""
    clock.now = now
    return await office.of(beat.inspector, beat.device)


class TestMyDuty:
    async def test_on_duty_in_a_shift_and_when_it_closes(
        self, handheld: Handheld, beat: Beat, database: Database
    ) -> None:
        async with database.transaction() as session:
            await staffing.shift(
                session,
                beat.inspector,
                beat.at("08:00") + timedelta(days=3),
                beat.at("12:00") + timedelta(days=3),
            )
        told = await duty(handheld)
        assert (told["service_day"], told["is_on_duty"]) == (beat.day.isoformat(), True)
        assert (told["since"], told["closes_at"]) == (z(beat, "08:00"), z(beat, "13:00"))
        assert [(s["kind"], s["on_duty"]) for s in told["shifts"]] == [("work", True)]
        assert [w["voluntary"] for w in told["windows"]] == [False]
        assert told["next_shift"]["starts_at"] == z(beat, "08:00", 3)

    async def test_shifts_are_told_as_they_really_are(
        self, handheld: Handheld, beat: Beat, database: Database
    ) -> None:
        async with database.transaction() as session:
            await staffing.absence(session, beat.inspector, beat.at("11:00"), beat.at("12:30"))
        told = await duty(handheld)
        assert [(s["kind"], s["starts_at"]) for s in told["shifts"]] == [
            ("work", z(beat, "08:00")),
            ("leave", z(beat, "11:00")),
            ("work", z(beat, "12:30")),
        ]
        assert (told["is_on_duty"], told["since"], told["closes_at"]) == (False, None, None)
        assert told["next_shift"]["starts_at"] == z(beat, "12:30")

    async def test_nothing_planned(self, office: Office, beat: Beat, clock: Clock) -> None:
        idle = await at_work(office, beat, clock, beat.at("12:00") + timedelta(days=10))
        told = await duty(idle)
        assert (told["is_on_duty"], told["shifts"], told["windows"], told["next_shift"]) == (
            False,
            [],
            [],
            None,
        )

    async def test_only_of_inspectors(self, supervisor: Handheld, client: httpx.AsyncClient) -> None:
        assert code_of(await supervisor.get("/me/duty")) == (403, "forbidden")
        assert (await client.get("/api/v1/me/duty")).status_code == 401


class TestVoluntaryWindows:
    async def test_one_is_opened_by_a_press_and_closes_by_itself(
        self, office: Office, beat: Beat, clock: Clock
    ) -> None:
        handheld = await at_work(office, beat, clock, beat.at("19:30"))
        body = make.batch(
            make.walk(beat.at("19:10"), 600),
            presses=[make.press("on", beat.at("19:00"))],
            sent_at=to_ms(clock.now),
        )
        answer = await handheld.send(body)
        assert answer.status_code == 200, answer.text
        told = await duty(handheld)
        assert (told["since"], told["closes_at"]) == (z(beat, "19:00"), z(beat, "23:00"))
        assert told["windows"][-1]["voluntary"]
        handheld = await at_work(office, beat, clock, beat.at("23:01"))
        assert not (await duty(handheld))["is_on_duty"]
        after = make.batch(make.walk(beat.at("22:55"), 600), sent_at=to_ms(clock.now))
        dispositions = {r["disposition"] for r in (await handheld.send(after)).json()["results"]}
        assert "off_duty" in dispositions

    async def test_duty_that_was_pressed_on_closes_by_itself_after_the_shift(
        self, handheld: Handheld, office: Office, beat: Beat, clock: Clock
    ) -> None:
        await handheld.send(
            make.batch(presses=[make.press("on", beat.at("11:50"))], sent_at=to_ms(clock.now))
        )
        assert (await duty(handheld))["closes_at"] == z(beat, "13:30")
        handheld = await at_work(office, beat, clock, beat.at("13:31"))
        assert not (await duty(handheld))["is_on_duty"]


class TestPresses:
    async def test_a_press_for_tomorrow_is_refused_and_opens_nothing(
        self, handheld: Handheld, beat: Beat, clock: Clock, database: Database
    ) -> None:
        tomorrow = make.press("on", beat.at("08:00") + timedelta(days=1))
        answer = await handheld.send(make.batch(presses=[tomorrow], sent_at=to_ms(clock.now)))
        assert answer.status_code == 200
        assert [p["disposition"] for p in answer.json()["presses"]] == ["future"]
        assert await count(database, "duty_press") == 0

    async def test_two_on_presses_are_one_stretch_on_duty(
        self, office: Office, beat: Beat, clock: Clock
    ) -> None:
        handheld = await at_work(office, beat, clock, beat.at("19:30"))
        presses = [make.press("on", beat.at("18:00")), make.press("on", beat.at("19:00"))]
        answer = await handheld.send(make.batch(presses=presses, sent_at=to_ms(clock.now)))
        assert [p["disposition"] for p in answer.json()["presses"]] == ["stored", "stored"]
        told = await duty(handheld)
        assert (told["since"], told["closes_at"]) == (z(beat, "18:00"), z(beat, "23:00"))
        assert [w["voluntary"] for w in told["windows"]].count(True) == 1

    async def test_an_absence_ends_duty_unless_somebody_presses_on_again(
        self, handheld: Handheld, beat: Beat, clock: Clock, database: Database
    ) -> None:
        async with database.transaction() as session:
            await staffing.absence(session, beat.inspector, beat.at("10:00"), beat.at("13:00"))
        first = make.press("on", beat.at("08:05"))
        await handheld.send(make.batch(presses=[first], sent_at=to_ms(clock.now)))
        assert not (await duty(handheld))["is_on_duty"]
        again = make.press("on", beat.at("11:30"))
        await handheld.send(make.batch(presses=[again], sent_at=to_ms(clock.now)))
        told = await duty(handheld)
        assert (told["is_on_duty"], told["since"]) == (True, z(beat, "11:30"))
        assert told["windows"][-1]["kind"] == "voluntary"


class TestNights:
    async def test_batches_before_and_after_midnight_belong_to_the_day_the_shift_began(
        self, office: Office, beat: Beat, clock: Clock, database: Database
    ) -> None:
        night = beat.at("22:00"), beat.at("06:00") + timedelta(days=1)
        async with database.transaction() as session:
            await staffing.shift(session, beat.inspector, *night)
        handheld = await at_work(office, beat, clock, beat.at("23:30"))
        before = await handheld.send(make.batch(make.walk(beat.at("23:00"), 1200), sent_at=to_ms(clock.now)))
        handheld = await at_work(office, beat, clock, beat.at("02:00") + timedelta(days=1))
        late = beat.at("01:00") + timedelta(days=1)
        after = await handheld.send(make.batch(make.walk(late, 1200), sent_at=to_ms(clock.now)))
        for answer in (before, after):
            assert {r["disposition"] for r in answer.json()["results"]} == {"stored"}
            assert answer.json()["day"]["service_day"] == beat.day.isoformat()
        told = await duty(handheld)
        assert (told["is_on_duty"], told["since"]) == (True, z(beat, "22:00"))
        assert [s["service_day"] for s in told["shifts"]] == [beat.day.isoformat()]
        path = f"/patrol-days/{beat.inspector.id}/{beat.day.isoformat()}"
        day = (await handheld.get(path)).json()
        assert day["figures"]["fixes"] == 242


class TestTheDayIsJudgedByWhatHolds:
    async def test_leave_and_an_exempted_area_excuse_and_leave_the_average(
        self, office: Office, beat: Beat, clock: Clock, database: Database
    ) -> None:
        """One is on leave all day, the other only while the ferries stood still: half is asked of him."""
        clock.now = close_of_day(beat)
        supervisor = await office.of(beat.supervisor)
        on_leave = {
            "id": str(uuid4()),
            "inspector_id": str(beat.inspector.id),
            "starts_at": beat.at("07:00").isoformat(),
            "ends_at": beat.at("14:00").isoformat(),
            "kind": "leave",
            "reason": "请假一天",
        }
        stopped = {
            "area_id": str(beat.county.town),
            "starts_at": beat.at("10:30").isoformat(),
            "ends_at": beat.at("13:30").isoformat(),
            "kind": "typhoon",
            "reason": "客船停航",
        }
        await judged(database, clock)
        clock.now += timedelta(minutes=1)
        for path, body in (("absences", on_leave), ("exemptions", stopped)):
            answer = await supervisor.client.post(f"/api/v1/{path}", json=body, headers=supervisor.headers)
            assert answer.status_code == 201, answer.text
        mine, theirs = [
            (await supervisor.get(f"/patrol-days/{each.id}/{beat.day}")).json()
            for each in (beat.inspector, beat.colleague)
        ]
        assert mine["figures"]["status"] == "excused"
        assert mine["figures"]["day_kind"] == "leave"
        assert theirs["figures"]["status"] != "excused"
        assert theirs["figures"]["day_kind"] == "typhoon+work"
        period = {"day_from": beat.day.isoformat(), "day_to": beat.day.isoformat()}
        found = (await supervisor.get("/patrol-averages", **period)).json()
        assert (found["inspectors"], found["expected_days"]) == (1, 1)


class TestABorrowedHandheld:
    async def test_what_a_late_borrower_records_is_credited_to_nobody(
        self, office: Office, beat: Beat, clock: Clock, database: Database
    ) -> None:
        async with database.transaction() as session:
            borrower = await identity.account(session, beat.county.community, Role.INSPECTOR)
            await staffing.shift(session, borrower, beat.at("08:00"), beat.at("18:00"))
            await staffing.appointment(session, borrower, beat.grid, beat.at("08:00"))
        supervisor = await office.of(beat.supervisor)
        due = {"inspector_id": str(borrower.id), "until": beat.at("12:20").isoformat()}
        url = f"/api/v1/devices/{beat.device.id}/loans"
        lent = await supervisor.client.post(url, json=due, headers=supervisor.headers)
        assert lent.status_code == 201, lent.text
        clock.now = beat.at("12:30")
        handheld = await office.of(borrower, beat.device)
        fixes = make.walk(beat.at("11:50"), 30 * 60)
        answer = (await handheld.send(make.batch(fixes, sent_at=to_ms(clock.now)))).json()
        told = [r["disposition"] for r in answer["results"] for _ in range(r.get("count", 1))]
        assert {"stored", "unbound"} <= set(told)
        async with database.transaction() as session:
            rows = await session.execute(
                text("SELECT inspector_id, sum(fix_count) AS fixes FROM fix_batch GROUP BY inspector_id")
            )
            credited = {row.inspector_id: int(row.fixes) for row in rows}
        assert credited == {beat.inspector.id: 60, borrower.id: 120}
