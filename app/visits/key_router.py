"""HTTP of key persons and key places."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response, status

from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_KEY_SUBJECT
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.preconditions import ReadVersion, etag
from app.kit.problems import Forbidden, NotFound, PreconditionFailed, PreconditionRequired, problems
from app.visits import designations, key_queries
from app.visits.key_schemas import (
    KeySubjectChange,
    KeySubjectCreate,
    KeySubjectEnd,
    KeySubjectRead,
    KeySubjectReveal,
    Kind,
    OpenCategory,
)
from app.visits.problems import (
    KeySubjectEnded,
    KeySubjectKind,
    KeySubjectListed,
    KeySubjectTerm,
    RestrictedTerm,
)
from app.visits.schemas import Reveal

router = APIRouter(prefix="/key-subjects", tags=["visits"])

Keeper = Annotated[Actor, Depends(require(*SUPERVISORS))]
Reader = Annotated[Actor, Depends(require(Role.INSPECTOR, *SUPERVISORS))]
KeyId = Annotated[
    UUID,
    Path(
        description="Id of a designation · 列管编号",
        openapi_examples={"demo": {"summary": "Demo place · 演示重点场所", "value": str(DEMO_KEY_SUBJECT)}},
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Designate a key person or place · 列管重点人员、重点场所",
    responses=problems(*READING, KeySubjectKind, KeySubjectTerm, KeySubjectListed, RestrictedTerm),
)
async def designate(
    body: KeySubjectCreate, actor: Keeper, session: SessionDep, response: Response, now: Now
) -> KeySubjectRead:
    """It is visited every month from then on. Restricted categories are shown as `restricted` afterwards."""
    key_id = await designations.designate(session, actor, body, now=now)
    return await _answer(session, actor, key_id, response, now)


@router.get(
    "",
    summary="Key persons and places · 重点人员、重点场所名单",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor),
)
async def list_keys(
    actor: Reader,
    session: SessionDep,
    now: Now,
    kind: Kind | None = None,
    category: Annotated[OpenCategory | None, Query(description="Only this category · 类别")] = None,
    grid_id: Annotated[UUID | None, Query(description="Only in this grid · 网格")] = None,
    on: Annotated[date | None, Query(description="Only those on the list that day · 当日在册")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[KeySubjectRead]:
    """A supervisor's area, an inspector's own grids; names masked."""
    rows, following = await key_queries.list_keys(
        session,
        actor,
        kind=kind,
        category=category,
        grid_id=grid_id,
        on=on,
        cursor=cursor,
        limit=limit,
        now=now,
    )
    return Page(items=[KeySubjectRead.model_validate(row) for row in rows], next=following)


@router.get("/{key_id}", summary="One designation · 列管详情", responses=problems(*READING))
async def get_key(
    key_id: KeyId, actor: Reader, session: SessionDep, response: Response, now: Now
) -> KeySubjectRead:
    """Its ETag goes into If-Match of a change."""
    return await _answer(session, actor, key_id, response, now)


@router.patch(
    "/{key_id}",
    summary="Change a designation · 变更列管",
    responses=problems(
        *READING,
        PreconditionRequired,
        PreconditionFailed,
        KeySubjectEnded,
        KeySubjectTerm,
        KeySubjectListed,
        RestrictedTerm,
    ),
)
async def change_key(
    key_id: KeyId,
    body: KeySubjectChange,
    actor: Keeper,
    session: SessionDep,
    version: ReadVersion,
    response: Response,
    now: Now,
) -> KeySubjectRead:
    """Term, number of visits, basis; a wrong category is ended and designated anew."""
    await designations.change_key(session, actor, key_id, body, read_version=version, now=now)
    return await _answer(session, actor, key_id, response, now)


@router.post(
    "/{key_id}/endings",
    summary="Take off the list · 解除列管",
    responses=problems(*READING, KeySubjectEnded, KeySubjectTerm),
)
async def end_key(
    key_id: KeyId, body: KeySubjectEnd, actor: Keeper, session: SessionDep, response: Response, now: Now
) -> KeySubjectRead:
    """The months before stay as they were judged; the running one asks for its share."""
    await designations.end_key(session, actor, key_id, on=body.on, reason=body.reason, now=now)
    return await _answer(session, actor, key_id, response, now)


@router.post(
    "/{key_id}/reveals",
    summary="See category and basis in plain · 查看受限类别",
    responses=problems(*READING),
)
async def reveal_key(
    key_id: KeyId, body: Reveal, actor: Keeper, session: SessionDep, now: Now
) -> KeySubjectReveal:
    """Supervisors only; who looked, and what for, is kept in the event log · 查看留痕"""
    found = await designations.reveal_key(session, actor, key_id, body.purpose, now=now)
    return KeySubjectReveal.model_validate(found)


async def _answer(
    session: SessionDep, actor: Actor, key_id: UUID, response: Response, now: Now
) -> KeySubjectRead:
    found = KeySubjectRead.model_validate(await key_queries.get_key(session, actor, key_id, now))
    response.headers["ETag"] = etag(found.version)
    return found
