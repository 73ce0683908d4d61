"""What another rule would change: a period's figures as they stand beside those under proposed values.

Nothing is written but the event of who looked at persons. Judging thresholds are answered from stored figures in
one statement; parameters of the fold have days folded again in memory, so many and no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import area_path
from app.patrol.periods import queries, service
from app.patrol.periods.figures import Span, area_rules, compute_figures
from app.patrol.periods.models import Period
from app.patrol.periods.problems import NotForWhatIf
from app.patrol.periods.proposals import Proposal
from app.patrol.periods.rollup import Level
from app.patrol.periods.service import BELOW, Moment
from app.patrol.periods.what_if_days import Source, days_under
from app.rules import service as rules
from app.rules.book import RuleSet

CONCERNED = text("SELECT area_id FROM area_closure WHERE ancestor_id = :area_id ORDER BY area_id")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a page of the subjects inside an area, in a period, under proposed values."""

    period_id: UUID
    area_id: UUID | None
    level: Level | None
    values: Mapping[str, Any]
    cursor: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The two sides by subject (`now`, `proposed`), and how many days change from which status to which."""

    period: Period
    area: dict[str, Any]
    items: list[dict[str, Any]]
    next: str | None
    changes: list[dict[str, Any]] = field(default_factory=list)
    folded_days: int = 0
    frozen_days: int = 0


async def answer(session: AsyncSession, actor: Actor, asked: Question, *, at: Moment) -> WhatIf:
    """Computes both sides from the days as they stand now, whether the period is sealed or not.

    Raises PeriodNotFound, NotFound, UnknownParameter, ValueNotAllowed, NotForWhatIf, WhatIfTooWide, BadCursor.
    """
    proposal = parse(asked.values)
    period = await queries.get_period(session, actor, asked.period_id)
    place, place_level = await service.place_with_level(session, actor, period, asked.area_id)
    span = Span.of(period.county_code, period.first_day, period.last_day, today=at.today, period_id=period.id)
    concerned = list(await session.scalars(CONCERNED, {"area_id": place}))
    source = await days_under(session, span, place, concerned, proposal, at)
    level: Level = asked.level or BELOW[place_level]
    own_level: Level = place_level  # type: ignore[assignment]  # the database checks it
    both = _Both(session, period, span, source, await _two_rules(session, span, concerned, proposal), at)
    own, _ = await queries.list_subjects(session, period, place, own_level, today=at.today, subject_id=place)
    subjects, following = await queries.list_subjects(
        session, period, place, level, today=at.today, cursor=asked.cursor, limit=asked.limit
    )
    items = await both.sides(level, subjects)
    found = WhatIf(
        period,
        (await both.sides(own_level, own))[0],
        items,
        following,
        await _changes(session, span, concerned, source),
        source.folded_days,
        source.frozen_days,
    )
    if level == "inspector":
        await service.note_view(session, actor, period, place, [item["now"] for item in items], at.now)
    return found


def parse(values: Mapping[str, Any]) -> Proposal:
    """The proposed values, each as its parameter wants it. Raises UnknownParameter, ValueNotAllowed, NotForWhatIf."""
    proposal = Proposal({key: rules.parse_value(key, value) for key, value in values.items()})
    if proposal.unsupported:
        raise NotForWhatIf(key=proposal.unsupported[0])
    return proposal


async def _two_rules(
    session: AsyncSession, span: Span, concerned: Sequence[UUID], proposal: Proposal
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Policies and targets of all areas, as the book has them and with the proposal inside the area asked for."""
    book = await rules.rule_book(session)
    proposed: dict[UUID, RuleSet] = {}
    for area_id in concerned:
        path = await area_path(session, area_id)
        proposed[area_id] = proposal.over(book.resolve(path, span.last_rules))
    now = await area_rules(session, span.county_code, span.last_rules)
    return now, await area_rules(session, span.county_code, span.last_rules, proposed)


async def _changes(
    session: AsyncSession, span: Span, concerned: Sequence[UUID], source: Source
) -> list[dict[str, Any]]:
    """Days of the area whose judgement would be another, by both statuses."""
    statement = text(
        f"WITH {source.more.removesuffix(', ')} SELECT f.status AS before, s.status AS after, count(*) AS days "
        f"FROM day_figures f JOIN {source.sql} s ON s.county_code = f.county_code "
        "AND s.inspector_id = f.inspector_id AND s.service_day = f.service_day "
        "WHERE f.county_code = :county_code AND s.county_code = :county_code "
        "AND f.service_day BETWEEN :first AND :last AND s.service_day BETWEEN :first AND :last "
        "AND f.area_id = ANY(:in_area) AND s.status <> f.status GROUP BY 1, 2 ORDER BY 1, 2"
    )
    asked = {
        "county_code": span.county_code,
        "first": span.first,
        "last": span.last,
        "in_area": list(concerned),
    }
    rows = await session.execute(statement, {**source.parameters, **asked})
    return [dict(row._mapping) for row in rows]


@dataclass(frozen=True, slots=True)
class _Both:
    """Figures of subjects, now and proposed."""

    session: AsyncSession
    period: Period
    span: Span
    source: Source
    two_rules: tuple[dict[str, Any], dict[str, Any]]
    at: Moment

    async def sides(self, level: Level, subjects: Sequence[queries.Subject]) -> list[dict[str, Any]]:
        """Both sides of each subject that has figures under either."""
        ids = [subject.id for subject in subjects]
        now_rules, proposed_rules = self.two_rules
        now = await compute_figures(self.session, self.span, level, ids, zone=self.at.zone, rules=now_rules)
        proposed = await compute_figures(
            self.session,
            self.span,
            level,
            ids,
            zone=self.at.zone,
            rules=proposed_rules,
            source=self.source.sql,
            more=self.source.more,
            **self.source.parameters,
        )
        left, right = ({row.subject_id: dict(row._mapping) for row in rows} for rows in (now, proposed))
        named = {s.id: {"name": s.name, "code": s.code, "later_revisions": 0} for s in subjects}
        return [
            {"subject_id": i, "now": left[i] | named[i], "proposed": right[i] | named[i]}
            for i in ids
            if i in left and i in right
        ]
