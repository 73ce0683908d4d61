"""Imports: a dry run first, every row for itself, the same file again changes nothing."""

import asyncio
import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from app.collection.exports.sealed_files import SealedFiles
from app.collection.imports import running, service
from app.collection.imports.running import Workshop, forget_files, run_import
from app.collection.imports.tasks import PURPOSE
from app.kit.clock import utc_now
from app.kit.db import Database
from app.uploads.store import Folder
from tests.collection_ledgers.conftest import COUNTY, Desks
from tests.factories import identity
from tests.factories.ledgers import Town, event_data, set_rule
from tests.factories.subjects import ZONE
from tests.factories.submissions import id_number

HEAD = "姓名,性别,人户一致标识,公民身份号码,联系方式,服务对象标签,出生日期\n"


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Workshop:
    vault = identity.vault()
    return Workshop(database, vault, SealedFiles(Folder(tmp_path / "files"), vault, PURPOSE), ZONE, utc_now)


def person(name: str, number: str = "", **more: str) -> str:
    """A line of a file of residents."""
    cells = {"gender": "男", "same": "人户一致", "phone": "13812345678", "tags": "", "born": ""} | more
    return f"{name},{cells['gender']},{cells['same']},{number},{cells['phone']},{cells['tags']},{cells['born']}\n"


async def send(
    desks: Desks, content: str | bytes, who: str = "community", expect: int = 201, **form: str
) -> dict[str, Any]:
    """Sends a file."""
    raw = content.encode() if isinstance(content, str) else content
    data = {"kind": "subjects", "target": "resident_registered"} | form
    answer = await desks.ask(who, "POST", "/imports", expect, files={"file": ("人员.csv", raw)}, data=data)
    found: dict[str, Any] = answer.json()
    return found


async def check(
    desks: Desks, shop: Workshop, content: str | bytes, who: str = "community", **form: str
) -> Any:
    """Sends a file and has it checked."""
    sent = await send(desks, content, who, **form)
    await run_import(shop, COUNTY, UUID(sent["id"]))
    return await state(desks, sent, who)


async def state(desks: Desks, job: dict[str, Any], who: str = "community") -> dict[str, Any]:
    found: dict[str, Any] = (await desks.ask(who, "GET", f"/imports/{job['id']}")).json()
    return found


async def confirm(desks: Desks, shop: Workshop, job: dict[str, Any], who: str = "community") -> Any:
    """Confirms a checked file and has it imported."""
    await desks.ask(who, "POST", f"/imports/{job['id']}/confirmation")
    await run_import(shop, COUNTY, UUID(job["id"]))
    return await state(desks, job, who)


async def rows(desks: Desks, job: dict[str, Any], who: str = "community") -> dict[int, list[str]]:
    """Codes of the remarks by row."""
    found = (await desks.ask(who, "GET", f"/imports/{job['id']}/rows")).json()["items"]
    return {row["row_no"]: [error["code"] for error in row["errors"]] for row in found}


def counts(job: dict[str, Any]) -> tuple[int, int, int, int]:
    return job["count_new"], job["count_changed"], job["count_unchanged"], job["count_refused"]


async def subjects(place: Town) -> int:
    return int(await place.session.scalar(text("SELECT count(*) FROM subject")) or 0)


class TestResidents:
    async def test_dry_run_confirmation_and_the_same_file_again(
        self, desks: Desks, place: Town, shop: Workshop
    ) -> None:
        content = HEAD + person("张三丰", id_number(1), tags="党员、骨干") + person("李四", id_number(2))
        checked = await check(desks, shop, content)
        assert (checked["state"], counts(checked)) == ("checked", (2, 0, 0, 0))
        assert await subjects(place) == 0, "a dry run writes nothing"
        done = await confirm(desks, shop, checked)
        assert (done["state"], done["rows_done"], counts(done)) == ("done", 2, (2, 0, 0, 0))
        answer = await desks.ask("community", "GET", "/ledgers/residents")
        cells = [row["cells"] for row in answer.json()["items"]]
        assert sorted(row["name"] for row in cells) == ["张**", "李*"]
        assert {row["area"] for row in cells} == {"沙涂社区"}
        versions = await place.session.scalar(text("SELECT count(*) FROM subject_version"))
        for encoded in (content.encode(), content.encode("gb18030")):
            again = await check(desks, shop, encoded)
            assert counts(again) == (0, 0, 2, 0)
            assert counts(await confirm(desks, shop, again)) == (0, 0, 2, 0)
        assert await place.session.scalar(text("SELECT count(*) FROM subject_version")) == versions
        assert len(await event_data(place.session, "import.finished")) == 3

    async def test_the_same_file_again_does_not_undo_what_came_after_it(
        self, desks: Desks, place: Town, shop: Workshop
    ) -> None:
        first = HEAD + person("张三丰", id_number(1), phone="13811111111")
        later = HEAD + person("张三丰", id_number(1), phone="13822222222")
        await confirm(desks, shop, await check(desks, shop, first))
        changed = await check(desks, shop, later)
        assert counts(changed) == (0, 1, 0, 0)
        assert counts(await confirm(desks, shop, changed)) == (0, 1, 0, 0)
        assert counts(await confirm(desks, shop, await check(desks, shop, first))) == (0, 0, 1, 0)
        answer = await desks.ask("community", "GET", "/ledgers/residents")
        assert answer.json()["items"][0]["cells"]["phone"] == "138****2222"

    async def test_a_broken_row_never_costs_its_neighbours(
        self, desks: Desks, place: Town, shop: Workshop
    ) -> None:
        wrong = id_number(1)[:-1] + ("1" if id_number(1)[-1] != "1" else "2")
        content = HEAD
        content += (
            person("张一", wrong) + person("张二", id_number(2), gender="武") + person("", id_number(3))
        )
        content += person("张四", id_number(4), born="2099-01-01") + person("张五", id_number(5))
        content += person("张六", id_number(5)) + person("张七", id_number(7), born="昨天")
        checked = await check(desks, shop, content)
        assert counts(checked) == (1, 0, 0, 6)
        assert await rows(desks, checked) == {
            2: ["wrong_checksum"],
            3: ["not_in_code_table"],
            4: ["required"],
            5: ["future_date"],
            7: ["repeated_in_file"],
            8: ["wrong_date"],
        }
        answer = await desks.ask("community", "GET", f"/imports/{checked['id']}/rows")
        for secret in (wrong, "张一", "武", "昨天"):
            assert secret not in answer.text, "what stands in a cell is never repeated"
        assert counts(await confirm(desks, shop, checked)) == (1, 0, 0, 6)
        assert await subjects(place) == 1

    async def test_old_numbers_and_lost_digits(self, desks: Desks, place: Town, shop: Workshop) -> None:
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out)
        sheet = book.add_worksheet()
        for at, line in enumerate(
            [
                ["姓名", "性别", "人户一致标识", "公民身份号码"],
                ["张一", 1, 1, "330921800101123"],
                ["张二", "1 男", "01", 330921198001011230],
            ]
        ):
            sheet.write_row(at, 0, line)
        book.close()
        checked = await check(desks, shop, out.getvalue())
        assert counts(checked) == (1, 0, 0, 1)
        assert await rows(desks, checked) == {2: ["old_number_converted"], 3: ["digits_lost"]}

    async def test_houses_are_named_by_their_code(self, desks: Desks, place: Town, shop: Workshop) -> None:
        home = await place.add(
            "dwelling", {"address": "3幢101", "house_use": "self_occupied", "house_code": "D-101"}
        )
        head = HEAD.replace("\n", ",居住房屋\n")
        content = head + person("张一", id_number(1)).replace("\n", ",d-101\n")
        content += person("张二", id_number(2)).replace("\n", ",D-999\n")
        done = await confirm(desks, shop, await check(desks, shop, content))
        assert counts(done) == (1, 0, 0, 1)
        assert await rows(desks, done) == {3: ["linked_not_found"]}
        link = await place.session.scalar(text("SELECT to_id FROM subject_link WHERE kind = 'lives_in'"))
        assert link == home

    async def test_who_is_on_file_elsewhere_is_left_alone(
        self, desks: Desks, place: Town, shop: Workshop
    ) -> None:
        await place.person("张一", residence_consistency="01", id_number=id_number(1), area=place.other)
        checked = await check(desks, shop, HEAD + person("张一", id_number(1), phone="13900000000"))
        assert await rows(desks, checked) == {2: ["outside_area"]}

    async def test_a_position_puts_a_row_into_its_grid(
        self, desks: Desks, place: Town, shop: Workshop
    ) -> None:
        head = HEAD.replace("\n", ",经度(CGCS2000),纬度(CGCS2000)\n")
        content = head + person("张一", id_number(1)).replace("\n", ",122.005,30.005\n")
        content += person("张二", id_number(2)).replace("\n", ",1220.05,x\n")
        done = await confirm(desks, shop, await check(desks, shop, content))
        assert counts(done) == (1, 0, 0, 1)
        assert await rows(desks, done) == {3: ["wrong_position"]}
        assert await place.session.scalar(text("SELECT grid_id FROM subject")) == place.grid

    async def test_a_killed_worker_costs_nothing_and_repeats_nothing(
        self, desks: Desks, place: Town, shop: Workshop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = HEAD + "".join(person(f"张{n}", id_number(n)) for n in range(1, 5))
        checked = await check(desks, shop, content)
        real = running.importer_for

        async def in_twos(*args: Any) -> Any:
            return replace(await real(*args), chunk_rows=2)

        monkeypatch.setattr(running, "importer_for", in_twos)
        await desks.ask("community", "POST", f"/imports/{checked['id']}/confirmation")
        keep, calls = running.queries.keep_rows, 0

        async def killed(*args: Any) -> None:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise asyncio.CancelledError
            await keep(*args)

        monkeypatch.setattr(running.queries, "keep_rows", killed)
        with pytest.raises(asyncio.CancelledError):
            await run_import(shop, COUNTY, UUID(checked["id"]))
        assert (await state(desks, checked))["rows_done"] == 2
        await run_import(shop, COUNTY, UUID(checked["id"]))
        done = await state(desks, checked)
        assert (done["state"], counts(done)) == ("done", (4, 0, 0, 0))
        assert await subjects(place) == 4

    async def test_cancelled_while_it_runs(
        self, desks: Desks, place: Town, shop: Workshop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = HEAD + "".join(person(f"张{n}", id_number(n)) for n in range(1, 5))
        checked = await check(desks, shop, content)
        real, taken = running._take_chunk, 0

        async def one_chunk(*args: Any) -> bool:
            nonlocal taken
            taken += 1
            if taken == 2:
                await desks.ask("community", "POST", f"/imports/{checked['id']}/cancellation")
            return await real(*args)

        importer = running.importer_for

        async def in_twos(*args: Any) -> Any:
            return replace(await importer(*args), chunk_rows=2)

        monkeypatch.setattr(running, "importer_for", in_twos)
        monkeypatch.setattr(running, "_take_chunk", one_chunk)
        done = await confirm(desks, shop, checked)
        assert (done["state"], done["rows_done"], await subjects(place)) == ("cancelled", 2, 2)
        assert (await event_data(place.session, "import.cancelled"))[0]["rows"] == 2

    async def test_a_row_that_an_unquoted_comma_shifts_is_refused(
        self, desks: Desks, place: Town, shop: Workshop
    ) -> None:
        content = HEAD + person("张一", id_number(1)).replace("\n", ",多出\n") + person("张二", id_number(2))
        checked = await check(desks, shop, content)
        assert counts(checked) == (1, 0, 0, 1)
        assert await rows(desks, checked) == {2: ["cells_without_heading"]}

    async def test_two_confirmations_at_once(self, desks: Desks, place: Town, shop: Workshop) -> None:
        checked = await check(desks, shop, HEAD + person("张一", id_number(1)))
        await confirm(desks, shop, checked)
        answer = await desks.ask("community", "POST", f"/imports/{checked['id']}/confirmation", 409)
        assert answer.json()["code"] == "import_not_confirmable"
        await run_import(shop, COUNTY, UUID(checked["id"]))
        assert await subjects(place) == 1

    async def test_sensitive_fields_come_from_no_file(self, desks: Desks) -> None:
        found = await send(desks, HEAD.replace("\n", ",重点服务对象\n") + person("张一"), expect=422)
        assert (found["code"], found["unknown"]) == ("import_headings", ["重点服务对象"])


class TestFiles:
    async def test_its_size_is_bounded_by_its_own_rule_and_not_by_that_of_other_requests(
        self, desks: Desks, place: Town
    ) -> None:
        content = (
            HEAD.replace("\n", ",备注\n") + person("张三").replace("\n", "," + "x" * 100_000 + "\n") * 50
        )
        await send(desks, content)
        await set_rule(place.session, "imports.file_max_mib", 4, place.county)
        found = await send(desks, content, expect=413)
        assert (found["code"], found["limit_mib"]) == ("import_file_too_large", 4)
        found = await send(desks, b"x" * service.BODY_MAX_BYTES, expect=413)
        assert found["code"] == "body_too_large"

    async def test_headings_that_do_not_fit(self, desks: Desks) -> None:
        found = await send(desks, "名字,性别\n张三,男\n", expect=422)
        assert (found["unknown"], found["missing"]) == (["名字"], ["姓名", "人户一致标识"])

    async def test_unknown_item_and_kind_of_file(self, desks: Desks) -> None:
        assert (await send(desks, HEAD, expect=422, target="nothing"))["code"] == "import_target_unknown"
        assert (await send(desks, b"\xd0\xcf\x11\xe0", expect=415))["code"] == "import_file_kind"

    async def test_the_file_rests_sealed_and_is_forgotten(
        self, desks: Desks, place: Town, shop: Workshop, tmp_path: Path
    ) -> None:
        job = await check(desks, shop, HEAD + person("张三丰", id_number(1)))
        (stored,) = files_in(tmp_path)
        assert "张三丰".encode() not in stored.read_bytes()
        await confirm(desks, shop, job)
        assert await forget_files(shop) == 1
        assert not files_in(tmp_path)
        assert (await state(desks, job))["state"] == "done"

    async def test_what_nobody_confirms_expires(self, desks: Desks, place: Town, shop: Workshop) -> None:
        job = await check(desks, shop, HEAD + person("张三丰", id_number(1)))
        await place.session.execute(text("UPDATE import_job SET expires_at = now() - interval '1 s'"))
        await desks.ask("community", "POST", f"/imports/{job['id']}/confirmation", 409)
        assert await forget_files(shop) == 1
        assert (await state(desks, job))["state"] == "expired"

    async def test_cancelling(self, desks: Desks, place: Town, shop: Workshop) -> None:
        job = await check(desks, shop, HEAD + person("张三丰", id_number(1)))
        await desks.ask("foreigner", "POST", f"/imports/{job['id']}/cancellation", 404)
        await desks.ask("community", "POST", f"/imports/{job['id']}/cancellation")
        for verb in ("cancellation", "confirmation"):
            await desks.ask("community", "POST", f"/imports/{job['id']}/{verb}", 409)
        assert len(await event_data(place.session, "import.cancelled")) == 1

    async def test_nobody_elsewhere_sees_it(self, desks: Desks, shop: Workshop) -> None:
        job = await check(desks, shop, HEAD + person("张三丰", id_number(1)))
        for path in ("", "/rows"):
            await desks.ask("foreigner", "GET", f"/imports/{job['id']}{path}", 404)
        assert (await desks.ask("foreigner", "GET", "/imports")).json()["items"] == []
        assert len((await desks.ask("township", "GET", "/imports")).json()["items"]) == 1
        await desks.ask("inspector", "GET", "/imports", 403)


async def test_a_template_can_be_filled_in_and_sent(desks: Desks, place: Town, shop: Workshop) -> None:
    answer = await desks.ask("community", "GET", "/imports/templates/resident_registered.xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    headings, example = book.get_sheet_by_name("示例").to_python()[:2]
    assert "姓名*" in headings
    assert "重点服务对象" not in headings
    assert len(book.get_sheet_by_name("填写").to_python()) == 1, "the example is never imported"
    out = io.BytesIO()
    filled = xlsxwriter.Workbook(out)
    sheet = filled.add_worksheet()
    sheet.write_row(0, 0, headings)
    for at, cell in enumerate(example):
        sheet.write_string(1, at, str(cell))
    filled.close()
    checked = await check(desks, shop, out.getvalue())
    assert counts(checked) == (1, 0, 0, 0), await rows(desks, checked)
    await desks.ask("community", "GET", "/imports/templates/nothing.xlsx", 404)


class TestDivisions:
    HEAD = "区划代码,名称,级别,上级代码,曾用代码\n"

    async def take(self, desks: Desks, shop: Workshop, content: str, day: str = "2026-12-01") -> Any:
        form = {"kind": "divisions", "target": "NBS2023", "effective_on": day}
        checked = await check(desks, shop, self.HEAD + content, "system_admin", **form)
        return checked, await confirm(desks, shop, checked, "system_admin")

    async def test_new_renamed_and_merged_areas_keep_their_ids(
        self, desks: Desks, place: Town, shop: Workshop
    ) -> None:
        content = (
            "330921001000,高亭街道,街道,330921000000,330921100000\n"
            "330921001001,沙涂社区,社区,330921001000,330921100001\n"
            "330921001003,新港社区,社区,330921001000,\n"
            "33092100100,坏代码,社区,330921001000,\n"
            "330921009001,无上级,社区,330921009000,\n"
        )
        checked, done = await self.take(desks, shop, content)
        assert counts(checked) == counts(done) == (1, 2, 0, 2)
        assert await rows(desks, done, "system_admin") == {5: ["wrong_code"], 6: ["parent_not_found"]}
        code = text("SELECT area_id FROM area_code WHERE code = :code AND valid @> cast(:day AS date)")
        after = {"code": "330921001000", "day": "2026-12-02"}
        before = {"code": "330921100000", "day": "2026-11-30"}
        assert await place.session.scalar(code, after) == place.town
        assert await place.session.scalar(code, before) == place.town
        assert len(await event_data(place.session, "area.founded")) == 1
        _, again = await self.take(desks, shop, content)
        assert counts(again) == (0, 0, 3, 2)

    async def test_only_system_administrators(self, desks: Desks) -> None:
        found = await send(desks, self.HEAD, expect=403, kind="divisions", target="NBS2023")
        assert found["code"] == "import_not_yours"
        found = await send(desks, HEAD, "system_admin", expect=403)
        assert found["code"] == "import_not_yours"


class TestCodeTables:
    HEAD = "代码,中文名称,英文名称,上级代码\n"
    FORM: dict[str, str] = {"kind": "code_table", "target": "hazard_type"}  # noqa: RUF012

    async def test_a_file_is_the_next_version(self, desks: Desks, place: Town, shop: Workshop) -> None:
        content = self.HEAD + "00,无,none,\n01,治安隐患,public order,\n88,燃气隐患,gas,\n"
        checked = await check(desks, shop, content, "county", **self.FORM)
        assert counts(checked)[0] == 1
        versions = text("SELECT count(*) FROM code_table WHERE code = 'hazard_type'")
        assert await place.session.scalar(versions) == 1
        assert (await confirm(desks, shop, checked, "county"))["state"] == "done"
        assert await place.session.scalar(versions) == 2
        again = await check(desks, shop, content, "county", **self.FORM)
        assert counts(again) == (0, 0, 3, 0)
        await confirm(desks, shop, again, "county")
        assert await place.session.scalar(versions) == 2

    async def test_with_one_wrong_row_nothing_is_published(
        self, desks: Desks, place: Town, shop: Workshop
    ) -> None:
        content = self.HEAD + "00,无,none,\n01,,x,\n00,又,again,\n02,子,child,99\n"
        checked = await check(desks, shop, content, "county", **self.FORM)
        await confirm(desks, shop, checked, "county")
        assert await rows(desks, checked, "county") == {
            3: ["wrong_cell"],
            4: ["repeated"],
            5: ["unknown_parent"],
        }
        versions = text("SELECT count(*) FROM code_table WHERE code = 'hazard_type'")
        assert await place.session.scalar(versions) == 1


def files_in(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.is_file()]
