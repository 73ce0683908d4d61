"""Health and metrics for whoever watches the service."""

from typing import Literal

from fastapi import APIRouter, Request
from sqlalchemy import text
from starlette.responses import Response

from app.kit import metrics
from app.kit.db import Database
from app.kit.problems import Unavailable, problems
from app.kit.schemas import Output

router = APIRouter(tags=["operations"])


class Health(Output):
    """State of this process."""

    status: Literal["ok"]


@router.get("/health/live", summary="Is the process alive · 进程存活")
async def live() -> Health:
    """Answers as long as the process runs; asks nobody else."""
    return Health(status="ok")


@router.get("/health/ready", summary="Can it serve · 就绪检查", responses=problems(Unavailable))
async def ready(request: Request) -> Health:
    """Answers 200 when the database answers, else 503 · 数据库可用时返回 200"""
    database: Database = request.app.state.database
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
    return Health(status="ok")


@router.get("/metrics", summary="Prometheus metrics · 监控指标", response_class=Response)
async def prometheus() -> Response:
    """Counters and timings of this process in Prometheus' text format."""
    body, media_type = metrics.exposition()
    return Response(body, media_type=media_type)
