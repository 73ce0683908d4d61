"""Rows of a form as submissions: found by their natural key, else new; through the same door as everything."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.form_fields import FormField
from app.collection.catalogue.forms import Form
from app.collection.catalogue.usable import load_offer
from app.collection.imports.cell_values import ASTRAY, Labels, Remark, convert, reference
from app.collection.imports.problems import ImportHeadings, ImportTargetUnknown
from app.collection.imports.rows import RowResult, refused
from app.collection.imports.tables import Line, Raw, Table
from app.collection.ledgers.conditions import below
from app.collection.ledgers.labels import load_labels
from app.collection.subjects import store
from app.collection.subjects.changing import Stored
from app.collection.submissions.intake import take as take_submissions
from app.exchange import receipts
from app.exchange.items import Desk, Item, Result
from app.exchange.receiving import receive

NAMESPACE = UUID("5b0a6c1e-2f3d-5e47-9a64-494d504f5254")
LONGITUDE, LATITUDE = "经度(CGCS2000)", "纬度(CGCS2000)"
PLACE_COLUMNS = (LONGITUDE, LATITUDE)
LINK_KEYS: Mapping[str, tuple[str, ...]] = {
    "lives_in": ("dwelling_code",),
    "owns": ("dwelling_code",),
    "rents": ("dwelling_code",),
    "part_of": ("building_code", "dwelling_code"),
    "works_at": ("credit_code", "registration_number"),
    "belongs_to": ("household_number", "credit_code", "id_number"),
    "family_of": ("id_number",),
    "involved_in": ("building_code", "credit_code"),
}
"""Natural keys by which a cell may name what a link leads to."""
LOST = ("rejected", "quarantined")
OUTSIDE = Remark("", "outside_area", "该对象登记在其他区域", "is on file in another area")


@dataclass(slots=True)
class Row:
    """A row on its way. subject_id: whom it is about, once that is known."""

    line: Line
    values: dict[str, Any]
    remarks: list[Remark]
    position: dict[str, Any] | None = None
    stored: Stored | None = None
    subject_id: UUID | None = None
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Whether anything is wrong with it."""
        return any(not remark.is_warning for remark in self.remarks)


@dataclass(frozen=True, slots=True)
class SubjectImporter:
    """Imports rows of one form.

    columns  fields by heading, in the form's order; sensitive fields have none
    seed     of the rows' ids: file and form; the same file again gives the same ids
    retry    of the ids of rows that were rejected before: this import
    """

    form: Form
    columns: Mapping[str, FormField]
    tables: Mapping[str, Labels]
    seed: str
    retry: str
    chunk_rows: int | None = 500

    def check_headings(self, table: Table) -> None:
        """Raises ImportHeadings for columns that nobody knows, and for required ones that are missing."""
        known = {*self.columns, *PLACE_COLUMNS}
        unknown = [heading[:40] for heading in table.headings if heading not in known]
        missing = [h for h, f in self.columns.items() if f.is_required and h not in table.headings]
        if unknown or missing:
            raise ImportHeadings(unknown=unknown[:20], missing=missing[:20], repeated=[])

    async def take(
        self, session: AsyncSession, desk: Desk, lines: Sequence[Line], *, apply: bool
    ) -> list[RowResult]:
        """See `rows.Importer`."""
        rows = [self._read(line) for line in lines]
        await self._follow_links(session, desk, rows)
        await self._recognise(session, desk, rows)
        today = desk.now.astimezone(desk.zone).date()
        for row in rows:
            self._validate(row, today)
        items = {row.line.number: self._item(row, desk) for row in rows if not row.is_refused and row.changes}
        done = await receipts.find(session, desk.actor.county_code, [item.id for item in items.values()])
        again = {n for n, item in items.items() if item.id in done and done[item.id].outcome in LOST}
        items |= {n: self._renamed(items[n]) for n in again}
        new = {n: item for n, item in items.items() if item.id not in done}
        found: dict[int, Result] = {}
        if apply and new:
            answers = await receive(session, desk, list(new.values()), {"submission": take_submissions})
            found = {n: result for n, (_, result) in zip(new, answers, strict=True)}
        return [self._result(row, row.line.number in new, found.get(row.line.number)) for row in rows]

    def _read(self, line: Line) -> Row:
        converted = convert(line.cells, self.columns, self.tables)
        row = Row(line, self.form.normalized(converted.values), converted.remarks)
        position, remark = _position(line.cells)
        row.position = position
        if line.is_astray:
            row.remarks.append(ASTRAY)
        if remark is not None:
            row.remarks.append(remark)
        return row

    async def _follow_links(self, session: AsyncSession, desk: Desk, rows: Sequence[Row]) -> None:
        """Cells of links may hold a natural key: houses by their code, firms by their credit code."""
        links = {heading: f for heading, f in self.columns.items() if f.link is not None}
        asked = {
            (kind, value)
            for row in rows
            for f in links.values()
            for value in _texts(row.values.get(f.name))
            if reference(value) is None
            for kind in LINK_KEYS.get(f.link or "", ())
        }
        known = await store.find_by_keys(session, desk.vault, desk.actor.county_code, sorted(asked))
        for row in rows:
            for heading, f in links.items():
                if f.name in row.values:
                    self._name_links(row, heading, f, known)

    def _name_links(
        self, row: Row, heading: str, declared: FormField, known: Mapping[tuple[str, str], UUID]
    ) -> None:
        ids = []
        for value in _texts(row.values[declared.name]):
            named = (known.get((kind, value)) for kind in LINK_KEYS.get(declared.link or "", ()))
            found = reference(value) or next((each for each in named if each is not None), None)
            if found is None:
                row.remarks.append(
                    Remark(heading, "linked_not_found", "没有此编号的对象", "nothing has this code")
                )
                return
            ids.append(str(found))
        row.values[declared.name] = ids if declared.type == "array" else ids[0]

    async def _recognise(self, session: AsyncSession, desk: Desk, rows: Sequence[Row]) -> None:
        """Whom each row is about: the holder of its natural key, else somebody new."""
        keys = [f for f in self.form.fields.values() if f.key is not None]
        asked = {
            (f.key or "", str(row.values[f.name])): row
            for row in rows
            for f in keys
            if row.values.get(f.name)
        }
        known = await store.find_by_keys(session, desk.vault, desk.actor.county_code, sorted(asked))
        stored = await store.lock_many(session, desk.vault, desk.actor.county_code, known.values())
        scope = set(await session.scalars(below(desk.actor.area_id)))
        taken: dict[UUID, int] = {}
        for row in rows:
            mine = [(f.key or "", str(row.values[f.name])) for f in keys if row.values.get(f.name)]
            holder = next((known[key] for key in mine if key in known), None)
            row.stored = stored.get(holder) if holder is not None else None
            if row.stored is not None and row.stored.place.area_id not in scope:
                row.remarks.append(OUTSIDE)
            row.subject_id = holder or self._new_id(desk, row, mine)
            if row.subject_id in taken:
                number = taken[row.subject_id]
                row.remarks.append(
                    Remark("", "repeated_in_file", f"与第 {number} 行重复", f"is the same as row {number}")
                )
            taken.setdefault(row.subject_id, row.line.number)

    def _new_id(self, desk: Desk, row: Row, keys: Sequence[tuple[str, str]]) -> UUID:
        """A natural key gives the same subject in every file; a row without one only in the same file."""
        if not keys:
            return uuid5(NAMESPACE, f"{self.seed}/subject/{row.line.number}")
        name = "/".join(f"{kind}={value}" for kind, value in keys)
        # keyed: nobody who sees the id can try out identity numbers on it
        return uuid5(NAMESPACE, desk.vault.digest("import.subject", name.encode()).hex())

    def _validate(self, row: Row, today: Any) -> None:
        if row.stored is not None:
            before = row.stored.values
            row.changes = {n: v for n, v in row.values.items() if before.get(n) != v}
        else:
            row.changes = dict(row.values)
        faulty = {remark.column for remark in row.remarks if not remark.is_warning}
        for error in self.form.errors(row.changes, today=today, only_changes=row.stored is not None):
            name = error.pointer.lstrip("/").partition("/")[0]
            heading = next((h for h, f in self.columns.items() if f.name == name), name)
            if heading not in faulty:
                row.remarks.append(Remark(heading, error.code, error.zh, error.en))

    def _item(self, row: Row, desk: Desk) -> Item:
        body = {
            "item_code": self.form.item_code,
            "form_version": self.form.version,
            "subject_id": str(row.subject_id) if self.form.subject_kind is not None else None,
            "base_version": row.stored.version if row.stored is not None else None,
            "fields": row.changes,
            "position": row.position,
        }
        content = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
        item_id = uuid5(NAMESPACE, f"{self.seed}/row/{row.line.number}")
        return Item(item_id, "submission", desk.now, body, hashlib.sha256(content).digest())

    def _renamed(self, item: Item) -> Item:
        """A row that was rejected in an earlier import is sent again under an id of this one."""
        return replace(item, id=uuid5(NAMESPACE, f"{self.retry}/{item.id}"))

    def _result(self, row: Row, is_sent: bool, result: Result | None) -> RowResult:
        if row.is_refused:
            return refused(row.line, *row.remarks)
        if result is not None and result.outcome in (*LOST, "held"):
            return refused(row.line, *row.remarks, *_told(result))
        remarks = (*row.remarks, *(_told(result) if result is not None else ()))
        if not is_sent:
            return RowResult(row.line.number, "unchanged", remarks)
        return RowResult(row.line.number, "changed" if row.stored is not None else "new", remarks)


async def importer_of(
    session: AsyncSession, desk: Desk, item_code: str, *, digest: bytes, import_id: UUID
) -> SubjectImporter:
    """The importer of an item's newest form. Raises ImportTargetUnknown."""
    offer = await load_offer(session, desk.actor.county_code, [item_code])
    form = offer.newest(item_code, at=desk.now)
    if form is None:
        raise ImportTargetUnknown(target=item_code[:64])
    columns = columns_of(form)
    tables = {f.code_table for f in columns.values() if f.code_table is not None}
    return SubjectImporter(
        form,
        columns,
        await load_labels(session, desk.actor.county_code, tables),
        seed=f"{desk.actor.county_code}/{desk.actor.area_id}/{digest.hex()}/{item_code}",
        retry=str(import_id),
    )


def columns_of(form: Form) -> dict[str, FormField]:
    """The fields that a file may hold, by heading: sensitive ones come from no file (requirements A.7)."""
    return {f.title_zh: f for f in form.fields.values() if not f.sensitive}


def _position(cells: Mapping[str, Raw]) -> tuple[dict[str, Any] | None, Remark | None]:
    lon, lat = cells.get(LONGITUDE), cells.get(LATITUDE)
    if lon is None and lat is None:
        return None, None
    try:
        place = {"lon": float(str(lon)), "lat": float(str(lat)), "coord_sys": "cgcs2000"}
    except ValueError:
        place = {"lon": 999.0}
    if not (-180 <= place["lon"] <= 180) or not (-90 <= place.get("lat", 999.0) <= 90):  # type: ignore[operator]
        return None, Remark(LONGITUDE, "wrong_position", "经纬度不正确", "is no position in degrees")
    return place, None


def _texts(value: Any) -> Iterable[str]:
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _told(result: Result) -> list[Remark]:
    """What the door said about a row."""
    remarks = [
        Remark("", w["code"], w["zh"], w["en"], is_warning=True) for w in result.told.get("warnings", ())
    ]
    if result.told.get("conflicts"):
        remarks.append(
            Remark(
                "",
                "conflict",
                "与他人的修改冲突,待人工裁定",
                "conflicts with another change",
                is_warning=True,
            )
        )
    if result.problem is not None:
        errors = result.problem.extra.get("errors") or []
        remarks += [Remark("", e["code"], e["zh"], e["en"]) for e in errors if "code" in e]
        if not errors:
            zh, en = (result.problem.body(language, "")["detail"] for language in ("zh", "en"))
            remarks.append(Remark("", result.problem.code, zh, en))
    if result.outcome == "held":
        remarks.append(Remark("", "held", "等待其他记录,暂未生效", "waits for another record"))
    return remarks
