"""What becomes of a file once all of it is there: taken, refused, compared, kept once, shown small."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database
from app.uploads.files import Files
from app.uploads.thumbnails import add_thumbnail
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock
from tests.factories.uploads import UPLOADS, Sender, large_photo, photo, sha256
from tests.uploads.conftest import People, events_of, state_of

PHOTO = photo()
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(100)
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100)
PROGRAMS = [
    b"MZ\x90\x00" + bytes(200),
    b"\x7fELF\x02\x01\x01" + bytes(200),
    b"PK\x03\x04" + bytes(200),
    b"dex\n035\x00" + bytes(200),
    b"#!/bin/sh\nrm -rf /\n",
    b"<html><script>alert(1)</script></html>",
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    b"GIF89a" + bytes(50),
    b"x",
]


class TestTypes:
    @pytest.mark.parametrize("program", PROGRAMS)
    async def test_a_program_that_calls_itself_a_photo_is_refused_kept_aside_and_told(
        self, people: People, database: Database, files: Files, program: bytes
    ) -> None:
        upload_id = uuid4()
        answer = await people.inspector.send(program, upload_id, content_type="image/jpeg", filename="a.jpg")
        assert (answer.status_code, answer.json()["code"]) == (422, "file_type_refused")
        row = await state_of(database, upload_id)
        assert (row.state, row.refusal["code"], row.digest) == ("refused", "file_type_refused", None)
        assert files.staging.path_of(make.COUNTY, upload_id, "refused").read_bytes() == program
        assert (await events_of(database, upload_id))[-1] == (
            "upload.refused",
            {
                "account_id": str(row.account_id),
                "length_bytes": len(program),
                "code": "file_type_refused",
            },
        )
        assert (await people.inspector.get(f"/{upload_id}")).json()["refusal_code"] == "file_type_refused"
        assert (await people.inspector.get(f"/{upload_id}/content")).json()["code"] == "file_not_there"

    @pytest.mark.parametrize(
        ("content", "media_type"),
        [
            (PHOTO, "image/jpeg"),
            (photo(kind="PNG"), "image/png"),
            (photo(kind="WEBP"), "image/webp"),
            (HEIC, "image/heic"),
            (MP4, "video/mp4"),
            (b"\x00\x00\x00\x18ftypM4A " + bytes(60), "audio/mp4"),
            (b"%PDF-1.7\n" + bytes(60), "application/pdf"),
            (b"#!AMR\n" + bytes(60), "audio/amr"),
            (b"ID3\x03" + bytes(60), "audio/mpeg"),
            (b"\xff\xfb\x90\x00" + bytes(60), "audio/mpeg"),
            (b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(60), "audio/wav"),
        ],
    )
    async def test_the_content_decides_not_the_name(
        self, people: People, database: Database, content: bytes, media_type: str
    ) -> None:
        upload_id = uuid4()
        answer = await people.inspector.send(content, upload_id, content_type="text/plain", filename="a.exe")
        assert answer.status_code == 204, answer.text
        assert (await state_of(database, upload_id)).content_type == media_type

    async def test_a_refusal_is_told_again_until_the_file_is_taken_back(self, people: People) -> None:
        upload_id, location = uuid4(), ""
        for _ in range(2):
            answer = await people.inspector.send(b"MZ", upload_id)
            assert answer.json()["code"] == "file_type_refused"
        location = f"{UPLOADS}/{upload_id}"
        assert (await people.inspector.head(location)).status_code == 410, "a lost answer is asked for anew"
        assert (await people.inspector.piece(location, 2, b"")).json()["code"] == "file_type_refused"
        assert (await people.inspector.delete(location)).status_code == 204
        assert (await people.inspector.send(PHOTO, upload_id)).status_code == 204

    async def test_a_kind_that_the_rules_close_is_not_taken(
        self, people: People, database: Database, beat: Beat
    ) -> None:
        async with database.transaction() as session:
            await make.decide(session, beat.county.county, "uploads.recording_max_mb", 0)
        assert (await people.inspector.announce(len(MP4), content_type="video/mp4")).status_code == 413
        answer = await people.inspector.send(MP4, content_type="image/jpeg")
        assert (answer.json()["code"], answer.json()["limit_bytes"]) == ("file_too_long", 0)

    async def test_what_is_not_the_announced_file_is_refused(self, people: People) -> None:
        answer = await people.inspector.send(PHOTO, sha256=sha256(PHOTO[::-1]))
        assert (answer.status_code, answer.json()["code"]) == (422, "file_digest_differs")
        assert answer.json()["actual_sha256"] == sha256(PHOTO)


class TestPictures:
    async def test_that_would_take_all_memory_are_refused(
        self, people: People, database: Database, beat: Beat
    ) -> None:
        async with database.transaction() as session:
            await make.decide(session, beat.county.county, "uploads.photo_max_megapixels", 1)
        answer = await people.inspector.send(photo(1001, 1000, kind="PNG"))
        assert (answer.status_code, answer.json()["code"]) == (422, "picture_too_large")
        assert answer.json()["pixels"] == 1_001_000
        assert (await people.inspector.send(photo(1000, 1000, kind="PNG"))).status_code == 204

    async def test_a_decompression_bomb_is_refused_by_its_header(self, people: People) -> None:
        bomb = bytearray(photo(kind="PNG"))
        bomb[16:24] = (60_000).to_bytes(4, "big") * 2
        import zlib

        bomb[29:33] = zlib.crc32(bytes(bomb[12:29])).to_bytes(4, "big")
        assert (await people.inspector.send(bytes(bomb))).json()["code"] == "picture_too_large"

    async def test_broken_ones_are_refused(self, people: People) -> None:
        answer = await people.inspector.send(b"\xff\xd8\xff\xe0 and then nothing of the kind")
        assert (answer.status_code, answer.json()["code"]) == (422, "picture_unreadable")

    async def test_a_jpeg_cut_short_behind_its_header_is_kept_as_it_came_without_a_thumbnail(
        self, people: People, files: Files, clock: Clock
    ) -> None:
        whole, upload_id = photo(640, 480), uuid4()
        cut = whole[: len(whole) // 2]
        assert (await people.inspector.send(cut, upload_id)).status_code == 204
        await TestThumbnails().make(files, cut, clock)
        answer = await people.inspector.get(f"/{upload_id}/thumbnail")
        assert (answer.status_code, answer.json()["thumbnail_state"]) == (404, "failed")
        assert (await people.inspector.get(f"/{upload_id}/content")).content == cut

    @pytest.mark.parametrize("kept", [4, 20, 120])
    async def test_a_jpeg_cut_short_within_its_header_is_refused(self, people: People, kept: int) -> None:
        answer = await people.inspector.send(photo(640, 480)[:kept])
        assert (answer.status_code, answer.json()["code"]) == (422, "picture_unreadable")


class TestExif:
    """Against the sender's claim, WGS84, times with and without their own offset."""

    async def detail(self, people: People, content: bytes, **told: str) -> Any:
        upload_id = uuid4()
        assert (await people.inspector.send(content, upload_id, **told)).status_code == 204
        return (await people.inspector.get(f"/{upload_id}")).json()

    async def test_that_agrees_raises_no_flag(self, people: People, clock: Clock) -> None:
        taken = clock.now.replace(microsecond=0)
        found = await self.detail(
            people,
            photo(taken=taken, at=(122.001, 30.005)),
            taken_at=(taken + timedelta(minutes=5)).isoformat(),
            lon="122.0011",
            lat="30.005",
        )
        assert (found["flags"], found["exif_difference_s"]) == ([], -300)
        assert found["exif_distance_m"] == pytest.approx(9.6, abs=0.2)
        assert (found["width_px"], found["height_px"]) == (64, 48)

    async def test_that_differs_is_flagged_with_metres_and_seconds(
        self, people: People, clock: Clock
    ) -> None:
        taken = clock.now.replace(microsecond=0).astimezone(timezone(timedelta(hours=8)))
        found = await self.detail(
            people,
            photo(taken=taken - timedelta(days=1), at=(122.0, 30.0)),
            taken_at=taken.isoformat(),
            lon="122.01",
            lat="30.0",
        )
        assert found["flags"] == ["position_differs", "time_differs"]
        assert found["exif_difference_s"] == -86_400
        assert found["exif_distance_m"] == pytest.approx(964.9, abs=1)

    async def test_claims_in_shifted_coordinates_are_converted(self, people: People) -> None:
        found = await self.detail(
            people, photo(at=(122.0, 30.0)), lon="122.0045", lat="29.9977", coord_sys="gcj02"
        )
        assert found["exif_distance_m"] < 60
        assert found["flags"] == []

    async def test_that_is_silent_is_neutral(self, people: People, clock: Clock) -> None:
        found = await self.detail(people, PHOTO, taken_at=clock.now.isoformat(), lon="122", lat="30")
        assert (found["flags"], found["exif_distance_m"], found["exif_difference_s"]) == ([], None, None)
        assert found["exif_position"] is None

    async def test_a_position_of_zero_is_silence(self, people: People) -> None:
        found = await self.detail(people, photo(at=(0.0, 0.0)), lon="122", lat="30")
        assert found["exif_position"] is None

    async def test_that_is_broken_is_silence(self, people: People) -> None:
        content = photo(at=(122.0, 30.0))
        start = content.index(b"Exif\0\0") + 6
        for cut in range(4, 60, 7):
            broken = bytearray(content)
            broken[start + cut : start + cut + 4] = b"\xff\xff\xff\xff"
            assert (await people.inspector.send(bytes(broken))).status_code in (204, 422)


class TestKeptOnce:
    async def test_the_same_content_is_stored_once_and_uploaded_twice(
        self, people: People, database: Database, files: Files
    ) -> None:
        one, other = uuid4(), uuid4()
        await people.inspector.send(PHOTO, one)
        await people.colleague.send(PHOTO, other)
        async with database.transaction() as session:
            rows = (await session.execute(text("SELECT key FROM stored_file"))).all()
        assert len(rows) == 1
        assert [path for path in files.store.root.rglob("*") if path.is_file()] == [  # type: ignore[attr-defined]
            files.store.root / rows[0].key  # type: ignore[attr-defined]
        ]
        assert (await people.colleague.get(f"/{other}/content")).content == PHOTO
        assert (await people.colleague.get(f"/{one}/content")).status_code == 404

    async def test_another_county_keeps_its_own(self, people: People, database: Database) -> None:
        await people.inspector.send(PHOTO)
        await people.foreigner.send(PHOTO)
        async with database.transaction() as session:
            assert await session.scalar(text("SELECT count(*) FROM stored_file")) == 2


class TestThumbnails:
    async def make(self, files: Files, content: bytes, clock: Clock) -> None:
        digest = bytes.fromhex(sha256(content))
        await add_thumbnail(files, make.COUNTY, digest, now=clock.now)

    async def test_is_small_upright_and_says_nothing(
        self, people: People, files: Files, clock: Clock, database: Database
    ) -> None:
        content, upload_id = photo(1200, 600, at=(122.0, 30.0), taken=clock.now, orientation=6), uuid4()
        await people.inspector.send(content, upload_id)
        pending = await people.inspector.get(f"/{upload_id}/thumbnail")
        assert (pending.status_code, pending.json()["thumbnail_state"]) == (404, "pending")
        async with database.transaction() as session:
            jobs = await session.scalar(
                text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'uploads.thumbnail'")
            )
        assert jobs == 1
        await self.make(files, content, clock)
        answer = await people.inspector.get(f"/{upload_id}/thumbnail")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        with Image.open(io.BytesIO(answer.content)) as image:
            assert (image.size, len(image.getexif())) == ((240, 480), 0)
            red, _, blue = image.convert("RGB").getpixel((120, 20))  # type: ignore[misc]
            assert red > blue, "the left half has become the upper one"
        assert (await people.inspector.get(f"/{upload_id}")).json()["thumbnail_state"] == "made"

    async def test_of_transparent_pictures_is_white_behind(
        self, people: People, files: Files, clock: Clock
    ) -> None:
        made = io.BytesIO()
        Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(made, "PNG")
        upload_id = uuid4()
        await people.inspector.send(made.getvalue(), upload_id)
        await self.make(files, made.getvalue(), clock)
        answer = await people.inspector.get(f"/{upload_id}/thumbnail")
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.getpixel((50, 50)) == (255, 255, 255)

    async def test_a_picture_that_cannot_be_decoded_is_kept_without(
        self, people: People, files: Files, clock: Clock
    ) -> None:
        content, upload_id = photo(300, 300, kind="PNG")[:120], uuid4()
        assert (await people.inspector.send(content, upload_id)).status_code == 204
        await self.make(files, content, clock)
        answer = await people.inspector.get(f"/{upload_id}/thumbnail")
        assert (answer.json()["code"], answer.json()["thumbnail_state"]) == ("no_thumbnail", "failed")
        assert (await people.inspector.get(f"/{upload_id}/content")).content == content

    async def test_there_is_none_of_heic_and_pdf(self, people: People, files: Files, clock: Clock) -> None:
        upload_id = uuid4()
        await people.inspector.send(HEIC, upload_id)
        answer = await people.inspector.get(f"/{upload_id}/thumbnail")
        assert answer.json()["thumbnail_state"] == "none"


class TestDownloads:
    async def sent(self, people: People, content: bytes = PHOTO) -> UUID:
        upload_id = uuid4()
        assert (await people.inspector.send(content, upload_id)).status_code == 204
        return upload_id

    async def test_cannot_run_in_a_browser(self, people: People) -> None:
        answer = await people.inspector.get(f"/{await self.sent(people)}/content")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["etag"] == f'"{sha256(PHOTO)}"'
        assert answer.headers["content-disposition"].startswith('inline; filename="')
        pdf = await people.inspector.get(f"/{await self.sent(people, b'%PDF-1.4')}/content")
        assert pdf.headers["content-disposition"].startswith("attachment;")

    @pytest.mark.parametrize(
        ("asked", "span"),
        [
            ("bytes=0-9", (0, 10)),
            ("bytes=100-", (100, None)),
            ("bytes=-7", (-7, None)),
            ("bytes=5-5", (5, 6)),
        ],
    )
    async def test_ranges(self, people: People, asked: str, span: tuple[int, int | None]) -> None:
        upload_id = await self.sent(people)
        answer = await people.inspector.get(f"/{upload_id}/content", Range=asked)
        assert (answer.status_code, answer.content) == (206, PHOTO[span[0] : span[1]])
        start = span[0] % len(PHOTO)
        assert answer.headers["content-range"].startswith(f"bytes {start}-")

    async def test_a_range_behind_the_end_is_refused_and_a_strange_one_passed_over(
        self, people: People
    ) -> None:
        upload_id = await self.sent(people)
        answer = await people.inspector.get(f"/{upload_id}/content", Range=f"bytes={len(PHOTO)}-")
        assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(PHOTO)}")
        for strange in ("lines=1-2", "bytes=9-3", "bytes=1-2,5-6", "bytes=-"):
            whole = await people.inspector.get(f"/{upload_id}/content", Range=strange)
            assert (whole.status_code, whole.content) == (200, PHOTO)
        stale = await people.inspector.get(f"/{upload_id}/content", Range="bytes=0-9", If_Range='"old"')
        assert stale.status_code == 200

    async def test_what_is_known_is_not_sent_again(self, people: People) -> None:
        upload_id = await self.sent(people)
        answer = await people.inspector.get(f"/{upload_id}/content", If_None_Match=f'"{sha256(PHOTO)}"')
        assert (answer.status_code, answer.content) == (304, b"")

    @pytest.mark.parametrize(("what", "path"), [("metadata", ""), ("content", "/content")])
    async def test_looking_at_anothers_leaves_an_event_at_ones_own_none(
        self, people: People, database: Database, what: str, path: str
    ) -> None:
        upload_id = await self.sent(people)
        before = len(await events_of(database, upload_id))
        await people.inspector.get(f"/{upload_id}{path}")
        assert len(await events_of(database, upload_id)) == before
        assert (await people.township.get(f"/{upload_id}{path}")).status_code == 200
        type_, data = (await events_of(database, upload_id))[-1]
        assert (type_, data["what"], data["role"]) == ("upload.viewed", what, "township")

    async def test_out_of_scope_is_not_found(self, people: People) -> None:
        upload_id = await self.sent(people)
        for path in ("", "/content", "/thumbnail"):
            for stranger in (people.colleague, people.foreigner):
                answer = await stranger.get(f"/{upload_id}{path}")
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
            assert (await people.admin.get(f"/{upload_id}{path}")).status_code == 403
            anonymous = await people.inspector.client.get(f"{UPLOADS}/{upload_id}{path}")
            assert anonymous.status_code == 401

    async def test_a_slow_reader_holds_no_database_connection(
        self, people: People, app: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content, upload_id = large_photo(3_000_000), uuid4()
        assert (await people.inspector.send(content, upload_id)).status_code == 204
        now_open, most_open, seen = 0, 0, []
        begin = Database.transaction

        @asynccontextmanager
        async def counted(database: Database) -> AsyncIterator[AsyncSession]:
            nonlocal now_open, most_open
            async with begin(database) as session:
                now_open += 1
                most_open = max(most_open, now_open)
                yield session
            now_open -= 1

        async def watched(scope: Any, receive: Any, send: Any) -> None:
            async def sent(message: Any) -> None:
                seen.append(now_open)
                await send(message)

            await app(scope, receive, sent)

        monkeypatch.setattr(Database, "transaction", counted)
        slow = httpx.AsyncClient(transport=httpx.ASGITransport(watched), base_url="http://test")
        answer = await Sender(slow, people.township.headers).get(f"/{upload_id}/content")
        assert (answer.content, most_open > 0) == (content, True)
        assert len(seen) > 3, "head and parts"
        assert set(seen) == {0}

    async def test_content_that_the_store_has_lost_is_told(self, people: People, files: Files) -> None:
        upload_id = await self.sent(people)
        for path in files.store.root.rglob("*"):  # type: ignore[attr-defined]
            if path.is_file():
                path.unlink()
        answer = await people.inspector.get(f"/{upload_id}/content")
        assert (answer.status_code, answer.json()["current_state"]) == (404, "missing")


class TestLists:
    async def test_an_inspector_sees_his_own_a_supervisor_the_area(self, people: People) -> None:
        mine, theirs = uuid4(), uuid4()
        await people.inspector.send(PHOTO, mine)
        await people.colleague.announce(100, theirs)

        async def seen(who: Any, query: str = "") -> list[str]:
            return [item["id"] for item in (await who.get(query)).json()["items"]]

        assert await seen(people.inspector) == [str(mine)]
        assert set(await seen(people.township)) == {str(mine), str(theirs)}
        assert await seen(people.township, "?state=complete") == [str(mine)]
        assert await seen(people.township, "?flag=time_differs") == []
        assert await seen(people.foreigner) == []

    async def test_pages(self, people: People) -> None:
        for _ in range(3):
            await people.inspector.announce(100)
        first = (await people.township.get("?limit=2")).json()
        rest = (await people.township.get(f"?limit=2&cursor={first['next']}")).json()
        assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
        assert (await people.township.get("?cursor=x")).json()["code"] == "bad_cursor"
