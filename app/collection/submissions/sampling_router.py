"""HTTP of sampling checks by departments."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, status

from app.collection.submissions import sampling
from app.collection.submissions.problems import SampleClosed, SampleEmpty, SampleTooLarge, SampleUnfinished
from app.collection.submissions.sampling_schemas import (
    VERDICT,
    CheckState,
    ClosingCreate,
    SampleCaseRead,
    SampleCheckCreate,
    SampleCheckRead,
    Verdict,
    VerdictPut,
)
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import SettingsDep, Today, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import demo_id
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems

router = APIRouter(prefix="/sample-checks", tags=["submissions"])

Checker = Annotated[Actor, Depends(require(Role.DEPARTMENT, Role.TOWNSHIP, Role.COUNTY))]
Reader = Annotated[Actor, Depends(require(Role.DEPARTMENT, *SUPERVISORS))]
CheckId = Annotated[
    UUID,
    Path(
        description="Id of a sampling check · 抽查编号",
        openapi_examples={"demo": {"value": str(demo_id("sample_check", "1"))}},
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Draw a random sample · 随机抽查",
    responses=problems(*READING, SampleTooLarge, SampleEmpty),
)
async def draw_sample(
    body: SampleCheckCreate,
    actor: Checker,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
    today: Today,
) -> SampleCheckRead:
    """Of what was collected in an area and period; the seed is kept, so that anybody can draw it again."""
    check_id = await sampling.draw_sample(session, actor, body, now=now, today=today, zone=settings.zone)
    return SampleCheckRead.model_validate(await sampling.get_check(session, actor, check_id))


@router.get(
    "", summary="List sampling checks · 抽查列表", responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor)
)
async def list_checks(
    actor: Reader,
    session: SessionDep,
    state: Annotated[CheckState | None, Query(description="open 进行中 · closed 已办结")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[SampleCheckRead]:
    """Of one's area, the oldest first · 辖区内的抽查"""
    rows, following = await sampling.list_checks(session, actor, state=state, cursor=cursor, limit=limit)
    return Page(items=[SampleCheckRead.model_validate(row) for row in rows], next=following)


@router.get("/{check_id}", summary="One sampling check · 抽查详情", responses=problems(*READING))
async def get_check(check_id: CheckId, actor: Reader, session: SessionDep) -> SampleCheckRead:
    """With its error rate; the cases behind it are listed by `verdict` · 差错率可逐条打开"""
    return SampleCheckRead.model_validate(await sampling.get_check(session, actor, check_id))


@router.get("/{check_id}/cases", summary="Drawn records · 抽中记录", responses=problems(*READING, BadCursor))
async def list_cases(
    check_id: CheckId,
    actor: Reader,
    session: SessionDep,
    verdict: Annotated[Verdict | None, Query(description=VERDICT)] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[SampleCaseRead]:
    """In the order of the draw · 按抽取顺序"""
    rows, following = await sampling.list_cases(
        session, actor, check_id, verdict=verdict, cursor=cursor, limit=limit
    )
    return Page(items=[SampleCaseRead.model_validate(row) for row in rows], next=following)


@router.put(
    "/{check_id}/cases/{ordinal}",
    summary="Note a verdict · 填报核查结论",
    responses=problems(*READING, SampleClosed),
)
async def judge_case(
    check_id: CheckId,
    ordinal: Annotated[int, Path(ge=1, le=2000, description="Place in the sample · 序号", examples=[1])],
    body: VerdictPut,
    actor: Checker,
    session: SessionDep,
    now: Now,
) -> SampleCheckRead:
    """What is wrong becomes a task of its grid · 有误的转为复核任务"""
    await sampling.judge_case(session, actor, check_id, ordinal, body, now=now)
    await session.flush()  # the figures below count it
    return SampleCheckRead.model_validate(await sampling.get_check(session, actor, check_id))


@router.post(
    "/{check_id}/closing",
    summary="Close with feedback · 办结并反馈",
    responses=problems(*READING, SampleClosed, SampleUnfinished),
)
async def close_check(
    check_id: CheckId, body: ClosingCreate, actor: Checker, session: SessionDep, now: Now
) -> SampleCheckRead:
    """The grid office hears the error rate and what to do · 反馈网格管理机构"""
    await sampling.close_check(session, actor, check_id, body.feedback, now=now)
    await session.flush()  # what is read below is closed
    return SampleCheckRead.model_validate(await sampling.get_check(session, actor, check_id))
