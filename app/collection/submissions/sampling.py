"""The verbs of sampling checks (S0-41): draw, judge, close with feedback to the grid office."""

import secrets
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Float, Row, Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.submissions.drawing import SEED_BITS, draw
from app.collection.submissions.models import SampleCase, SampleCheck, Submission
from app.collection.submissions.problems import SampleClosed, SampleEmpty, SampleTooLarge, SampleUnfinished
from app.collection.submissions.sampling_schemas import SampleCheckCreate, VerdictPut
from app.identity.actor import Actor
from app.identity.models import Account
from app.identity.scope import AreaClosure, area_path, counties_of, require_area, visible_to
from app.kit import events, pagination
from app.kit.clock import day_start
from app.kit.problems import NotFound
from app.rules import service as rules
from app.rules.catalogue.submissions import SAMPLE_MOST

WRONG = ("wrong", "not_found")


async def draw_sample(
    session: AsyncSession,
    actor: Actor,
    body: SampleCheckCreate,
    *,
    now: datetime,
    today: date,
    zone: ZoneInfo,
) -> UUID:
    """Draws from what has arrived by now; the same seed draws the same. Raises NotFound, SampleTooLarge,
    SampleEmpty.
    """
    await require_area(session, actor, body.area_id)
    ruled = await rules.resolve(session, await area_path(session, body.area_id), today)
    if body.size > ruled[SAMPLE_MOST]:
        raise SampleTooLarge(most=ruled[SAMPLE_MOST])
    ids = list(await session.scalars(_population(actor, body, zone)))
    if not ids:
        raise SampleEmpty
    seed = secrets.randbits(SEED_BITS) if body.seed is None else body.seed
    check = SampleCheck(
        county_code=actor.county_code,
        id=uuid7(),
        area_id=body.area_id,
        item_code=body.item_code,
        first_day=body.first_day,
        last_day=body.last_day,
        seed=seed,
        population=len(ids),
        note=body.note,
        drawn_by=actor.account_id,
        drawn_at=now,
        state="open",
    )
    session.add(check)
    await session.flush()  # its cases refer to it
    sample = draw(ids, seed, body.size)
    rows = [
        {"county_code": actor.county_code, "check_id": check.id, "ordinal": n, "submission_id": drawn}
        for n, drawn in enumerate(sample, 1)
    ]
    await session.execute(insert(SampleCase), rows)
    facts = {"item_code": body.item_code, "population": len(ids), "size": len(sample), "seed": str(seed)}
    await _record(session, actor, "sample_check.drawn", check, facts, now)
    return check.id


async def list_checks(
    session: AsyncSession, actor: Actor, *, state: str | None, cursor: str | None, limit: int
) -> tuple[list[Row[Any]], str | None]:
    """Checks of the actor's area, the oldest first."""
    statement = await _checks(session, actor)
    if state is not None:
        statement = statement.where(SampleCheck.state == state)
    keys = (SampleCheck.drawn_at, SampleCheck.id)
    rows = (await session.execute(pagination.after(statement, keys, cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: (row.drawn_at, row.id))


async def get_check(session: AsyncSession, actor: Actor, check_id: UUID) -> Row[Any]:
    """A check with its figures. Raises NotFound."""
    statement = (await _checks(session, actor)).where(SampleCheck.id == check_id)
    row: Row[Any] | None = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound
    return row


async def list_cases(
    session: AsyncSession,
    actor: Actor,
    check_id: UUID,
    *,
    verdict: str | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """The drawn records, in the order of the draw. Raises NotFound."""
    check = await get_check(session, actor, check_id)
    statement = (
        select(
            *SampleCase.__table__.c,
            Submission.subject_id,
            Submission.item_code,
            Submission.grid_id,
            Submission.recorded_at,
        )
        .join(
            Submission,
            (Submission.county_code == SampleCase.county_code) & (Submission.id == SampleCase.submission_id),
        )
        .where(SampleCase.county_code == check.county_code, SampleCase.check_id == check_id)
    )
    if verdict is not None:
        statement = statement.where(SampleCase.verdict == verdict)
    rows = (await session.execute(pagination.after(statement, (SampleCase.ordinal,), cursor, limit))).all()
    return pagination.page(rows, limit, lambda row: (row.ordinal,))


async def judge_case(
    session: AsyncSession, actor: Actor, check_id: UUID, ordinal: int, body: VerdictPut, *, now: datetime
) -> None:
    """Notes a verdict; again, the later one counts. Raises NotFound, SampleClosed."""
    check = await _locked(session, actor, check_id)
    case = await session.get(SampleCase, (check.county_code, check_id, ordinal))
    if case is None:
        raise NotFound
    case.verdict, case.remarks = body.verdict, body.remarks
    case.judged_by, case.judged_at = actor.account_id, now
    facts = {"ordinal": ordinal, "submission_id": str(case.submission_id), "verdict": body.verdict}
    await _record(session, actor, "sample_check.judged", check, facts, now)


async def close_check(
    session: AsyncSession, actor: Actor, check_id: UUID, feedback: str, *, now: datetime
) -> None:
    """Ends a check whose cases all have a verdict; the grid office hears the figure. Raises NotFound,
    SampleClosed, SampleUnfinished.
    """
    check = await _locked(session, actor, check_id)
    figures = await get_check(session, actor, check_id)
    if figures.judged < figures.size:
        raise SampleUnfinished(open_cases=figures.size - figures.judged)
    check.state, check.feedback = "closed", feedback
    check.closed_by, check.closed_at = actor.account_id, now
    facts = {
        "judged": figures.judged,
        "wrong": figures.wrong,
        "error_rate": figures.error_rate,
        "item_code": check.item_code,
    }
    await _record(session, actor, "sample_check.closed", check, facts, now)


def _population(actor: Actor, body: SampleCheckCreate, zone: ZoneInfo) -> Select[UUID]:
    below = select(AreaClosure.area_id).where(AreaClosure.ancestor_id == body.area_id)
    statement = select(Submission.id).where(
        Submission.county_code == actor.county_code,
        Submission.area_id.in_(below),
        Submission.state.in_(("applied", "conflict")),
        Submission.recorded_at >= day_start(body.first_day, zone),
        Submission.recorded_at < day_start(body.last_day + timedelta(days=1), zone),
    )
    if body.item_code is not None:
        statement = statement.where(Submission.item_code == body.item_code)
    return statement


async def _checks(session: AsyncSession, actor: Actor) -> Select[Any]:
    judged = func.count(SampleCase.verdict)
    wrong = func.count().filter(SampleCase.verdict.in_(WRONG))
    figures = (
        select(
            SampleCase.county_code,
            SampleCase.check_id,
            func.count().label("size"),
            judged.label("judged"),
            wrong.label("wrong"),
            (wrong * 1.0 / func.nullif(judged, 0)).cast(Float).label("error_rate"),
        )
        .group_by(SampleCase.county_code, SampleCase.check_id)
        .subquery()
    )
    return (
        select(
            *SampleCheck.__table__.c,
            figures.c.size,
            figures.c.judged,
            figures.c.wrong,
            figures.c.error_rate,
            Account.display_name.label("drawn_by_name"),
        )
        .join(
            figures,
            (figures.c.county_code == SampleCheck.county_code) & (figures.c.check_id == SampleCheck.id),
        )
        .join(Account, Account.id == SampleCheck.drawn_by)
        .where(SampleCheck.county_code.in_(await counties_of(session, actor)), visible_to(actor, SampleCheck))
    )


async def _locked(session: AsyncSession, actor: Actor, check_id: UUID) -> SampleCheck:
    check: SampleCheck | None = await session.scalar(
        select(SampleCheck)
        .where(
            SampleCheck.county_code.in_(await counties_of(session, actor)),
            SampleCheck.id == check_id,
            visible_to(actor, SampleCheck),
        )
        .with_for_update()
    )
    if check is None:
        raise NotFound
    if check.state == "closed":
        raise SampleClosed
    return check


async def _record(
    session: AsyncSession, actor: Actor, type_: str, check: SampleCheck, facts: dict[str, Any], now: datetime
) -> None:
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("sample_check", check.id),
        facts,
        county_code=check.county_code,
        now=now,
        area_id=check.area_id,
    )
