"""Files of rows in three formats, written row after row: memory doesn't grow with the rows. Blocking."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import orjson
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from app.collection.exports.cells import WORDS, Cell, csv_text, xlsx_text
from app.collection.exports.watermark import Watermark

SHEET_ROWS = 1_000_000
"""Rows of one sheet; Excel ends at 1,048,576, the mark and the headings among them."""
MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a file: its code, what people read, and its width in characters."""

    code: str
    label: str
    width: int = 14


@dataclass(frozen=True, slots=True)
class Layout:
    """What all rows of a file share."""

    title: str
    headings: Sequence[Heading]
    watermark: Watermark
    zone: ZoneInfo
    language: str


class Writer(Protocol):
    """Writes rows into the file that it was opened on."""

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Adds rows; each has a cell for every heading."""

    def close(self) -> None:
        """Ends the file; without it the file is not whole."""


class CsvWriter:
    """UTF-8 with a byte order mark, so that Excel doesn't guess; the mark is the first line."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self._layout = layout
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._file, lineterminator="\r\n")
        self._csv.writerow(["# " + layout.watermark.line(layout.zone, layout.language)])
        self._csv.writerow(self._text(heading.label) for heading in layout.headings)

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        self._csv.writerows([self._text(value) for value in row] for row in rows)

    def close(self) -> None:
        self._file.close()

    def _text(self, value: Cell) -> str:
        return csv_text(value, self._layout.zone, self._layout.language)


class NdjsonWriter:
    """A line with mark and columns, a line for each row, and a last line that says it is whole."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self._layout, self._rows = layout, 0
        self._codes = [heading.code for heading in layout.headings]
        self._file = path.open("wb")
        columns = [{"code": h.code, "label": h.label} for h in layout.headings]
        self._line({"watermark": layout.watermark.document(layout.zone), "columns": columns})

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        self._rows += len(rows)
        for row in rows:
            self._line(dict(zip(self._codes, row, strict=True)))

    def close(self) -> None:
        self._line({"end": True, "rows": self._rows})
        self._file.close()

    def _line(self, content: dict[str, Any]) -> None:
        self._file.write(orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE))


class XlsxWriter:
    """Sheets of up to `sheet_rows` rows, each with the mark in its first row, header and footer."""

    def __init__(self, path: Path, layout: Layout, *, sheet_rows: int = SHEET_ROWS) -> None:
        self._layout, self._sheet_rows = layout, sheet_rows
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": str(path.parent),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        mark = layout.watermark
        self._book.set_properties(
            {
                "title": xlsx_text(layout.title)[:200],
                "author": mark.name[:200],
                "comments": mark.line(layout.zone, layout.language)[:2000],
                "keywords": str(mark.job_id),
                "created": mark.at.replace(tzinfo=None),
            }
        )
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._sheets = 0
        self._sheet = self._next_sheet()

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        for row in rows:
            if self._at - 2 >= self._sheet_rows:
                self._sheet = self._next_sheet()
            for column, value in enumerate(row):
                self._put(self._at, column, value)
            self._at += 1

    def close(self) -> None:
        self._book.close()

    def _next_sheet(self) -> Worksheet:
        self._sheets += 1
        sheet = self._book.add_worksheet(f"{self._sheets}")
        mark, zone = self._layout.watermark, self._layout.zone
        sheet.set_header(mark.page_header(zone))
        sheet.set_footer(mark.page_footer())
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.repeat_rows(0, 1)
        sheet.freeze_panes(2, 0)
        for column, heading in enumerate(self._layout.headings):
            sheet.set_column(column, column, heading.width)
        sheet.write_string(0, 0, xlsx_text(mark.line(zone, self._layout.language)))
        for column, heading in enumerate(self._layout.headings):
            sheet.write_string(1, column, xlsx_text(heading.label), self._bold)
        self._at = 2
        return sheet

    def _put(self, row: int, column: int, value: Cell) -> None:
        # always by type: the library's own guess would make a formula of what begins with "="
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_string(row, column, WORDS[self._layout.language][value])
        elif isinstance(value, int | float):
            self._sheet.write_number(row, column, value)
        elif isinstance(value, datetime):
            local = value.astimezone(self._layout.zone).replace(tzinfo=None)
            self._sheet.write_datetime(row, column, local, self._time)
        elif isinstance(value, date):
            self._sheet.write_datetime(row, column, value, self._day)
        else:
            self._sheet.write_string(row, column, xlsx_text(value))


def open_writer(format_: str, path: Path, layout: Layout) -> Writer:
    """A writer of "xlsx", "ndjson" or "csv" on a new file at `path`."""
    kinds: dict[str, type[CsvWriter] | type[NdjsonWriter] | type[XlsxWriter]] = {
        "csv": CsvWriter,
        "ndjson": NdjsonWriter,
        "xlsx": XlsxWriter,
    }
    return kinds[format_](path, layout)
