"""Templates to fill in: headings of a form, its codes as drop-down lists, and an example on a sheet of its own."""

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO

import xlsxwriter
from sqlalchemy.ext.asyncio import AsyncSession
from xlsxwriter.utility import xl_col_to_name

from app.collection.catalogue.form_fields import FormField
from app.collection.catalogue.usable import load_offer
from app.collection.imports.cell_values import Labels
from app.collection.imports.subjects import LINK_KEYS, PLACE_COLUMNS, columns_of
from app.collection.ledgers.labels import load_labels
from app.identity.actor import Actor
from app.kit.problems import NotFound

ROWS = 5000
"""Rows that the drop-down lists reach down to."""
EXAMPLES: Mapping[str, str] = {
    "id_number": "330921198001011232",
    "credit_code": "91110000600037341L",
    "phone": "13812345678",
    "name": "张三",
    "address": "高亭镇人民路1号2幢301室",
}


async def template(session: AsyncSession, actor: Actor, item_code: str, *, now: datetime) -> bytes:
    """The XLSX template of an item's newest form. Raises NotFound for an unknown item."""
    offer = await load_offer(session, actor.county_code, [item_code])
    form = offer.newest(item_code, at=now)
    if form is None:
        raise NotFound
    columns = columns_of(form)
    tables = {f.code_table for f in columns.values() if f.code_table is not None}
    return draw(columns, await load_labels(session, actor.county_code, tables))


def draw(columns: Mapping[str, FormField], tables: Mapping[str, Labels]) -> bytes:
    """The workbook: what to fill in, an example, and the codes behind the lists (hidden)."""
    out = BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    text = book.add_format({"num_format": "@"})
    must = book.add_format({"bold": True, "bg_color": "#FFF2CC", "text_wrap": True})
    may = book.add_format({"bold": True, "text_wrap": True})
    sheet, example = book.add_worksheet("填写"), book.add_worksheet("示例")
    codes = book.add_worksheet("代码")
    codes.hide()
    reach = _write_codes(codes, tables)
    for at, (heading, declared) in enumerate(columns.items()):
        sheet.set_column(at, at, 18, text)
        label = f"{heading}*" if declared.is_required else heading
        for each in (sheet, example):
            each.write_string(0, at, label, must if declared.is_required else may)
        example.set_column(at, at, 18)
        example.write_string(1, at, _example(declared, tables), text)
        if declared.code_table in reach and declared.type != "array":
            sheet.data_validation(
                1,
                at,
                ROWS,
                at,
                {"validate": "list", "source": reach[declared.code_table], "error_type": "warning"},
            )
        sheet.write_comment(0, at, _hint(declared))
    for at, heading in enumerate(PLACE_COLUMNS, start=len(columns)):
        sheet.write_string(0, at, heading, may)
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()


def _write_codes(
    sheet: xlsxwriter.worksheet.Worksheet, tables: Mapping[str, Labels]
) -> dict[str | None, str]:
    """Writes "code label" lists and returns the range of each by table."""
    reach: dict[str | None, str] = {}
    for at, (table, labels) in enumerate(sorted(tables.items())):
        for row, (code, names) in enumerate(labels.items()):
            sheet.write_string(row, at, f"{code} {names[0]}")
        letter = xl_col_to_name(at)
        reach[table] = f"='代码'!${letter}$1:${letter}${max(len(labels), 1)}"
    return reach


def _example(declared: FormField, tables: Mapping[str, Labels]) -> str:
    if declared.code_table is not None:
        labels = tables.get(declared.code_table, {})
        return next((f"{code} {names[0]}" for code, names in labels.items()), "")
    if declared.link is not None:
        return ""
    if declared.date_rule is not None:
        return "2020-01-31"
    if declared.type == "boolean":
        return "是"
    if declared.type in ("integer", "number"):
        return "1"
    return EXAMPLES.get(declared.key or "") or EXAMPLES.get(declared.personal or "") or ""


def _hint(declared: FormField) -> str:
    """What the heading's comment says."""
    hint = f"{declared.title_en}. "
    if declared.type == "array":
        hint += "多个值用、隔开; "
    if declared.link is not None:
        hint += "填对象编号或: " + ", ".join(LINK_KEYS.get(declared.link, ())) + "; "
    if declared.date_rule is not None:
        hint += "日期,如 2020-01-31; "
    return hint + ("必填" if declared.is_required else "可空,空则不改")
