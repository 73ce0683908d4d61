"""Cells as the values of a form's fields. Pure. What is wrong is said without repeating the cell."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.collection.catalogue import identity_numbers
from app.collection.catalogue.form_fields import FormField
from app.collection.exports.cells import is_formula_like
from app.collection.imports.tables import Raw

Labels = Mapping[str, tuple[str, str]]
"""Code → Chinese and English label."""
SEPARATORS = re.compile(r"[、,,;;]")
DATES = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")
YES = frozenset({"是", "有", "true", "yes", "y", "1", "√"})
NO = frozenset({"否", "无", "false", "no", "n", "0", "×"})
EXACT_DIGITS = 15
"""A spreadsheet keeps so many digits of a number; of an 18-digit one the rest is gone."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a cell. column: its heading; is_warning: it is taken nevertheless."""

    column: str
    code: str
    zh: str
    en: str
    is_warning: bool = False

    def told(self) -> dict[str, str | bool]:
        """As it is kept and shown."""
        return {
            "column": self.column,
            "code": self.code,
            "zh": self.zh,
            "en": self.en,
            "is_warning": self.is_warning,
        }


ASTRAY = Remark(
    "", "cells_without_heading", "有内容不在任何表头之下,各列可能错位", "has cells beneath no heading"
)


class CellFault(Exception):
    """Why a cell is no value of its field."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code, self.zh, self.en = code, zh, en


@dataclass(slots=True)
class Converted:
    """The values of a row by field name, and what is to be said about it."""

    values: dict[str, Any] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)


def convert(
    cells: Mapping[str, Raw], columns: Mapping[str, FormField], tables: Mapping[str, Labels]
) -> Converted:
    """A row by a form. columns: fields by heading; tables: labels of the code tables. Empty cells are left out."""
    found = Converted()
    for heading, declared in columns.items():
        raw = cells.get(heading)
        if raw is None:
            continue
        try:
            value, remark = _value(declared, _unquoted(raw), tables)
        except CellFault as fault:
            found.remarks.append(Remark(heading, fault.code, fault.zh, fault.en))
            continue
        found.values[declared.name] = value
        if remark is not None:
            found.remarks.append(Remark(heading, *remark, is_warning=True))
    return found


def _unquoted(raw: Raw) -> Raw:
    """Exports quote what looks like a formula with an apostrophe: an import of one takes it away."""
    if isinstance(raw, str) and raw.startswith("'") and is_formula_like(raw[1:]):
        return raw[1:]
    return raw


def _value(
    declared: FormField, raw: Raw, tables: Mapping[str, Labels]
) -> tuple[Any, tuple[str, str, str] | None]:
    if declared.type == "array":
        parts = [part.strip() for part in SEPARATORS.split(_text(raw)) if part.strip()]
        return [_coded(declared, part, tables) for part in parts], None
    if declared.code_table is not None:
        return _coded(declared, _text(raw), tables), None
    if declared.date_rule is not None:
        return _date(raw), None
    if declared.type == "boolean":
        return _flag(raw), None
    if declared.type in ("integer", "number"):
        return _number(raw, whole=declared.type == "integer"), None
    if "id_number" in (declared.key, declared.personal):
        return _identity_number(raw)
    return _text(raw), None


def _coded(declared: FormField, text: str, tables: Mapping[str, Labels]) -> str:
    table = declared.code_table
    if table is None:
        return text
    labels = tables.get(table, {})
    for candidate in (text, text.partition(" ")[0], text.zfill(2)):
        if candidate in labels:
            return candidate
    named = [code for code, names in labels.items() if text in names]
    begun = [code for code, names in labels.items() if text and names[0].startswith(text)]
    for found in (named, begun):  # people write 男 for 男性
        if len(found) == 1:
            return found[0]
    raise CellFault(
        "not_in_code_table", f"不在代码表 {table} 中", f"is neither code nor label of the table {table}"
    )


def _text(raw: Raw) -> str:
    if isinstance(raw, bool):
        return "是" if raw else "否"
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, int) and len(str(abs(raw))) > EXACT_DIGITS:
        raise CellFault(
            "digits_lost",
            f"以数字格式存放,超过 {EXACT_DIGITS} 位的尾数已丢失,请将该列设为文本后重填",
            f"is stored as a number: digits beyond {EXACT_DIGITS} are lost; make the column text and fill it again",
        )
    return str(raw).strip()


def _date(raw: Raw) -> str:
    if isinstance(raw, datetime):
        return raw.date().isoformat()
    if isinstance(raw, date):
        return raw.isoformat()
    found = DATES.fullmatch(_text(raw))
    try:
        if found is not None:
            return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        pass
    raise CellFault("wrong_date", "不是日期,应如 2026-11-20", "is not a date such as 2026-11-20")


def _flag(raw: Raw) -> bool:
    if isinstance(raw, bool):
        return raw
    word = _text(raw).lower()
    if word in YES or word in NO:
        return word in YES
    raise CellFault("wrong_flag", "应填“是”或“否”", "must be yes or no")


def _number(raw: Raw, *, whole: bool) -> int | float:
    try:
        number = float(raw if isinstance(raw, int | float) else _text(raw))
    except ValueError as error:
        raise CellFault("wrong_number", "不是数字", "is not a number") from error
    if whole and not number.is_integer():
        raise CellFault("wrong_number", "应为整数", "must be a whole number")
    if abs(number) > 1e15:
        raise CellFault("wrong_number", "数字过大", "is too large")
    return int(number) if number.is_integer() else number


def _identity_number(raw: Raw) -> tuple[str, tuple[str, str, str] | None]:
    number = identity_numbers.normalized(_text(raw))
    if len(number) == 15 and number.isascii() and number.isdigit():
        return modern(number), (
            "old_number_converted",
            "15 位旧号码已换算为 18 位,请核对",
            "an old number of 15 digits was converted to 18; please check it",
        )
    return number, None


def modern(old: str) -> str:
    """An identity number of 15 digits in its 18 digits: born in 19.., with a check digit (GB 11643-1999)."""
    first_17 = f"{old[:6]}19{old[6:]}"
    return first_17 + identity_numbers.check_character(first_17)


def reference(value: str) -> UUID | None:
    """The id that a cell of a link holds, None where it holds a natural key."""
    try:
        return UUID(value)
    except ValueError:
        return None
