"""HTTP of legal holds, and of who looked at one's track."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response, status
from pydantic import AwareDatetime

from app.identity.actor import Actor, Role
from app.identity.dependencies import require
from app.identity.problems import SIGN_IN_PROBLEMS, NotAnInspector
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_HOLD
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.patrol.retention import holds, views
from app.patrol.retention.problems import HoldIdReused, HoldNeedsCounty, HoldOrder, HoldReleased
from app.patrol.retention.schemas import HoldCreate, HoldRead, HoldRelease, TrackViewRead

router = APIRouter()
SHOWN_DAYS = 184
"""How far back views are listed unless asked otherwise: as long as the log is kept at least."""

Holder = Annotated[Actor, Depends(require(Role.COUNTY, Role.CITY))]
Auditor = Annotated[Actor, Depends(require(Role.COUNTY, Role.CITY, Role.AUDIT_ADMIN))]
Walker = Annotated[Actor, Depends(require(Role.INSPECTOR))]
HoldId = Annotated[
    UUID,
    Path(
        description="Id of a hold · 保全编号",
        openapi_examples={"demo": {"summary": "Demo hold · 演示保全", "value": str(DEMO_HOLD)}},
    ),
]
HOLDING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)


@router.post(
    "/legal-holds",
    tags=["retention"],
    status_code=status.HTTP_201_CREATED,
    summary="Place a legal hold · 设置证据保全",
    responses={
        200: {"model": HoldRead, "description": "It was placed before · 此前已设置"},
        **problems(*HOLDING, NotAnInspector, HoldOrder, HoldNeedsCounty, HoldIdReused),
    },
)
async def place_hold(
    body: HoldCreate, actor: Holder, session: SessionDep, response: Response, now: Now
) -> HoldRead:
    """Nothing of these days is purged until it is released. The auditor sees it, too · 由区县设置,审计员可查

    Sent again with the same content it answers with the hold as it stands now.
    """
    if not await holds.place_hold(session, actor, body, now=now):
        response.status_code = status.HTTP_200_OK
    return HoldRead.model_validate(await holds.get_hold(session, actor, body.id))


@router.get(
    "/legal-holds",
    tags=["retention"],
    summary="List legal holds · 证据保全列表",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor),
)
async def list_holds(
    actor: Auditor,
    session: SessionDep,
    is_released: Annotated[
        bool | None, Query(description="Only released ones, or only those in force · 是否已解除")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[HoldRead]:
    """The oldest first · 按设置时间排列"""
    rows, following = await holds.list_holds(
        session, actor, is_released=is_released, cursor=cursor, limit=limit
    )
    return Page(items=[HoldRead.model_validate(r) for r in rows], next=following)


@router.get(
    "/legal-holds/{hold_id}",
    tags=["retention"],
    summary="One legal hold · 证据保全详情",
    responses=problems(*HOLDING),
)
async def get_hold(hold_id: HoldId, actor: Auditor, session: SessionDep) -> HoldRead:
    """With who placed and who released it."""
    return HoldRead.model_validate(await holds.get_hold(session, actor, hold_id))


@router.post(
    "/legal-holds/{hold_id}/release",
    tags=["retention"],
    summary="Release a legal hold · 解除证据保全",
    responses=problems(*HOLDING, HoldReleased),
)
async def release_hold(
    hold_id: HoldId, body: HoldRelease, actor: Holder, session: SessionDep, now: Now
) -> HoldRead:
    """With a reason. What is past its retention goes in the next night."""
    await holds.release_hold(session, actor, hold_id, body.reason, now=now)
    return HoldRead.model_validate(await holds.get_hold(session, actor, hold_id))


@router.get(
    "/me/track-views",
    tags=["patrol days"],
    summary="Who looked at my track · 谁看过我的轨迹",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor),
)
async def list_track_views(
    actor: Walker,
    session: SessionDep,
    now: Now,
    since: Annotated[
        AwareDatetime | None, Query(description="From when on; half a year back if empty · 起始时刻")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[TrackViewRead]:
    """Who, when, in which role, what: the latest first · 查看人、时间、角色、内容"""
    rows, following = await views.list_track_views(
        session, actor, since=since or now - timedelta(days=SHOWN_DAYS), cursor=cursor, limit=limit
    )
    return Page(items=[TrackViewRead(**row) for row in rows], next=following)
