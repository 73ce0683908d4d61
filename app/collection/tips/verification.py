"""What an inspector found about a tip; what he submitted himself needs no clerk to enter it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments.results import Answer, Followed
from app.collection.tips import queries
from app.collection.tips.workflow import STATE_AFTER, TipState
from app.exchange.items import Desk
from app.kit import events
from app.kit.events import NewEvent


async def follow(session: AsyncSession, desk: Desk, answers: Sequence[Answer]) -> Mapping[UUID, Followed]:
    """Settles the tips of verification tasks, by task id."""
    county_code = desk.actor.county_code
    tips = await queries.lock_tips(session, county_code, [answer.task.origin_id for answer in answers])
    recorded = []
    for answer in answers:
        tip = tips[answer.task.origin_id]
        tip.state, tip.verified_at = STATE_AFTER[answer.outcome], min(answer.at, desk.now)
        tip.reason = answer.note
        if tip.state is TipState.VERIFIED and answer.submission_id is not None:
            tip.state = TipState.ENTERED
            tip.entered_submission_id, tip.entered_by = answer.submission_id, desk.actor.account_id
            tip.entered_at = desk.now
        tip.version += 1
        facts = {"task_id": str(answer.task.id), "grid_id": str(tip.grid_id), "outcome": answer.outcome.value}
        recorded.append(NewEvent(f"tip.{tip.state}", ("tip", tip.id), facts, tip.area_id))
    await events.record_many(session, desk.actor.event_actor, recorded, county_code=county_code, now=desk.now)
    return {answer.task.id: Followed(answer.submission_id) for answer in answers}
