"""Days under a proposal, as a statement that stands for `day_figures`: judged again, or folded again, in memory.

What stands in `rollup.days` instead of the table, with the tables that come before it:

    thresholds only: WITH rules_held, rules_proposed  thresholds of each rule version, as judged and as proposed
                     (SELECT the day, its status where both say the same, else the proposed one
                        FROM day_figures, rules_held, rules_proposed UNION ALL days of areas not concerned, as they are)
    fold, too:       WITH days_folded  the days folded again, passed in
                     (SELECT the day, with the figures of days_folded where it was folded again)
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.scope import area_path
from app.patrol.day_reader import DayKey, DayRecord, read_days
from app.patrol.folder import FoldedDay, fold_record
from app.patrol.periods.figures import Span
from app.patrol.periods.judging_sql import COLUMNS, judged
from app.patrol.periods.problems import WhatIfTooWide
from app.patrol.periods.proposals import Proposal
from app.patrol.periods.service import Moment
from app.patrol.policy import DayRules
from app.rules import service as rules
from app.rules.book import RuleSet
from app.rules.catalogue.periods import WHAT_IF_REFOLD_MAX

CHUNK = 20
"""Days read, then folded in a thread: a fifth of a second that other requests share."""
VERSIONS = text("""
SELECT version, rules FROM rule_snapshot WHERE version IN (
    SELECT DISTINCT rule_version FROM day_figures
     WHERE county_code = :county_code AND service_day BETWEEN :first AND :last)
""")
KEPT = (
    *("county_code", "inspector_id", "service_day", "area_id", "presence", "prorate", "online_s", "patrol_s"),
    *("distance_m", "distance_low_m", "distance_high_m", "in_grid_distance_m", "fixes", "online_share"),
    *("rule_version", "fold_version"),
)
# A status changes only where the two sets of thresholds disagree: stored figures are rounded, and what was judged
# by the exact ones stands.
BY_THRESHOLDS = (
    "(SELECT "
    + ", ".join(f"f.{name}" for name in KEPT)
    + f""",
        CASE WHEN f.status = 'provisional' OR h.version IS NULL OR {judged("p")} = {judged("h")} THEN f.status
             ELSE {judged("p")} END AS status
   FROM day_figures f
   LEFT JOIN rules_held h ON h.version = f.rule_version
   LEFT JOIN rules_proposed p ON p.version = f.rule_version
  WHERE f.area_id = ANY(:concerned)
  UNION ALL
 SELECT {", ".join(f"f.{name}" for name in KEPT)}, f.status FROM day_figures f WHERE f.area_id <> ALL(:concerned))"""
)
REPLACED = {
    "online_s": "int",
    "distance_m": "numeric",
    "in_grid_distance_m": "numeric",
    "fixes": "int",
    "online_share": "numeric",
    "presence": "text",
    "prorate": "numeric",
}
BY_FOLD = (
    "(SELECT "
    + ", ".join(
        f"CASE WHEN x.status IS NULL THEN f.{n} ELSE x.{n} END AS {n}" if n in REPLACED else f"f.{n}"
        for n in KEPT
    )
    + """, coalesce(x.status, f.status) AS status
   FROM day_figures f
   LEFT JOIN days_folded x ON x.inspector_id = f.inspector_id AND x.service_day = f.service_day)"""
)
FOLDED = (
    "days_folded AS MATERIALIZED (SELECT * FROM unnest(cast(:x_inspectors AS uuid[]), cast(:x_days AS date[]), "
    "cast(:x_status AS text[]), "
    + ", ".join(f"cast(:x_{name} AS {kind}[])" for name, kind in REPLACED.items())
    + ") AS x(inspector_id, service_day, status, "
    + ", ".join(REPLACED)
    + ")), "
)
TO_FOLD = text("""
SELECT f.inspector_id, f.service_day, p.frozen_at IS NOT NULL AS is_frozen
  FROM day_figures f
  LEFT JOIN patrol_day p USING (county_code, inspector_id, service_day)
 WHERE f.county_code = :county_code AND f.service_day BETWEEN :first AND :last AND f.area_id = ANY(:concerned)
   AND f.status <> 'provisional'
 ORDER BY 2, 1 LIMIT :limit
""")


@dataclass(slots=True)
class Source:
    """Days under the proposal: what stands for `day_figures`, with what it needs."""

    sql: str
    more: str
    parameters: dict[str, Any]
    folded_days: int = 0
    frozen_days: int = 0


async def days_under(
    session: AsyncSession, span: Span, place: UUID, concerned: list[UUID], proposal: Proposal, at: Moment
) -> Source:
    """The days of `concerned` areas, all inside `place`, under the proposal. Raises WhatIfTooWide."""
    book = await rules.resolve(session, await area_path(session, place), span.last_rules)
    meant = proposal.over(book)
    if proposal.refolds:
        most = book[WHAT_IF_REFOLD_MAX]
        return await _folded_source(session, span, concerned, proposal, meant, most, at)
    bounds = {"county_code": span.county_code, "first": span.first, "last": span.last}
    rows = (await session.execute(VERSIONS, bounds)).all()
    held = [DayRules.pinned(row.version, row.rules) for row in rows]
    versions = [row.version for row in rows]
    more_held, held_values = thresholds_cte("rules_held", versions, held)
    more_proposed, proposed_values = thresholds_cte(
        "rules_proposed", versions, [proposal.day_rules(each, meant) for each in held]
    )
    return Source(
        BY_THRESHOLDS, more_held + more_proposed, {**held_values, **proposed_values, "concerned": concerned}
    )


def thresholds_cte(
    name: str, versions: Sequence[str], held: Sequence[DayRules]
) -> tuple[str, dict[str, Any]]:
    """A table expression with the thresholds of each rule version, and its parameters."""
    columns: dict[str, list[Any]] = {
        "policy": [rules.policy for rules in held],
        "in_grid": [rules.thresholds.distance_basis == "in_grid" for rules in held],
    }
    for column, _ in COLUMNS:
        if column not in columns:
            columns[column] = [getattr(rules.thresholds, column) for rules in held]
    casts = ", ".join(f"cast(:{name}_{column} AS {kind}[])" for column, kind in COLUMNS)
    names = ", ".join(column for column, _ in COLUMNS)
    sql = (
        f"{name} AS MATERIALIZED (SELECT * FROM unnest(cast(:{name}_versions AS text[]), {casts}) "
        f"AS t(version, {names})), "
    )
    return sql, {f"{name}_versions": list(versions)} | {f"{name}_{c}": columns[c] for c, _ in COLUMNS}


async def _folded_source(
    session: AsyncSession,
    span: Span,
    concerned: list[UUID],
    proposal: Proposal,
    meant: RuleSet,
    most: int,
    at: Moment,
) -> Source:
    asked = {"county_code": span.county_code, "first": span.first, "last": span.last, "concerned": concerned}
    rows = (await session.execute(TO_FOLD, asked | {"limit": most + 1})).all()
    if len(rows) > most:
        raise WhatIfTooWide(days=await _count(session, asked), max_days=most)
    keys = [DayKey(span.county_code, r.inspector_id, r.service_day) for r in rows if not r.is_frozen]

    def choose(judged_by: DayRules | None, book_says: RuleSet) -> DayRules:
        return proposal.day_rules(judged_by or DayRules.of(book_says), meant)

    folded: list[FoldedDay] = []
    for start in range(0, len(keys), CHUNK):
        records = await read_days(session, keys[start : start + CHUNK], at.zone, choose)
        folded += await asyncio.to_thread(_fold, list(records.values()), at)
    parameters: dict[str, Any] = {
        "x_inspectors": [day.key.inspector_id for day in folded],
        "x_days": [day.key.service_day for day in folded],
        "x_status": [day.judgement.status for day in folded],
        "x_presence": [day.record.kind.presence for day in folded],
        "x_prorate": [round(day.record.kind.prorate, 3) for day in folded],
    }
    for name in REPLACED.keys() - {"presence", "prorate"}:
        parameters[f"x_{name}"] = [day.figures[name] for day in folded]
    return Source(BY_FOLD, FOLDED, parameters, len(folded), len(rows) - len(keys))


def _fold(records: Sequence[DayRecord], at: Moment) -> list[FoldedDay]:
    return [fold_record(record, now=at.now, zone=at.zone) for record in records]


async def _count(session: AsyncSession, asked: Mapping[str, Any]) -> int:
    return len((await session.execute(TO_FOLD, {**asked, "limit": None})).all())
