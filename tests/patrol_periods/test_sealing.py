"""What is sealed stays: snapshots, digests, later revisions beside them; the nightly job that gets there."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.periods import verify_periods
from app.identity.actor import system_actor
from app.kit.db import Database, savepoint
from app.kit.events import SYSTEM
from app.patrol.periods.calendar import stretch_of
from app.patrol.periods.closing import keep_periods
from app.patrol.periods.models import Period
from app.patrol.periods.revisions import list_revisions
from app.patrol.periods.sealing import Seal, note_periods, seal
from app.rules.catalogue import PARAMETERS
from app.rules.problems import RuleInSealedPeriod
from app.rules.service import Decision, set_value
from tests.factories import patrol as make
from tests.factories import periods, staffing
from tests.factories.patrol import Clock
from tests.factories.periods import ZONE, Day
from tests.patrol_periods.conftest import FIRST, LAST, Clerk, Desk, October, events_of, refusal, store

EARLY = {"reason": "通报会提前"}
JUDGED = datetime.fromisoformat("2026-10-31T22:00:00Z")


async def rows(database: Database, table: str) -> list[tuple[Any, ...]]:
    async with database.transaction() as session:
        return [tuple(r) for r in await session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4"))]


async def county_figures(clerk: Clerk, month: str, level: str = "township") -> dict[str, Any]:
    found: dict[str, Any] = (await clerk.get(f"{month}/figures", level=level)).json()
    return found


async def sealed_month(october: October, database: Database, desk: Desk) -> tuple[Clerk, Day]:
    """October with one failed day, sealed by the county."""
    one = october.town.inspectors[0]
    day = Day(one.id, FIRST, one.area_id, status="fail", online_s=3600, distance_m=1000.0)
    await store(database, day, judged_at=JUDGED)
    clerk = await desk.of(october.county_supervisor)
    answer = await clerk.post(f"{october.month}/seal", EARLY)
    assert answer.status_code == 200, answer.text
    return clerk, day


class TestSealing:
    async def test_a_sealed_month_answers_from_its_snapshot(
        self, october: October, database: Database, desk: Desk, clock: Clock
    ) -> None:
        clerk, day = await sealed_month(october, database, desk)
        sealed = (await clerk.get(october.month)).json()
        assert (sealed["status"], sealed["seal_reason"]) == ("sealed", EARLY["reason"])
        assert sealed["sealed_by"] == str(october.county_supervisor.id)
        (event,) = await events_of(database, "period.sealed")
        # county, town, two communities; four grids; one inspector who had a day
        assert (event["digest"], event["rows"]) == (sealed["digest"], 9)
        for level, source in (("township", "snapshot"), ("grid", "snapshot"), ("inspector", "snapshot")):
            assert (await county_figures(clerk, october.month, level))["source"] == source
        before = await county_figures(clerk, october.month)
        async with database.transaction() as session:
            late = clock.now + timedelta(hours=1)
            await periods.judge_again(session, day, "pass", at=late, online_s=20_000, distance_m=9000.0)
        after = await county_figures(clerk, october.month)
        assert before["area"]["later_revisions"] == 0
        assert (after["area"]["later_revisions"], after["area"]["has_later_revisions"]) == (1, True)
        for name in ("days_by_status", "average_online_s", "distance_m", "pass_share"):
            assert after["area"][name] == before["area"][name], name

    async def test_later_revisions_stand_beside_with_old_and_new_status(
        self, october: October, database: Database, desk: Desk, clock: Clock
    ) -> None:
        clerk, day = await sealed_month(october, database, desk)
        two = october.town.inspectors[1]
        assert (await clerk.get(f"{october.month}/revisions")).json()["items"] == []
        async with database.transaction() as session:
            late = clock.now + timedelta(hours=1)
            await periods.judge_again(session, day, "pass", at=late, online_s=20_000, distance_m=9000.0)
            unseen = Day(two.id, FIRST + timedelta(days=1), two.area_id)
            await periods.store_day(session, "330921", unseen, judged_at=late)
        first, second = (await clerk.get(f"{october.month}/revisions")).json()["items"]
        assert (first["status_before"], first["status_after"], first["revision"]) == ("fail", "pass", 2)
        assert (first["distance_m_before"], first["distance_m_after"]) == (1000.0, 9000.0)
        assert (first["online_s_before"], first["online_s_after"]) == (3600, 20_000)
        assert (second["status_before"], second["status_after"]) == (None, "pass")
        page = (await clerk.get(f"{october.month}/revisions", limit=1)).json()
        rest = (await clerk.get(f"{october.month}/revisions", cursor=page["next"])).json()
        assert [page["items"], rest["items"]] == [[first], [second]]
        listed = (await clerk.get(f"{october.month}/figures", level="inspector")).json()["items"]
        assert {i["subject_id"]: i["later_revisions"] for i in listed} == {str(day.inspector_id): 1}
        beside = {"area_id": str(october.town.other_community)}
        assert (await clerk.get(f"{october.month}/revisions", **beside)).json()["items"] == []

    async def test_a_decision_after_the_seal_is_a_later_revision_one_before_is_in_it(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        one, two, *_ = october.town.inspectors
        days = [Day(i.id, FIRST, i.area_id, status="fail") for i in (one, two)]
        await store(database, *days, judged_at=JUDGED)
        await decide_appeal(database, days[0], october.admin.id)
        clerk = await desk.of(october.county_supervisor)
        await clerk.post(f"{october.month}/seal", EARLY)
        found = (await county_figures(clerk, october.month))["area"]
        assert found["days_by_status"]["fail"] == 2
        assert (found["days_by_standing_status"]["fail"], found["days_by_standing_status"]["pass"]) == (1, 1)
        assert (found["pass_share"], found["later_revisions"]) == (0.5, 0)
        await decide_appeal(database, days[1], october.admin.id)
        found = (await county_figures(clerk, october.month))["area"]
        assert (found["pass_share"], found["later_revisions"]) == (0.5, 1)
        (late,) = (await clerk.get(f"{october.month}/revisions")).json()["items"]
        assert (late["status_before"], late["status_after"]) == ("fail", "fail")
        assert (late["standing_before"], late["standing_after"]) == ("fail", "pass")

    async def test_refusals(self, october: October, database: Database, desk: Desk, clock: Clock) -> None:
        clerk = await desk.of(october.county_supervisor)
        one = october.town.inspectors[0]
        path = f"{october.month}/seal"
        for account, expected in (
            (october.town_supervisor, (403, "forbidden")),
            (one, (403, "forbidden")),
            (october.foreigner, (404, "period_not_found")),
        ):
            assert refusal(await (await desk.of(account)).post(path, EARLY)) == expected
        assert refusal(await clerk.post(path, {"reason": " "})) == (422, "invalid")
        async with database.transaction() as session:  # planned, never heard, not judged yet
            await staffing.shift(session, one, periods.at(FIRST, "08:00"), periods.at(FIRST, "12:00"))
        assert refusal(await clerk.post(path, EARLY)) == (409, "period_not_settled")
        clock.now = periods.at(LAST, "23:00")
        assert refusal(await clerk.post(path, EARLY)) == (409, "period_not_over")
        assert await events_of(database, "period.sealed") == []

    async def test_a_second_seal_is_refused(self, october: October, database: Database, desk: Desk) -> None:
        clerk, _ = await sealed_month(october, database, desk)
        assert refusal(await clerk.post(f"{october.month}/seal", EARLY)) == (409, "period_sealed")
        assert len(await events_of(database, "period.sealed")) == 1

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE period SET digest = '\\x00' WHERE status = 'sealed'",
            "UPDATE period SET status = 'open', sealed_at = NULL, digest = NULL WHERE status = 'sealed'",
            "DELETE FROM period WHERE status = 'sealed'",
            "UPDATE period_figures SET distance_m = distance_m + 1",
            "DELETE FROM period_figures WHERE level = 'grid'",
            "TRUNCATE period_figures",
            "INSERT INTO period_figures SELECT * FROM period_figures LIMIT 0",
            'INSERT INTO period_figures SELECT (jsonb_populate_record(f, \'{"level": "grid"}\')).* '
            "FROM period_figures f WHERE level = 'county'",
        ],
    )
    async def test_the_database_keeps_a_sealed_period(
        self, october: October, database: Database, desk: Desk, change: str
    ) -> None:
        await sealed_month(october, database, desk)
        async with database.transaction() as session:
            if change.endswith("LIMIT 0"):
                await session.execute(text(change))
                return
            with pytest.raises(DBAPIError, match="sealed period"):
                async with savepoint(session):
                    await session.execute(text(change))


async def decide_appeal(database: Database, day: Day, by: UUID) -> None:
    """An appeal about a failed day that was upheld."""
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO appeal (county_code, id, digest, inspector_id, service_day, revision, area_id, statement, "
                "evidence, filed_at, file_by, decide_by, state, decision, decided_status, reason, decided_by, "
                "decided_at, is_current) VALUES ('330921', gen_random_uuid(), '', :inspector, :day, 1, :area, 'x', "
                "'[]', now(), now(), now(), 'decided', 'upheld', 'pass', 'x', :by, now(), true)"
            ),
            {"inspector": day.inspector_id, "day": day.service_day, "area": day.area_id, "by": by},
        )


class TestVerification:
    async def test_finds_nothing_wrong_with_what_was_sealed(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        await sealed_month(october, database, desk)
        async with database.transaction() as session:
            assert await verify_periods(session) == (1, [])

    @pytest.mark.parametrize(
        ("tampering", "found"),
        [
            ("UPDATE period_figures SET distance_m = distance_m + 1 WHERE level = 'county'", ["changed"]),
            ("DELETE FROM period_figures WHERE level = 'inspector'", ["changed"]),
            ('UPDATE period SET document = \'{"waiting_days": 0, "decisions": [1]}\'', ["changed"]),
            ("UPDATE period SET digest = sha256('x')", ["changed", "digest"]),
            ("DELETE FROM event WHERE type = 'period.sealed'", ["event"]),
        ],
    )
    async def test_finds_what_was_changed_behind_the_triggers(
        self, october: October, database: Database, desk: Desk, tampering: str, found: list[str]
    ) -> None:
        await sealed_month(october, database, desk)
        async with database.transaction() as session:
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            await session.execute(
                text(tampering + (" WHERE status = 'sealed'" if "period SET" in tampering else ""))
            )
            await session.execute(text("SET LOCAL session_replication_role = origin"))
            _, findings = await verify_periods(session)
        assert [f.what for f in findings] == found


async def periods_by_status(session: AsyncSession) -> dict[tuple[str, str], int]:
    counted = await session.execute(
        text("SELECT kind, status, count(*) FROM period WHERE county_code = '330921' GROUP BY 1, 2")
    )
    return {(kind, status): n for kind, status, n in counted}


class TestNightlyJob:
    async def test_judges_what_is_due_and_seals_in_time_and_again_changes_nothing(
        self, october: October, database: Database, clock: Clock
    ) -> None:
        """On 4 November 2026, the third working day, at the close of business."""
        one = october.town.inspectors[0]
        async with database.transaction() as session:
            grid = next(iter(october.town.grids))
            await staffing.appointment(session, one, grid, periods.at(FIRST, "00:00"))
            await staffing.shift(session, one, periods.at(FIRST, "08:00"), periods.at(FIRST, "12:00"))
        clock.now = periods.at(date(2026, 11, 4), "17:00")
        assert await keep_periods(database, now=clock.now, zone=ZONE) == 4  # weeks; the month isn't due yet
        async with database.transaction() as session:
            assert (await periods_by_status(session))["month", "closing"] == 1
            assert await session.scalar(text("SELECT status FROM day_figures")) == "no_data"
            before_seal = await session.scalar(
                text("SELECT count(*) FROM online_day WHERE day <= '2026-10-31'")
            )
            assert before_seal == 31 * 4 + 3 * 4  # the first week begins on 28 September
        clock.now = periods.at(date(2026, 11, 4), "17:31")
        assert (
            await keep_periods(database, now=clock.now, zone=ZONE) == 1 + 31 + 1
        )  # with the week that ended on 1 November
        async with database.transaction() as session:
            counted = await periods_by_status(session)
        assert (counted["month", "sealed"], counted["day", "sealed"], counted["week", "sealed"]) == (1, 31, 5)
        figures = await rows(database, "period_figures")
        assert await keep_periods(database, now=clock.now, zone=ZONE) == 0
        assert await rows(database, "period_figures") == figures

    async def test_what_was_judged_in_the_same_run_is_no_later_revision(
        self, october: October, database: Database, clock: Clock, desk: Desk
    ) -> None:
        """The worker was down for weeks: its first run judges the month and seals it."""
        one = october.town.inspectors[0]
        async with database.transaction() as session:
            grid = next(iter(october.town.grids))
            await staffing.appointment(session, one, grid, periods.at(FIRST, "00:00"))
            await staffing.shift(session, one, periods.at(FIRST, "08:00"), periods.at(FIRST, "12:00"))
        clock.now = periods.at(date(2026, 11, 22), "09:07")
        assert await keep_periods(database, now=clock.now, zone=ZONE)
        async with database.transaction() as session:
            periods_of_it = (
                await session.scalars(
                    select(Period).where(
                        Period.status == "sealed", Period.first_day <= FIRST, Period.last_day >= FIRST
                    )
                )
            ).all()
            assert {period.kind for period in periods_of_it} == {"day", "week", "month"}
            county = october.town.county.county
            for period in periods_of_it:
                found, _ = await list_revisions(session, period, county, cursor=None, limit=10)
                assert found == []

    async def test_waits_for_days_that_cannot_be_judged_but_not_for_ever(
        self, october: October, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = october.town.inspectors[0]
        async with database.transaction() as session:
            await staffing.patrol_days(session, one, [date(2026, 10, 6)])
            await session.execute(text("UPDATE patrol_day SET pending = true, input_version = 2"))

        async def nothing(*args: Any, **more: Any) -> int:
            return 0

        monkeypatch.setattr("app.patrol.periods.closing.fold_due", nothing)
        async with database.transaction() as session:
            await session.execute(
                text("DELETE FROM period WHERE first_day <> '2026-10-05' OR kind <> 'week'")
            )
        clock.now = periods.at(date(2026, 10, 14), "17:31")
        assert await keep_periods(database, now=clock.now, zone=ZONE) == 0
        clock.now = periods.at(date(2026, 10, 15), "17:31")
        assert await keep_periods(database, now=clock.now, zone=ZONE) == 1
        (event,) = await events_of(database, "period.sealed")
        assert event["waiting_days"] == 1


DISTANCE = "patrol.day.distance_min_m"


async def test_a_rule_that_is_decided_during_the_seal_waits_and_is_refused(fresh_database: Database) -> None:
    """Else a month would be sealed by one rule while the book says another held."""
    async with fresh_database.transaction() as session:
        made = await periods.town(session, FIRST, LAST)
        await make.assessed(session, made.county.county)
        await note_periods(session, "330921", FIRST, LAST)

    async def decide() -> None:
        async with fresh_database.transaction() as session:
            await make.decide(session, made.county.county, DISTANCE, 2500, since=date(2026, 10, 15))

    async with fresh_database.transaction() as session:
        month = stretch_of("month", FIRST).id_in("330921")
        by = Seal(system_actor("330921"), None)
        await seal(session, by, "330921", month, now=periods.at(date(2026, 11, 4), "17:31"), zone=ZONE)
        deciding = asyncio.create_task(decide())
        await asyncio.sleep(0.3)
        assert not deciding.done()
    with pytest.raises(RuleInSealedPeriod):
        await deciding


class TestRulesAndSealedPeriods:
    async def decide(
        self, database: Database, october: October, since: date, until: date | None = None, **more: Any
    ) -> None:
        async with database.transaction() as session:
            await set_value(
                session,
                SYSTEM,
                Decision(
                    more.get("key", DISTANCE),
                    october.town.county.county,
                    since,
                    until,
                    more.get("value", 2500),
                    "x",
                ),
                county_code="330921",
                area_path=[october.town.county.county],
                now=JUDGED,
                today=None,
            )

    @pytest.mark.parametrize("day", [FIRST, date(2026, 10, 15), LAST])
    async def test_a_rule_that_takes_effect_in_a_sealed_month_is_refused(
        self, october: October, database: Database, desk: Desk, day: date
    ) -> None:
        """Also for the county's setup, which may decide for the past; even where the value stays the same."""
        await sealed_month(october, database, desk)
        for value in (2500, PARAMETERS[DISTANCE].default, None):
            with pytest.raises(RuleInSealedPeriod):
                await self.decide(database, october, day, value=value)

    async def test_over_http_with_a_problem_that_says_from_when_it_may(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        await sealed_month(october, database, desk)
        body = {
            "parameter_key": DISTANCE,
            "area_id": str(october.town.county.county),
            "value": 2500,
            "source": "x",
        }
        admin = await desk.of(october.admin)
        answer = await admin.post("/rules/decisions", body | {"effective_from": "2026-10-15"})
        assert refusal(answer) == (409, "rule_in_sealed_period")
        assert answer.json()["last_day"] == "2026-10-31"
        assert await events_of(database, "rule.set") == [] or all(
            e["effective_from"] != "2026-10-15" for e in await events_of(database, "rule.set")
        )
        supervisor = await desk.of(october.county_supervisor)
        answer = await supervisor.post("/rules/decisions", body | {"effective_from": "2026-11-02"})
        assert answer.status_code == 201, answer.text

    async def test_one_that_reaches_into_it_is_refused_when_it_changes_its_days(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        await self.decide(database, october, date(2026, 9, 20), value=2800)
        await sealed_month(october, database, desk)
        await self.decide(database, october, date(2026, 9, 1), value=2000)  # outranked since 20 September
        await self.decide(database, october, date(2026, 9, 25), FIRST, value=2000)  # ends before
        with pytest.raises(RuleInSealedPeriod):
            await self.decide(database, october, date(2026, 9, 26), value=2000)
        with pytest.raises(RuleInSealedPeriod):
            await self.decide(database, october, date(2026, 9, 26), date(2026, 10, 2), value=2000)
        await self.decide(database, october, date(2026, 9, 26), value=2800)  # the same for every sealed day

    async def test_elsewhere_and_of_other_topics_it_is_not(
        self, october: October, database: Database, desk: Desk
    ) -> None:
        await sealed_month(october, database, desk)
        await self.decide(database, october, FIRST, key="ingest.too_old_days", value=30)
        async with database.transaction() as session:
            foreign = await session.scalar(
                text("SELECT id FROM area WHERE county_code = '330922' AND level = 'county'")
            )
            await make.decide(session, foreign, DISTANCE, 2500, since=FIRST, county_code="330922")
        with pytest.raises(RuleInSealedPeriod):  # everywhere is there, too
            async with database.transaction() as session:
                await set_value(
                    session,
                    SYSTEM,
                    Decision(DISTANCE, None, FIRST, None, 2500, "x"),
                    county_code="330921",
                    area_path=[],
                    now=JUDGED,
                    today=None,
                )
