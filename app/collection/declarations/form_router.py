"""The public pages: plain HTML without script, for WeChat's browser and every other."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse

from app.collection.declarations import filling, page
from app.collection.declarations.intake import Door, look_up
from app.collection.declarations.kinds import DeclarationState
from app.collection.declarations.offering import list_ways, open_point
from app.collection.declarations.problems import (
    DeclarationDiffers,
    DeclarationInvalid,
    DeclarationNotFound,
    DeclarationsClosed,
    ForeignOrigin,
    ItemNotOffered,
    PointUnknown,
    TooManyDeclarations,
)
from app.collection.declarations.router import Token
from app.identity.dependencies import ClientAddress, DatabaseDep, SettingsDep, VaultDep
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.problems import BadRequest, BodyTooLarge, Problem, UnsupportedMediaType, problems

router = APIRouter(prefix="/declare", tags=["declarations"], default_response_class=HTMLResponse)

# Nothing is loaded, run or framed; the form goes back where it came from and nowhere else. With `no-referrer`
# browsers would call the page's own posts origin-less.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
FORM_BODY = "application/x-www-form-urlencoded"
Item = Annotated[
    str,
    Path(
        max_length=64,
        description="What is declared · 申报事项",
        openapi_examples={"demo": {"summary": "Tenant · 租户", "value": "resident_floating"}},
    ),
]


def _pages(*refusals: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Refusals that are told on a page."""
    told = {"content": {"text/html": {"schema": {"type": "string"}}}}
    return {
        status: {"description": entry["description"], **told} for status, entry in problems(*refusals).items()
    }


OPENING = (PointUnknown, DeclarationsClosed)
SENDING = (ForeignOrigin, BadRequest, BodyTooLarge, UnsupportedMediaType, TooManyDeclarations)


def _body_of(example: dict[str, str]) -> dict[str, object]:
    properties = {name: {"type": "string"} for name in example}
    schema = {"type": "object", "properties": properties, "required": [*example], "example": example}
    return {"requestBody": {"required": True, "content": {FORM_BODY: {"schema": schema}}}}


@router.get("/status", summary="Page: look up a query code · 申报查询页(免登录)")
async def status_form() -> HTMLResponse:
    """Where a query code is typed."""
    return _answer(page.status_form())


@router.post(
    "/status",
    summary="Page: where it stands · 申报查询结果页(免登录)",
    responses=_pages(*SENDING, DeclarationNotFound),
    openapi_extra=_body_of({"code": "7K3M-9QXA-02DF"}),
)
async def show_status(
    request: Request,
    database: DatabaseDep,
    vault: VaultDep,
    settings: SettingsDep,
    address: ClientAddress,
    now: Now,
) -> HTMLResponse:
    """State, what happens next, and why it was rejected; wrong codes are counted by address."""
    door = Door(database, vault, address, settings.zone)

    async def show() -> HTMLResponse:
        filling.require_own_page(request.headers)
        texts = filling.texts_of(request.headers, await request.body(), filling.STATUS_BODY_MAX_BYTES)
        row = await look_up(door, texts.get("code", [""])[0], now=now)
        shown = page.Standing(
            DeclarationState(row.state),
            row.item_name,
            row.created_at.astimezone(settings.zone).date().isoformat(),
            row.due_on.isoformat() if row.due_on else None,
            row.settled_at.astimezone(settings.zone).date().isoformat() if row.settled_at else None,
            row.reason,
        )
        return _answer(page.status(shown))

    return await _guarded(show, lambda words: page.status_form([words]))


@router.get(
    "/{token}", summary="Page: what can be declared here · 自主申报页(免登录)", responses=_pages(*OPENING)
)
async def choose(token: Token, session: SessionDep, settings: SettingsDep, now: Now) -> HTMLResponse:
    """What the QR code of a grid opens."""

    async def show() -> HTMLResponse:
        point = await open_point(session, token, now=now, zone=settings.zone)
        return _answer(page.chooser(filling.place_of(point), await list_ways(session, point, now=now)))

    return await _guarded(show)


@router.get(
    "/{token}/{item_code}",
    summary="Page: the form · 申报表页(免登录)",
    responses=_pages(*OPENING, ItemNotOffered),
)
async def show_form(
    token: Token, item_code: Item, session: SessionDep, vault: VaultDep, settings: SettingsDep, now: Now
) -> HTMLResponse:
    """A fresh form; it can be sent for some hours."""

    async def show() -> HTMLResponse:
        point = await open_point(session, token, now=now, zone=settings.zone)
        return _answer(await filling.blank(session, vault, point, item_code, now=now))

    return await _guarded(show)


@router.post(
    "/{token}/{item_code}",
    status_code=201,
    summary="Page: send the form · 提交申报表(免登录)",
    responses=_pages(*OPENING, ItemNotOffered, *SENDING, DeclarationInvalid, DeclarationDiffers),
    openapi_extra=_body_of({"sheet": "…", "consent": "yes", "f.name": "张三"}),
)
async def send_form(
    request: Request,
    token: Token,
    item_code: Item,
    session: SessionDep,
    database: DatabaseDep,
    vault: VaultDep,
    settings: SettingsDep,
    address: ClientAddress,
    now: Now,
) -> HTMLResponse:
    """The query code, or the form again with what is wrong beside each field. A second tap changes nothing."""
    door = Door(database, vault, address, settings.zone)

    async def show() -> HTMLResponse:
        filling.require_own_page(request.headers)
        sent = filling.Sent(token, item_code, request.headers, await request.body())
        filled = await filling.send(session, door, sent, now=now)
        return _answer(filled.html, filled.status)

    return await _guarded(show)


async def _guarded(
    show: Callable[[], Awaitable[HTMLResponse]], refused: Callable[[page.Words], str] = page.refusal
) -> HTMLResponse:
    """What `show` answers, or a page that says why not, with the status of the problem."""
    try:
        return await show()
    except Problem as problem:
        return _answer(refused(filling.words_of(problem)), problem.status, problem.headers)


def _answer(html: str, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    return HTMLResponse(html, status, headers=HEADERS | (headers or {}))
