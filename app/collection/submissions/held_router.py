"""HTTP of held submissions: edits that wait for what has not arrived, or for a person."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from app.collection.submissions import queries, service
from app.collection.submissions.problems import NotHeld, RebaseRefused
from app.collection.submissions.queries import SubmissionFilter
from app.collection.submissions.schemas import (
    DiscardCreate,
    RebaseCreate,
    SubmissionDetailRead,
    SubmissionRead,
)
from app.collection.submissions.workflow import REVIEWERS
from app.exchange.items import Desk
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import SettingsDep, VaultDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import demo_id
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems

router = APIRouter(prefix="/held-submissions", tags=["submissions"])

Reader = Annotated[Actor, Depends(require(Role.INSPECTOR, *SUPERVISORS))]
Reviewer = Annotated[Actor, Depends(require(*sorted(REVIEWERS)))]
HeldId = Annotated[
    UUID,
    Path(
        description="Id of a held submission · 等待中的采集记录编号",
        openapi_examples={"demo": {"value": str(demo_id("submission", "held"))}},
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)


@router.get(
    "",
    summary="What waits for something · 等待中的修改",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor),
)
async def list_held(
    actor: Reader,
    session: SessionDep,
    area_id: Annotated[UUID | None, Query(description="In or below this area · 区划")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[SubmissionRead]:
    """Edits of what has not arrived, applied by themselves when it comes; `stuck` ones wait for a person."""
    wanted = SubmissionFilter(area_id=area_id)
    rows, following = await queries.list_submissions(
        session, actor, wanted, states=queries.WAITING, cursor=cursor, limit=limit
    )
    return Page(items=[SubmissionRead.model_validate(row) for row in rows], next=following)


@router.post(
    "/{submission_id}/discard",
    summary="Give a held edit up · 作废等待中的修改",
    responses=problems(*READING, NotHeld),
)
async def discard_held(
    submission_id: HeldId,
    body: DiscardCreate,
    actor: Reviewer,
    session: SessionDep,
    vault: VaultDep,
    now: Now,
) -> SubmissionDetailRead:
    """It stays on file with the reason; what came after it waits for a person · 内容留存"""
    await service.discard(session, actor, submission_id, body.reason, now=now)
    await session.flush()  # what is read below is what was decided
    return SubmissionDetailRead.model_validate(
        await service.get_submission(session, actor, submission_id, vault=vault)
    )


@router.post(
    "/{submission_id}/rebase",
    summary="Apply a held edit now · 按当前版本采纳",
    responses=problems(*READING, NotHeld, RebaseRefused),
)
async def rebase_held(
    submission_id: HeldId,
    body: RebaseCreate,
    actor: Reviewer,
    session: SessionDep,
    settings: SettingsDep,
    vault: VaultDep,
    now: Now,
) -> SubmissionDetailRead:
    """As if it had been made on the subject as it stands, or on another one where that never came."""
    await service.rebase(session, Desk(actor, vault, settings.zone, now), submission_id, body)
    return SubmissionDetailRead.model_validate(
        await service.get_submission(session, actor, submission_id, vault=vault)
    )
