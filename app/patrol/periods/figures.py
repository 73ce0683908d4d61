"""Figures of a stretch of days, computed from the days as they stand now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.clock import day_start
from app.patrol.periods.rollup import STORED, Level, figures_sql, group_of
from app.rules.book import RuleSet
from app.rules.catalogue.judging import (
    DISTANCE_BASIS,
    PERIOD_DISTANCE_MIN_M,
    PERIOD_ONLINE_MIN_S,
    PERIOD_ONLINE_RATE_MIN,
)
from app.rules.service import patrol_policy, rule_book

NO_PERIOD = UUID(int=0)
"""Stands for the period of figures that belong to none: any stretch of days."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a county, both ends included; `period_id` when they are a period.

    last_rules  day whose targets and policies apply: the last one, also where it is yet to come
    """

    county_code: str
    first: date
    last: date
    last_rules: date
    period_id: UUID = NO_PERIOD

    @classmethod
    def of(
        cls, county_code: str, first: date, last: date, *, today: date, period_id: UUID = NO_PERIOD
    ) -> "Span":
        """The days from `first` to `last` that are over: today isn't."""
        return cls(county_code, first, min(last, today - timedelta(days=1)), last, period_id)


AREA_PATHS = text("""
SELECT c.area_id, array_agg(c.ancestor_id ORDER BY c.depth) AS path
  FROM area a JOIN area_closure c ON c.area_id = a.id
 WHERE a.county_code = :county_code AND a.level <> 'city' GROUP BY c.area_id ORDER BY c.area_id
""")


async def area_rules(
    session: AsyncSession, county_code: str, day: date, proposed: Mapping[UUID, RuleSet] | None = None
) -> dict[str, Any]:
    """Parameters of `rollup.RULES`: policy, distance basis and targets of every area of the county on `day`.

    proposed: rule sets that a what-if puts in place of the book's, by area.
    """
    book = await rule_book(session)
    rows = (await session.execute(AREA_PATHS, {"county_code": county_code})).all()
    sets = [(proposed or {}).get(row.area_id) or book.resolve(row.path, day) for row in rows]
    return {
        "rule_areas": [row.area_id for row in rows],
        "policies": [patrol_policy(rules) for rules in sets],
        "in_grid": [rules[DISTANCE_BASIS] == "in_grid" for rules in sets],
        "targets_online_s": [rules[PERIOD_ONLINE_MIN_S] for rules in sets],
        "targets_distance_m": [rules[PERIOD_DISTANCE_MIN_M] for rules in sets],
        "targets_online_rate": [rules[PERIOD_ONLINE_RATE_MIN] for rules in sets],
        "rule_documents": [_document(rules) for rules in sets],
    }


def _document(rules: RuleSet) -> str:
    applied = rules.applied()
    keys = [target.key for target in (PERIOD_ONLINE_MIN_S, PERIOD_DISTANCE_MIN_M, PERIOD_ONLINE_RATE_MIN)]
    document = {
        "distance_basis": rules[DISTANCE_BASIS],
        "targets": [
            {"parameter_key": key, "value": applied[key].value, "source": applied[key].source} for key in keys
        ],
    }
    return orjson.dumps(document).decode()


async def compute_figures(
    session: AsyncSession,
    span: Span,
    level: Level,
    subjects: Sequence[UUID],
    *,
    zone: ZoneInfo,
    rules: Mapping[str, Any] | None = None,
    source: str = STORED,
    more: str = "",
    **parameters: Any,
) -> list[Row[Any]]:
    """A row with the columns of `period_figures` for each of `subjects`; inspectors without any day have none.

    level: `inspector`, `grid` or an area level; area levels may be mixed in `subjects`. rules: `area_rules`,
    where the caller has them. source, more, parameters: see `rollup.figures_sql`.
    """
    statement = text(figures_sql(level, source=source, more=more))
    known = rules if rules is not None else await area_rules(session, span.county_code, span.last_rules)
    asked = {**bounds(span, zone), **known, **named(level, subjects), **parameters}
    return list((await session.execute(statement, asked)).all())


def named(level: Level, subjects: Sequence[UUID]) -> dict[str, list[UUID]]:
    """Parameters of `rollup` that name the subjects of one level."""
    kinds: dict[str, list[UUID]] = {"inspectors": [], "grids": [], "areas": []}
    kinds[f"{group_of(level)}s"] = list(subjects)
    return kinds


def bounds(span: Span, zone: ZoneInfo) -> dict[str, Any]:
    """Parameters of `rollup.figures_sql` that say which days."""
    return {
        "county_code": span.county_code,
        "period_id": span.period_id,
        "first": span.first,
        "last": span.last,
        "since": day_start(span.first, zone),
        "until": day_start(span.last + timedelta(days=1), zone),
        "zone": zone.key,
    }
