"""tus 1.0, as its specification says it, and what we add: ids made by the sender."""

import asyncio
import errno
import os
import zlib
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from uuid import uuid4

import pytest

from app.kit.db import Database
from app.uploads.files import Files
from app.uploads.purge import finish_left_behind
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock
from tests.factories.uploads import PIECE, TUS, UPLOADS, Sender, checksum, metadata, photo, sha256
from tests.patrol.conftest import Office
from tests.uploads.conftest import People, events_of, state_of

PHOTO = photo()


async def test_options_tell_version_extensions_algorithms_and_largest_size_without_a_login(
    people: People,
) -> None:
    answer = await people.inspector.client.options(UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["tus-resumable"] == answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"].split(",") == [
        "creation",
        "creation-with-upload",
        "checksum",
        "expiration",
        "termination",
    ]
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256,crc32"
    assert answer.headers["tus-max-size"] == "60000000"


class TestAnnouncing:
    async def test_tells_where_to_send_and_until_when(
        self, people: People, database: Database, clock: Clock
    ) -> None:
        upload_id = uuid4()
        answer = await people.inspector.announce(len(PHOTO), upload_id, content_type="image/jpeg")
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == f"{UPLOADS}/{upload_id}"
        assert (answer.headers["tus-resumable"], answer.headers["upload-offset"]) == ("1.0.0", "0")
        expires = parsedate_to_datetime(answer.headers["upload-expires"])
        assert expires == (clock.now + timedelta(days=30)).replace(microsecond=0)
        assert [type_ for type_, _ in await events_of(database, upload_id)] == ["upload.announced"]

    async def test_a_lost_answer_makes_no_second_upload(self, people: People, database: Database) -> None:
        upload_id = uuid4()
        first = await people.inspector.announce(len(PHOTO), upload_id, sha256=sha256(PHOTO))
        await people.inspector.piece(first.headers["location"], 0, PHOTO[:100])
        again = await people.inspector.announce(len(PHOTO), upload_id, sha256=sha256(PHOTO))
        assert (again.status_code, again.headers["location"]) == (201, first.headers["location"])
        assert again.headers["upload-offset"] == "100"
        assert len(await events_of(database, upload_id)) == 1

    async def test_the_same_id_with_other_content_is_refused_with_both_digests(self, people: People) -> None:
        upload_id, other = uuid4(), photo(seed=5)
        await people.inspector.announce(len(PHOTO), upload_id, sha256=sha256(PHOTO))
        longer = await people.inspector.announce(len(PHOTO) + 1, upload_id)
        assert (longer.status_code, longer.json()["code"]) == (409, "upload_differs")
        differs = (await people.inspector.announce(len(PHOTO), upload_id, sha256=sha256(other))).json()
        assert (differs["stored_sha256"], differs["sent_sha256"]) == (sha256(PHOTO), sha256(other))

    async def test_an_id_of_somebody_else_is_nobodys_business(self, people: People) -> None:
        upload_id = uuid4()
        await people.inspector.announce(len(PHOTO), upload_id)
        answer = await people.colleague.announce(len(PHOTO), upload_id)
        assert (answer.status_code, answer.json()["code"]) == (404, "upload_not_found")

    async def test_without_an_id_the_server_makes_one(self, people: People) -> None:
        sent = people.inspector.headers | TUS | {"Upload-Length": "10"}
        locations = {
            (await people.inspector.client.post(UPLOADS, headers=sent)).headers["location"] for _ in range(2)
        }
        assert len(locations) == 2

    async def test_may_bring_the_first_bytes(self, people: People) -> None:
        sent = TUS | {
            "Upload-Length": str(len(PHOTO)),
            "Upload-Metadata": metadata(upload_id=str(uuid4())),
            "Content-Type": PIECE,
        }
        answer = await people.inspector.client.post(
            UPLOADS, headers=people.inspector.headers | sent, content=PHOTO[:200]
        )
        assert (answer.status_code, answer.headers["upload-offset"]) == (201, "200")
        done = await people.inspector.piece(answer.headers["location"], 200, PHOTO[200:])
        assert done.status_code == 204, done.text

    async def test_may_bring_all_of_it(self, people: People) -> None:
        sent = TUS | {"Upload-Length": str(len(PHOTO)), "Content-Type": PIECE}
        answer = await people.inspector.client.post(
            UPLOADS, headers=people.inspector.headers | sent, content=PHOTO
        )
        assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(PHOTO)))
        assert "upload-expires" not in answer.headers

    @pytest.mark.parametrize(
        ("told", "length", "code"),
        [
            ({"content_type": "image/jpeg"}, 200_000_000, "upload_too_long"),
            ({"content_type": "image/jpeg"}, 30_000_001, "upload_too_long"),
            ({"filename": "x.jpg"}, 60_000_001, "upload_too_long"),
        ],
    )
    async def test_a_photo_of_200_mb_is_refused_before_it_is_sent(
        self, people: People, told: dict[str, str], length: int, code: str
    ) -> None:
        answer = await people.inspector.announce(length, **told)
        assert (answer.status_code, answer.json()["code"]) == (413, code)
        assert answer.headers["tus-resumable"] == "1.0.0"

    @pytest.mark.parametrize(
        "headers",
        [
            {"Upload-Length": ""},
            {"Upload-Length": "-1"},
            {"Upload-Length": "1e3"},
            {"Upload-Length": "0"},
            {"Upload-Length": "9" * 30},
            {"Upload-Defer-Length": "1"},
            {"Upload-Concat": "partial"},
            {"Upload-Metadata": "upload_id !!!"},
            {"Upload-Metadata": metadata(upload_id="7")},
            {"Upload-Metadata": metadata(sha256="zz")},
            {"Upload-Metadata": metadata(taken_at="yesterday")},
            {"Upload-Metadata": metadata(taken_at="2026-11-20T08:00:00")},
            {"Upload-Metadata": metadata(lon="122")},
            {"Upload-Metadata": metadata(lon="nan", lat="30")},
            {"Upload-Metadata": metadata(lon="181", lat="30")},
            {"Upload-Metadata": metadata(content_type="no type")},
            {"Upload-Metadata": metadata(coord_sys="mars")},
            {"Upload-Metadata": f"x {b64encode(bytes([255, 254])).decode()}"},
            {"Upload-Metadata": "a " + "A" * 5000},
        ],
    )
    async def test_headers_that_make_no_sense_are_a_clear_refusal(
        self, people: People, headers: dict[str, str]
    ) -> None:
        answer = await people.inspector.announce(100, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "upload_header_invalid")
        assert answer.json()["reason"]

    async def test_a_body_that_is_no_piece_is_refused(self, people: People) -> None:
        sent = people.inspector.headers | TUS | {"Upload-Length": "2"}
        answer = await people.inspector.client.post(UPLOADS, headers=sent, json={})
        assert (answer.status_code, answer.json()["code"]) == (415, "upload_piece_type_invalid")

    async def test_too_many_unfinished_ones_are_refused(
        self, people: People, database: Database, beat: Beat
    ) -> None:
        async with database.transaction() as session:
            await make.decide(session, beat.county.county, "uploads.unfinished_most", 10)
        for _ in range(10):
            assert (await people.inspector.announce(100)).status_code == 201
        answer = await people.inspector.announce(100)
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_unfinished_uploads")
        assert (await people.colleague.announce(100)).status_code == 201


class TestVersion:
    @pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0"])
    async def test_another_version_is_refused_and_nothing_done(
        self, people: People, database: Database, version: str | None
    ) -> None:
        sent = people.inspector.headers | {"Upload-Length": "10"}
        if version:
            sent["Tus-Resumable"] = version
        answer = await people.inspector.client.post(UPLOADS, headers=sent)
        assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")
        assert answer.json()["code"] == "tus_version_not_supported"

    async def test_without_a_token_that_is_heard_first(self, people: People) -> None:
        for verb, path in (("POST", ""), ("HEAD", f"/{uuid4()}"), ("PATCH", f"/{uuid4()}")):
            answer = await people.inspector.client.request(verb, f"{UPLOADS}{path}")
            assert answer.status_code == 401, verb

    async def test_an_administrator_uploads_nothing(self, people: People) -> None:
        assert (await people.admin.announce(10)).status_code == 403


class TestPieces:
    async def test_add_up_and_are_answered_after_they_are_on_disk(
        self, people: People, database: Database, files: Files
    ) -> None:
        upload_id = uuid4()
        location = (await people.inspector.announce(len(PHOTO), upload_id)).headers["location"]
        for start in range(0, len(PHOTO), 300):
            answer = await people.inspector.piece(location, start, PHOTO[start : start + 300])
            assert answer.status_code == 204, answer.text
            assert answer.headers["upload-offset"] == str(min(start + 300, len(PHOTO)))
        row = await state_of(database, upload_id)
        assert (row.state, row.digest.hex(), row.content_type) == ("complete", sha256(PHOTO), "image/jpeg")
        got = await people.inspector.get(f"/{upload_id}/content")
        assert got.content == PHOTO
        assert not files.staging.path_of(row.county_code, upload_id).exists()

    async def test_head_tells_offset_length_and_what_was_announced_and_is_never_cached(
        self, people: People
    ) -> None:
        announced = await people.inspector.announce(
            len(PHOTO), filename="张三.jpg", content_type="image/jpeg"
        )
        location = announced.headers["location"]
        await people.inspector.piece(location, 0, PHOTO[:250])
        answer = await people.inspector.head(location)
        assert (answer.status_code, answer.content) == (200, b"")
        assert (answer.headers["upload-offset"], answer.headers["upload-length"]) == ("250", str(len(PHOTO)))
        assert answer.headers["cache-control"] == "no-store"
        told = dict(part.split(" ") for part in answer.headers["upload-metadata"].split(","))
        assert set(told) == {"upload_id", "content_type"}, "names of files may be names of people"

    async def test_an_offset_that_does_not_match_is_refused_and_the_right_one_told(
        self, people: People
    ) -> None:
        location = (await people.inspector.announce(len(PHOTO))).headers["location"]
        await people.inspector.piece(location, 0, PHOTO[:100])
        for offset in (0, 99, 101, len(PHOTO)):
            answer = await people.inspector.piece(location, offset, PHOTO[offset : offset + 10] or b"x")
            assert (answer.status_code, answer.json()["code"]) == (409, "upload_offset_differs")
            assert (answer.headers["upload-offset"], answer.json()["upload_offset"]) == ("100", 100)
        assert (await people.inspector.head(location)).headers["upload-offset"] == "100"

    @pytest.mark.parametrize("offset", ["", "x", "-5"])
    async def test_an_offset_that_is_no_number_is_refused(self, people: People, offset: str) -> None:
        location = (await people.inspector.announce(len(PHOTO))).headers["location"]
        answer = await people.inspector.piece(location, 0, b"x", Upload_Offset=offset)
        assert (answer.status_code, answer.json()["code"]) == (400, "upload_header_invalid")

    async def test_a_piece_of_another_type_or_compressed_is_refused(self, people: People) -> None:
        location = (await people.inspector.announce(len(PHOTO))).headers["location"]
        for headers in ({"Content_Type": "image/jpeg"}, {"Content_Encoding": "gzip"}):
            answer = await people.inspector.piece(location, 0, b"x", **headers)
            assert (answer.status_code, answer.json()["code"]) == (415, "upload_piece_type_invalid")

    async def test_more_than_was_announced_is_refused_and_nothing_of_it_kept(self, people: People) -> None:
        location = (await people.inspector.announce(100)).headers["location"]
        answer = await people.inspector.piece(location, 0, b"x" * 101)
        assert (answer.status_code, answer.json()["limit_bytes"]) == (413, 100)

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(50):
                yield b"y" * 40

        answer = await people.inspector.piece(location, 0, endless())
        assert (answer.status_code, answer.json()["code"]) == (413, "upload_piece_too_long")
        assert (await people.inspector.head(location)).headers["upload-offset"] == "0"

    async def test_a_piece_may_be_empty(self, people: People) -> None:
        location = (await people.inspector.announce(100)).headers["location"]
        answer = await people.inspector.piece(location, 0, b"")
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, "0")

    async def test_a_long_piece_is_not_held_back_by_the_limit_of_other_bodies(self, people: People) -> None:
        content = b"\x89PNG\r\n\x1a\n" + bytes(6_000_000)
        answer = await people.inspector.send(content)
        assert answer.json()["code"] == "picture_unreadable", "all of it arrived"

    async def test_post_stands_for_patch_head_and_delete_where_a_proxy_wants_it(self, people: People) -> None:
        sender = people.inspector
        location = (await sender.announce(len(PHOTO))).headers["location"]

        async def override(verb: str, content: bytes = b"", **more: str) -> int:
            named = {name.replace("_", "-"): value for name, value in more.items()}
            sent = sender.headers | TUS | {"X-HTTP-Method-Override": verb} | named
            return (await sender.client.post(location, headers=sent, content=content)).status_code

        assert await override("PATCH", PHOTO[:50], Upload_Offset="0", Content_Type=PIECE) == 204
        assert await override("HEAD") == 200
        assert (await sender.head(location)).headers["upload-offset"] == "50"
        assert await override("DELETE") == 204
        assert await override("BREW") == 405


class TestChecksums:
    @pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
    async def test_that_match_count(self, people: People, algorithm: str) -> None:
        location = (await people.inspector.announce(len(PHOTO))).headers["location"]
        sent = checksum(PHOTO[:100], algorithm)
        answer = await people.inspector.piece(location, 0, PHOTO[:100], Upload_Checksum=sent)
        assert answer.status_code == 204

    async def test_crc32_is_known(self, people: People) -> None:
        location = (await people.inspector.announce(len(PHOTO))).headers["location"]
        crc = b64encode(zlib.crc32(PHOTO[:100]).to_bytes(4, "big")).decode()
        answer = await people.inspector.piece(location, 0, PHOTO[:100], Upload_Checksum=f"crc32 {crc}")
        assert answer.status_code == 204

    async def test_that_differ_drop_the_piece(self, people: People, database: Database, files: Files) -> None:
        upload_id = uuid4()
        location = (await people.inspector.announce(len(PHOTO), upload_id)).headers["location"]
        await people.inspector.piece(location, 0, PHOTO[:100])
        wrong = checksum(PHOTO[100:200])
        answer = await people.inspector.piece(location, 100, PHOTO[101:201], Upload_Checksum=wrong)
        assert (answer.status_code, answer.json()["code"]) == (460, "upload_checksum_differs")
        assert (await people.inspector.head(location)).headers["upload-offset"] == "100"
        path = files.staging.path_of(make.COUNTY, upload_id)
        assert path.read_bytes() == PHOTO[:100]
        good = await people.inspector.piece(location, 100, PHOTO[100:200], Upload_Checksum=wrong)
        assert good.status_code == 204

    @pytest.mark.parametrize("sent", ["md5 AAAA", "sha1", "sha1 !!!", "sha256 AAAA", "crc32 AA=="])
    async def test_that_make_no_sense_are_a_clear_refusal(self, people: People, sent: str) -> None:
        location = (await people.inspector.announce(len(PHOTO))).headers["location"]
        answer = await people.inspector.piece(location, 0, PHOTO, Upload_Checksum=sent)
        assert (answer.status_code, answer.json()["code"]) == (400, "upload_header_invalid")


class TestWhoseItIs:
    async def test_another_device_or_account_finds_nothing(self, people: People) -> None:
        location = (await people.inspector.announce(len(PHOTO))).headers["location"]
        await people.inspector.piece(location, 0, PHOTO[:100])
        for stranger in (people.colleague, people.township, people.foreigner):
            assert (await stranger.piece(location, 100, PHOTO[100:])).status_code == 404
            assert (await stranger.head(location)).status_code == 404
            assert (await stranger.delete(location)).status_code == 404
        assert (await people.inspector.head(location)).headers["upload-offset"] == "100"

    async def test_the_same_inspector_on_another_device_finds_nothing(
        self, people: People, beat: Beat, office: Office
    ) -> None:
        location = (await people.inspector.announce(len(PHOTO))).headers["location"]
        elsewhere = Sender(people.inspector.client, (await office.of(beat.inspector)).headers)
        assert (await elsewhere.piece(location, 0, PHOTO)).status_code == 404

    async def test_after_a_handover_the_handheld_delivers_for_the_former_holder_and_shows_nothing(
        self, people: People, beat: Beat, office: Office, database: Database, clock: Clock
    ) -> None:
        began, later = uuid4(), uuid4()
        location = (await people.inspector.announce(len(PHOTO), began)).headers["location"]
        new_holder = Sender(people.inspector.client, (await office.of(beat.colleague, beat.device)).headers)
        assert (await new_holder.piece(location, 0, PHOTO)).status_code == 204
        taken_at = (clock.now - timedelta(hours=1)).isoformat()
        assert (await new_holder.send(PHOTO, later, taken_at=taken_at)).status_code == 204
        for upload_id in (began, later):
            assert (await state_of(database, upload_id)).account_id == beat.inspector.id
            assert (await new_holder.get(f"/{upload_id}")).status_code == 404
            assert (await people.inspector.get(f"/{upload_id}")).status_code == 200

    async def test_an_expired_login_takes_nothing_away(
        self, people: People, clock: Clock, beat: Beat, office: Office
    ) -> None:
        location = (await people.inspector.announce(len(PHOTO))).headers["location"]
        await people.inspector.piece(location, 0, PHOTO[:100])
        clock.now += timedelta(days=20)
        assert (await people.inspector.piece(location, 100, PHOTO[100:])).status_code == 401
        again = Sender(people.inspector.client, (await office.of(beat.inspector, beat.device)).headers)
        assert (await again.head(location)).headers["upload-offset"] == "100"
        assert (await again.piece(location, 100, PHOTO[100:])).status_code == 204

    async def test_an_office_without_a_handheld_uploads_as_itself(self, people: People, beat: Beat) -> None:
        upload_id = uuid4()
        assert (await people.township.send(PHOTO, upload_id)).status_code == 204
        assert (await people.township.get(f"/{upload_id}")).json()["account_id"] == str(beat.supervisor.id)
        assert (await people.inspector.get(f"/{upload_id}")).status_code == 404


class TestTakingBack:
    async def test_ends_it_and_removes_the_bytes(
        self, people: People, database: Database, files: Files
    ) -> None:
        upload_id = uuid4()
        location = (await people.inspector.announce(len(PHOTO), upload_id)).headers["location"]
        await people.inspector.piece(location, 0, PHOTO[:100])
        assert (await people.inspector.delete(location)).status_code == 204
        assert not files.staging.path_of(make.COUNTY, upload_id).exists()
        for answer in (
            await people.inspector.head(location),
            await people.inspector.piece(location, 100, PHOTO[100:]),
            await people.inspector.delete(location),
        ):
            assert answer.status_code == 410
        assert [type_ for type_, _ in await events_of(database, upload_id)] == [
            "upload.announced",
            "upload.terminated",
        ]

    async def test_announced_again_it_begins_anew_under_its_id(self, people: People) -> None:
        upload_id = uuid4()
        location = (await people.inspector.announce(len(PHOTO), upload_id)).headers["location"]
        await people.inspector.piece(location, 0, PHOTO[:100])
        await people.inspector.delete(location)
        assert (await people.inspector.send(PHOTO, upload_id)).status_code == 204

    async def test_a_complete_file_stays(self, people: People) -> None:
        upload_id = uuid4()
        await people.inspector.send(PHOTO, upload_id)
        answer = await people.inspector.delete(f"{UPLOADS}/{upload_id}")
        assert (answer.status_code, answer.json()["code"]) == (409, "upload_finished")


async def test_a_second_request_for_the_same_file_waits_its_turn(people: People) -> None:
    location = (await people.inspector.announce(len(PHOTO))).headers["location"]
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield PHOTO[:100]
        begun.set()
        await go_on.wait()
        yield PHOTO[100:]

    first = asyncio.create_task(people.inspector.piece(location, 0, slowly()))
    await begun.wait()
    second = await people.inspector.piece(location, 0, PHOTO)
    assert (second.status_code, second.json()["code"]) == (423, "upload_busy")
    assert second.headers["retry-after"] == "2"
    assert (await people.inspector.delete(location)).status_code == 423
    go_on.set()
    assert (await first).status_code == 204


@pytest.mark.parametrize("difference", [-60, 7])
async def test_the_file_is_cut_to_the_recorded_offset_and_a_shorter_one_is_noticed(
    people: People, files: Files, difference: int
) -> None:
    """What a kill -9 or a lost disk leaves: more, or less, than was counted."""
    upload_id = uuid4()
    location = (await people.inspector.announce(len(PHOTO), upload_id, sha256=sha256(PHOTO))).headers[
        "location"
    ]
    await people.inspector.piece(location, 0, PHOTO[:200])
    path = files.staging.path_of(make.COUNTY, upload_id)
    path.write_bytes(PHOTO[: 200 + difference] if difference < 0 else PHOTO[:200] + b"garbage")
    offset = int((await people.inspector.head(location)).headers["upload-offset"])
    assert offset == min(200, 200 + difference)
    if difference < 0:
        stale = await people.inspector.piece(location, 200, PHOTO[200:])
        assert (stale.status_code, stale.headers["upload-offset"]) == (409, "140")
    assert (await people.inspector.piece(location, offset, PHOTO[offset:])).status_code == 204
    assert (await people.inspector.get(f"/{upload_id}/content")).content == PHOTO


async def test_a_full_disk_costs_nothing(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    location = (await people.inspector.announce(len(PHOTO), uuid4(), sha256=sha256(PHOTO))).headers[
        "location"
    ]
    await people.inspector.piece(location, 0, PHOTO[:200])
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if os.path.isfile(f"/proc/self/fd/{descriptor}"):
            write(descriptor, data[:7])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    with monkeypatch.context() as disk:
        disk.setattr("os.write", full)
        answer = await people.inspector.piece(location, 200, PHOTO[200:])
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (await people.inspector.head(location)).headers["upload-offset"] == "200"
    assert (await people.inspector.piece(location, 200, PHOTO[200:])).status_code == 204


async def test_what_was_received_and_lost_with_the_disk_is_sent_again(
    people: People, files: Files, database: Database, clock: Clock
) -> None:
    from sqlalchemy import text

    upload_id = uuid4()
    location = (await people.inspector.announce(len(PHOTO), upload_id, sha256=sha256(PHOTO))).headers[
        "location"
    ]
    await people.inspector.piece(location, 0, PHOTO[:200])
    received = text("UPDATE upload SET state = 'received', offset_bytes = length_bytes WHERE id = :id")
    for way in ("sweep", "head"):
        async with database.transaction() as session:
            await session.execute(received, {"id": upload_id})
        if way == "sweep":
            await finish_left_behind(files, now=clock.now + timedelta(minutes=2))
        assert (await people.inspector.head(location)).headers["upload-offset"] == "200"
        assert (await state_of(database, upload_id)).state == "uploading"
    assert (await people.inspector.piece(location, 200, PHOTO[200:])).status_code == 204
    assert (await people.inspector.get(f"/{upload_id}/content")).content == PHOTO


async def test_what_a_dead_process_left_unexamined_is_finished_by_whoever_asks(
    people: People, files: Files, database: Database
) -> None:
    from sqlalchemy import text

    upload_id = uuid4()
    location = (await people.inspector.announce(len(PHOTO), upload_id)).headers["location"]
    await people.inspector.piece(location, 0, PHOTO[:200])
    files.staging.path_of(make.COUNTY, upload_id).write_bytes(PHOTO)
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE upload SET state = 'received', offset_bytes = length_bytes WHERE id = :id"),
            {"id": upload_id},
        )
    answer = await people.inspector.head(location)
    assert answer.headers["upload-offset"] == str(len(PHOTO))
    assert (await state_of(database, upload_id)).state == "complete"
