"""The items, forms and code tables that ship with the product, read from `app/collection/data`."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.collection.catalogue.form_language import DIALECT

DATA = Path(__file__).parents[1] / "data"
BASIS = "《中华人民共和国个人信息保护法》第三十四条:为履行法定职责处理个人信息"
NOTICE = "所采集信息仅用于网格服务与管理;您有权查询、更正本人信息"


@dataclass(frozen=True, slots=True)
class ShippedValue:
    """One code of a table."""

    code: str
    name_zh: str
    name_en: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class ShippedTable:
    """A version of a code table."""

    code: str
    version: int
    name_zh: str
    name_en: str
    source: str
    values: tuple[ShippedValue, ...]


@dataclass(frozen=True, slots=True)
class ShippedForm:
    """An item and the newest version of its form."""

    code: str
    subject_kind: str | None
    name_zh: str
    name_en: str
    source: str
    version: int
    schema: dict[str, Any]


def read_tables() -> list[ShippedTable]:
    """Every code table, by code."""
    with (DATA / "codes" / "tables.csv").open(encoding="utf-8", newline="") as listed:
        rows = list(csv.DictReader(listed))
    return [
        ShippedTable(
            row["code"],
            int(row["version"]),
            row["name_zh"],
            row["name_en"],
            row["source"],
            tuple(_values(row["code"])),
        )
        for row in rows
    ]


def read_forms() -> list[ShippedForm]:
    """Every item with its form, by code."""
    return [_form(path) for path in sorted((DATA / "forms").glob("*.json"))]


def _values(table: str) -> Iterator[ShippedValue]:
    with (DATA / "codes" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield ShippedValue(row["code"], row["name_zh"], row["name_en"], row["parent"] or None)


def _form(path: Path) -> ShippedForm:
    """Fields of the included sets come first; a form's own field replaces one of the same name."""
    read = json.loads(path.read_text(encoding="utf-8"))
    item = read["item"]
    properties: dict[str, Any] = {}
    for name in read.get("include", ()):
        properties |= json.loads((DATA / "fields" / f"{name}.json").read_text(encoding="utf-8"))
    schema = {
        "$schema": DIALECT,
        "title": item["name_zh"],
        "x-title-en": item["name_en"],
        "x-source": item["source"],
        "x-basis": BASIS,
        "x-notice": NOTICE,
        "type": "object",
        "required": read["required"],
        "properties": properties | read["properties"],
        "additionalProperties": False,
    }
    return ShippedForm(
        item["code"],
        item["subject_kind"],
        item["name_zh"],
        item["name_en"],
        item["source"],
        read["version"],
        schema,
    )
