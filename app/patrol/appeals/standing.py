"""Which status of a day stands, and until when its judgement can be contested."""

from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.scope import area_path
from app.patrol.appeals import queries
from app.patrol.appeals.deadlines import AppealRules, file_by
from app.rules import service as rules
from app.rules.book import RuleSet
from app.rules.calendar import load_calendar
from app.rules.catalogue import appeals
from app.rules.catalogue.working_time import DEADLINE_CLOSE
from app.rules.working_time import DeadlineClose


def appeal_rules(applied: RuleSet) -> AppealRules:
    """The part of the rules that deadlines of appeals depend on."""
    return AppealRules(
        file_within_days=applied[appeals.FILE_WITHIN_WORKING_DAYS],
        decide_within_days=applied[appeals.DECIDE_WITHIN_WORKING_DAYS],
        written_grace=timedelta(days=applied[appeals.WRITTEN_GRACE_DAYS]),
        close=cast("DeadlineClose", applied[DEADLINE_CLOSE]),
    )


async def day_standing(
    session: AsyncSession, county_code: str, inspector_id: UUID, day: date, *, status: str, zone: ZoneInfo
) -> dict[str, Any]:
    """Everything `schemas.StandingRead` promises. status: of the figures that are shown beside it."""
    found = await queries.get_standing(session, county_code, inspector_id, day)
    contest_until = None
    if found.judged_at is not None:
        path = await area_path(session, found.area_id)
        applied = await rules.resolve(session, path, found.judged_at.astimezone(zone).date())
        calendar = await load_calendar(session, path)
        contest_until = file_by(found.judged_at, appeal_rules(applied), calendar, zone)
    return {
        "status": found.decided_status or status,
        "revision": found.revision,
        "contest_until": contest_until,
        "decided_status": found.decided_status,
        "decision": found.decision,
        "decided_revision": found.decided_revision,
        "appeal_id": found.appeal_id,
        "open_appeal_id": found.open_appeal_id,
    }
