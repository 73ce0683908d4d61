"""The rule book's verbs: what applies here on this day, and deciding otherwise."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.kit import events
from app.kit.events import EventActor
from app.rules import queries
from app.rules.book import Entry, RuleBook, RuleSet
from app.rules.catalogue import PARAMETERS, judging
from app.rules.editions import EditionCache, current_stamps, new_edition
from app.rules.models import RuleValue
from app.rules.parameter import Parameter, ValueRefusedError
from app.rules.problems import (
    AssessmentNeedsBasis,
    EffectiveOrder,
    RuleBackdated,
    UnknownParameter,
    ValueNotAllowed,
)
from app.rules.sealed_periods import refuse_sealed

log = logging.getLogger("wangge.rules")
PatrolPolicy = Literal["off", "record", "assess"]
_books: EditionCache[UUID, RuleBook] = EditionCache()


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decides about one parameter; `value` None hands it back to the wider area."""

    key: str
    area_id: UUID | None
    effective_from: date
    effective_to: date | None
    value: Any | None
    source: str


async def rule_book(session: AsyncSession) -> RuleBook:
    """The current rule book. One cheap query while nothing changed; resolve as often as you like after it."""
    stamp = (await current_stamps(session))["rules"]
    known = _books.get(stamp)
    if known is not None:
        return known
    stamp, rows = await queries.list_values(session)
    return _books.keep(stamp, RuleBook(entry for row in rows if (entry := _entry(row)) is not None))


async def resolve(session: AsyncSession, area_path: Sequence[UUID], day: date) -> RuleSet:
    """What applies in `area_path[0]` on `day`.

    area_path: ids from the most specific area up to the root (`identity.scope.area_path`); empty gives what
    applies everywhere.
    """
    return (await rule_book(session)).resolve(area_path, day)


def _entry(row: Any) -> Entry | None:
    parameter = PARAMETERS.get(row.parameter_key)
    if parameter is None:  # decided under a release that knew more: nobody asks for it here
        return None
    try:
        value = None if row.value is None else parameter.parse(row.value)
    except ValueRefusedError:
        log.error(
            "rule value %s of %s no longer fits its parameter and is passed over", row.id, row.parameter_key
        )
        return None
    return Entry(
        row.id,
        row.parameter_key,
        row.area_id,
        row.effective_from,
        row.effective_to,
        value,
        row.source,
        row.version,
    )


async def set_value(
    session: AsyncSession,
    actor: EventActor,
    decision: Decision,
    *,
    county_code: str,
    area_path: Sequence[UUID],
    now: datetime,
    today: date | None,
) -> RuleValue:
    """Records a decision and its event. The caller has checked that `actor` may decide for the area.

    area_path: from `decision.area_id` to the root, empty for a decision that holds everywhere. today: first
    day on which a rule may take effect, or None where earlier ones are allowed (a county being set up).
    Raises UnknownParameter, ValueNotAllowed, EffectiveOrder, RuleBackdated, AssessmentNeedsBasis,
    RuleInSealedPeriod.
    """
    parameter = require_known(decision.key)
    value = _normalised(decision)
    if decision.effective_to is not None and decision.effective_to <= decision.effective_from:
        raise EffectiveOrder
    if today is not None and decision.effective_from < today:
        raise RuleBackdated(today=today.isoformat())
    book_before = await rule_book(session)
    before = book_before.resolve(area_path, decision.effective_from).applied()[decision.key]
    row = _row(actor, decision, value, await new_edition(session, "rules"), now)
    session.add(row)
    await session.flush()  # the check below reads what would apply
    book = await rule_book(session)
    _require_basis(book.resolve(area_path, decision.effective_from))
    await refuse_sealed(
        session,
        decision.key,
        decision.area_id,
        decision.effective_from,
        decision.effective_to,
        path=area_path,
        before=book_before,
        after=book,
    )
    await _record(session, actor, row, parameter.dump(before.value), county_code, now)
    return row


def _row(actor: EventActor, decision: Decision, value: Any | None, version: int, now: datetime) -> RuleValue:
    return RuleValue(
        id=uuid7(),
        parameter_key=decision.key,
        area_id=decision.area_id,
        effective_from=decision.effective_from,
        effective_to=decision.effective_to,
        value=value,
        source=decision.source,
        decided_by=actor.id,
        recorded_at=now,
        version=version,
    )


def require_known(key: str) -> Parameter[Any]:
    """The parameter called `key`. Raises UnknownParameter."""
    if key not in PARAMETERS:
        raise UnknownParameter(key=key)
    return PARAMETERS[key]


def parse_value(key: str, raw: Any) -> Any:
    """What the JSON `raw` means as a value of the parameter. Raises UnknownParameter, ValueNotAllowed."""
    parameter = require_known(key)
    try:
        return parameter.parse(raw)
    except ValueRefusedError as refused:
        raise ValueNotAllowed(
            key=key, reason_zh=refused.zh, reason_en=refused.en, bounds=dict(parameter.bounds())
        ) from refused


def _normalised(decision: Decision) -> Any | None:
    if decision.value is None:
        return None
    return PARAMETERS[decision.key].dump(parse_value(decision.key, decision.value))


def _require_basis(rules: RuleSet) -> None:
    if rules[judging.POLICY] == "assess" and not has_basis(rules):
        raise AssessmentNeedsBasis


def has_basis(rules: RuleSet) -> bool:
    """Whether legal basis and approval number are on file: without both nobody's tracks are assessed."""
    return bool(rules[judging.LEGAL_BASIS] and rules[judging.APPROVAL_NO])


def patrol_policy(rules: RuleSet) -> PatrolPolicy:
    """`off`, `record` or `assess` as it really applies: an assessment whose basis lapsed is a record."""
    policy = rules[judging.POLICY]
    return "record" if policy == "assess" and not has_basis(rules) else cast("PatrolPolicy", policy)


async def _record(
    session: AsyncSession, actor: EventActor, row: RuleValue, before: Any, county_code: str, now: datetime
) -> None:
    await events.record(
        session,
        actor,
        "rule.set",
        ("rule_value", row.id),
        {
            "key": row.parameter_key,
            "value": row.value,
            "before": before,
            "effective_from": row.effective_from.isoformat(),
            "effective_to": row.effective_to.isoformat() if row.effective_to else None,
            "source": row.source,
            "version": row.version,
        },
        county_code=county_code,
        area_id=row.area_id,
        now=now,
    )
