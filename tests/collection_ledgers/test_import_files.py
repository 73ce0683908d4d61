"""Files of imports: encodings, kinds, bounds. Nothing is unpacked before it is known to fit."""

import io
import zipfile

import pytest
import xlsxwriter

from app.collection.catalogue import identity_numbers
from app.collection.imports.bounds import Bounds, check_workbook
from app.collection.imports.cell_values import modern
from app.collection.imports.problems import (
    ImportEncoding,
    ImportFileDamaged,
    ImportFileKind,
    ImportHeadings,
    ImportTooManyColumns,
    ImportTooManyRows,
    ImportUnpacksTooLarge,
)
from app.collection.imports.tables import read_table

BOUNDS = Bounds(rows_max=100, columns_max=50, unpacked_max_bytes=1 << 20)
CSV = "# 备注,x\n姓名*,性别\n张三,男\n\n李四,女\n"


def workbook(rows: list[list[object]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    for at, row in enumerate(rows):
        sheet.write_row(at, 0, row)
    book.close()
    return out.getvalue()


def with_sheet(xml: str, rows: list[list[object]] | None = None) -> bytes:
    """A workbook whose sheet is replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(rows or [["a"]]))) as old, zipfile.ZipFile(out, "w", 8) as new:
        for part in old.namelist():
            new.writestr(part, xml if part == "xl/worksheets/sheet1.xml" else old.read(part))
    return out.getvalue()


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData>'
    "</worksheet>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encodings_of_offices(encoding: str) -> None:
    table = read_table(CSV.encode(encoding), BOUNDS)
    assert table.headings == ["姓名", "性别"]
    assert [(line.number, line.cells) for line in table.lines] == [
        (3, {"姓名": "张三", "性别": "男"}),
        (5, {"姓名": "李四", "性别": "女"}),
    ]


@pytest.mark.parametrize("line", [1, 2, 4])
def test_two_encodings_in_one_file_are_refused_and_not_read_as_other_words(line: int) -> None:
    lines = [
        part.encode("gb18030") for part in "姓名,性别\n张三,男\n李四,女\n王五,男\n".splitlines(keepends=True)
    ]
    lines[line - 1] = lines[line - 1].decode("gb18030").encode()
    with pytest.raises(ImportEncoding):
        read_table(b"".join(lines), BOUNDS)


def test_a_row_may_begin_with_the_sign_of_a_remark() -> None:
    table = read_table("# 说明\n楼名,层数\n#3楼,5\n".encode(), BOUNDS)
    assert [line.cells for line in table.lines] == [{"楼名": "#3楼", "层数": "5"}]


def test_cells_beneath_no_heading_are_told() -> None:
    table = read_table("姓名,住址\n张三,人民路1号,301室\n李四,2号,,\n".encode(), BOUNDS)
    assert [line.is_astray for line in table.lines] == [True, False]
    table = read_table(workbook([["姓名", ""], ["张三", "x"], ["李四", ""]]), BOUNDS)
    assert [line.is_astray for line in table.lines] == [True, False]


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_other_delimiters(delimiter: str) -> None:
    assert len(read_table(CSV.replace(",", delimiter).encode(), BOUNDS).lines) == 2


def test_a_workbook() -> None:
    table = read_table(workbook([["姓名", "年龄"], ["张三", 5]]), BOUNDS)
    assert table.lines[0].cells == {"姓名": "张三", "年龄": 5}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", ImportFileKind),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ImportFileKind),
        (b"a,\0b\n", ImportFileKind),
        (b"\xff\xff\xff\x80", ImportEncoding),
        (b'"a\nb', ImportFileDamaged),
        (b"PK\x03\x04broken", ImportFileDamaged),
        (b"a,b,a\n1,2,3\n", ImportHeadings),
        (b",".join([b"x"] * 1_000_000), ImportTooManyColumns),
        (b"a\n" + b"1\n" * 101, ImportTooManyRows),
        (b"x" * 200_000, ImportFileDamaged),
    ],
)
def test_what_is_no_table(content: bytes, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        read_table(content, BOUNDS)


class TestBombs:
    def test_a_workbook_that_unpacks_to_gigabytes(self) -> None:
        content = with_sheet(SHEET.format("<row>" + " " * (2 << 20) + "</row>"))
        assert len(content) < 20_000
        with pytest.raises(ImportUnpacksTooLarge):
            check_workbook(content, BOUNDS)

    def test_sizes_that_lie(self) -> None:
        content = bytearray(with_sheet(SHEET.format("<row>" + " " * (2 << 20) + "</row>")))
        at = content.index(b"PK\x01\x02")
        while content[at + 46 : at + 46 + 24] != b"xl/worksheets/sheet1.xml":
            at = content.index(b"PK\x01\x02", at + 4)
        content[at + 24 : at + 28] = (100).to_bytes(4, "little")
        with pytest.raises(ImportFileDamaged):
            check_workbook(bytes(content), BOUNDS)

    @pytest.mark.parametrize(
        ("sheet", "problem"),
        [
            ('<row r="1048576"><c r="A1048576"><v>1</v></c></row>', ImportTooManyRows),
            ('<row r="1"><c r="XFD1"><v>1</v></c></row>', ImportTooManyColumns),
            ('<row r="1"><c r="ZZZZ99999999"><v>1</v></c></row>', ImportTooManyRows),
            ("<row>" + "<c><v>1</v></c>" * 60 + "</row>", ImportTooManyColumns),
            ("<row/>" * 200, ImportTooManyRows),
            ('<row r="x"/>', ImportFileDamaged),
            ("<row>", ImportFileDamaged),
        ],
    )
    def test_cells_far_away(self, sheet: str, problem: type[Exception]) -> None:
        with pytest.raises(problem):
            read_table(with_sheet(SHEET.format(sheet)), BOUNDS)

    def test_entities(self) -> None:
        bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + SHEET.format("<row/>")
        with pytest.raises(ImportFileDamaged):
            check_workbook(with_sheet(bomb), BOUNDS)


def test_old_identity_numbers_get_their_new_form() -> None:
    new = modern("330921800101123")
    assert new.startswith("33092119800101123")
    assert identity_numbers.fault_of(new, __import__("datetime").date(2026, 1, 1)) is None
