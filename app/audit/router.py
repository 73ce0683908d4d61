"""HTTP of the event log, for the audit administrator and for supervisors of a county. Looking changes nothing."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from app.audit import queries, verification
from app.audit.schemas import EventRead, VerificationRead
from app.identity.actor import Actor, Role
from app.identity.dependencies import require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COUNTY_CODE
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import NotFound, problems

router = APIRouter(tags=["audit"])
Auditor = Annotated[Actor, Depends(require(Role.AUDIT_ADMIN, Role.COUNTY, Role.CITY))]
LOOK_BACK = timedelta(days=31)
"""Without `since`: as far as two monthly partitions reach."""


@router.get("/events", summary="The event log · 操作日志", responses=problems(*SIGN_IN_PROBLEMS, BadCursor))
async def list_events(
    actor: Auditor,
    session: SessionDep,
    now: Now,
    since: Annotated[AwareDatetime | None, Query(description="From, with offset; 31 days ago · 起")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before, with offset · 止(不含)")] = None,
    type: Annotated[
        str | None,
        Query(
            max_length=80,
            pattern=r"^[a-z_.]+\*?$",
            description="`account.locked`, or `account.*` · 类型",
            examples=["account.*"],
        ),
    ] = None,
    subject_type: Annotated[
        str | None, Query(max_length=40, pattern="^[a-z_]+$", description="About what · 对象类别")
    ] = None,
    subject_id: Annotated[UUID | None, Query(description="About which · 对象")] = None,
    actor_id: Annotated[UUID | None, Query(description="Done by whom · 操作主体")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[EventRead]:
    """Sealed events of my area in the order of the chain, the oldest first."""
    wanted = queries.EventFilter(since or now - LOOK_BACK, until, type, subject_type, subject_id, actor_id)
    rows, following = await queries.list_events(session, actor, wanted, cursor=cursor, limit=limit)
    items = [EventRead.model_validate({**row._mapping, "hash": row.hash.hex()}) for row in rows]
    return Page(items=items, next=following)


@router.get(
    "/audit/verification",
    summary="Check the chain of the log · 核验日志链",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound),
)
async def verify(
    actor: Auditor,
    session: SessionDep,
    county_code: Annotated[
        str | None,
        Query(pattern="^[0-9]{6}$", description="Home county · 所属区县", examples=[DEMO_COUNTY_CODE]),
    ] = None,
    after_seq: Annotated[int, Query(ge=0, le=2**62, description="Begin behind this one · 起")] = 0,
    limit: Annotated[int, Query(ge=1, le=20_000, description="Most events to read · 最多条数")] = 5000,
) -> VerificationRead:
    """Computes every hash again, part by part: ask on with `next_after_seq` until it is null."""
    county = await queries.get_county(session, actor, county_code)
    return VerificationRead.model_validate(
        await verification.verify_part(session, county, after_seq=after_seq, limit=limit)
    )
