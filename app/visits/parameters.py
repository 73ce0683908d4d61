"""The rule book as visits read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.scope import AreaClosure
from app.rules import service as rules
from app.rules.book import RuleSet
from app.rules.catalogue import fold, ingest, visits
from app.visits.duty import PartialMonth
from app.visits.proof import ProofRules

PER_MONTH = {parameter.key.rpartition(".")[2]: parameter for parameter in visits.PER_MONTH}


@dataclass(frozen=True, slots=True)
class VisitRules:
    """What holds at one place on one day. `per_month`: visits by category."""

    per_month: Mapping[str, int]
    partial_month: PartialMonth
    excuse_absence: bool
    proof: ProofRules
    grid_buffer_m: int
    too_late_days: int
    future_tolerance_s: int
    restricted_months_max: int

    @classmethod
    def of(cls, applied: RuleSet) -> "VisitRules":
        """The part of `applied` that visits depend on."""
        return cls(
            per_month={category: applied[parameter] for category, parameter in PER_MONTH.items()},
            partial_month=cast("PartialMonth", applied[visits.PARTIAL_MONTH]),
            excuse_absence=applied[visits.EXCUSE_ABSENCE],
            proof=ProofRules(
                place="grid" if applied[visits.PLACE_PROOF] == "grid" else "near",
                near_m=applied[visits.NEAR_M],
                max_accuracy_m=applied[visits.MAX_ACCURACY_M],
            ),
            grid_buffer_m=cast("int", applied.applied()[f"{fold.PREFIX}.grid_buffer_m"].value),
            too_late_days=applied[visits.TOO_LATE_DAYS],
            future_tolerance_s=applied[ingest.FUTURE_TOLERANCE_S],
            restricted_months_max=applied[visits.RESTRICTED_MONTHS_MAX],
        )


async def load_rules(session: AsyncSession, area_ids: Iterable[UUID], day: date) -> dict[UUID, VisitRules]:
    """The rules of each area on `day`, for any number of areas with two statements."""
    wanted = sorted(set(area_ids))
    book = await rules.rule_book(session)
    paths = (
        select(
            AreaClosure.area_id,
            func.array_agg(aggregate_order_by(AreaClosure.ancestor_id, AreaClosure.depth)).label("path"),
        )
        .where(AreaClosure.area_id.in_(wanted))
        .group_by(AreaClosure.area_id)
    )
    found = {row.area_id: row.path for row in await session.execute(paths)}
    return {area_id: VisitRules.of(book.resolve(found.get(area_id, ()), day)) for area_id in wanted}
