"""SQL of item receipts: ids are claimed before their items are taken, and settled with what became of them."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.items import Desk, Item, Result
from app.exchange.models import ItemReceipt
from app.kit import problems
from app.kit.problems import Problem

# A second sender of the same id waits here until the first commits, and then finds the id taken. Sorted, so
# that two pushes with the same ids never wait for each other.
CLAIM = text("""
INSERT INTO item_receipt (county_code, item_id, kind, digest, outcome, told, account_id, device_id, recorded_at,
                          received_at)
SELECT :county_code, c.id, c.kind, c.digest, 'stored', '{}', :account_id, :device_id, c.recorded_at, :received_at
  FROM unnest(cast(:ids AS uuid[]), cast(:kinds AS text[]), cast(:digests AS bytea[]),
              cast(:recorded AS timestamptz[])) AS c(id, kind, digest, recorded_at)
 ORDER BY c.id
ON CONFLICT (county_code, item_id) DO NOTHING
RETURNING item_id
""").bindparams(bindparam("device_id", type_=ItemReceipt.device_id.type))
SETTLE = text("""
UPDATE item_receipt r SET outcome = s.outcome, told = cast(s.told AS jsonb), problem = cast(s.problem AS jsonb)
  FROM unnest(cast(:ids AS uuid[]), cast(:outcomes AS text[]), cast(:told AS text[]), cast(:problems AS text[]))
       AS s(id, outcome, told, problem)
 WHERE r.county_code = :county_code AND r.item_id = s.id
""")


async def claim(session: AsyncSession, desk: Desk, items: Sequence[Item]) -> set[UUID]:
    """Claims the ids of `items`, each one once among them; returns those that were free."""
    ordered = sorted(items, key=lambda item: item.id)
    found = await session.scalars(
        CLAIM,
        {
            "county_code": desk.actor.county_code,
            "account_id": desk.actor.account_id,
            "device_id": desk.actor.device_id,
            "received_at": desk.now,
            "ids": [i.id for i in ordered],
            "kinds": [i.kind for i in ordered],
            "digests": [i.digest for i in ordered],
            "recorded": [i.recorded_at for i in ordered],
        },
    )
    return set(found)


async def settle(session: AsyncSession, county_code: str, results: Mapping[UUID, Result]) -> None:
    """Writes what became of claimed items, or became of them later."""
    if not results:
        return
    await session.execute(
        SETTLE,
        {
            "county_code": county_code,
            "ids": list(results),
            "outcomes": [r.outcome for r in results.values()],
            "told": [_json(dict(r.told)) for r in results.values()],
            "problems": [None if r.problem is None else _json(dump(r.problem)) for r in results.values()],
        },
    )


async def find(session: AsyncSession, county_code: str, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """The receipts that exist among `ids`."""
    if not ids:
        return {}
    rows = await session.execute(
        select(ItemReceipt.__table__).where(
            ItemReceipt.county_code == county_code, ItemReceipt.item_id.in_(ids)
        )
    )
    return {row.item_id: row for row in rows}


def result_of(row: Row[Any]) -> Result:
    """What was told first."""
    return Result(row.outcome, row.told, None if row.problem is None else restore(row.problem))


def dump(problem: Problem) -> dict[str, Any]:
    """A problem as it is kept."""
    return {"code": problem.code, "extra": problem.extra}


def restore(kept: Mapping[str, Any]) -> Problem:
    """The problem that `dump` kept; in any language, because only code and members are kept."""
    known = _catalogue().get(kept["code"], problems.Conflict)
    problem = known.__new__(known)  # its constructor may want what `extra` holds already
    Problem.__init__(problem, **kept["extra"])
    return problem


@cache
def _catalogue() -> dict[str, type[Problem]]:
    return problems.catalogue()


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()
