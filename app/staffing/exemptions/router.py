"""HTTP of exemptions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, status

from app.identity.dependencies import CurrentActor, SettingsDep, Supervisor
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COMMUNITY, DEMO_EXEMPTION
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.kit.schemas import Instant
from app.staffing.away import bounds_of
from app.staffing.exemptions import service
from app.staffing.exemptions.problems import ExemptionCancelled, ExemptionOverlaps
from app.staffing.exemptions.schemas import ExemptionCancel, ExemptionCreate, ExemptionRead
from app.staffing.problems import AwayKind, AwayKindPersonal, AwayTime, UnknownDayKind
from app.staffing.roster_models import Exemption

router = APIRouter(prefix="/exemptions", tags=["staffing"])


@router.get(
    "",
    summary="Exemptions of areas · 区域免考",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, BadCursor),
)
async def list_exemptions(
    actor: CurrentActor,
    session: SessionDep,
    area_id: Annotated[
        UUID | None,
        Query(
            description="Only those that hold here · 对此区域有效的",
            openapi_examples={"demo": {"summary": "Demo community · 演示社区", "value": str(DEMO_COMMUNITY)}},
        ),
    ] = None,
    at: Annotated[Instant | None, Query(description="Only those at this instant · 仅此时有效的")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ExemptionRead]:
    """By begin; those of wider areas are listed too, because they hold below."""
    rows, following = await service.list_exemptions(
        session, actor, area_id=area_id, at=at, cursor=cursor, limit=limit
    )
    return Page(items=[_read(row) for row in rows], next=following)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Exempt an area · 区域免考",
    responses=problems(
        *SIGN_IN_PROBLEMS,
        Forbidden,
        NotFound,
        AwayTime,
        AwayKind,
        AwayKindPersonal,
        UnknownDayKind,
        ExemptionOverlaps,
    ),
)
async def exempt_area(
    body: ExemptionCreate, actor: Supervisor, session: SessionDep, settings: SettingsDep, now: Now
) -> ExemptionRead:
    """Everybody planned there has this kind of day meanwhile; patrol days it touches are folded again."""
    return _read(await service.exempt_area(session, actor, body, zone=settings.zone, now=now))


@router.post(
    "/{exemption_id}/cancellations",
    summary="Cancel an exemption · 撤销免考",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, NotFound, ExemptionCancelled),
)
async def cancel_exemption(
    exemption_id: Annotated[
        UUID,
        Path(
            description="Id of an exemption · 免考标识",
            openapi_examples={"demo": {"summary": "Demo · 演示", "value": str(DEMO_EXEMPTION)}},
        ),
    ],
    body: ExemptionCancel,
    actor: Supervisor,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
) -> ExemptionRead:
    """As if it had never been: the plan holds again. The row and both reasons stay."""
    row = await service.cancel_exemption(
        session, actor, exemption_id, body.reason, zone=settings.zone, now=now
    )
    return _read(row)


def _read(row: Exemption) -> ExemptionRead:
    begins, ends = bounds_of(row.during)
    return ExemptionRead(
        id=row.id,
        area_id=row.area_id,
        starts_at=begins,
        ends_at=ends,
        kind=row.kind,
        reason=row.reason,
        document_no=row.document_no,
        created_by=row.created_by,
        created_at=row.created_at,
        cancelled_at=row.cancelled_at,
        cancel_reason=row.cancel_reason,
    )
