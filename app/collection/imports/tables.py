"""Files as tables: CSV in the encodings that offices use, and the first sheet of an XLSX workbook. Pure.

A line above the headings whose first cell begins with "#" is a remark (the mark of an export is one) and is
passed over; below them it is a row like any other.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO, StringIO
from itertools import zip_longest

import python_calamine

from app.collection.imports.bounds import Bounds, check_workbook
from app.collection.imports.problems import (
    ImportEncoding,
    ImportFileDamaged,
    ImportFileKind,
    ImportHeadings,
    ImportTooManyColumns,
    ImportTooManyRows,
)

Raw = str | int | float | bool | date | datetime | time | timedelta | None
REMARK = "#"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: its number there, counted from 1 with the headings, and its cells by heading.

    is_astray: there are cells without a heading, as an unquoted comma in an address makes them; nobody knows
    then which cell is what.
    """

    number: int
    cells: dict[str, Raw]
    is_astray: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Headings as written, and the lines below them that are not empty."""

    headings: Sequence[str]
    lines: Sequence[Line]


def read_table(content: bytes, bounds: Bounds) -> Table:
    """The table in a file, whatever its name says.

    Raises ImportFileKind, ImportFileDamaged, ImportEncoding, ImportHeadings, ImportTooManyRows,
    ImportTooManyColumns, ImportUnpacksTooLarge. Takes time by its size: call it in a thread.
    """
    if content.startswith(_ZIP):
        return _table(_workbook_rows(content, bounds), bounds)
    if content.startswith(_OLE) or not content.strip():
        raise ImportFileKind
    return _table(_csv_rows(_decoded(content), bounds), bounds)


def _decoded(content: bytes) -> str:
    try:
        for mark, encoding in _MARKS:
            if content.startswith(mark):
                return content.decode(encoding)
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            if any(map(_is_utf8_chinese, content.splitlines())):  # would be read as other, wrong characters
                raise ImportEncoding from None
            return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise ImportEncoding from error


def _is_utf8_chinese(line: bytes) -> bool:
    """Whether a line is Chinese in UTF-8: GB18030 looks so three times in 100,000 at most."""
    try:
        return any(character >= "\u0800" for character in line.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _csv_rows(text: str, bounds: Bounds) -> Iterator[Sequence[Raw]]:
    if "\0" in text:
        raise ImportFileKind
    first = next((line for line in text.splitlines() if not line.startswith((REMARK, f'"{REMARK}'))), "")
    delimiter = max((",", "\t", ";"), key=first.count)
    # the header bounds the columns, so a line that is too long ends here and not in memory
    try:
        for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if len(row) > bounds.columns_max:
                raise ImportTooManyColumns(limit=bounds.columns_max)
            yield row
    except csv.Error as error:
        raise ImportFileDamaged from error


def _workbook_rows(content: bytes, bounds: Bounds) -> Iterator[Sequence[Raw]]:
    check_workbook(content, bounds)
    try:
        with python_calamine.CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, OSError, IndexError, ValueError) as error:
        raise ImportFileDamaged from error
    yield from rows


def _table(rows: Iterable[Sequence[Raw]], bounds: Bounds) -> Table:
    headings: list[str] | None = None
    lines: list[Line] = []
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() if isinstance(cell, str) else cell for cell in row]
        if _is_empty(cells) or (headings is None and _is_remark(cells)):
            continue
        if headings is None:
            headings = _headings(cells)
            continue
        if len(lines) >= bounds.rows_max:
            raise ImportTooManyRows(limit=bounds.rows_max)
        filled = [(h, c) for h, c in zip_longest(headings, cells, fillvalue="") if c not in ("", None)]
        named: dict[str, Raw] = {h: c for h, c in filled if h}
        lines.append(Line(number, named, any(not h for h, _ in filled)))
    if headings is None:
        raise ImportFileKind
    return Table([h for h in headings if h], lines)


def _is_empty(cells: Sequence[Raw]) -> bool:
    return all(cell is None or cell == "" for cell in cells)


def _is_remark(cells: Sequence[Raw]) -> bool:
    return isinstance(cells[0], str) and cells[0].startswith(REMARK)


def _headings(cells: Sequence[Raw]) -> list[str]:
    # a star marks what must be filled in; it is no part of the name
    found = [str(cell or "").replace("\n", " ").rstrip("*").rstrip() for cell in cells]
    repeated = sorted({h for h in found if h and found.count(h) > 1})
    if repeated:
        raise ImportHeadings(unknown=[], missing=[], repeated=[h[:40] for h in repeated[:20]])
    return found
