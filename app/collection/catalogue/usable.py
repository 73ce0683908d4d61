"""Which forms may be used where and when: the whitelist that everything collected passes."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.affairs.admissions import Admission, admissions_of, is_admitted
from app.collection.catalogue import queries
from app.collection.catalogue.editions import Standing, line_of
from app.collection.catalogue.form_fields import code_table_of
from app.collection.catalogue.forms import Form, make_form
from app.collection.catalogue.problems import (
    FormVersionExpired,
    FormVersionUnknown,
    ItemNotAdmitted,
    ItemUnknown,
)
from app.kit.problems import Problem
from app.rules.editions import EditionCache, current_stamps

Asked = tuple[str, int]
"""Item code and form version, as a sender names them."""


@dataclass(frozen=True, slots=True)
class OfferedItem:
    """An item with its versions in a county and where it is admitted."""

    id: UUID
    code: str
    subject_kind: str | None
    versions: Mapping[int, Standing]
    admissions: Sequence[Admission]


class Offer:
    """What a county offers of the items that were asked for; answers without the database."""

    def __init__(
        self,
        items: Mapping[str, OfferedItem],
        schemas: Mapping[UUID, Mapping[str, Any]],
        tables: Mapping[str, Sequence[Standing]],
        codes: Mapping[UUID, frozenset[str]],
    ) -> None:
        self._items, self._schemas, self._tables, self._codes = items, schemas, tables, codes
        self._used: dict[UUID, list[str]] = {}

    def form(
        self, item_code: str, version: int, *, area_path: Collection[UUID], at: datetime
    ) -> Form | Problem:
        """The form that a record made `at` that instant in that area follows, or why there is none.

        area_path: ids from the record's area up to the root.
        """
        item = self._items.get(item_code)
        if item is None:
            return ItemUnknown(item_code=_shown(item_code))
        standing = item.versions.get(version)
        if standing is None:
            return FormVersionUnknown(item_code=item.code, known_versions=sorted(item.versions))
        if not is_admitted(item.admissions, area_path, at):
            return ItemNotAdmitted(item_code=item.code)
        if not standing.is_accepted(at):
            return FormVersionExpired(item_code=item.code, accepted_until=_told(standing.until))
        return self._made(item, standing, at)

    def any_form(self, item_code: str, version: int, *, at: datetime) -> Form | None:
        """The form whether or not it is admitted or still accepted: for reading what was collected by it."""
        item = self._items.get(item_code)
        standing = item.versions.get(version) if item is not None else None
        return self._made(item, standing, at) if item is not None and standing is not None else None

    def newest(self, item_code: str, *, at: datetime) -> Form | None:
        """The newest form of an item, whether or not it is admitted."""
        item = self._items.get(item_code)
        return self.any_form(item_code, max(item.versions, default=0), at=at) if item is not None else None

    def _made(self, item: OfferedItem, standing: Standing, at: datetime) -> Form:
        schema = self._schemas[standing.id]
        used = self._used.get(standing.id)
        if used is None:
            tables = map(code_table_of, schema["properties"].values())
            used = self._used[standing.id] = sorted({t for t in tables if t is not None})
        accepted = {t: [s.id for s in self._tables.get(t, ()) if s.is_accepted(at)] for t in used}
        key = (standing.id, tuple(each for ids in accepted.values() for each in ids))
        form = FORMS.get(key)
        if form is None:
            codes = {t: frozenset[str]().union(*(self._codes[i] for i in ids)) for t, ids in accepted.items()}
            form = make_form(
                standing.id, item.id, item.code, standing.version, item.subject_kind, schema, codes
            )
            _keep(FORMS, key, form)
        return form


async def load_offer(session: AsyncSession, county_code: str, item_codes: Iterable[str]) -> Offer:
    """All that is needed to answer for these items in this county; from memory for as long as nothing has changed.

    Whatever is published, admitted or ended changes the stamp of the catalogue. Schemas, codes and compiled forms
    never change under their id, so they outlive it.
    """
    asked = frozenset(item_codes)
    key = (await current_stamps(session))["catalogue"], county_code, asked
    return OFFERS.get(key) or OFFERS.keep(key, await _read_offer(session, county_code, asked))


async def _read_offer(session: AsyncSession, county_code: str, item_codes: Collection[str]) -> Offer:
    rows = await queries.list_editions(session, county_code, item_codes)
    lines: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        lines[row.item_id].append(row)
    admissions = await admissions_of(session, county_code, lines)
    items = {
        group[0].item_code: OfferedItem(
            item_id,
            group[0].item_code,
            group[0].subject_kind,
            {s.version: s for s in line_of(row for row in group if row.id is not None)},
            admissions.get(item_id, ()),
        )
        for item_id, group in lines.items()
    }
    used = [standing.id for item in items.values() for standing in item.versions.values()]
    tables = await load_tables(session, county_code)
    return Offer(
        items,
        await load_schemas(session, used),
        tables,
        await _kept(session, CODES, [s.id for line in tables.values() for s in line], queries.find_codes),
    )


async def load_schemas(session: AsyncSession, form_ids: Sequence[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    """Schemas by form version."""
    return await _kept(session, SCHEMAS, form_ids, queries.find_schemas)


async def load_tables(session: AsyncSession, county_code: str) -> Mapping[str, Sequence[Standing]]:
    """Every code table's versions as the county sees them, by code."""
    by_code: defaultdict[str, list[Any]] = defaultdict(list)
    for row in await queries.list_table_editions(session, county_code):
        by_code[row.code].append(row)
    return {code: line_of(editions) for code, editions in by_code.items()}


async def usable_forms(
    session: AsyncSession,
    county_code: str,
    asked: Iterable[Asked],
    *,
    area_path: Collection[UUID],
    at: datetime,
) -> Mapping[Asked, Form | Problem]:
    """`Offer.form` for one area and instant. Who has records of many areas and times takes `load_offer`."""
    wanted = set(asked)
    offer = await load_offer(session, county_code, {code for code, _version in wanted})
    return {each: offer.form(*each, area_path=area_path, at=at) for each in wanted}


Find = Callable[[AsyncSession, Sequence[UUID]], Awaitable[dict[UUID, Any]]]
MOST_KEPT = 4000
SCHEMAS: dict[UUID, Mapping[str, Any]] = {}
CODES: dict[UUID, frozenset[str]] = {}
FORMS: dict[tuple[UUID, tuple[UUID, ...]], Form] = {}
OFFERS: EditionCache[tuple[UUID, str, frozenset[str]], Offer] = EditionCache(128)


async def _kept(
    session: AsyncSession, kept: dict[UUID, Any], ids: Sequence[UUID], find: Find
) -> dict[UUID, Any]:
    found = {each: kept[each] for each in ids if each in kept}
    missing = [each for each in ids if each not in found]
    if missing:
        read = await find(session, missing)
        for key, value in read.items():
            _keep(kept, key, value)
        found |= read
    return found


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> None:
    if len(kept) >= MOST_KEPT:
        kept.pop(next(iter(kept)))
    kept[key] = value


def _shown(item_code: str) -> str:
    """A code from outside, repeated only where it can be one."""
    return item_code if len(item_code) <= 64 and item_code.isascii() and item_code.isidentifier() else "?"


def _told(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant is not None else None
