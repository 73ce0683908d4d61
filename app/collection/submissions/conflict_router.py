"""HTTP of conflicts: fields with two values that a person decides about."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from app.collection.subjects.problems import RevealNotAllowed
from app.collection.submissions import conflicts
from app.collection.submissions.conflict_schemas import (
    ConflictDetailRead,
    ConflictPlainRead,
    ConflictRead,
    ConflictReveal,
    ConflictState,
    ResolutionCreate,
)
from app.collection.submissions.problems import ConflictMoved, ConflictResolved, SubmissionInvalid
from app.collection.submissions.workflow import REVIEWERS
from app.exchange.items import Desk
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import SettingsDep, VaultDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_CONFLICT
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems

router = APIRouter(prefix="/conflicts", tags=["submissions"])

Reader = Annotated[Actor, Depends(require(Role.INSPECTOR, *SUPERVISORS))]
Decider = Annotated[Actor, Depends(require(*sorted(REVIEWERS)))]
ConflictId = Annotated[
    UUID,
    Path(
        description="Id of a conflict · 冲突编号",
        openapi_examples={"demo": {"summary": "Demo conflict · 演示冲突", "value": str(DEMO_CONFLICT)}},
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)


@router.get(
    "", summary="List conflicts · 冲突列表", responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor)
)
async def list_conflicts(
    actor: Reader,
    session: SessionDep,
    state: Annotated[ConflictState | None, Query(description="open 待裁决 · resolved 已裁决")] = None,
    subject_id: Annotated[UUID | None, Query(description="Only of this subject · 采集对象")] = None,
    grid_id: Annotated[UUID | None, Query(description="Only in this grid · 网格")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ConflictRead]:
    """Fields that two people changed without knowing of each other, the oldest first · 按发现先后"""
    rows, following = await conflicts.list_conflicts(
        session, actor, state=state, subject_id=subject_id, grid_id=grid_id, cursor=cursor, limit=limit
    )
    return Page(items=[ConflictRead.model_validate(row) for row in rows], next=following)


@router.get("/{conflict_id}", summary="One conflict · 冲突详情", responses=problems(*READING))
async def get_conflict(conflict_id: ConflictId, actor: Reader, session: SessionDep) -> ConflictDetailRead:
    """Both values, masked where personal, and the version that a decision must name · 两个值并列"""
    return ConflictDetailRead.model_validate(await conflicts.get_conflict(session, actor, conflict_id))


@router.post(
    "/{conflict_id}/reveals",
    summary="See both values in plain · 查看明文",
    responses=problems(*READING, RevealNotAllowed),
)
async def reveal_conflict(
    conflict_id: ConflictId,
    body: ConflictReveal,
    actor: Decider,
    session: SessionDep,
    settings: SettingsDep,
    vault: VaultDep,
    now: Now,
) -> ConflictPlainRead:
    """For who may see them of the subject; leaves an event · 留痕"""
    desk = Desk(actor, vault, settings.zone, now)
    return ConflictPlainRead.model_validate(
        await conflicts.reveal_conflict(session, actor, conflict_id, body.reason, vault=vault, desk=desk)
    )


@router.post(
    "/{conflict_id}/resolution",
    summary="Decide which value holds · 裁决冲突",
    responses=problems(*READING, ConflictResolved, ConflictMoved, SubmissionInvalid),
)
async def resolve_conflict(
    conflict_id: ConflictId,
    body: ResolutionCreate,
    actor: Decider,
    session: SessionDep,
    settings: SettingsDep,
    vault: VaultDep,
    now: Now,
) -> ConflictDetailRead:
    """The current value, the sent one, or another; every decision makes a version of the subject."""
    await conflicts.resolve(session, Desk(actor, vault, settings.zone, now), conflict_id, body)
    return ConflictDetailRead.model_validate(await conflicts.get_conflict(session, actor, conflict_id))
