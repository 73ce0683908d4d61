"""What handhelds pull of the catalogue: the items that are admitted, with their forms, and the code tables.

An admission carries its bounds, a version its `accepted_until`: a handheld without signal knows itself when to
stop.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.affairs.models import Affair, AffairItem
from app.collection.catalogue import queries
from app.collection.catalogue.editions import Standing, line_of
from app.collection.catalogue.models import CollectionItem
from app.collection.catalogue.usable import load_schemas, load_tables
from app.exchange.sources import Pulled, Scope


class ItemSource:
    """Collection items that are, or are going to be, admitted in the scope's areas, with their forms."""

    kind = "item"
    subject_types = frozenset({"item"})

    async def page(
        self, session: AsyncSession, scope: Scope, after: UUID | None, limit: int
    ) -> Sequence[Pulled]:
        """Up to `limit` items with an id above `after`."""
        admitted = select(AffairItem.item_id).join_from(AffairItem, Affair, _JOIN).where(*_current(scope))
        statement = select(CollectionItem).where(CollectionItem.id.in_(admitted))
        if after is not None:
            statement = statement.where(CollectionItem.id > after)
        items = (await session.scalars(statement.order_by(CollectionItem.id).limit(limit))).all()
        return await _pulled(session, scope, items)

    async def some(self, session: AsyncSession, scope: Scope, ids: Sequence[UUID]) -> Sequence[Pulled]:
        """Those of `ids` that are admitted in scope."""
        admitted = select(AffairItem.item_id).join_from(AffairItem, Affair, _JOIN).where(*_current(scope))
        statement = select(CollectionItem).where(CollectionItem.id.in_(ids), CollectionItem.id.in_(admitted))
        items = (await session.scalars(statement.order_by(CollectionItem.id))).all()
        return await _pulled(session, scope, items)


class CodeTableSource:
    """Versions of code tables whose codes are accepted. A version that is superseded changes once: it ends."""

    kind = "code_table"
    subject_types = frozenset({"code_table"})

    async def page(
        self, session: AsyncSession, scope: Scope, after: UUID | None, limit: int
    ) -> Sequence[Pulled]:
        """Up to `limit` versions with an id above `after`."""
        known = await _accepted_tables(session, scope)
        following = sorted(each for each in known if after is None or each > after)
        return await _pulled_tables(session, [known[each] for each in following[:limit]])

    async def some(self, session: AsyncSession, scope: Scope, ids: Sequence[UUID]) -> Sequence[Pulled]:
        """Those of `ids` that are accepted."""
        known = await _accepted_tables(session, scope)
        return await _pulled_tables(session, [known[each] for each in sorted(set(ids)) if each in known])


_JOIN = (Affair.county_code == AffairItem.county_code) & (Affair.id == AffairItem.affair_id)


def _current(scope: Scope) -> tuple[Any, ...]:
    """Affairs in force today or later, in the scope's areas or above them."""
    return (
        AffairItem.county_code == scope.county_code,
        Affair.state == "admitted",
        Affair.area_id.in_(scope.area_ids),
        or_(Affair.ends_on.is_(None), Affair.ends_on >= scope.today),
    )


async def _pulled(session: AsyncSession, scope: Scope, items: Sequence[CollectionItem]) -> list[Pulled]:
    if not items:
        return []
    rows = await queries.list_editions(session, scope.county_code, [item.code for item in items])
    lines = {
        item.id: _accepted(line_of(r for r in rows if r.item_id == item.id and r.id is not None), scope.today)
        for item in items
    }
    schemas = await load_schemas(session, [each.id for line in lines.values() for each in line])
    admitted = await _admitted(session, scope, [item.id for item in items])
    return [
        Pulled(
            item.id,
            None,
            item.version,
            {
                "code": item.code,
                "name_zh": item.name_zh,
                "name_en": item.name_en,
                "subject_kind": item.subject_kind,
                "admitted": admitted[item.id],
                "forms": [_told(each) | {"schema": schemas[each.id]} for each in lines[item.id]],
            },
        )
        for item in items
    ]


async def _admitted(
    session: AsyncSession, scope: Scope, item_ids: Sequence[UUID]
) -> dict[UUID, list[dict[str, Any]]]:
    statement = (
        select(AffairItem.item_id, Affair.area_id, Affair.in_force_from, Affair.in_force_until)
        .join_from(AffairItem, Affair, _JOIN)
        .where(*_current(scope), AffairItem.item_id.in_(item_ids))
        .order_by(Affair.in_force_from, Affair.id)
    )
    found: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for item_id, area_id, since, until in (await session.execute(statement)).all():
        found[item_id].append({"area_id": str(area_id), "from": _iso(since), "until": _iso(until)})
    return found


async def _accepted_tables(session: AsyncSession, scope: Scope) -> dict[UUID, Standing]:
    lines = (await load_tables(session, scope.county_code)).values()
    return {each.id: each for line in lines for each in _accepted(line, scope.today)}


async def _pulled_tables(session: AsyncSession, standings: Sequence[Standing]) -> list[Pulled]:
    ids = [standing.id for standing in standings]
    tables, values = await queries.list_tables(session, ids), await queries.list_values(session, ids)
    return [
        Pulled(
            standing.id,
            None,
            1 if standing.until is None else 2,
            {
                "code": tables[standing.id].code,
                "name_zh": tables[standing.id].name_zh,
                "name_en": tables[standing.id].name_en,
                "values": [
                    {"code": v.code, "zh": v.name_zh, "en": v.name_en, "parent": v.parent}
                    for v in values[standing.id]
                ],
                **_told(standing),
            },
        )
        for standing in standings
    ]


def _accepted(line: Iterable[Standing], today: date) -> list[Standing]:
    begin = datetime.combine(today, time(0), UTC)
    return [standing for standing in line if standing.is_accepted(begin)]


def _told(standing: Standing) -> dict[str, Any]:
    return {"version": standing.version, "accepted_until": _iso(standing.until)}


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant is not None else None
