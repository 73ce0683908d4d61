"""A workbook is looked over before anybody unpacks it: size, parts, rows and columns are bounded. Pure.

An XLSX file is a ZIP of XML: a few kilobytes can unpack to gigabytes, and one cell at XFD1048576 makes a
reader reserve seventeen thousand million.
"""

import re
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from xml.parsers import expat

from app.collection.imports.problems import (
    ImportFileDamaged,
    ImportTooManyColumns,
    ImportTooManyRows,
    ImportUnpacksTooLarge,
)

PARTS_MAX = 500
"""Most parts of a workbook; a template has a dozen."""
_PIECE = 1 << 20
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_XML = (".xml", ".rels", ".vml")
_REFERENCE = re.compile(r"([A-Z]{1,4})([0-9]{1,8})")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a file may hold. Rows and columns count what a sheet declares as well as what it has."""

    rows_max: int
    columns_max: int
    unpacked_max_bytes: int


def check_workbook(content: bytes, bounds: Bounds) -> None:
    """Raises ImportFileDamaged, ImportUnpacksTooLarge, ImportTooManyRows or ImportTooManyColumns.

    Every part is unpacked to its end and compared with its checksum: what the ZIP says of sizes is true then.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > PARTS_MAX or any(part.flag_bits & 1 for part in parts):
                raise ImportFileDamaged
            if sum(part.file_size for part in parts) > bounds.unpacked_max_bytes:
                raise ImportUnpacksTooLarge(limit_mib=bounds.unpacked_max_bytes >> 20)
            for part in parts:
                _check_part(archive, part, bounds)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise ImportFileDamaged from error


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, bounds: Bounds) -> None:
    scan = _Scan(bounds) if part.filename.lower().endswith(_XML) else None
    is_sheet = _SHEET.fullmatch(part.filename) is not None
    if scan is not None and is_sheet:
        scan.count_cells()
    with archive.open(part) as stream:
        while piece := stream.read(_PIECE):
            if scan is not None:
                scan.feed(piece)


class _Scan:
    """Reads XML without keeping any of it."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._row = self._column = 0
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._refuse  # no workbook declares one; entities live there

    def count_cells(self) -> None:
        """Follows rows and cells of a sheet, too."""
        self._parser.StartElementHandler = self._element

    def feed(self, piece: bytes) -> None:
        try:
            self._parser.Parse(piece, False)
        except expat.ExpatError as error:
            raise ImportFileDamaged from error

    def _refuse(self, *_: Any) -> None:
        raise ImportFileDamaged

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0
            self._within(self._row, 0)
        elif kind == "c":
            self._column += 1
            reference = _REFERENCE.fullmatch(attributes.get("r", ""))
            if reference is not None:
                self._column = column_number(reference[1])
                self._within(int(reference[2]), self._column)
            self._within(self._row, self._column)

    def _within(self, row: int, column: int) -> None:
        # two rows more than data: headings, and the mark of an export
        if row > self._bounds.rows_max + 2:
            raise ImportTooManyRows(limit=self._bounds.rows_max)
        if column > self._bounds.columns_max:
            raise ImportTooManyColumns(limit=self._bounds.columns_max)


def column_number(letters: str) -> int:
    """A → 1, Z → 26, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
