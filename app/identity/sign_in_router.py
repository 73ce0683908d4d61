"""HTTP of sign-in: tokens, logout, who am I, the notice, the keys."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Response, status

from app.identity import accounts, keyring, logins, notices, profile, sign_in
from app.identity.actor import Actor, Role
from app.identity.dependencies import (
    ClientAddress,
    CurrentActor,
    DatabaseDep,
    EnrollingActor,
    IssuerDep,
    KeyringCacheDep,
    SettingsDep,
    Today,
    VaultDep,
    require,
)
from app.identity.device_schemas import NoticeCreate, NoticeRead
from app.identity.problems import (
    SIGN_IN_PROBLEMS,
    AccountDisabled,
    AccountNotApproved,
    DeviceRevoked,
    GrantNotSupported,
    LockedOut,
    LoginRevoked,
    NoticeNotNewer,
    OldPasswordWrong,
    PasswordTooWeak,
    RefreshRefused,
    RefreshReused,
    WrongCredentials,
)
from app.identity.schemas import (
    JwksRead,
    MeRead,
    PasswordChangeIn,
    RotationCreate,
    RotationRead,
    TokenForm,
    TokenRead,
)
from app.identity.views import token_read
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COUNTY_CODE
from app.kit.problems import problems

router = APIRouter(tags=["sign in"])
well_known_router = APIRouter(tags=["sign in"])
NO_STORE = {"Cache-Control": "no-store"}
SecurityAdmin = Annotated[Actor, Depends(require(Role.SECURITY_ADMIN))]
NoticeMaker = Annotated[Actor, Depends(require(Role.COUNTY, Role.SYSTEM_ADMIN))]


@router.post(
    "/auth/token",
    summary="Sign in, or refresh · 登录或刷新令牌",
    responses=problems(
        WrongCredentials,
        LockedOut,
        AccountDisabled,
        AccountNotApproved,
        DeviceRevoked,
        RefreshRefused,
        RefreshReused,
        LoginRevoked,
        GrantNotSupported,
    ),
)
async def token(
    form: Annotated[TokenForm, Form()],
    database: DatabaseDep,
    issuer: IssuerDep,
    response: Response,
    address: ClientAddress,
    now: Now,
    today: Today,
) -> TokenRead:
    """OAuth 2.0 password and refresh_token grants (RFC 6749).

    Who has a second factor types its six digits right after the password, without a blank; a recovery code
    stands in for them once. Who needs one and has none gets a token that is `limited_to` setting it up.

    A refresh token gives the next pair. Lost the answer? Send the same token again: you get the same pair,
    until the new one is used. An older one ends the login.
    """
    response.headers.update(NO_STORE)
    if form.grant_type == "refresh_token":
        if not form.refresh_token:
            raise GrantNotSupported(missing="refresh_token")
        pair = await sign_in.refresh(
            database, form.refresh_token, form.client_id, issuer=issuer, now=now, today=today
        )
        return token_read(pair, now)
    if not form.username or not form.password:
        raise GrantNotSupported(missing="username, password")
    given = sign_in.Credentials(form.username, form.password, form.client_id or None, address)
    return token_read(await sign_in.sign_in(database, given, issuer=issuer, now=now, today=today), now)


@router.post(
    "/auth/logout",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Sign out · 退出登录",
    responses=problems(*SIGN_IN_PROBLEMS),
)
async def logout(actor: EnrollingActor, session: SessionDep, now: Now) -> None:
    """Ends this login: its access and refresh tokens are refused from now on."""
    await logins.end_login(session, actor, now=now)


@router.get("/me", summary="Who am I · 当前账号", responses=problems(*SIGN_IN_PROBLEMS))
async def me(actor: CurrentActor, session: SessionDep, now: Now, today: Today) -> MeRead:
    """The account of this login, and its handheld where there is one."""
    return await profile.get_profile(session, actor, now=now, today=today)


@router.put(
    "/me/password",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Change my password · 修改密码",
    responses=problems(*SIGN_IN_PROBLEMS, OldPasswordWrong, LockedOut, PasswordTooWeak),
)
async def change_password(
    body: PasswordChangeIn,
    actor: CurrentActor,
    session: SessionDep,
    database: DatabaseDep,
    vault: VaultDep,
    address: ClientAddress,
    now: Now,
    today: Today,
) -> None:
    """Other logins of the account end; this one goes on."""
    change = accounts.PasswordChange(body.old_password, body.new_password)
    await accounts.change_own_password(
        session, database, actor, change, address=address, vault=vault, now=now, today=today
    )


@router.get("/notices/current", summary="The notice in force · 现行告知书")
async def current_notice(
    session: SessionDep,
    today: Today,
    county_code: Annotated[
        str | None,
        Query(pattern="^[0-9]{6}$", description="Home county · 所属区县", examples=[DEMO_COUNTY_CODE]),
    ] = None,
) -> NoticeRead:
    """What the handheld records and why; shown before activation, so no login is needed."""
    return NoticeRead.model_validate(await notices.get_current_notice(session, today, county_code))


@router.post(
    "/notices",
    status_code=status.HTTP_201_CREATED,
    summary="Publish a new version of my county's notice · 发布本区县告知书",
    responses=problems(*SIGN_IN_PROBLEMS, NoticeNotNewer),
)
async def publish_notice(
    body: NoticeCreate, actor: NoticeMaker, session: SessionDep, now: Now, today: Today
) -> NoticeRead:
    """Versions never change; a new one takes effect today or later."""
    new = notices.NewNotice(**body.model_dump())
    return NoticeRead.model_validate(await notices.publish_notice(session, actor, new, now=now, today=today))


@router.post(
    "/auth/signing-keys/rotations",
    status_code=status.HTTP_201_CREATED,
    summary="Rotate the signing key · 轮换签名密钥",
    responses=problems(*SIGN_IN_PROBLEMS),
)
async def rotate(
    body: RotationCreate,
    actor: SecurityAdmin,
    session: SessionDep,
    keys: KeyringCacheDep,
    vault: VaultDep,
    settings: SettingsDep,
    now: Now,
) -> RotationRead:
    """The new key is published first and signs some minutes later; tokens in use stay good to their end."""
    key = await keyring.rotate_signing_key(
        session,
        actor,
        vault=vault,
        access_token_ttl_s=settings.access_token_ttl_s,
        now=now,
        at_once=body.at_once,
    )
    keys.forget()
    return RotationRead(kid=key.id.hex, active_from=key.active_from)


@router.get("/.well-known/jwks.json", summary="Public keys · 公钥集")
@well_known_router.get("/.well-known/jwks.json", summary="Public keys · 公钥集", include_in_schema=False)
async def jwks(keys: KeyringCacheDep, now: Now) -> JwksRead:
    """The keys with which others verify our access tokens (RFC 7517)."""
    return JwksRead.model_validate((await keys.current(now)).jwks(now))
