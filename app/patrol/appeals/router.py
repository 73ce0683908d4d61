"""HTTP of appeals."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response, status

from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import SettingsDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_APPEAL
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.patrol.appeals import queries, service
from app.patrol.appeals.problems import (
    AppealClosed,
    AppealDecidedAbove,
    AppealDiffers,
    AppealOpen,
    AppealTooLate,
    DayNotJudged,
    JudgementContestedBefore,
)
from app.patrol.appeals.schemas import (
    AppealCreate,
    AppealDetailRead,
    AppealRead,
    DecisionCreate,
)
from app.patrol.problems import DayNotFound

router = APIRouter(prefix="/appeals", tags=["appeals"])

Contester = Annotated[Actor, Depends(require(Role.INSPECTOR))]
Decider = Annotated[Actor, Depends(require(*SUPERVISORS))]
Reader = Annotated[Actor, Depends(require(Role.INSPECTOR, *SUPERVISORS))]
AppealId = Annotated[
    UUID,
    Path(
        description="Id of an appeal · 申诉编号",
        openapi_examples={"demo": {"summary": "Demo appeal · 演示申诉", "value": str(DEMO_APPEAL)}},
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Contest a judged day · 提交申诉",
    responses={
        200: {"model": AppealDetailRead, "description": "It was filed before · 此前已提交"},
        **problems(
            *SIGN_IN_PROBLEMS,
            Forbidden,
            DayNotFound,
            DayNotJudged,
            AppealTooLate,
            AppealDiffers,
            AppealOpen,
            JudgementContestedBefore,
        ),
    },
)
async def file_appeal(
    body: AppealCreate,
    actor: Contester,
    session: SessionDep,
    settings: SettingsDep,
    response: Response,
    now: Now,
) -> AppealDetailRead:
    """One's own day, within the rule's working days after it was judged. May be sent late and again.

    What was written in time without signal counts when it arrives within the rule's grace · 离线书写的可迟到送达
    """
    appeal, is_new = await service.file_appeal(session, actor, body, now=now, zone=settings.zone)
    if not is_new:
        response.status_code = status.HTTP_200_OK
    return AppealDetailRead(**await service.get_appeal(session, actor, appeal.id, now=now))


@router.get(
    "", summary="List appeals · 申诉列表", responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor)
)
async def list_appeals(
    actor: Reader,
    session: SessionDep,
    now: Now,
    state: Annotated[
        Literal["filed", "decided", "withdrawn"] | None, Query(description="Only this state · 状态")
    ] = None,
    is_overdue: Annotated[
        bool | None, Query(description="Only those not decided in time, or only the others · 逾期未决定")
    ] = None,
    inspector_id: Annotated[UUID | None, Query(description="Only this inspector · 网格员")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AppealRead]:
    """An inspector's own, a supervisor's whole area; the oldest first · 网格员看本人,管理员看辖区"""
    rows, following = await queries.list_appeals(
        session,
        actor,
        state=state,
        is_overdue=is_overdue,
        inspector_id=inspector_id,
        cursor=cursor,
        limit=limit,
        now=now,
    )
    return Page(items=[AppealRead.model_validate(r) for r in rows], next=following)


@router.get("/{appeal_id}", summary="One appeal · 申诉详情", responses=problems(*READING))
async def get_appeal(appeal_id: AppealId, actor: Reader, session: SessionDep, now: Now) -> AppealDetailRead:
    """With the contested figures, unchanged, beside what was decided · 原判定与决定并列"""
    return AppealDetailRead(**await service.get_appeal(session, actor, appeal_id, now=now))


@router.post(
    "/{appeal_id}/decision",
    summary="Decide an appeal · 决定申诉",
    responses=problems(*READING, AppealDecidedAbove, AppealClosed),
)
async def decide_appeal(
    appeal_id: AppealId, body: DecisionCreate, actor: Decider, session: SessionDep, now: Now
) -> AppealDetailRead:
    """By a supervisor of the level that the rule names, or above; the reason is shown to the inspector."""
    await service.decide_appeal(session, actor, appeal_id, body, now=now)
    return AppealDetailRead(**await service.get_appeal(session, actor, appeal_id, now=now))


@router.post(
    "/{appeal_id}/withdrawal",
    summary="Withdraw an appeal · 撤回申诉",
    responses=problems(*READING, AppealClosed),
)
async def withdraw_appeal(
    appeal_id: AppealId, actor: Contester, session: SessionDep, now: Now
) -> AppealDetailRead:
    """By who filed it, until it is decided; the day can be contested again within the deadline."""
    await service.withdraw_appeal(session, actor, appeal_id, now=now)
    return AppealDetailRead(**await service.get_appeal(session, actor, appeal_id, now=now))
