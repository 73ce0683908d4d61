"""HTTP of subjects."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response, status

from app.collection.subjects import queries, reveals, searching, service
from app.collection.subjects.answers import brief_read, version_read
from app.collection.subjects.problems import (
    FieldUnknown,
    RevealNotAllowed,
    SearchTooShort,
    SearchUnbounded,
    StateInFuture,
    StateNotAllowed,
    StateNotFound,
    StateUnknown,
    SubjectMerged,
    SubjectNotFound,
)
from app.collection.subjects.schemas import (
    RevealCreate,
    RevealRead,
    StateCreate,
    SubjectBrief,
    SubjectRead,
    SubjectSearch,
    VersionRead,
    VoidCreate,
)
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import Today, VaultDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_PERSON, DEMO_STATE
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.preconditions import ReadVersion, etag
from app.kit.problems import Forbidden, PreconditionFailed, PreconditionRequired, problems
from app.patrol.problems import BoxReversed

router = APIRouter(prefix="/subjects", tags=["subjects"])

Reader = Annotated[Actor, Depends(require(Role.INSPECTOR, *SUPERVISORS, Role.DISPATCHER))]
Corrector = Annotated[Actor, Depends(require(*SUPERVISORS))]
SubjectId = Annotated[
    UUID,
    Path(
        description="Id of a subject · 对象编号",
        openapi_examples={"demo": {"summary": "Demo resident · 演示居民", "value": str(DEMO_PERSON)}},
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden, SubjectNotFound)
CORRECTING = (
    *READING,
    PreconditionRequired,
    PreconditionFailed,
    SubjectMerged,
    StateNotAllowed,
)


@router.post(
    "/searches",
    summary="Find subjects · 查找对象",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, SearchTooShort, SearchUnbounded, BoxReversed, BadCursor),
)
async def search_subjects(
    body: SubjectSearch, actor: Reader, session: SessionDep, vault: VaultDep
) -> Page[SubjectBrief]:
    """By part of a name or address, an exact number, area, grid, kind, tags, state or map box, in my area.

    A POST, because names and numbers have no place in an address · 姓名和号码不得出现在网址中
    """
    asked = body.model_dump(exclude={"limit", "cursor", "key"})
    key = (body.key.kind, body.key.value) if body.key else None
    rows, following = await searching.search(
        session, actor, vault, searching.Search(**asked, key=key), cursor=body.cursor, limit=body.limit
    )
    return Page(items=[brief_read(row) for row in rows], next=following)


@router.get("/{subject_id}", summary="One subject · 对象详情", responses=problems(*READING))
async def get_subject(
    subject_id: SubjectId, actor: Reader, session: SessionDep, response: Response, now: Now, today: Today
) -> SubjectRead:
    """Personal fields masked, sensitive ones left out; `merged_into` says where a merged one went."""
    found = await service.get_subject(session, actor, subject_id, now=now, today=today)
    response.headers["ETag"] = etag(found["revision"])
    return SubjectRead.model_validate(found)


@router.get(
    "/{subject_id}/versions", summary="Versions of a subject · 版本", responses=problems(*READING, BadCursor)
)
async def list_versions(
    subject_id: SubjectId, actor: Reader, session: SessionDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[VersionRead]:
    """Every accepted change, masked, the oldest first; those of merged subjects among them."""
    row = await queries.get_subject(session, actor, subject_id)
    group = await queries.group_of(session, row.county_code, row.id)
    rows, following = await queries.list_versions(session, row.county_code, group, cursor=cursor, limit=limit)
    return Page(items=[version_read(each) for each in rows], next=following)


@router.post(
    "/{subject_id}/states",
    status_code=status.HTTP_201_CREATED,
    summary="Enter a state of the life cycle · 登记生命周期状态",
    responses=problems(*CORRECTING, StateUnknown, StateInFuture),
)
async def set_state(
    subject_id: SubjectId,
    body: StateCreate,
    actor: Corrector,
    session: SessionDep,
    response: Response,
    read_version: ReadVersion,
    now: Now,
    today: Today,
) -> SubjectRead:
    """Put in where its day belongs; both neighbours must allow it. Handhelds send states with submissions."""
    await service.set_state(
        session,
        actor,
        subject_id,
        state=body.state,
        on=body.on,
        read_version=read_version,
        now=now,
        today=today,
    )
    return await get_subject(subject_id, actor, session, response, now, today)


@router.post(
    "/{subject_id}/states/{state_id}/voiding",
    summary="Take back a state · 作废生命周期状态",
    responses=problems(*CORRECTING, StateNotFound),
)
async def void_state(
    subject_id: SubjectId,
    state_id: Annotated[UUID, Path(description="Id of a dated state · 状态编号", examples=[str(DEMO_STATE)])],
    body: VoidCreate,
    actor: Corrector,
    session: SessionDep,
    response: Response,
    read_version: ReadVersion,
    now: Now,
    today: Today,
) -> SubjectRead:
    """Entered by mistake: it stays listed as voided, the one before holds again."""
    await service.void_state(
        session, actor, subject_id, state_id, reason=body.reason, read_version=read_version, now=now
    )
    return await get_subject(subject_id, actor, session, response, now, today)


@router.post(
    "/{subject_id}/reveals",
    summary="See personal data in plain · 查看明文",
    responses=problems(*READING, RevealNotAllowed, FieldUnknown),
)
async def reveal(
    subject_id: SubjectId,
    body: RevealCreate,
    actor: Reader,
    session: SessionDep,
    vault: VaultDep,
    now: Now,
    today: Today,
) -> RevealRead:
    """Recorded with fields, purpose and reason. An inspector sees those of his own grids · 留痕,网格员限本网格"""
    reveal_id, values = await reveals.reveal(
        session,
        actor,
        vault,
        subject_id,
        fields=body.fields,
        purpose=body.purpose,
        note=body.note,
        now=now,
        today=today,
    )
    return RevealRead(id=reveal_id, subject_id=subject_id, fields=values)
