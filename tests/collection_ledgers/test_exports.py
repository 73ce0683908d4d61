"""Exports: masked unless somebody else approved, marked, safe to open, gone after a while, safe to repeat."""

import asyncio
import csv
import hashlib
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from app.collection.exports import running
from app.collection.exports.cells import csv_text, is_formula_like
from app.collection.exports.running import Press, expire_exports, forget_leftovers, run_export
from app.collection.exports.sealed_files import Kept, SealedFiles
from app.collection.exports.watermark import HEADER_MAX_CHARS, Watermark
from app.collection.exports.writers import Heading, Layout, XlsxWriter, open_writer
from app.kit.crypto import SealError
from app.uploads.store import Folder
from tests.collection_ledgers.conftest import COUNTY, Desks
from tests.factories import identity
from tests.factories.ledgers import Town, event_data, set_rule
from tests.factories.subjects import ZONE

EVIL = ("=1+1", "+1", "-1+1", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0", " =1", "\uff1d1")
ID_NUMBER = "330921198001011230"
BODY: dict[str, Any] = {"ledger": "residents", "format": "ndjson", "reason": "季度核对"}


async def ask(desks: Desks, who: str = "community", **more: Any) -> dict[str, Any]:
    """Asks for an export."""
    found: dict[str, Any] = (await desks.ask(who, "POST", "/exports", 201, json=BODY | more)).json()
    return found


async def make(desks: Desks, press: Press, who: str = "community", **more: Any) -> dict[str, Any]:
    """Asks for an export and has the worker make it."""
    asked = await ask(desks, who, **more)
    await run_export(press, COUNTY, UUID(asked["id"]))
    found: dict[str, Any] = (await desks.ask(who, "GET", f"/exports/{asked['id']}")).json()
    return found


async def fetch(desks: Desks, export: dict[str, Any], who: str = "community", expect: int = 200) -> Any:
    return await desks.ask(who, "GET", f"/exports/{export['id']}/file", expect)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def layout(reason: str = "核对") -> Layout:
    mark = Watermark(
        uuid4(), uuid4(), "王海生", "沙涂社区", "台账", reason, datetime(2026, 11, 22, tzinfo=UTC), True, None
    )
    return Layout("台账", [Heading("a", "甲"), Heading("b", "乙")], mark, ZONE, "zh")


class TestFormulas:
    """Nothing of ours runs on somebody's desk."""

    @pytest.mark.parametrize("evil", EVIL)
    def test_no_cell_of_a_workbook_is_a_formula(self, tmp_path: Path, evil: str) -> None:
        path = tmp_path / "x.xlsx"
        writer = open_writer("xlsx", path, layout(reason=evil))
        writer.write([[evil, -5]])
        writer.close()
        with zipfile.ZipFile(path) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert not re.search(r"<(\w+:)?f[ >]", sheet)
        row = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[2]
        assert str(row[0]).strip() == evil.strip()
        assert row[1] == -5

    @pytest.mark.parametrize("evil", EVIL)
    def test_csv_quotes_it(self, tmp_path: Path, evil: str) -> None:
        path = tmp_path / "x.csv"
        writer = open_writer("csv", path, layout(reason=evil))
        writer.write([[evil, -5]])
        writer.close()
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
        assert rows[0][0].startswith("# ")
        assert rows[2] == [f"'{evil}", "-5"]

    @given(st.text())
    def test_no_text_of_a_csv_begins_as_a_formula(self, words: str) -> None:
        assert not is_formula_like(csv_text(words, ZONE, "zh"))


class TestWatermark:
    @pytest.mark.parametrize("reason", ["&&&&" * 100, "换行\n&D", "x" * 200, "&" * 243 + "&"])
    def test_page_headers_stay_within_what_excel_reads(self, tmp_path: Path, reason: str) -> None:
        mark = layout(reason).watermark
        for line in (mark.page_header(ZONE), mark.page_footer()):
            assert len(line) <= HEADER_MAX_CHARS
            assert not re.search(r"(?<!&)(&&)*&(?![&LRCPN])", line), line
        writer = open_writer("xlsx", tmp_path / "x.xlsx", layout(reason))
        writer.close()

    def test_it_stands_on_every_sheet_and_in_every_format(self, tmp_path: Path) -> None:
        shape = layout()
        number = str(shape.watermark.job_id)
        writer = XlsxWriter(tmp_path / "x.xlsx", shape, sheet_rows=2)
        writer.write([["x", 1]] * 5)
        writer.close()
        book = CalamineWorkbook.from_path(str(tmp_path / "x.xlsx"))
        assert len(book.sheet_names) == 3
        with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
            for n, name in enumerate(book.sheet_names, start=1):
                assert number in str(book.get_sheet_by_name(name).to_python()[0][0])
                sheet = archive.read(f"xl/worksheets/sheet{n}.xml").decode()
                assert "王海生" in sheet.split("<oddHeader>")[1]
                assert number in sheet.split("<oddFooter>")[1]
            assert number in archive.read("docProps/core.xml").decode()
        rows = sum(len(book.get_sheet_by_name(name).to_python()) - 2 for name in book.sheet_names)
        assert rows == 5
        for format_ in ("csv", "ndjson"):
            path = tmp_path / f"x.{format_}"
            open_writer(format_, path, shape).close()
            first = path.read_text("utf-8-sig").splitlines()[0]
            assert all(word in first for word in (number, "王海生", "核对"))


class TestSealedFiles:
    @pytest.mark.parametrize("size", [0, 1, 256 << 10, (256 << 10) + 1, 700_000])
    async def test_content_comes_back(self, tmp_path: Path, size: int) -> None:
        files, row, path = _files(tmp_path), uuid4(), tmp_path / "plain"
        content = b"\n\r\0=" * (size // 4) + b"x" * (size % 4)
        path.write_bytes(content)
        kept = await files.keep(files.new_key(COUNTY, row), row, path)
        assert await files.read(row, kept) == content
        assert content[:64] not in (tmp_path / "store" / kept.key).read_bytes() or size < 64

    @pytest.mark.parametrize("damage", ["cut", "swap", "drop", "other row"])
    async def test_a_changed_file_is_noticed(self, tmp_path: Path, damage: str) -> None:
        files, row, path = _files(tmp_path), uuid4(), tmp_path / "plain"
        path.write_bytes(b"x" * 700_000)
        kept = await files.keep(files.new_key(COUNTY, row), row, path)
        stored = tmp_path / "store" / kept.key
        lines = stored.read_bytes().split(b"\n")
        changed = {"cut": lines[:2], "swap": [lines[1], lines[0], lines[2]], "drop": lines[1:]}
        stored.write_bytes(b"\n".join(changed.get(damage, lines)))
        with pytest.raises(SealError):
            await files.read(uuid4() if damage == "other row" else row, kept)


def _files(tmp_path: Path) -> SealedFiles:
    return SealedFiles(Folder(tmp_path / "store"), identity.vault(), "export")


class TestMasked:
    async def test_from_asking_to_the_file(self, desks: Desks, place: Town, press: Press) -> None:
        for name in ("张三丰", "李四"):
            await place.person(
                name, residence_consistency="01", id_number=ID_NUMBER if name == "李四" else None
            )
        export = await make(desks, press)
        assert (export["state"], export["rows_done"], export["rows_total"]) == ("done", 2, 2)
        answer = await fetch(desks, export)
        assert hashlib.sha256(answer.content).hexdigest() == export["sha256"]
        assert len(answer.content) == export["size_bytes"] == int(answer.headers["content-length"])
        first, *rows, last = map(orjson.loads, answer.content.splitlines())
        assert first["watermark"]["job_id"] == export["id"]
        assert [row["name"] for row in rows] == ["张**", "李*"]
        assert last == {"end": True, "rows": 2}
        for secret in ("张三丰", ID_NUMBER):
            assert secret not in answer.text
        for type_ in ("export.requested", "export.finished", "export.downloaded"):
            assert len(await event_data(place.session, type_)) == 1

    @pytest.mark.parametrize("format_", ["xlsx", "csv"])
    async def test_other_formats_open(self, desks: Desks, place: Town, press: Press, format_: str) -> None:
        await place.person("张三丰", residence_consistency="01")
        answer = await fetch(desks, await make(desks, press, format=format_))
        if format_ == "xlsx":
            rows = (
                CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
            )
        else:
            rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
        assert "姓名" in rows[1]
        assert "张**" in rows[2]

    async def test_an_export_of_ten_million_rows_is_refused_before_it_starts(
        self, desks: Desks, place: Town
    ) -> None:
        for n in range(3):
            await place.person(f"张{n}三", residence_consistency="01")
        await set_rule(place.session, "exports.rows_max", 2, place.county)
        answer = await desks.ask("community", "POST", "/exports", 422, json=BODY)
        assert answer.json()["code"] == "export_too_large"
        assert await place.session.scalar(text("SELECT count(*) FROM export_job")) == 0

    async def test_one_person_has_few_at_once(self, desks: Desks) -> None:
        for _ in range(5):
            await ask(desks)
        answer = await desks.ask("community", "POST", "/exports", 429, json=BODY)
        assert answer.json()["code"] == "too_many_exports"

    async def test_unknown_ledger_filter_and_foreign_area(self, desks: Desks, place: Town) -> None:
        await desks.ask("community", "POST", "/exports", 404, json=BODY | {"ledger": "nothing"})
        filters = {"filters": {"values": {"id_number": "1"}}}
        await desks.ask("community", "POST", "/exports", 422, json=BODY | filters)
        await desks.ask("community", "POST", "/exports", 404, json=BODY | {"area_id": str(place.elsewhere)})


class TestUnmasked:
    async def test_needs_somebody_elses_approval(self, desks: Desks, place: Town, press: Press) -> None:
        await place.person("张三丰", residence_consistency="01", id_number=ID_NUMBER, is_key_person=True)
        asked = await ask(desks, "county", unmasked=True)
        assert asked["state"] == "awaiting_approval"
        await run_export(press, COUNTY, UUID(asked["id"]))  # a job that has no business here does nothing
        path = f"/exports/{asked['id']}"
        body = {"decision": "approved", "reason": "普查比对"}
        answer = await desks.ask("county", "POST", f"{path}/decision", 403, json=body)
        assert answer.json()["code"] == "own_export_approval"
        await desks.ask("township", "POST", f"{path}/decision", 403, json=body)
        await desks.ask("foreigner", "POST", f"{path}/decision", 404, json=body)
        await desks.ask("county_2", "POST", f"{path}/decision", json=body)
        await desks.ask("county_2", "POST", f"{path}/decision", 409, json=body)
        await run_export(press, COUNTY, UUID(asked["id"]))
        answer = await fetch(desks, asked, "county")
        mark, row, _ = map(orjson.loads, answer.content.splitlines())
        assert (row["name"], row["id_number"]) == ("张三丰", ID_NUMBER)
        assert mark["watermark"]["approved_by"].startswith("王海生")
        assert "key_person" not in answer.text, "sensitive fields never leave, approved or not"
        await fetch(desks, asked, "county_2", 404)  # who approves has no need of the file
        assert (await event_data(place.session, "export.approved")) == [{"reason": "普查比对"}]

    async def test_refused(self, desks: Desks, place: Town) -> None:
        asked = await ask(desks, unmasked=True)
        body = {"decision": "refused", "reason": "理由不足"}
        found = (await desks.ask("county", "POST", f"/exports/{asked['id']}/decision", json=body)).json()
        assert (found["state"], found["decision_reason"]) == ("refused", "理由不足")
        answer = await fetch(desks, asked, expect=409)
        assert answer.json()["code"] == "export_not_ready"
        assert len(await event_data(place.session, "export.refused")) == 1


class TestWhoMayFetch:
    async def test_who_asked_and_his_superiors(self, desks: Desks, place: Town, press: Press) -> None:
        export = await make(desks, press)
        for who, expect in {"township": 200, "county": 200, "neighbour": 404, "foreigner": 404}.items():
            await fetch(desks, export, who, expect)
        listed = (await desks.ask("neighbour", "GET", "/exports")).json()["items"]
        assert listed == []
        assert len((await desks.ask("township", "GET", "/exports")).json()["items"]) == 1
        await desks.ask("inspector", "GET", "/exports", 403)

    async def test_it_is_gone_after_its_time(
        self, desks: Desks, place: Town, press: Press, tmp_path: Path
    ) -> None:
        export = await make(desks, press)
        await place.session.execute(text("UPDATE export_job SET expires_at = now() - interval '1 s'"))
        assert (await fetch(desks, export, expect=410)).json()["code"] == "export_gone"
        assert await expire_exports(press) == 1
        assert not files_in(tmp_path / "files")
        assert (await desks.ask("community", "GET", f"/exports/{export['id']}")).json()["state"] == "expired"
        await fetch(desks, export, expect=410)
        assert len(await event_data(place.session, "export.expired")) == 1

    async def test_a_lost_file_is_told(self, desks: Desks, press: Press, tmp_path: Path) -> None:
        export = await make(desks, press)
        for path in files_in(tmp_path / "files"):
            path.unlink()
        await fetch(desks, export, expect=410)


class TestJobs:
    async def test_cancelled_while_it_runs(
        self, desks: Desks, place: Town, press: Press, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(running, "PAGE_ROWS", 1)
        for n in range(3):
            await place.person(f"张{n}", residence_consistency="01")
        asked = await ask(desks)
        write = running.list_entries

        async def cancelling(*args: Any) -> Any:
            found = await write(*args)
            await place.session.execute(text("UPDATE export_job SET state = 'cancelled'"))
            return found

        monkeypatch.setattr(running, "list_entries", cancelling)
        await run_export(press, COUNTY, UUID(asked["id"]))
        found = (await desks.ask("community", "GET", f"/exports/{asked['id']}")).json()
        assert found["state"] == "cancelled"
        assert not files_in(tmp_path)

    async def test_cancelling_before_and_after(self, desks: Desks, place: Town, press: Press) -> None:
        asked = await ask(desks)
        await desks.ask("neighbour", "POST", f"/exports/{asked['id']}/cancellation", 404)
        await desks.ask("community", "POST", f"/exports/{asked['id']}/cancellation")
        answer = await desks.ask("community", "POST", f"/exports/{asked['id']}/cancellation", 409)
        assert answer.json()["code"] == "export_closed"
        await run_export(press, COUNTY, UUID(asked["id"]))
        assert len(await event_data(place.session, "export.cancelled")) == 1

    async def test_a_killed_worker_costs_nothing(
        self, desks: Desks, place: Town, press: Press, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        await place.person("张一", residence_consistency="01")
        asked = await ask(desks)
        finish = running._finish

        async def killed(*_: Any) -> bool:
            raise asyncio.CancelledError

        monkeypatch.setattr(running, "_finish", killed)  # the file is kept, its row does not know
        with pytest.raises(asyncio.CancelledError):
            await run_export(press, COUNTY, UUID(asked["id"]))
        assert (await desks.ask("community", "GET", f"/exports/{asked['id']}")).json()["state"] == "running"
        monkeypatch.setattr(running, "_finish", finish)
        await run_export(press, COUNTY, UUID(asked["id"]))
        await run_export(press, COUNTY, UUID(asked["id"]))  # delivered twice
        assert len(files_in(tmp_path / "files")) == 1
        assert (await fetch(desks, asked)).status_code == 200
        assert len(await event_data(place.session, "export.finished")) == 1

    async def test_who_lost_his_account_gets_nothing(self, desks: Desks, place: Town, press: Press) -> None:
        asked = await ask(desks)
        place.accounts["community"].enabled = False
        await place.session.flush()
        await run_export(press, COUNTY, UUID(asked["id"]))
        found = (await desks.ask("county", "GET", f"/exports/{asked['id']}")).json()
        assert (found["state"], found["failure"]) == ("failed", "requester_gone")

    async def test_pages_join_without_gap(
        self, desks: Desks, place: Town, press: Press, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(running, "PAGE_ROWS", 2)
        for n in range(5):
            await place.person(f"张{n}", residence_consistency="01", employer=f"单位{n}")
        answer = await fetch(desks, await make(desks, press))
        rows = [orjson.loads(line) for line in answer.content.splitlines()][1:-1]
        assert sorted(row["employer"] for row in rows) == [f"单位{n}" for n in range(5)]

    def test_leftovers_of_dead_attempts_are_removed(self, tmp_path: Path) -> None:
        (tmp_path / "0-1").mkdir()
        assert forget_leftovers(tmp_path, datetime.now(UTC)) == 0
        assert forget_leftovers(tmp_path, datetime.now(UTC) + timedelta(days=2)) == 1


async def test_kept_names_where_a_file_rests(tmp_path: Path) -> None:
    path = tmp_path / "plain"
    path.write_bytes(b"x")
    files, row = _files(tmp_path), uuid4()
    kept = await files.keep("exports/1", row, path)
    assert isinstance(kept, Kept)
    assert (tmp_path / "store" / kept.key).stat().st_size == kept.stored_bytes
