"""What every handheld gets, whatever its domain: its grids with their outlines, and the rules that concern it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.grid_queries import list_some_grids
from app.exchange.sources import Pulled, Scope
from app.kit.geo import to_geojson
from app.rules import service as rules
from app.rules.book import RuleSet
from app.rules.catalogue import PARAMETERS

RULES_FOR_HANDHELDS = (
    "appeals.",
    "duty.",
    "handheld.",
    "ingest.",
    "patrol.day.",
    "patrol.period.",
    "patrol.policy",
    "submissions.",
    "tasks.",
    "uploads.",
    "visits.",
)
"""Beginnings of the keys that a handheld acts by; how the machine is run or misuse is found is none of them."""
PATHS = text("""
SELECT c.area_id, array_agg(c.ancestor_id ORDER BY c.depth) AS path
  FROM area_closure c
 WHERE c.area_id IN (SELECT g.area_id FROM grid g WHERE g.county_code = :county_code AND g.id = ANY(:grid_ids)
                      UNION SELECT area_id FROM account WHERE id = :inspector_id)
 GROUP BY c.area_id ORDER BY c.area_id
""")


class GridSource:
    """Own grids of the day, with outline (or route) as GeoJSON; None for those judged without one."""

    kind = "grid"
    subject_types = frozenset({"grid"})

    async def page(
        self, session: AsyncSession, scope: Scope, after: UUID | None, limit: int
    ) -> Sequence[Pulled]:
        """See `Source`."""
        ids = sorted(each for each in scope.grid_ids if after is None or each > after)[:limit]
        return await self.some(session, scope, ids)

    async def some(self, session: AsyncSession, scope: Scope, ids: Sequence[UUID]) -> Sequence[Pulled]:
        """See `Source`."""
        own = [each for each in ids if each in scope.grid_ids]
        return [_grid(row) for row in await list_some_grids(session, scope.county_code, own, scope.today)]


class RuleSource:
    """What the rule book says today where the inspector works: one object for each of his communities.

    Its id is the community's. Events name the decision, not the community: after any of them all are told.
    """

    kind = "rule"
    subject_types = frozenset({"rule_value"})

    async def page(
        self, session: AsyncSession, scope: Scope, after: UUID | None, limit: int
    ) -> Sequence[Pulled]:
        """See `Source`."""
        book = await rules.rule_book(session)
        paths = await session.execute(
            PATHS,
            {
                "county_code": scope.county_code,
                "grid_ids": list(scope.grid_ids),
                "inspector_id": scope.inspector_id,
            },
        )
        found = [_rules(row.area_id, book.resolve(row.path, scope.today)) for row in paths]
        return [each for each in found if after is None or each.id > after][:limit]

    async def some(self, session: AsyncSession, scope: Scope, ids: Sequence[UUID]) -> Sequence[Pulled]:
        """All of them: `ids` are those of decisions."""
        return await self.page(session, scope, None, len(scope.area_ids) + 1)


def _grid(row: Row[Any]) -> Pulled:
    body = {
        "code": row.code,
        "name": row.name,
        "grid_class": row.grid_class,
        "area_id": str(row.area_id),
        "in_grid_rule": row.in_grid_rule,
        "movement_profile": row.movement_profile,
        "geometry": None if row.shape is None else to_geojson(row.shape),
    }
    return Pulled(row.id, row.id, row.version or 0, body)


def _rules(area_id: UUID, found: RuleSet) -> Pulled:
    applied = {key: a for key, a in found.applied().items() if key.startswith(RULES_FOR_HANDHELDS)}
    version = max((a.entry.version for a in applied.values() if a.entry), default=0)
    values = {key: PARAMETERS[key].dump(a.value) for key, a in sorted(applied.items())}
    return Pulled(area_id, None, version, {"area_id": str(area_id), "values": values})
