"""Takes items of the kind `task_result`: from handhelds and from the office. Where a task came from hears of it."""

import hashlib
from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments.problems import ResultSubmissionUnknown
from app.collection.assignments.results import Follow, take_results
from app.collection.assignments.schemas import TaskResultCreate
from app.collection.declarations import verification as declarations
from app.collection.tips import verification as tips
from app.exchange.items import Desk, Item, Result
from app.exchange.receiving import receive

KIND = "task_result"
FOLLOWERS: Mapping[str, Follow] = {"declaration": declarations.follow, "tip": tips.follow}
"""By `origin_kind` of the task."""


async def take(session: AsyncSession, items: Sequence[Item], desk: Desk) -> Sequence[Result]:
    """One result for each item; see `results.take_results`."""
    return await take_results(session, items, desk, FOLLOWERS)


async def post(session: AsyncSession, desk: Desk, task_id: UUID, body: TaskResultCreate) -> bool:
    """Takes one result through the same door; whether it is new.

    Raises what it was rejected for, and ResultSubmissionUnknown instead of waiting: who posts is there to hear it.
    """
    content = body.model_dump(mode="json", exclude_unset=True) | {"task_id": str(task_id)}
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
    told = {name: value for name, value in content.items() if name not in ("id", "recorded_at")}
    item = Item(body.id, KIND, body.recorded_at, told, digest)
    ((_, result),) = await receive(session, desk, [item], {KIND: take})
    if result.problem is not None:
        raise result.problem
    if "held" in (result.outcome, result.first_outcome):
        raise ResultSubmissionUnknown
    return result.outcome != "duplicate"
