"""HTTP of duplicates and merges."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, status

from app.collection.subjects import merging
from app.collection.subjects.answers import proposal_read
from app.collection.subjects.merge_schemas import (
    ConfirmationCreate,
    MergeCreate,
    MergeRead,
    ProposalRead,
    ReasonCreate,
)
from app.collection.subjects.problems import (
    DuplicateDecided,
    MergeEndsDiffer,
    MergeReversed,
    SubjectMerged,
    SubjectNotFound,
)
from app.identity.actor import SUPERVISORS, Actor
from app.identity.dependencies import require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_DUPLICATE, DEMO_MERGE
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems

router = APIRouter(tags=["subjects"])

Decider = Annotated[Actor, Depends(require(*SUPERVISORS))]
ProposalId = Annotated[
    UUID, Path(description="Id of a proposal · 疑似重复编号", examples=[str(DEMO_DUPLICATE)])
]
MergeId = Annotated[UUID, Path(description="Id of a merge · 合并编号", examples=[str(DEMO_MERGE)])]
LISTING = (*SIGN_IN_PROBLEMS, Forbidden, BadCursor)
DECIDING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound, SubjectNotFound)


@router.get("/duplicates", summary="Subjects that may be the same · 疑似重复", responses=problems(*LISTING))
async def list_duplicates(
    actor: Decider,
    session: SessionDep,
    state: Annotated[
        merging.ProposalState | None, Query(description="Only this state; all if empty · 处理状态")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ProposalRead]:
    """Proposed when a subject is written; of each both ends lie in my area."""
    rows, following = await merging.list_proposals(session, actor, state, cursor=cursor, limit=limit)
    return Page(items=[proposal_read(row) for row in rows], next=following)


@router.post(
    "/duplicates/{proposal_id}/confirmation",
    summary="The two are one · 确认重复并合并",
    responses=problems(*DECIDING, DuplicateDecided, MergeEndsDiffer, SubjectMerged),
)
async def confirm_duplicate(
    proposal_id: ProposalId, body: ConfirmationCreate, actor: Decider, session: SessionDep, now: Now
) -> MergeRead:
    """Merges them; the merge can be reversed."""
    merged = await merging.confirm(
        session, actor, proposal_id, winner_id=body.winner_id, reason=body.reason, now=now
    )
    return MergeRead.model_validate(merged)


@router.post(
    "/duplicates/{proposal_id}/dismissal",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="The two are two · 排除重复",
    responses=problems(*DECIDING, DuplicateDecided),
)
async def dismiss_duplicate(
    proposal_id: ProposalId, body: ReasonCreate, actor: Decider, session: SessionDep, now: Now
) -> None:
    """They are never proposed again."""
    await merging.dismiss(session, actor, proposal_id, reason=body.reason, now=now)


@router.get("/merges", summary="Merges · 合并记录", responses=problems(*LISTING))
async def list_merges(
    actor: Decider,
    session: SessionDep,
    subject_id: Annotated[UUID | None, Query(description="Only those of this subject · 对象编号")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[MergeRead]:
    """Those taken back too."""
    rows, following = await merging.list_merges(session, actor, subject_id, cursor=cursor, limit=limit)
    return Page(items=[MergeRead.model_validate(row) for row in rows], next=following)


@router.post(
    "/merges",
    status_code=status.HTTP_201_CREATED,
    summary="Merge two subjects · 合并对象",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, SubjectNotFound, MergeEndsDiffer, SubjectMerged),
)
async def merge_subjects(body: MergeCreate, actor: Decider, session: SessionDep, now: Now) -> MergeRead:
    """The loser becomes an alias; its versions and links are read through the winner."""
    merged = await merging.merge(
        session, actor, loser_id=body.loser_id, winner_id=body.winner_id, reason=body.reason, now=now
    )
    return MergeRead.model_validate(merged)


@router.post(
    "/merges/{merge_id}/reversal",
    summary="Reverse a merge · 撤销合并",
    responses=problems(*DECIDING, MergeReversed),
)
async def reverse_merge(
    merge_id: MergeId, body: ReasonCreate, actor: Decider, session: SessionDep, now: Now
) -> MergeRead:
    """Both stand for themselves again, exactly as they were."""
    return MergeRead.model_validate(
        await merging.reverse(session, actor, merge_id, reason=body.reason, now=now)
    )
