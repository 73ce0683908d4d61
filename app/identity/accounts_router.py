"""HTTP of accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response, status

from app.identity import accounts, passwords, queries
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import VaultDep, require
from app.identity.problems import (
    SIGN_IN_PROBLEMS,
    AnotherCounty,
    NotOneself,
    PasswordTooWeak,
    RoleNotManaged,
    UsernameTaken,
)
from app.identity.schemas import AccountCreate, AccountPatch, AccountRead, PasswordReset, PhoneSearch
from app.identity.views import account_read
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_INSPECTOR, DEMO_SPARE_INSPECTOR
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.preconditions import ReadVersion, etag
from app.kit.problems import NotFound, PreconditionFailed, PreconditionRequired, problems

router = APIRouter(prefix="/accounts", tags=["accounts"])
Administrator = Annotated[Actor, Depends(require(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN))]
Reader = Annotated[Actor, Depends(require(*SUPERVISORS, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN))]
AccountId = Annotated[UUID, Path(description="Account · 账号", examples=[str(DEMO_INSPECTOR)])]
# The demo's own inspector keeps the password that visitors are told.
SpareAccountId = Annotated[UUID, Path(description="Account · 账号", examples=[str(DEMO_SPARE_INSPECTOR)])]


@router.get("", summary="Accounts of my area · 辖区内账号", responses=problems(*SIGN_IN_PROBLEMS, BadCursor))
async def list_accounts(
    actor: Reader,
    session: SessionDep,
    vault: VaultDep,
    role: Annotated[Role | None, Query(description="Only this role · 角色")] = None,
    enabled: Annotated[bool | None, Query(description="Only enabled or disabled · 是否启用")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AccountRead]:
    """By user name. Phone numbers are masked."""
    wanted = queries.AccountFilter(role=role, enabled=enabled)
    rows, after = await queries.list_accounts(session, actor, wanted, cursor=cursor, limit=limit)
    return Page(items=[account_read(row, vault) for row in rows], next=after)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Make an account · 新建账号",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, RoleNotManaged, UsernameTaken, PasswordTooWeak),
)
async def create_account(
    body: AccountCreate,
    actor: Administrator,
    session: SessionDep,
    vault: VaultDep,
    response: Response,
    now: Now,
) -> AccountRead:
    """The system administrator makes people's accounts, the security administrator administrators' ones."""
    accounts.require_managed(actor, body.role)
    passwords.require_strong(body.password, body.username)
    password_hash = await passwords.hash_password(body.password)
    new = accounts.NewAccount(
        body.username, password_hash, body.role, body.area_id, body.display_name, body.phone
    )
    account = await accounts.create_account(session, actor, new, vault=vault, now=now)
    response.headers["ETag"] = etag(account.version)
    return account_read(account, vault)


@router.post(
    "/searches",
    summary="Find accounts by phone number · 按手机号查找",
    responses=problems(*SIGN_IN_PROBLEMS),
)
async def find_by_phone(
    body: PhoneSearch, actor: Reader, session: SessionDep, vault: VaultDep
) -> list[AccountRead]:
    """A POST, because a phone number has no place in an address. Exact numbers only, in my area."""
    indexes = vault.blind_indexes(body.phone, accounts.PHONE)
    return [account_read(row, vault) for row in await queries.list_by_phone(session, actor, indexes)]


@router.get(
    "/{account_id}", summary="One account · 账号详情", responses=problems(*SIGN_IN_PROBLEMS, NotFound)
)
async def get_account(
    account_id: AccountId, actor: Reader, session: SessionDep, vault: VaultDep, response: Response
) -> AccountRead:
    """Its version is in the ETag."""
    account = await queries.get_account(session, actor, account_id)
    response.headers["ETag"] = etag(account.version)
    return account_read(account, vault)


@router.patch(
    "/{account_id}",
    summary="Change, disable or enable an account · 修改、停用或启用账号",
    responses=problems(
        *SIGN_IN_PROBLEMS,
        NotFound,
        RoleNotManaged,
        NotOneself,
        AnotherCounty,
        PreconditionFailed,
        PreconditionRequired,
    ),
)
async def change_account(
    account_id: AccountId,
    body: AccountPatch,
    actor: Administrator,
    read_version: ReadVersion,
    session: SessionDep,
    vault: VaultDep,
    response: Response,
    now: Now,
) -> AccountRead:
    """Disabling ends every login of the account at once."""
    change = accounts.AccountChange(**body.model_dump())
    account = await accounts.change_account(
        session, actor, account_id, change, version=read_version, vault=vault, now=now
    )
    response.headers["ETag"] = etag(account.version)
    return account_read(account, vault)


@router.put(
    "/{account_id}/password",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Set a new password · 重置密码",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, RoleNotManaged, NotOneself, PasswordTooWeak),
)
async def reset_password(
    account_id: SpareAccountId, body: PasswordReset, actor: Administrator, session: SessionDep, now: Now
) -> None:
    """Every login of the account ends; an administrator's account waits for approval again · 管理员账号须重新审批"""
    await accounts.reset_password(session, actor, account_id, body.password, now=now)
