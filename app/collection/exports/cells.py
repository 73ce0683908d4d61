"""What a cell may hold: no text of ours ever runs as a formula on somebody's desk.

Pure. After OWASP, "CSV Injection": a cell that begins with one of these is a formula to a spreadsheet.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

Cell = str | int | float | bool | date | datetime | None

FULL_WIDTH = ("\uff1d", "\uff0b", "\uff0d", "\uff20")
"""= + - @ as Chinese keyboards give them: some spreadsheets take them for the narrow ones."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", *FULL_WIDTH)
XLSX_MAX_CHARS = 32_767
"""Most characters of a cell in Excel."""
WORDS = {"zh": {True: "是", False: "否"}, "en": {True: "yes", False: "no"}}


def is_formula_like(text: str) -> bool:
    """Whether a spreadsheet could take `text` for a formula. Spaces before it don't protect anybody."""
    return text.startswith(FORMULA_STARTS) or text.lstrip(" \ufeff\u00a0").startswith(FORMULA_STARTS)


def csv_text(value: Cell, zone: ZoneInfo, language: str) -> str:
    """A cell of a CSV file; what looks like a formula is quoted by an apostrophe.

    Numbers stay as they are: `-5` of a number is a number, `-5` of a text is not.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return WORDS[language][value]
    if isinstance(value, datetime):
        return local_time(value, zone)
    if isinstance(value, int | float | date):
        return str(value)
    return f"'{value}" if is_formula_like(value) else value


def xlsx_text(text: str) -> str:
    """A text for a string cell, cut where Excel would call the file damaged."""
    return text if len(text) <= XLSX_MAX_CHARS else text[: XLSX_MAX_CHARS - 1] + "…"


def local_time(instant: datetime, zone: ZoneInfo) -> str:
    """An instant to the minute, in `zone`: 2026-11-22 14:05."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"
