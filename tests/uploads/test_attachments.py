"""What names photos, which of them are missing, and what goes when nothing names it."""

import os
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.kit.db import Database
from app.settings import Settings
from app.uploads.attachments import Claim, attach_many, missing_of, uploads_of
from app.uploads.files import Files
from app.uploads.leftovers import remove_leftovers
from app.uploads.purge import Purged, finish_left_behind, purge
from app.uploads.removal import remove_files
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock
from tests.factories.uploads import UPLOADS, photo
from tests.uploads.conftest import People, events_of, state_of

PHOTO = photo()
Owner = tuple[UUID, list[UUID]]


async def attach(database: Database, beat: Beat, owner: Owner, **more: Any) -> None:
    """A submission of the inspector names uploads."""
    named = {"inspector_id": beat.inspector.id, "device_id": beat.device.id} | more
    async with database.transaction() as session:
        await attach_many(session, make.COUNTY, "submission", [Claim(*owner, **named)])


class TestMissing:
    async def test_photos_may_come_before_or_after_what_names_them(
        self, people: People, database: Database, beat: Beat
    ) -> None:
        before, after, never = uuid4(), uuid4(), uuid4()
        submission, other = uuid4(), uuid4()
        await people.inspector.send(PHOTO, before)
        await attach(database, beat, (submission, [before, after, never, after]))
        await attach(database, beat, (submission, [before, after]))
        async with database.transaction() as session:
            asked = (make.COUNTY, "submission", [submission, other])
            assert await missing_of(session, *asked) == {submission: sorted([after, never])}
            assert await uploads_of(session, *asked) == {submission: sorted([before, after, never])}
            assert await missing_of(session, make.COUNTY, "visit", [submission]) == {}
        await people.inspector.send(photo(seed=3), after)
        async with database.transaction() as session:
            assert await missing_of(session, *asked) == {submission: [never]}
        assert (await events_of(database, after))[-1][1]["owners"] == [["submission", str(submission)]]

    async def test_the_handheld_is_told_whoever_holds_it(
        self, people: People, database: Database, beat: Beat
    ) -> None:
        half, refused, done, never = (uuid4() for _ in range(4))
        submission = uuid4()
        await people.inspector.announce(len(PHOTO), half)
        await people.inspector.piece(f"{UPLOADS}/{half}", 0, PHOTO[:100])
        await people.inspector.send(b"MZ", refused)
        await people.inspector.send(PHOTO, done)
        await attach(database, beat, (submission, [half, refused, done, never]))
        answer = (await people.inspector.get("/missing")).json()
        told = {each["upload_id"]: (each["state"], each["offset_bytes"]) for each in answer["items"]}
        assert told == {
            str(half): ("uploading", 100),
            str(refused): ("refused", 2),
            str(never): ("unknown", 0),
        }
        codes = {each["upload_id"]: each["refusal_code"] for each in answer["items"]}
        assert codes[str(refused)] == "file_type_refused"
        assert (await people.colleague.get("/missing")).json()["items"] == []
        assert (await people.inspector.client.get(f"{UPLOADS}/missing")).status_code == 401
        await attach(
            database, beat, (uuid4(), [uuid4()]), inspector_id=uuid4(), device_id=beat.other_device.id
        )
        assert len((await people.colleague.get("/missing")).json()["items"]) == 1

    async def test_pages(self, people: People, database: Database, beat: Beat) -> None:
        named = [uuid4() for _ in range(5)]
        await attach(database, beat, (uuid4(), named))
        seen, cursor = [], ""
        while cursor is not None:
            page = (await people.inspector.get(f"/missing?limit=2{cursor}")).json()
            seen += [each["upload_id"] for each in page["items"]]
            cursor = page["next"] and f"&cursor={page['next']}"
        assert seen == sorted(str(each) for each in named)


@pytest.mark.parametrize("order", ["photo first", "claim first"])
async def test_the_claim_of_a_submission_is_compared_with_the_photo_in_either_order(
    people: People, database: Database, beat: Beat, clock: Clock, order: str
) -> None:
    upload_id, submission = uuid4(), uuid4()
    taken = clock.now.replace(microsecond=0)
    content = photo(taken=taken, at=(122.0, 30.0))

    async def claim() -> None:
        later = taken + timedelta(hours=1)
        await attach(database, beat, (submission, [upload_id]), at=later, lon=122.01, lat=30.0)

    if order == "claim first":
        await claim()
    await people.inspector.send(content, upload_id)
    if order == "photo first":
        await claim()
    said = (await people.township.get(f"/{upload_id}")).json()["attachments"]
    assert [(each["owner_kind"], each["owner_id"]) for each in said] == [("submission", str(submission))]
    assert said[0]["flags"] == ["position_differs", "time_differs"]
    assert (said[0]["exif_difference_s"], round(said[0]["exif_distance_m"])) == (-3600, 965)
    listed = (await people.township.get(f"?owner_kind=submission&owner_id={submission}")).json()["items"]
    assert [each["id"] for each in listed] == [str(upload_id)]


class TestPurge:
    async def test_unfinished_ones_expire_and_begin_anew_under_their_id(
        self, people: People, database: Database, files: Files, clock: Clock, beat: Beat
    ) -> None:
        upload_id = uuid4()
        location = (await people.inspector.announce(len(PHOTO), upload_id)).headers["location"]
        await people.inspector.piece(location, 0, PHOTO[:100])
        assert await purge(files, now=clock.now + timedelta(days=29)) == Purged(0, 0, 0)
        assert await purge(files, now=clock.now + timedelta(days=31)) == Purged(1, 0, 0)
        assert await purge(files, now=clock.now + timedelta(days=31)) == Purged(0, 0, 0)
        assert not files.staging.path_of(make.COUNTY, upload_id).exists()
        assert (await people.inspector.head(location)).status_code == 410
        assert (await events_of(database, upload_id))[-1][0] == "upload.expired"
        assert (await people.inspector.send(PHOTO, upload_id)).status_code == 204

    async def test_refused_files_go_after_a_while(self, people: People, files: Files, clock: Clock) -> None:
        upload_id = uuid4()
        await people.inspector.send(b"MZ", upload_id)
        aside = files.staging.path_of(make.COUNTY, upload_id, "refused")
        assert aside.exists()
        await purge(files, now=clock.now + timedelta(days=31))
        assert not aside.exists()

    async def test_orphans_go_with_their_content_and_nothing_else_does(
        self, people: People, database: Database, files: Files, clock: Clock, beat: Beat
    ) -> None:
        orphan, attached, contested, held, twin = (uuid4() for _ in range(5))
        for seed, upload_id in enumerate((orphan, attached, contested, held)):
            await people.inspector.send(photo(seed=seed), upload_id)
        await people.colleague.send(photo(seed=1), twin)  # the content of `attached`
        await attach(database, beat, (uuid4(), [attached]))
        await self._contest(database, beat, contested)
        await self._hold(database, beat)
        later = clock.now + timedelta(days=61)
        assert await purge(files, now=later) == Purged(0, 1, 0), (
            "the hold covers the inspector, not his colleague"
        )
        await self._release(database)
        assert await purge(files, now=clock.now + timedelta(days=59)) == Purged(0, 0, 0)
        assert await purge(files, now=later) == Purged(0, 2, 2)
        states = {
            each: (await state_of(database, each)).state for each in (orphan, attached, contested, held)
        }
        assert states == {orphan: "purged", attached: "complete", contested: "complete", held: "purged"}
        type_, data = (await events_of(database, orphan))[-1]
        assert (type_, len(data["sha256"])) == ("upload.purged", 64)
        assert (await people.inspector.get(f"/{attached}/content")).content == photo(seed=1)
        await self._run_removals(database, files)
        there = [path for path in files.store.root.rglob("*") if path.is_file()]  # type: ignore[attr-defined]
        assert len(there) == 2
        assert (await people.inspector.send(photo(seed=0), orphan)).status_code == 204, "wanted after all"

    async def _contest(self, database: Database, beat: Beat, upload_id: UUID) -> None:
        async with database.transaction() as session:
            await session.execute(
                text("SET LOCAL session_replication_role = replica")
            )  # no judged day needed
            await session.execute(
                text(
                    "INSERT INTO appeal (county_code, id, digest, inspector_id, service_day, revision, area_id, "
                    "statement, evidence, filed_at, file_by, decide_by, state) VALUES (:county, :id, '', "
                    ":inspector, :day, 1, :area, '', jsonb_build_array(cast(:upload AS text)), now(), now(), "
                    "now(), 'filed')"
                ),
                {
                    "county": make.COUNTY,
                    "id": uuid4(),
                    "inspector": beat.inspector.id,
                    "day": beat.day,
                    "area": beat.county.community,
                    "upload": str(upload_id),
                },
            )

    async def _hold(self, database: Database, beat: Beat) -> None:
        async with database.transaction() as session:
            await session.execute(
                text(
                    "INSERT INTO legal_hold (county_code, id, area_id, inspector_id, days, reason, document_no, "
                    "placed_by, placed_at) VALUES (:county, :id, :area, :inspector, "
                    "daterange(:day, NULL), 'r', '1', :by, now())"
                ),
                {
                    "county": make.COUNTY,
                    "id": uuid4(),
                    "area": beat.county.community,
                    "inspector": beat.inspector.id,
                    "day": beat.day,
                    "by": beat.supervisor.id,
                },
            )

    async def _release(self, database: Database) -> None:
        async with database.transaction() as session:
            await session.execute(
                text(
                    "UPDATE legal_hold SET released_at = now(), released_by = placed_by, release_reason = 'done'"
                )
            )

    async def _run_removals(self, database: Database, files: Files) -> None:
        """What the worker would do with the jobs that the purge left."""
        async with database.transaction() as session:
            found = await session.scalars(
                text("SELECT args FROM procrastinate_jobs WHERE task_name = 'uploads.remove_files'")
            )
            keys = [key for args in found for key in args["keys"]]
        root = files.store.root  # type: ignore[attr-defined]
        context: Any = SimpleNamespace(additional_context={"settings": Settings(file_store=str(root))})
        for _ in range(2):  # delivered at least once
            await remove_files.func(context, keys=keys)

    async def test_what_a_dead_process_left_is_finished_by_the_sweep(
        self, people: People, database: Database, files: Files, clock: Clock
    ) -> None:
        good, bad = uuid4(), uuid4()
        for upload_id, content in ((good, PHOTO), (bad, b"MZ" + PHOTO[2:])):
            location = (await people.inspector.announce(len(content), upload_id)).headers["location"]
            await people.inspector.piece(location, 0, content[:-1])
            files.staging.path_of(make.COUNTY, upload_id).write_bytes(content)
        async with database.transaction() as session:
            await session.execute(text("UPDATE upload SET state = 'received', offset_bytes = length_bytes"))
        assert await finish_left_behind(files, now=clock.now) == 0, "its sender may still be waiting"
        await finish_left_behind(files, now=clock.now + timedelta(minutes=2))
        assert (await state_of(database, good)).state == "complete"
        assert (await state_of(database, bad)).state == "refused"

    async def test_staged_files_that_nobody_needs_are_taken_away(
        self, people: People, files: Files, clock: Clock
    ) -> None:
        waiting, stray = uuid4(), uuid4()
        location = (await people.inspector.announce(len(PHOTO), waiting)).headers["location"]
        await people.inspector.piece(location, 0, PHOTO[:100])
        paths = [files.staging.path_of(make.COUNTY, each) for each in (waiting, stray)]
        paths[1].parent.mkdir(parents=True, exist_ok=True)
        paths[1].write_bytes(b"left")
        old = (clock.now - timedelta(days=2)).timestamp()
        for path in paths:
            os.utime(path, (old, old))
        assert await remove_leftovers(files, now=clock.now) == 1
        assert [path.exists() for path in paths] == [True, False]
