"""HTTP of self-declaration as JSON: for mini programs without login, and for staff."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status

from app.collection.declarations import answers, intake, queries, service
from app.collection.declarations.kinds import DeclarationKind, DeclarationState
from app.collection.declarations.problems import (
    ConsentMissing,
    ContentDeleted,
    DeclarationDiffers,
    DeclarationInvalid,
    DeclarationNotFound,
    DeclarationsClosed,
    ItemNotOffered,
    PointMissing,
    PointUnknown,
    TooManyDeclarations,
)
from app.collection.declarations.queries import DeclarationFilter
from app.collection.declarations.schemas import (
    DeclarationCreate,
    DeclarationRead,
    DeclarationReceipt,
    DeclarationRevealed,
    OfferRead,
    PointRead,
    RevealCreate,
    StatusQuery,
    StatusRead,
)
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import ClientAddress, DatabaseDep, SettingsDep, VaultDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_DECLARATION, DEMO_DECLARATION_TOKEN, DEMO_GRID
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems

router = APIRouter(tags=["declarations"])

Reader = Annotated[Actor, Depends(require(Role.INSPECTOR, *SUPERVISORS))]
Keeper = Annotated[Actor, Depends(require(*SUPERVISORS))]
Token = Annotated[
    str,
    Path(
        max_length=32,
        description="From the QR code · 二维码中的申报码",
        openapi_examples={"demo": {"summary": "Demo grid · 演示网格", "value": DEMO_DECLARATION_TOKEN}},
    ),
]
GridId = Annotated[
    UUID,
    Path(
        description="Id of a grid · 网格标识",
        openapi_examples={"demo": {"summary": "Demo grid · 演示网格", "value": str(DEMO_GRID)}},
    ),
]
DeclarationId = Annotated[
    UUID,
    Path(
        description="Id of a declaration · 申报标识",
        openapi_examples={"demo": {"summary": "Demo · 演示", "value": str(DEMO_DECLARATION)}},
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)


@router.get(
    "/declaration-forms/{token}",
    summary="What can be declared here · 可申报事项(免登录)",
    responses=problems(PointUnknown, DeclarationsClosed),
)
async def get_offer(token: Token, session: SessionDep, settings: SettingsDep, now: Now) -> OfferRead:
    """No login: notice, forms and their questions, for mini programs that draw their own pages."""
    return await answers.offer(session, token, now=now, zone=settings.zone)


@router.post(
    "/declarations",
    status_code=status.HTTP_201_CREATED,
    summary="Declare oneself or one's organization · 自主申报(免登录)",
    responses=problems(
        PointUnknown,
        DeclarationsClosed,
        ItemNotOffered,
        ConsentMissing,
        DeclarationInvalid,
        DeclarationDiffers,
        TooManyDeclarations,
    ),
)
async def declare(
    body: DeclarationCreate,
    session: SessionDep,
    database: DatabaseDep,
    vault: VaultDep,
    settings: SettingsDep,
    address: ClientAddress,
    response: Response,
    now: Now,
) -> DeclarationReceipt:
    """No login. An inspector of the grid verifies it; the query code tells where it stands.

    Lost the answer? Send the same again: the same id and content give the same query code.
    """
    response.headers["Cache-Control"] = "no-store"
    door = intake.Door(database, vault, address, settings.zone)
    stored, code = await intake.declare_by_api(session, door, body, now=now)
    return answers.receipt(stored, code)


@router.post(
    "/declarations/status",
    summary="Where my declaration stands · 凭查询码查询(免登录)",
    responses=problems(DeclarationNotFound, TooManyDeclarations),
)
async def look_up(
    body: StatusQuery,
    database: DatabaseDep,
    vault: VaultDep,
    settings: SettingsDep,
    address: ClientAddress,
    response: Response,
    now: Now,
) -> StatusRead:
    """No login: whoever has the code. Wrong codes are counted by address."""
    response.headers["Cache-Control"] = "no-store"
    door = intake.Door(database, vault, address, settings.zone)
    return answers.status(await intake.look_up(door, body.code, now=now), settings.zone)


@router.get(
    "/declarations",
    summary="Declarations of my area · 申报列表",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor),
)
async def list_declarations(
    actor: Reader,
    session: SessionDep,
    now: Now,
    area_id: Annotated[UUID | None, Query(description="In this area · 区划")] = None,
    grid_id: Annotated[UUID | None, Query(description="In this grid · 网格")] = None,
    kind: Annotated[DeclarationKind | None, Query(description="Only of these declarants · 申报人")] = None,
    state: Annotated[DeclarationState | None, Query(description="Only in this state · 状态")] = None,
    subject_id: Annotated[
        UUID | None, Query(description="Those that this subject's record comes from · 采集对象")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[DeclarationRead]:
    """The oldest first, personal data masked. An inspector sees those of his grids.

    A version of a subject whose `submission_id` is named here was declared and then verified (S1-42).
    """
    wanted = DeclarationFilter(area_id, grid_id, kind, state, subject_id)
    rows, following = await queries.list_declarations(
        session, actor, wanted, cursor=cursor, limit=limit, now=now
    )
    return Page(items=[answers.declaration(row) for row in rows], next=following)


@router.get(
    "/declarations/{declaration_id}",
    summary="One declaration · 申报详情",
    responses=problems(*READING),
)
async def get_declaration(
    declaration_id: DeclarationId, actor: Reader, session: SessionDep, now: Now
) -> DeclarationRead:
    """As declared, personal data masked · 个人信息脱敏"""
    return answers.declaration(await queries.get_declaration(session, actor, declaration_id, now))


@router.post(
    "/declarations/{declaration_id}/reveals",
    summary="See everything declared · 查看申报原文",
    responses=problems(*READING, ContentDeleted),
)
async def reveal_declaration(
    declaration_id: DeclarationId,
    body: RevealCreate,
    actor: Reader,
    session: SessionDep,
    vault: VaultDep,
    response: Response,
    now: Now,
) -> DeclarationRevealed:
    """Unmasked; needs a reason and leaves an event · 须写明事由并留痕"""
    response.headers["Cache-Control"] = "no-store"
    found, fields = await service.reveal(session, actor, vault, declaration_id, body.reason, now=now)
    return DeclarationRevealed(
        id=found.id, item_code=found.item_code, form_version=found.form_version, fields=fields
    )


@router.get(
    "/grids/{grid_id}/declaration-point",
    summary="The grid's declaration code · 网格申报码",
    responses=problems(*READING, PointMissing),
)
async def get_point(
    grid_id: GridId, actor: Reader, session: SessionDep, settings: SettingsDep, request: Request, now: Now
) -> PointRead:
    """The address that people of the grid declare themselves at."""
    point, _ = await service.get_point(session, actor, grid_id, now=now, zone=settings.zone)
    base = await answers.base_url(session, point, str(request.base_url), now, settings.zone)
    return answers.point(point, base)


@router.post(
    "/grids/{grid_id}/declaration-points",
    status_code=status.HTTP_201_CREATED,
    summary="Make or replace the grid's declaration code · 生成或更换申报码",
    responses=problems(*READING),
)
async def renew_point(
    grid_id: GridId, actor: Keeper, session: SessionDep, settings: SettingsDep, request: Request, now: Now
) -> PointRead:
    """The code before it is refused from now on: print and post the new one · 旧码立即失效"""
    point = await service.renew_point(session, actor, grid_id, now=now, zone=settings.zone)
    base = await answers.base_url(session, point, str(request.base_url), now, settings.zone)
    return answers.point(point, base)


@router.get(
    "/grids/{grid_id}/declaration-qr.svg",
    summary="The QR code to print · 申报二维码",
    response_class=Response,
    responses={
        200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}, "description": "SVG"},
        **problems(*READING, PointMissing),
    },
)
async def get_qr_code(
    grid_id: GridId, actor: Reader, session: SessionDep, settings: SettingsDep, request: Request, now: Now
) -> Response:
    """Scanned with WeChat it opens the grid's page · 微信扫码即可申报"""
    point, grid_name = await service.get_point(session, actor, grid_id, now=now, zone=settings.zone)
    base = await answers.base_url(session, point, str(request.base_url), now, settings.zone)
    return Response(
        answers.qr_code(answers.address(point, base), f"{grid_name} 自主申报"),
        media_type="image/svg+xml",
        headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
    )
