"""The purge: frozen before gone, never while contested or held, again and again the same."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.audit.frozen import verify_frozen
from app.patrol.retention.purge import foresee
from app.patrol.tasks import fold_due
from tests.factories import patrol as make
from tests.patrol_retention.conftest import Archive, appeal_of, later

DAYS = 4
"""The day of both inspectors, and the morning after, when their handhelds were heard and nobody walked."""


async def explanation(archive: Archive) -> dict[str, Any]:
    """The explained day without what tells when it was computed or frozen."""
    answer = await archive.inspector.get(archive.path("/explanation"))
    assert answer.status_code == 200, answer.text
    return {k: v for k, v in answer.json().items() if k not in ("computed_at", "frozen")}


class TestFreezing:
    async def test_a_young_day_stays(self, archive: Archive) -> None:
        before = await archive.fixes()
        await archive.purge(days=365)
        assert await archive.fixes() == before > 0
        assert await archive.one("SELECT count(*) FROM frozen_explanation") == 0

    async def test_the_explanation_after_is_the_explanation_before(self, archive: Archive) -> None:
        before = await explanation(archive)
        assert before["segments"]
        assert before["figures"]["distance_m"] > 0
        done = await archive.purge()
        assert done.counties[make.COUNTY].days_purged == DAYS
        assert await archive.fixes() == 0
        assert await explanation(archive) == before

    async def test_no_position_stays_elsewhere(self, archive: Archive) -> None:
        positions = "SELECT count(*) FROM patrol_day WHERE last_longitude_e7 IS NOT NULL"
        async with archive.database.transaction() as session:
            await session.execute(
                text(
                    "INSERT INTO track_print (county_code, service_day, inspector_id, input_version, prints) "
                    "VALUES ('330921', :day, :id, 1, '{1,2}') ON CONFLICT DO NOTHING"
                ),
                {"day": archive.beat.day, "id": archive.beat.inspector.id},
            )
        assert await archive.one(positions) > 0
        await archive.purge()
        assert await archive.one(positions) == 0
        assert await archive.one("SELECT count(*) FROM track_print") == 0

    async def test_a_frozen_day_says_so_with_its_digest(self, archive: Archive) -> None:
        await archive.purge()
        for tail in ("", "/explanation"):
            frozen = (await archive.inspector.get(archive.path(tail))).json()["frozen"]
            assert frozen["purged_at"] is not None
            assert frozen["inputs_changed"] is False
            logged = await archive.rows(
                "SELECT data FROM event WHERE type = 'patrol_day.frozen' AND subject_id = :id "
                "AND data ->> 'service_day' = :day",
                id=archive.beat.inspector.id,
                day=archive.beat.day.isoformat(),
            )
            assert [e.data["digest"] for e in logged] == [frozen["digest"]]
        my_day = await archive.inspector.get("/my-day", day=archive.beat.day.isoformat())
        assert my_day.json()["frozen"] is not None

    async def test_the_track_stays_within_the_tolerance(self, archive: Archive) -> None:
        before = (await archive.inspector.get(archive.path("/track.geojson"))).json()
        await archive.purge()
        after = (await archive.inspector.get(archive.path("/track.geojson"), points=True)).json()
        assert [f["properties"] for f in after["features"]] == [f["properties"] for f in before["features"]]
        size = [sum(len(str(f["geometry"])) for f in track["features"]) for track in (before, after)]
        assert size[1] < size[0] / 5
        from shapely.geometry import shape

        for old, new in zip(before["features"], after["features"], strict=True):
            apart = shape(old["geometry"]).hausdorff_distance(shape(new["geometry"]))
            assert apart <= 5 / 96_000 + 1e-6
        gpx = await archive.inspector.get(archive.path("/track.gpx"))
        assert gpx.status_code == 200
        assert "<trkpt" in gpx.text

    async def test_a_frozen_day_is_seen_only_by_those_who_saw_it_before(self, archive: Archive) -> None:
        await archive.purge()
        for tail in ("", "/explanation", "/track.geojson", "/track.gpx"):
            assert (await archive.foreigner.get(archive.path(tail))).status_code == 404
            assert (await archive.colleague.get(archive.path(tail))).status_code == 404
            assert (await archive.township.get(archive.path(tail))).status_code == 200
        viewed = await archive.rows("SELECT data FROM event WHERE type = 'track.viewed' ORDER BY ord")
        assert [e.data["what"] for e in viewed] == ["day", "explanation", "geojson", "gpx"]

    async def test_what_is_corrected_later_leaves_it_as_it_is_and_is_told(self, archive: Archive) -> None:
        before = await explanation(archive)
        await archive.purge()
        async with archive.database.transaction() as session:
            await session.execute(
                text("UPDATE patrol_day SET input_version = input_version + 1, pending = true")
            )
        now = later(archive.beat, 401)
        assert await fold_due(archive.database, now=now, zone=make.ZONE, refold_every_s=0) == 0
        assert await explanation(archive) == before
        shown = (await archive.inspector.get(archive.path())).json()["frozen"]
        assert shown["inputs_changed"] is True
        assert await archive.one("SELECT max(revision) FROM day_judgement") == 1

    async def test_newer_inputs_are_folded_before(self, archive: Archive) -> None:
        """Otherwise a fix that came last would go without ever having counted."""
        more = make.batch(make.walk(archive.beat.at("11:00"), 1200))
        assert (await archive.inspector.send(more)).status_code == 200
        await archive.purge()
        assert await archive.one("SELECT max(revision) FROM day_judgement") == 2

    async def test_damaged_bytes_keep_their_fixes_and_hold_up_nobody(self, archive: Archive) -> None:
        await archive.one(
            "UPDATE fix_batch SET attributes = '\\x00' WHERE inspector_id = :id RETURNING 1",
            id=archive.beat.inspector.id,
        )
        done = await archive.purge()
        assert (done.counties[make.COUNTY].days_not_frozen, done.counties[make.COUNTY].days_purged) == (
            1,
            DAYS - 1,
        )
        assert await archive.fixes(archive.beat.inspector.id) > 0
        assert await archive.fixes(archive.beat.colleague.id) == 0


class TestAgain:
    async def test_a_second_night_finds_nothing(self, archive: Archive) -> None:
        await archive.purge()
        frozen = await archive.rows("SELECT digest, frozen_at, purged_at FROM frozen_explanation")
        done = await archive.purge(days=401)
        assert not done.counties[make.COUNTY]
        assert await archive.rows("SELECT digest, frozen_at, purged_at FROM frozen_explanation") == frozen
        assert await archive.one("SELECT count(*) FROM event WHERE type = 'retention.purged'") == 1

    async def test_a_dry_run_changes_nothing_and_tells_what_would_go(self, archive: Archive) -> None:
        before = await archive.fixes()
        seen = await foresee(archive.database, now=later(archive.beat, 400), zone=make.ZONE)
        assert (seen.counties[make.COUNTY].days_frozen, seen.counties[make.COUNTY].days_purged) == (
            DAYS,
            DAYS,
        )
        assert await archive.fixes() == before
        assert await archive.one("SELECT count(*) FROM frozen_explanation") == 0

    async def test_killed_between_freezing_and_removing_it_goes_on(
        self, archive: Archive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from app.patrol.retention import fixes

        async def die(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        before = await explanation(archive)
        with monkeypatch.context() as patch:
            patch.setattr(fixes, "drop_month_of_fixes", die)
            with pytest.raises(KeyboardInterrupt):
                await archive.purge()
        assert await archive.fixes() > 0
        await archive.purge()
        assert await archive.fixes() == 0
        assert await explanation(archive) == before

    async def test_the_rule_of_the_area_decides(self, archive: Archive) -> None:
        async with archive.database.transaction() as session:
            await make.decide(session, archive.beat.county.community, "retention.fixes_days", 700)
        await archive.purge()
        assert await archive.fixes() > 0
        await archive.purge(days=701)
        assert await archive.fixes() == 0


class TestContested:
    async def test_a_purge_during_an_appeal_keeps_the_days_fixes(self, archive: Archive) -> None:
        appeal_id = uuid4()
        body = appeal_of(archive.beat.day, appeal_id)
        assert (await archive.post(archive.inspector, "/appeals", body)).status_code == 201
        before = await archive.fixes(archive.beat.inspector.id)
        await archive.purge()
        assert await archive.fixes(archive.beat.inspector.id) == before
        assert await archive.fixes(archive.beat.colleague.id) == 0
        live = (await archive.inspector.get(archive.path())).json()
        assert live["frozen"] is None
        decision = {"decision": "dismissed", "reason": "未见佐证"}
        answer = await archive.post(archive.township, f"/appeals/{appeal_id}/decision", decision)
        assert answer.status_code == 200, answer.text
        await archive.purge(days=401)
        assert await archive.fixes() == 0

    async def test_an_appeal_after_the_freezing_keeps_what_is_left(
        self, archive: Archive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from app.patrol.retention import fixes

        async def nothing(*_: Any, **__: Any) -> None:
            """The purge gets no further."""

        with monkeypatch.context() as patch:
            patch.setattr(fixes, "drop_month_of_fixes", nothing)
            patch.setattr(fixes, "purge_chunk", nothing)
            await archive.purge()
        body = appeal_of(archive.beat.day, uuid4())
        assert (await archive.post(archive.inspector, "/appeals", body)).status_code == 201
        await archive.purge()
        assert await archive.fixes(archive.beat.inspector.id) > 0
        frozen = (await archive.inspector.get(archive.path())).json()["frozen"]
        assert frozen["purged_at"] is None


class TestVerification:
    async def test_sound_documents_are_read_and_found_sound(self, archive: Archive) -> None:
        await archive.purge()
        async with archive.database.transaction() as session:
            assert await verify_frozen(session) == (DAYS, [])

    @pytest.mark.parametrize(
        ("tampering", "what"),
        [
            ("UPDATE frozen_explanation SET document = '\\x00'", "changed"),
            ("UPDATE frozen_explanation SET digest = sha256('x')", "changed"),
            ("DELETE FROM frozen_explanation", "missing"),
        ],
    )
    async def test_a_changed_or_lost_document_is_found(
        self, archive: Archive, tampering: str, what: str
    ) -> None:
        await archive.purge()
        async with archive.database.transaction() as session:
            await session.execute(
                text(f"{tampering} WHERE inspector_id = :id AND service_day = :day"),
                {"id": archive.beat.inspector.id, "day": archive.beat.day},
            )
            _, findings = await verify_frozen(session)
        assert [(f.inspector_id, f.what) for f in findings] == [(archive.beat.inspector.id, what)]

    async def test_a_forged_document_with_a_fitting_digest_is_unlike_the_log(self, archive: Archive) -> None:
        from app.patrol.retention.frozen_days import pack

        await archive.purge()
        forged = pack({"figures": {}})
        async with archive.database.transaction() as session:
            await session.execute(
                text(
                    "UPDATE frozen_explanation SET document = :document, digest = :digest "
                    "WHERE inspector_id = :id AND service_day = :day"
                ),
                {
                    "document": forged.document,
                    "digest": forged.digest,
                    "id": archive.beat.inspector.id,
                    "day": archive.beat.day,
                },
            )
            _, findings = await verify_frozen(session)
        assert [f.what for f in findings] == ["unlike_log"]


class TestLeftovers:
    async def test_receipts_and_quarantine_go_by_their_age(self, archive: Archive) -> None:
        assert await archive.one("SELECT count(*) FROM batch_receipt") > 0
        # received the morning after the day
        await archive.purge(days=61)
        assert await archive.one("SELECT count(*) FROM batch_receipt") > 0
        done = await archive.purge(days=62)
        assert await archive.one("SELECT count(*) FROM batch_receipt") == 0
        assert done.counties[make.COUNTY].receipts > 0

    async def test_quarantined_bodies_of_an_area_on_hold_stay(self, archive: Archive) -> None:
        received = archive.clock.now + timedelta(hours=1)
        async with archive.database.transaction() as session:
            await session.execute(
                text(
                    "INSERT INTO quarantine (county_code, id, area_id, device_id, reason, detail, received_at, "
                    "digest, body) SELECT '330921', gen_random_uuid(), :area, gen_random_uuid(), 'unreadable', '', "
                    ":at, sha256(cast(n::text AS bytea)), '' FROM generate_series(1, 3) n"
                ),
                {"area": archive.beat.county.community, "at": received},
            )
        hold = archive.hold(
            inspector_id=None,
            area_id=str(archive.beat.county.town),
            day_to=(archive.beat.day + timedelta(days=2)).isoformat(),
        )
        placed = (await archive.post(archive.county, "/legal-holds", hold)).json()
        await archive.purge(days=200)
        assert await archive.one("SELECT count(*) FROM quarantine") == 3
        await archive.post(archive.county, f"/legal-holds/{placed['id']}/release", {"reason": "结束"})
        done = await archive.purge(days=200)
        assert done.counties[make.COUNTY].quarantined == 3
