"""The page over HTTP: who may open it, what a stranger reads on it, on every kind of day."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text
from uuid6 import uuid7

from app.kit.db import Database
from app.simulation.episodes import killed, ride, stay, walk
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock
from tests.patrol.conftest import Office
from tests.patrol_page.conftest import MISSED_BY_20_MINUTES, Printed


def words(html: str) -> str:
    """The page with half-width punctuation, to compare with."""
    return html.translate(str.maketrans("\uff0c\uff1a\uff1b\uff08\uff09", ",:;()"))


class TestMissedByTwentyMinutes:
    async def test_a_stranger_reads_what_was_asked_found_missing_and_not_counted(
        self, printed: Printed
    ) -> None:
        handheld = await printed.send(MISSED_BY_20_MINUTES)
        figures = (await handheld.get(f"/patrol-days/{printed.beat.inspector.id}/{printed.beat.day}")).json()[
            "figures"
        ]
        missing = next(c["missing"] for c in figures["checks"] if c["check"] == "patrol_s")
        assert 1080 <= missing <= 1260
        html = words(await printed.page(handheld))
        assert "<strong>未达标</strong>" in html
        assert "要求:在线巡查时长 4 小时、巡查里程 3.00 公里、在线率 60%。" in html
        assert "查得:在线巡查时长 3 小时" in html
        assert f"在线巡查时长还差 {round(missing / 60)} 分,故未达标。" in html
        assert "应用被系统关闭 39 分" in html
        assert "在线但无定位(没有卫星信号) 26 分" in html
        assert "手动停止" in html
        assert "乘车" in html
        for told in (
            "岱山县 · 高亭镇 · 闸口社区",
            "王海生(专职网格员)",
            "依据 document,批准文号 1",
            "可在手持终端上申诉",
        ):
            assert told in html
        for version in (figures["versions"]["rule_version"], *figures["versions"]["grid_versions"]):
            assert version in html


class TestWho:
    async def test_the_subject_opens_his_own_without_a_trace_a_supervisor_leaves_one(
        self, printed: Printed, database: Database
    ) -> None:
        handheld = await printed.send((walk(minutes=30),))
        await printed.page(handheld)
        viewed = text("SELECT data FROM event WHERE type = 'track.viewed'")
        async with database.transaction() as session:
            assert list(await session.scalars(viewed)) == []
        supervisor = await printed.office.of(printed.beat.supervisor)
        await printed.page(supervisor)
        async with database.transaction() as session:
            found = list(await session.scalars(viewed))
        assert [f["what"] for f in found] == ["page"]
        assert found[0]["service_day"] == printed.beat.day.isoformat()

    async def test_nobody_and_strangers_get_nothing(
        self, printed: Printed, beat: Beat, office: Office, client: httpx.AsyncClient
    ) -> None:
        await printed.send((walk(minutes=30),))
        path = f"/patrol-days/{beat.inspector.id}/{beat.day}/page"
        assert (await client.get(f"/api/v1{path}")).status_code == 401
        for account, device in ((beat.foreigner, None), (beat.colleague, beat.other_device)):
            answer = await (await office.of(account, device)).get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "day_not_found")
        admin = await office.of(beat.admin)
        assert (await admin.get(path)).status_code == 403

    @pytest.mark.parametrize(("tail", "status"), [("1999-12-31", 422), ("2026-02-30", 422), ("morgen", 422)])
    async def test_no_such_day(self, beat: Beat, office: Office, tail: str, status: int) -> None:
        supervisor = await office.of(beat.supervisor)
        answer = await supervisor.get(f"/patrol-days/{beat.inspector.id}/{tail}/page")
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_nothing_may_be_loaded_run_or_kept(self, printed: Printed, beat: Beat) -> None:
        handheld = await printed.send((walk(minutes=30),))
        answer = await handheld.get(f"/patrol-days/{beat.inspector.id}/{beat.day}/page")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "script-src" not in policy
        assert answer.headers["cache-control"] == "private, no-store"
        assert len(answer.content) < 200_000

    async def test_a_name_is_text_whatever_it_holds(self, printed: Printed) -> None:
        handheld = await printed.send((walk(minutes=10),))
        await printed.rename("<script>x</script>")
        html = await printed.page(handheld)
        assert "<script" not in html
        assert "&lt;script&gt;" in html


class TestKindsOfDays:
    async def test_too_close_to_call_says_between_which_bounds(self, printed: Printed) -> None:
        start = printed.beat.at("08:05")
        printed.clock.now = printed.beat.at("07:00", printed.beat.day + timedelta(days=1))
        walked = make.walk(start, 2500, speed_mps=1.2)
        rest = [
            walked[-1] | {"recorded_at": walked[-1]["recorded_at"] + s * 1000} for s in range(20, 14_400, 20)
        ]
        handheld = await printed.office.of(printed.beat.inspector, printed.beat.device)
        for n in range(0, len(walked + rest), 500):
            await handheld.send(make.batch((walked + rest)[n : n + 500]))
        await printed.judge()
        html = words(await printed.page(handheld))
        assert "<strong>待复核</strong>" in html
        assert "跨越标准 3.00 公里,须人工复核" in html

    async def test_a_day_that_passes(self, printed: Printed) -> None:
        handheld = await printed.send((walk(minutes=280), stay(20)))
        html = words(await printed.page(handheld))
        assert "<strong>达标</strong>" in html
        assert "各项均已达到" in html

    @pytest.mark.parametrize(
        ("kind", "word", "why"),
        [("leave", "免予考核", "免予考核,以下数据仅供查阅"), ("rest", "不作考核", "不作达标评判")],
    )
    async def test_kinds(
        self, printed: Printed, database: Database, clock: Clock, kind: str, word: str, why: str
    ) -> None:
        async with database.transaction() as session:
            await session.execute(text("UPDATE shift SET kind = :kind"), {"kind": kind})
        clock.now = printed.beat.at("07:00", printed.beat.day + timedelta(days=1))
        html = words(await printed.page(await printed.office.of(printed.beat.supervisor)))
        assert f"<strong>{word}</strong>" in html
        assert why in html

    async def test_no_data(self, printed: Printed, clock: Clock) -> None:
        clock.now = printed.beat.at("07:00", printed.beat.day + timedelta(days=1))
        html = words(await printed.page(await printed.office.of(printed.beat.supervisor)))
        assert "<strong>无数据</strong>" in html
        assert "没有收到任何定位或心跳" in html

    async def test_an_area_that_only_records(self, printed: Printed, database: Database) -> None:
        async with database.transaction() as session:
            await make.decide(session, printed.beat.county.town, "patrol.policy", "record")
        handheld = await printed.send((walk(minutes=60), ride(minutes=10)))
        html = words(await printed.page(handheld))
        assert "<strong>不作考核</strong>" in html
        assert "仅留痕备查,不用于考核" in html
        assert "可在手持终端上申诉" not in html

    async def test_a_running_day(self, printed: Printed, clock: Clock) -> None:
        handheld = await printed.office.of(printed.beat.inspector, printed.beat.device)
        await handheld.send(make.batch(make.walk(printed.beat.at("08:05"), 3600)))
        html = words(await printed.page(handheld))
        assert "<strong>尚未结束</strong>" in html
        assert "截至目前在线巡查时长还差 3 小时" in html

    async def test_a_borrowed_handheld_is_named(
        self, printed: Printed, beat: Beat, database: Database
    ) -> None:
        """From ten to eleven he walked with the colleague's."""
        handheld = await printed.send([walk(minutes=120)])
        assert "借用终端" not in await printed.page(handheld)
        async with database.transaction() as session:
            for statement in (
                "UPDATE device_binding SET valid = tstzrange(lower(valid), :since)",
                "INSERT INTO device_binding (county_code, id, device_id, inspector_id, valid, returns_to) VALUES "
                "('330921', gen_random_uuid(), :device, :inspector, tstzrange(:since, :until), :lender)",
            ):
                await session.execute(
                    text(statement),
                    {
                        "since": beat.at("10:00"),
                        "until": beat.at("11:00"),
                        "device": beat.other_device.id,
                        "inspector": beat.inspector.id,
                        "lender": beat.colleague.id,
                    }
                    if "INSERT" in statement
                    else {"since": beat.at("10:00")},
                )
        html = words(await printed.page(await printed.office.of(beat.supervisor)))
        assert f"自 10:00 起至 11:00 止借用终端 {beat.other_device.serial_no}(非本人终端)" in html

    async def test_a_ruling_stands_above_the_raw_judgement(
        self, printed: Printed, database: Database
    ) -> None:
        handheld = await printed.send((walk(minutes=60), killed(240, cause="user_stop")))
        async with database.transaction() as session:
            await session.execute(
                text(
                    "INSERT INTO appeal (county_code, id, digest, inspector_id, service_day, revision, area_id,"
                    " statement, evidence, filed_at, file_by, decide_by, state, decision, decided_status, reason,"
                    " decided_by, decided_at, is_current) VALUES (:county, :id, '\\x00', :inspector, :day, 1, :area,"
                    " '手机坏了', '[]', now(), now(), now(), 'decided', 'upheld', 'pass', '当日终端送修', :by, now(),"
                    " true)"
                ),
                {
                    "county": make.COUNTY,
                    "id": uuid7(),
                    "inspector": printed.beat.inspector.id,
                    "day": printed.beat.day,
                    "area": printed.beat.county.community,
                    "by": printed.beat.supervisor.id,
                },
            )
        html = words(await printed.page(handheld))
        assert "<strong>达标</strong>" in html
        assert "申诉成立,认定为达标(原判定:未达标)。理由:当日终端送修" in html
        assert "故未达标" in html


async def test_gaps_with_causes_in_figures_explanation_and_sentences(printed: Printed) -> None:
    handheld = await printed.send(MISSED_BY_20_MINUTES)
    explained = (
        await handheld.get(f"/patrol-days/{printed.beat.inspector.id}/{printed.beat.day}/explanation")
    ).json()
    causes = {g["cause"]: g for g in explained["gaps"]}
    assert causes["killed"]["cause_zh"] == "应用被系统关闭"
    assert explained["figures"]["lost_s"]["killed"] == pytest.approx(39 * 60, abs=150)
    assert sum(explained["figures"]["lost_s"].values()) == pytest.approx(
        sum(g["duration_s"] for g in explained["gaps"]), abs=3
    )
    told = {s["code"]: s["zh"] for s in explained["sentences"]}
    assert "中断合计" in told["lost_time"]
    assert "应用被系统关闭 39 分钟" in told["lost_time"]
    assert "在线但无定位 26 分钟" in told["unplaced"]
