"""Health and metrics for whoever watches the service: load balancers, monitoring, ops staff."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, Field
from starlette.responses import Response

from app.identity.actor import Actor, Role
from app.identity.dependencies import require
from app.kit import metrics
from app.kit.clock import Now
from app.kit.problems import Unavailable, problems
from app.kit.schemas import Output
from app.operations import wellness
from app.operations.readiness import NotReady, Readiness, Wellness
from app.operations.wellness import Reason

router = APIRouter(tags=["operations"])
status_router = APIRouter(prefix="/operations", tags=["operations"])
Watcher = Annotated[Actor, Depends(require(Role.SYSTEM_ADMIN, Role.COUNTY, Role.CITY))]
RETRY_AFTER_S = 5


class Health(Output):
    """State of this process."""

    status: Literal["ok"]


class ReadinessRead(Output):
    """Can this process serve, and is the service well."""

    status: Annotated[Literal["ok", "degraded"], Field(description="ok 正常 · degraded 降级")]
    reasons: Annotated[list[Reason], Field(description="Why it is degraded · 降级原因")]
    checked_at: Annotated[AwareDatetime, Field(description="When this was measured · 测量时间")]


class SweepRead(Output):
    """A sweep of the worker."""

    name: Annotated[str, Field(description="seal 日志封存 · fold 巡查日计算")]
    ran_at: Annotated[AwareDatetime, Field(description="When it last ran · 最近运行")]
    lag_s: Annotated[float, Field(description="Seconds since it had nothing left to do · 积压秒数")]


class StatusRead(ReadinessRead):
    """The same with its figures."""

    sweeps: Annotated[list[SweepRead], Field(description="Sweeps of the worker · 后台巡检")]
    months_ahead: Annotated[int, Field(description="Coming months with partitions · 已提前建立分区的月数")]
    queue_share: Annotated[
        float, Field(description="This process's writer queue in use, 0 to 1 · 写入队列占用")
    ]
    disk_free_mib: Annotated[int, Field(description="Free disk space, MiB · 磁盘剩余")]
    handhelds_heard: Annotated[
        int, Field(description="Handhelds heard in the last minutes · 近期有上报终端数")
    ]
    handhelds_usual: Annotated[int, Field(description="Usual at this time of the day · 同期终端数")]
    handhelds_expected: Annotated[int, Field(description="Expected on duty now · 应在岗终端数")]


@router.get("/health/live", summary="Is the process alive · 进程存活")
async def live() -> Health:
    """Answers as long as the process runs; asks nobody else."""
    return Health(status="ok")


@router.get("/health/ready", summary="Can it serve · 就绪检查", responses=problems(Unavailable))
async def ready(request: Request, now: Now) -> ReadinessRead:
    """503 when this process can't serve (`why`), else 200; `degraded` names what to look at and still serves.

    Some seconds old at most, so ask as often as you like. 无法服务时返回 503;降级时仍返回 200 并给出原因。
    """
    return ReadinessRead(**_summary(await _state(request, now)))


@router.get("/metrics", summary="Prometheus metrics · 监控指标", response_class=Response)
async def prometheus(request: Request, now: Now) -> Response:
    """Counters, timings and the state of the service in Prometheus' text format; no personal data."""
    readiness: Readiness = request.app.state.readiness
    with suppress(NotReady):  # wangge_ready says so
        await readiness.current(now)
    body, media_type = metrics.exposition()
    return Response(body, media_type=media_type)


@status_router.get("/status", summary="How the service is · 运行状况", responses=problems(Unavailable))
async def get_status(request: Request, actor: Watcher, now: Now) -> StatusRead:
    """What readiness is judged by, in figures · 就绪判断所依据的数据"""
    state = await _state(request, now)
    found = state.found
    return StatusRead(
        **_summary(state),
        sweeps=[
            SweepRead(name=name, ran_at=sweep.ran_at, lag_s=wellness.lag(found, name).total_seconds())
            for name, sweep in sorted(found.sweeps.items())
        ],
        months_ahead=found.months_ahead,
        queue_share=found.queue_share,
        disk_free_mib=found.disk_free_mib,
        handhelds_heard=found.heard.now,
        handhelds_usual=found.heard.usual(),
        handhelds_expected=found.heard.expected,
    )


async def _state(request: Request, now: datetime) -> Wellness:
    readiness: Readiness = request.app.state.readiness
    try:
        return await readiness.current(now)
    except NotReady as error:
        raise Unavailable(headers={"Retry-After": str(RETRY_AFTER_S)}, why=error.why) from error


def _summary(state: Wellness) -> dict[str, object]:
    return {
        "status": "degraded" if state.reasons else "ok",
        "reasons": state.reasons,
        "checked_at": state.found.at,
    }
