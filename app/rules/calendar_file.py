"""Reading a calendar file: CSV with the columns day, kind and (optionally) name. Pure."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.rules.problems import CalendarFileUnreadable
from app.rules.working_time import DayKind

LIMIT_ROWS = 2000
MAX_NAME = 60
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
ENCODINGS = ("utf-8-sig", "gb18030")
"""As spreadsheets save it, with and without a byte order mark."""
WRITTEN_DAY = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
LISTABLE = frozenset(DayKind) - {DayKind.WEEKEND}


@dataclass(frozen=True, slots=True)
class FileRow:
    """A line of the file; `refusal` (zh, en) instead of `day` and `kind` when it can't be understood."""

    line: int
    day: date | None
    kind: DayKind | None
    name: str
    refusal: tuple[str, str] | None = None


def read_rows(content: bytes) -> list[FileRow]:
    """Every line after the header, each with its own refusal; a day that comes again is refused.

    Raises CalendarFileUnreadable when it isn't such a file at all.
    """
    lines = csv.reader(io.StringIO(_decoded(content), newline=""))
    try:
        header = [name.strip().lower() for name in next(lines, [])]
        if not {"day", "kind"} <= set(header):
            raise CalendarFileUnreadable(limit_rows=LIMIT_ROWS)
        rows = list(_rows(lines, header))
    except csv.Error as error:
        raise CalendarFileUnreadable(limit_rows=LIMIT_ROWS) from error
    return rows


def _decoded(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise CalendarFileUnreadable(limit_rows=LIMIT_ROWS)


def _rows(lines: Iterator[list[str]], header: list[str]) -> Iterator[FileRow]:
    seen: set[date] = set()
    for line, cells in enumerate(lines, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if line > LIMIT_ROWS + 1:
            raise CalendarFileUnreadable(limit_rows=LIMIT_ROWS)
        row = _row(line, dict(zip(header, (cell.strip() for cell in cells), strict=False)))
        if row.day in seen:
            row = FileRow(line, None, None, "", ("同一天重复出现", "the day comes twice"))
        if row.day is not None:
            seen.add(row.day)
        yield row


def _row(line: int, cells: dict[str, str]) -> FileRow:
    def refused(zh: str, en: str) -> FileRow:
        return FileRow(line, None, None, "", (zh, en))

    try:
        written = WRITTEN_DAY.fullmatch(cells.get("day", ""))
        if written is None:
            raise ValueError
        day = date(*(int(part) for part in written.groups()))
    except ValueError:
        return refused("日期须写作 2027-01-01", "write the day as 2027-01-01")
    if not FIRST_DAY <= day <= LAST_DAY:
        return refused("日期须在 2000 年至 2100 年之间", "the day must lie between 2000 and 2100")
    kind = cells.get("kind", "")
    if kind not in LISTABLE:
        kinds = ", ".join(sorted(LISTABLE))
        return refused(f"kind 须为:{kinds}", f"kind must be one of: {kinds}")
    name = cells.get("name", "")
    if len(name) > MAX_NAME or not (name.isprintable() or not name):
        return refused(f"名称最多 {MAX_NAME} 个可见字符", f"a name has at most {MAX_NAME} visible characters")
    return FileRow(line, day, DayKind(kind), name)
