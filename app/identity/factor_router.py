"""HTTP of the second factor, and of what the security administrator does for those who are locked out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response, status

from app.identity import accounts, approval, second_factor
from app.identity.actor import Actor, Role
from app.identity.dependencies import (
    ClientAddress,
    DatabaseDep,
    EnrollingActor,
    Today,
    VaultDep,
    require,
)
from app.identity.factor_schemas import (
    ReasonIn,
    TotpBegin,
    TotpConfirm,
    TotpConfirmed,
    TotpEnrolmentRead,
    TotpRead,
)
from app.identity.problems import (
    SIGN_IN_PROBLEMS,
    AdministratorAlready,
    LockedOut,
    NothingToApprove,
    NotOneself,
    OwnApproval,
    RoleNotManaged,
    TotpCodeWrong,
    TotpNotPending,
    TotpNotSet,
)
from app.identity.schemas import AccountRead
from app.identity.views import account_read
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_PENDING_ACCOUNT, DEMO_SPARE_INSPECTOR
from app.kit.preconditions import etag
from app.kit.problems import NotFound, problems

router = APIRouter()
NO_STORE = {"Cache-Control": "no-store"}
SecurityAdmin = Annotated[Actor, Depends(require(Role.SECURITY_ADMIN))]
Approver = Annotated[Actor, Depends(require(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN))]
AccountId = Annotated[UUID, Path(description="Account · 账号", examples=[str(DEMO_SPARE_INSPECTOR)])]
PendingAccountId = Annotated[
    UUID, Path(description="Account that waits · 待审批账号", examples=[str(DEMO_PENDING_ACCOUNT)])
]


@router.get(
    "/me/totp",
    tags=["sign in"],
    summary="How my second factor stands · 我的动态口令状态",
    responses=problems(*SIGN_IN_PROBLEMS),
)
async def totp_status(actor: EnrollingActor, session: SessionDep, today: Today) -> TotpRead:
    """Also for a login that may only set it up."""
    return TotpRead.model_validate(await second_factor.get_status(session, actor, today=today))


@router.post(
    "/me/totp",
    status_code=status.HTTP_201_CREATED,
    tags=["sign in"],
    summary="Set up an authenticator · 绑定动态口令",
    responses=problems(*SIGN_IN_PROBLEMS, TotpCodeWrong, LockedOut),
)
async def begin(
    body: TotpBegin,
    actor: EnrollingActor,
    session: SessionDep,
    database: DatabaseDep,
    vault: VaultDep,
    address: ClientAddress,
    response: Response,
    now: Now,
    today: Today,
) -> TotpEnrolmentRead:
    """A new secret, shown once; confirm it with its first code. One that is active stays so until then."""
    response.headers.update(NO_STORE)
    await accounts.require_code(
        session, database, actor, body.code, address=address, vault=vault, now=now, today=today
    )
    return TotpEnrolmentRead.model_validate(await second_factor.begin(session, actor, vault=vault, now=now))


@router.post(
    "/me/totp/confirmation",
    tags=["sign in"],
    summary="Confirm my authenticator · 确认动态口令",
    responses=problems(*SIGN_IN_PROBLEMS, TotpNotPending, TotpCodeWrong),
)
async def confirm(
    body: TotpConfirm,
    actor: EnrollingActor,
    session: SessionDep,
    vault: VaultDep,
    response: Response,
    now: Now,
    today: Today,
) -> TotpConfirmed:
    """From now on its codes are appended to the password. This login becomes a full one, others end."""
    response.headers.update(NO_STORE)
    codes = await second_factor.confirm(session, actor, body.code, vault=vault, now=now, today=today)
    return TotpConfirmed(recovery_codes=list(codes))


@router.post(
    "/accounts/{account_id}/totp-removal",
    status_code=status.HTTP_204_NO_CONTENT,
    tags=["accounts"],
    summary="Take a lost authenticator away · 解除动态口令",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, NotOneself, TotpNotSet),
)
async def remove(
    account_id: AccountId, body: ReasonIn, actor: SecurityAdmin, session: SessionDep, now: Now
) -> None:
    """Every login of the account ends; where its role needs a second factor, it has to be set up anew."""
    await second_factor.remove(session, actor, account_id, body.reason, now=now)


@router.post(
    "/accounts/{account_id}/unlocking",
    status_code=status.HTTP_204_NO_CONTENT,
    tags=["accounts"],
    summary="Unlock after wrong passwords · 解除锁定",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound),
)
async def unlock(
    account_id: AccountId,
    body: ReasonIn,
    actor: SecurityAdmin,
    session: SessionDep,
    vault: VaultDep,
    now: Now,
) -> None:
    """Wrong passwords typed for the account are forgotten, wherever they came from."""
    await approval.unlock(session, actor, account_id, body.reason, vault=vault, now=now)


@router.post(
    "/accounts/{account_id}/approval",
    tags=["accounts"],
    summary="Approve an account that another administrator made · 审批账号",
    responses=problems(
        *SIGN_IN_PROBLEMS, NotFound, OwnApproval, RoleNotManaged, NothingToApprove, AdministratorAlready
    ),
)
async def approve(
    account_id: PendingAccountId,
    actor: Approver,
    session: SessionDep,
    vault: VaultDep,
    response: Response,
    now: Now,
) -> AccountRead:
    """The security administrator approves people's accounts, the system administrator administrators' ones."""
    account = await approval.approve(session, actor, account_id, now=now)
    response.headers["ETag"] = etag(account.version)
    return account_read(account, vault)
