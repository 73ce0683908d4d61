"""A form as it is opened, filled in and sent back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.forms import Form
from app.collection.declarations import codes, page, service
from app.collection.declarations.declared import declared_fields, typed_values
from app.collection.declarations.inputs import PREFIX, Question
from app.collection.declarations.intake import Door, enter
from app.collection.declarations.offering import Point, choices_of, input_kind, open_form
from app.collection.declarations.problems import (
    DeclarationDiffers,
    DeclarationInvalid,
    ForeignOrigin,
    FormUnreadable,
)
from app.collection.declarations.service import NewDeclaration
from app.kit.crypto import Vault
from app.kit.problems import BodyTooLarge, Problem, UnsupportedMediaType
from app.rules.catalogue.declarations import BODY_MAX_BYTES, NOTICE, NOTICE_VERSION, SHEET_MINUTES

FORM_TYPE = "application/x-www-form-urlencoded"
FIELDS_MOST = 300
STATUS_BODY_MAX_BYTES = 1024
YES_NO = (("true", "是"), ("false", "否"))
Texts = Mapping[str, Sequence[str]]
STALE = ("页面打开过久,请核对后重新提交。", "The page was open for too long; check it and send it again.")
NO_CONSENT = ("请先阅读并同意告知。", "Please read and agree to the notice first.")
TRAPPED = ("请清空“请勿填写”一栏后再提交。", "Please empty the field that is to be left empty.")
SENT_BEFORE = (
    "这份申报表已经提交过,查询码不变。如确需另报一份,请核对后再次提交。",
    "This sheet was sent already, its query code stands. To declare once more, check it and send it again.",
)
FAULTY = ("有填写不符合要求的项目,请更正后再提交。", "Some fields are not filled in as required.")


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it comes in."""

    token: str
    item_code: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Filled:
    """A page and its status."""

    html: str
    status: int


def require_own_page(headers: Mapping[str, str]) -> None:
    """Raises ForeignOrigin for what another site's page sends. Old browsers name no origin: the sheet tells."""
    origin, host = headers.get("origin"), headers.get("host")
    site = headers.get("sec-fetch-site")
    if site == "cross-site":
        raise ForeignOrigin
    # a browser that says `same-origin` knows; behind a proxy that changes Host the comparison wouldn't
    if site != "same-origin" and origin not in (None, "null") and urlsplit(origin).netloc != host:
        raise ForeignOrigin


def texts_of(headers: Mapping[str, str], body: bytes, most_bytes: int) -> dict[str, list[str]]:
    """The fields of a sent form. Raises UnsupportedMediaType, BodyTooLarge, FormUnreadable."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM_TYPE:
        raise UnsupportedMediaType(got=kind[:40])
    if len(body) > most_bytes:
        raise BodyTooLarge(limit_bytes=most_bytes)
    found: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MOST
        )
    except ValueError as error:  # bytes that are no UTF-8, too many fields
        raise FormUnreadable from error
    for name, text in pairs:
        found.setdefault(name, []).append(text.replace("\0", ""))
    return found


def words_of(problem: Problem) -> page.Words:
    """A problem in both languages."""
    return (problem.body("zh", "")["detail"], problem.body("en", "")["detail"])


def place_of(point: Point) -> page.Place:
    """Where a declaration goes, as the pages name it."""
    return page.Place(point.token, point.area_name, point.grid_name)


async def blank(session: AsyncSession, vault: Vault, point: Point, item_code: str, *, now: datetime) -> str:
    """A fresh form. Raises ItemNotOffered."""
    way, form = await open_form(session, point, item_code, now=now)
    return await _drawn(session, point, way, form, _new_sheet(vault, point, item_code, now), {}, now=now)


async def send(session: AsyncSession, door: Door, sent: Sent, *, now: datetime) -> Filled:
    """The query code, or the form again with what is wrong.

    Raises what has nothing to do with a field: TooManyDeclarations, ItemNotOffered, …
    """
    point, item_code = await enter(door, sent.token, now=now), sent.item_code
    texts = texts_of(sent.headers, sent.body, point.rules[BODY_MAX_BYTES])
    way, form = await open_form(session, point, item_code, now=now)
    sheet = texts.get("sheet", [""])[0]
    lifetime = timedelta(minutes=point.rules[SHEET_MINUTES])
    sheet_id = codes.read_sheet(door.vault, _place(point, item_code), sheet, now, lifetime)
    refusals: list[page.Words] = []
    if sheet_id is None:
        sheet, refusals = _new_sheet(door.vault, point, item_code, now), [STALE]
    if any(texts.get(page.TRAP, ())):
        refusals.append(TRAPPED)
    if texts.get("consent") != ["yes"]:
        refusals.append(NO_CONSENT)
    wrong: dict[str, str] = {}
    status = 422
    if not refusals and sheet_id is not None:
        fields = declared_fields(form.fields)
        values = typed_values(fields, {name: texts.get(PREFIX + name, ()) for name in fields})
        consent = texts.get("consent_version", [""])[0]
        new = NewDeclaration(sheet_id, "page", values, consent)
        try:
            _, code = await service.declare(session, door.vault, point, form, new, now=now, zone=door.zone)
            return Filled(page.done(place_of(point), way, code), 201)
        except DeclarationInvalid as invalid:
            refusals, wrong = [FAULTY], _by_field(invalid)
        except DeclarationDiffers as differs:  # he went back and changed something: what he typed is not lost
            sheet, refusals, status = (
                _new_sheet(door.vault, point, item_code, now),
                [SENT_BEFORE],
                differs.status,
            )
    html = await _drawn(session, point, way, form, sheet, texts, refusals, wrong, now=now)
    return Filled(html, status)


def _by_field(invalid: DeclarationInvalid) -> dict[str, str]:
    """What is wrong with each field, in Chinese."""
    found: dict[str, str] = {}
    for error in invalid.extra["errors"]:
        found.setdefault(error["pointer"].split("/")[1] if error["pointer"] else "", error["zh"])
    return found


async def _drawn(
    session: AsyncSession,
    point: Point,
    way: page.Way,
    form: Form,
    sheet: str,
    texts: Texts,
    refusals: Sequence[page.Words] = (),
    wrong: Mapping[str, str] | None = None,
    *,
    now: datetime,
) -> str:
    choices = await choices_of(session, point, form, now=now)
    questions = [
        Question(
            name,
            each.title_zh,
            each.title_en,
            input_kind(each),
            each.is_required,
            YES_NO if each.type == "boolean" else choices.get(name, ()),
            texts.get(PREFIX + name, ()),
            (wrong or {}).get(name),
        )
        for name, each in declared_fields(form.fields).items()
    ]
    notice = (point.rules[NOTICE], point.rules[NOTICE_VERSION])
    has_consent = texts.get("consent") == ["yes"]
    return page.form(place_of(point), page.Sheet(way, questions, sheet, *notice, refusals, has_consent))


def _place(point: Point, item_code: str) -> str:
    return f"{point.token}/{item_code}"


def _new_sheet(vault: Vault, point: Point, item_code: str, now: datetime) -> str:
    return codes.new_sheet(vault, _place(point, item_code), uuid4(), now)
