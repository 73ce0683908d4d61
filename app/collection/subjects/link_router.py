"""HTTP of links between subjects."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, status

from app.collection.subjects import linking, service
from app.collection.subjects.answers import entered_link_read, link_read, network_read
from app.collection.subjects.problems import (
    LinkDatesReversed,
    LinkEnded,
    LinkEndsUnfit,
    LinkExists,
    LinkInFuture,
    LinkNotFound,
    LinkOfField,
    LinkToItself,
    SubjectMerged,
)
from app.collection.subjects.router import READING, Corrector, Reader, SubjectId
from app.collection.subjects.schemas import Direction, LinkCreate, LinkEnd, LinkKind, LinkRead, NetworkRead
from app.identity.dependencies import Today
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_LINK, DEMO_ORGANIZATION
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import problems
from app.kit.schemas import Day

router = APIRouter(prefix="/subjects", tags=["subjects"])

At = Annotated[Day | None, Query(description="Only links that hold on this day; today if empty · 按此日有效")]
Kinds = Annotated[list[LinkKind] | None, Query(description="Only these kinds of links · 关联类型")]
LinkedId = Annotated[UUID, Path(description="Id of a subject · 对象编号", examples=[str(DEMO_ORGANIZATION)])]
LinkId = Annotated[UUID, Path(description="Id of a link · 关联编号", examples=[str(DEMO_LINK)])]
DATED = (LinkInFuture, LinkDatesReversed)


@router.get(
    "/{subject_id}/links", summary="Links of a subject · 关联", responses=problems(*READING, BadCursor)
)
async def list_links(
    subject_id: SubjectId,
    actor: Reader,
    session: SessionDep,
    today: Today,
    direction: Annotated[Direction | None, Query(description="Only this direction · 方向")] = None,
    kind: Kinds = None,
    at: At = None,
    with_ended: Annotated[bool, Query(description="Also those that hold no more · 含已终止的")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[LinkRead]:
    """From person to dwelling, from dwelling to people, in any direction · 以人找房、以房找人、以事找人"""
    day: date | None = None if with_ended else at or today
    found, following = await linking.list_links(
        session, actor, subject_id, direction=direction, kinds=kind, at=day, cursor=cursor, limit=limit
    )
    return Page(items=[link_read(row, other) for row, other in found], next=following)


@router.get(
    "/{subject_id}/network", summary="Walk the links of a subject · 关联网络", responses=problems(*READING)
)
async def walk_links(
    subject_id: SubjectId,
    actor: Reader,
    session: SessionDep,
    today: Today,
    steps: Annotated[int, Query(ge=1, le=6, description="How far; the rule may stop before · 步数")] = 2,
    kind: Kinds = None,
    at: At = None,
    limit: Limit = 100,
) -> NetworkRead:
    """Who lives with whom, which buildings are of one estate · 人对人、楼栋对楼栋、小区对小区"""
    network = await service.get_network(
        session, actor, subject_id, steps=steps, kinds=kind, at=at or today, limit=limit, today=today
    )
    return network_read(network)


@router.post(
    "/{subject_id}/links",
    status_code=status.HTTP_201_CREATED,
    summary="Link two subjects · 建立关联",
    responses=problems(*READING, *DATED, LinkToItself, LinkEndsUnfit, SubjectMerged, LinkExists),
)
async def enter_link(
    subject_id: SubjectId, body: LinkCreate, actor: Corrector, session: SessionDep, now: Now, today: Today
) -> LinkRead:
    """What no form field names, such as an owner. A field's link changes with the field · 表单字段以外的关联"""
    link, other = await linking.enter_link(
        session,
        actor,
        subject_id,
        body.to_id,
        kind=body.kind,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        now=now,
        today=today,
    )
    return entered_link_read(link, other)


@router.post(
    "/{subject_id}/links/{link_id}/ending",
    summary="End a link · 终止关联",
    responses=problems(*READING, *DATED, LinkNotFound, LinkOfField, LinkEnded),
)
async def end_link(
    subject_id: LinkedId,
    link_id: LinkId,
    body: LinkEnd,
    actor: Corrector,
    session: SessionDep,
    now: Now,
    today: Today,
) -> LinkRead:
    """From either end; it stays listed with its dates. One entered by mistake ends on its first day."""
    link, other = await linking.end_link(
        session, actor, subject_id, link_id, on=body.on, now=now, today=today
    )
    return entered_link_read(link, other)
