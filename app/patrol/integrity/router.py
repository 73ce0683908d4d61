"""Integrity signals for those who answer for an area."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from app.areas.dependencies import ServiceDay
from app.identity.actor import SUPERVISORS, Actor
from app.identity.dependencies import SettingsDep, require
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COUNTY, DEMO_DAY, DEMO_SIGNAL
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import NotFound, problems
from app.kit.schemas import Day
from app.patrol.integrity import service
from app.patrol.integrity.problems import SignalNotFound, SignalWithdrawn
from app.patrol.integrity.schemas import ReviewCreate, SignalRead
from app.patrol.integrity.service import SignalFilter
from app.patrol.integrity.signals import Kind
from app.patrol.problems import RangeTooWide

router = APIRouter(tags=["integrity signals"])
LISTED_DAYS = 31

Answerable = Annotated[Actor, Depends(require(*SUPERVISORS))]


@router.get(
    "/integrity-signals",
    summary="Integrity signals of an area · 轨迹真实性提示",
    responses=problems(BadCursor, NotFound, RangeTooWide),
)
async def list_signals(
    actor: Answerable,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
    today: ServiceDay,
    area_id: Annotated[
        UUID | None,
        Query(
            description="Area; your own if empty · 区划,默认本辖区",
            openapi_examples={"county": {"summary": "Demo county · 演示区县", "value": str(DEMO_COUNTY)}},
        ),
    ] = None,
    day_from: Annotated[
        Day | None,
        Query(
            description="First day; a month back if empty · 起始日期,默认一个月前",
            openapi_examples={"demo": {"summary": "Demo day · 演示日", "value": DEMO_DAY.isoformat()}},
        ),
    ] = None,
    day_to: Annotated[Day | None, Query(description="Last day; today if empty · 截止日期,默认今天")] = None,
    kind: Annotated[Kind | None, Query(description="Only this kind · 类型")] = None,
    reviewed: Annotated[
        bool | None, Query(description="Only reviewed, or only open ones · 是否已复核")
    ] = None,
    withdrawn: Annotated[bool, Query(description="Withdrawn ones, too · 含已撤回")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[SignalRead]:
    """Questions with evidence, by day; never a verdict: no figure and no status depends on them.

    附证据的提示,按日期排列,不影响任何数字与判定。查看会留痕。
    """
    last = day_to or today
    asked = SignalFilter(
        area_id, day_from or last - timedelta(days=LISTED_DAYS), last, kind, reviewed, withdrawn
    )
    rows, following = await service.list_signals(
        session, actor, asked, cursor=cursor, limit=limit, now=now, zone=settings.zone
    )
    return Page(items=[SignalRead.model_validate(r) for r in rows], next=following)


@router.post(
    "/integrity-signals/{signal_id}/reviews",
    summary="Note what was found out · 复核提示",
    status_code=201,
    responses=problems(SignalNotFound, SignalWithdrawn),
)
async def review_signal(
    signal_id: Annotated[
        UUID,
        Path(
            description="Signal · 提示",
            openapi_examples={"demo": {"summary": "Demo signal · 演示提示", "value": str(DEMO_SIGNAL)}},
        ),
    ],
    body: ReviewCreate,
    actor: Answerable,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
) -> SignalRead:
    """Explained, confirmed or unclear, with a note that the inspector sees. A later review takes its place.

    复核结论与依据,网格员可见;再次复核以最新为准,日志保留全部。
    """
    found = await service.review_signal(
        session, actor, signal_id, body.outcome, body.note, now=now, zone=settings.zone
    )
    return SignalRead.model_validate(found)
