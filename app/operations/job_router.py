"""HTTP of the worker's jobs, for the system administrator."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Path, Query
from pydantic import AwareDatetime, ConfigDict, Field

from app.identity.actor import Actor, Role
from app.identity.dependencies import require
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.problems import NotFound, problems
from app.kit.schemas import Input, Output
from app.operations import job_service
from app.operations.problems import JobNotFailed, JobWaitsAlready

router = APIRouter(prefix="/operations/jobs", tags=["operations"])
Operator = Annotated[Actor, Depends(require(Role.SYSTEM_ADMIN))]
State = Literal["failed", "waiting", "running", "stalled"]
MAX_JOB_ID = 2**63 - 1


class JobRead(Output):
    """A job of the worker, without its arguments."""

    id: Annotated[int, Field(description="Number · 编号")]
    task: Annotated[str, Field(description="What it does · 任务")]
    state: Annotated[
        State,
        Field(description="failed 失败 · waiting 排队 · running 执行中 · stalled 停滞(执行它的进程已无响应)"),
    ]
    attempts: Annotated[int, Field(description="Attempts so far · 已尝试次数")]
    scheduled_at: Annotated[AwareDatetime | None, Field(description="Not before · 不早于")]
    changed_at: Annotated[AwareDatetime | None, Field(description="Last change of its state · 状态变更时间")]


class JobPage(Output):
    """One page, the newest first."""

    items: Annotated[list[JobRead], Field(description="Jobs · 任务")]
    next: Annotated[int | None, Field(description="`before` of the next page, or null · 下一页的 before")]


class RetryAllCreate(Input):
    """Which failed jobs are run again."""

    model_config = ConfigDict(json_schema_extra={"example": {"task": "kit.ensure_months"}})

    task: Annotated[
        str | None, Field(max_length=128, description="Only of this task; empty: all · 任务,空为全部")
    ] = None


class RetryAllRead(Output):
    """What became of the failed jobs."""

    retried: Annotated[int, Field(description="Waiting again · 重新排队")]
    superseded: Annotated[int, Field(description="Given up: another does the same · 由同类任务代替")]


@router.get("", summary="Jobs of the worker · 后台任务")
async def list_jobs(
    actor: Operator,
    session: SessionDep,
    state: Annotated[State | None, Query(description="Only in this state · 状态")] = None,
    task: Annotated[str | None, Query(max_length=128, description="Only of this task · 任务")] = None,
    before: Annotated[
        int | None, Query(ge=1, le=MAX_JOB_ID, description="`next` of the page before · 上一页的 next")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Most rows in one answer · 每页最多行数")] = 100,
) -> JobPage:
    """What waits, runs, stalls or failed; finished jobs are deleted · 已完成的任务不保留"""
    rows, following = await job_service.list_jobs(
        session, actor, job_service.JobFilter(state, task), before=before, limit=limit
    )
    return JobPage(items=[JobRead.model_validate(row) for row in rows], next=following)


@router.post("/retries", summary="Run all failed jobs again · 重试全部失败任务")
async def retry_all(
    actor: Operator, session: SessionDep, now: Now, body: Annotated[RetryAllCreate, Body()]
) -> RetryAllRead:
    """Jobs are safe to repeat; of several that do the same only the newest runs · 任务可安全重复执行"""
    return RetryAllRead.model_validate(await job_service.retry_all(session, actor, task=body.task, now=now))


@router.post(
    "/{job_id}/retries",
    summary="Run a failed job again · 重试任务",
    responses=problems(NotFound, JobNotFailed, JobWaitsAlready),
)
async def retry(
    job_id: Annotated[int, Path(ge=1, le=MAX_JOB_ID, description="Number · 编号", examples=[1])],
    actor: Operator,
    session: SessionDep,
    now: Now,
) -> JobRead:
    """One more attempt; stalled jobs go on by themselves within a minute · 停滞的任务会自动恢复"""
    return JobRead.model_validate(await job_service.retry_job(session, actor, job_id, now=now))
