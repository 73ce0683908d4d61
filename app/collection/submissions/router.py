"""HTTP of submissions and of how well an area collects."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status

from app.collection.catalogue.problems import (
    FormVersionExpired,
    FormVersionUnknown,
    ItemNotAdmitted,
    ItemUnknown,
)
from app.collection.subjects.problems import (
    StateInFuture,
    StateNotAllowed,
    StateUnknown,
    SubjectClosed,
    SubjectKindDiffers,
)
from app.collection.submissions import queries, service
from app.collection.submissions.problems import (
    OwnSubmission,
    PlaceElsewhere,
    RecordedInFuture,
    ReviewStep,
    SubjectElsewhere,
    SubjectNeeded,
    SubjectNotTaken,
    SubmissionInvalid,
    SubmissionUnreadable,
)
from app.collection.submissions.queries import SubmissionFilter
from app.collection.submissions.schemas import (
    REVIEW_STATE,
    STATE,
    CollectionQualityRead,
    QualityRead,
    ReviewCreate,
    ReviewState,
    State,
    SubmissionCreate,
    SubmissionDetailRead,
    SubmissionRead,
    SubmissionResult,
)
from app.collection.submissions.workflow import REVIEWERS
from app.exchange.items import Desk
from app.exchange.problems import ContentDiffers
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import SettingsDep, VaultDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.errors import problem_response
from app.kit.ids import DEMO_COMMUNITY, DEMO_SUBMISSION
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.preconditions import etag
from app.kit.problems import Forbidden, NotFound, problems
from app.kit.schemas import Instant

router = APIRouter(tags=["submissions"])

Sender = Annotated[Actor, Depends(require(Role.INSPECTOR, Role.COMMUNITY, Role.TOWNSHIP, Role.COUNTY))]
Reader = Annotated[Actor, Depends(require(Role.INSPECTOR, Role.DEPARTMENT, *SUPERVISORS))]
Reviewer = Annotated[Actor, Depends(require(*sorted(REVIEWERS)))]
SubmissionId = Annotated[
    UUID,
    Path(
        description="Id of a submission · 采集记录编号",
        openapi_examples={
            "demo": {"summary": "Demo submission · 演示采集记录", "value": str(DEMO_SUBMISSION)}
        },
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)
TAKING = (
    ItemUnknown,
    ItemNotAdmitted,
    FormVersionUnknown,
    FormVersionExpired,
    SubmissionUnreadable,
    SubmissionInvalid,
    RecordedInFuture,
    SubjectNeeded,
    SubjectNotTaken,
    SubjectElsewhere,
    PlaceElsewhere,
    SubjectKindDiffers,
    SubjectClosed,
    StateUnknown,
    StateInFuture,
    StateNotAllowed,
    ContentDiffers,
)


@router.post(
    "/submissions",
    status_code=status.HTTP_201_CREATED,
    summary="Enter a record · 录入采集记录",
    response_model=SubmissionResult,
    responses={
        200: {"model": SubmissionResult, "description": "It was sent before · 此前已收到"},
        **problems(*SIGN_IN_PROBLEMS, Forbidden, *TAKING),
    },
)
async def post_submission(
    request: Request,
    body: SubmissionCreate,
    actor: Sender,
    session: SessionDep,
    settings: SettingsDep,
    vault: VaultDep,
    response: Response,
    now: Now,
) -> SubmissionResult | Response:
    """By clerks and by inspectors online; the same as an item that a handheld pushes, and as repeatable.

    A refusal is remembered with its id, too · 被拒结果同样留存
    """
    result = await service.post(session, Desk(actor, vault, settings.zone, now), body)
    if result.problem is not None:
        # an answer, not an exception: the receipt and the logged attempt are to be committed
        return problem_response(result.problem, request.headers, request.url.path)
    if result.outcome == "duplicate":
        response.status_code = status.HTTP_200_OK
    return SubmissionResult.model_validate({"id": body.id, "outcome": result.outcome, "told": result.told})


@router.get(
    "/submissions",
    summary="List submissions · 采集记录列表",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor),
)
async def list_submissions(
    actor: Reader,
    session: SessionDep,
    state: Annotated[State | None, Query(description=STATE)] = None,
    review_state: Annotated[ReviewState | None, Query(description=REVIEW_STATE)] = None,
    item_code: Annotated[str | None, Query(max_length=64, description="Only of this item · 事项")] = None,
    subject_id: Annotated[UUID | None, Query(description="Only about this subject · 采集对象")] = None,
    inspector_id: Annotated[UUID | None, Query(description="Only by this inspector · 网格员")] = None,
    area_id: Annotated[UUID | None, Query(description="In or below this area · 区划")] = None,
    grid_id: Annotated[UUID | None, Query(description="In this grid · 网格")] = None,
    outside_own_grid: Annotated[bool | None, Query(description="Recorded outside own grids · 网格外")] = None,
    recorded_from: Annotated[Instant | None, Query(description="Recorded at or after · 采集时刻起")] = None,
    recorded_until: Annotated[Instant | None, Query(description="Recorded before · 采集时刻止")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[SubmissionRead]:
    """In the order of arrival; an inspector's own, everybody else's area · 按收到先后"""
    wanted = SubmissionFilter(
        state,
        review_state,
        item_code,
        subject_id,
        inspector_id,
        area_id,
        grid_id,
        outside_own_grid,
        recorded_from,
        recorded_until,
    )
    rows, following = await queries.list_submissions(session, actor, wanted, cursor=cursor, limit=limit)
    return Page(items=[SubmissionRead.model_validate(row) for row in rows], next=following)


@router.get(
    "/submissions/{submission_id}", summary="One submission · 采集记录详情", responses=problems(*READING)
)
async def get_submission(
    submission_id: SubmissionId, actor: Reader, session: SessionDep, vault: VaultDep, response: Response
) -> SubmissionDetailRead:
    """As it was sent, personal values masked · 个人信息脱敏"""
    found = await service.get_submission(session, actor, submission_id, vault=vault)
    response.headers["ETag"] = etag(found["revision"])
    return SubmissionDetailRead.model_validate(found)


@router.get(
    "/submissions/{submission_id}/quality",
    summary="Why it has its score · 质量分说明",
    responses=problems(*READING),
)
async def get_quality(
    submission_id: SubmissionId, actor: Reader, session: SessionDep, settings: SettingsDep, now: Now
) -> QualityRead:
    """The parts of the score, freshness as of now, and the entry lag · 分项得分与入库时滞"""
    return QualityRead.model_validate(
        await service.quality_of(session, actor, submission_id, now=now, zone=settings.zone)
    )


@router.post(
    "/submissions/{submission_id}/review",
    summary="Approve or return · 审核采集记录",
    responses=problems(*READING, ReviewStep, OwnSubmission),
)
async def review(
    submission_id: SubmissionId,
    body: ReviewCreate,
    actor: Reviewer,
    session: SessionDep,
    vault: VaultDep,
    now: Now,
) -> SubmissionDetailRead:
    """By a supervisor of the area, never by who recorded it. What is returned reaches the handheld with its reason."""
    await service.review(session, actor, submission_id, body, now=now)
    await session.flush()  # what is read below is what was decided
    return SubmissionDetailRead.model_validate(
        await service.get_submission(session, actor, submission_id, vault=vault)
    )


@router.get(
    "/areas/{area_id}/collection-quality",
    summary="How well an area collects · 采集质量",
    responses=problems(*READING),
)
async def get_area_quality(
    area_id: Annotated[
        UUID,
        Path(
            description="Id of an area · 区划标识",
            openapi_examples={"demo": {"value": str(DEMO_COMMUNITY)}},
        ),
    ],
    actor: Reader,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
    month: Annotated[
        str | None,
        Query(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", description="`2026-11`; this month if empty · 月份"),
    ] = None,
) -> CollectionQualityRead:
    """Mean quality, median entry lag and what waits for a person, of what was recorded in a month."""
    today = now.astimezone(settings.zone).date()
    first = date(int(month[:4]), int(month[5:]), 1) if month else today.replace(day=1)
    return CollectionQualityRead.model_validate(
        await service.area_quality(session, actor, area_id, first, zone=settings.zone)
    )
