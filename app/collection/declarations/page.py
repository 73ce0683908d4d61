"""The public pages, self-contained HTML for a phone: which form, the form, the query code, where it stands. Pure.

Everything that comes from people or the database is escaped by `markup`; there is no script and no foreign asset.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.collection.declarations.inputs import Question, field_row, void
from app.collection.declarations.kinds import NEXT_STEPS, STATE_LABELS, DeclarationState
from app.collection.declarations.style import STYLE
from app.patrol.page.markup import Markup, joined, tag

Words = tuple[str, str]
"""The same in Chinese and English."""
TRAP = "website"
"""A field that no person sees; whoever fills it in is a program."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a declaration goes: names of community and grid, the token in the address."""

    token: str
    community: str
    grid: str

    @property
    def address(self) -> str:
        """Path of the page."""
        return f"/declare/{self.token}"


@dataclass(frozen=True, slots=True)
class Way:
    """A form that one may choose."""

    item_code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form to be filled in. notice: what the declarant agrees to, and its version."""

    way: Way
    questions: Sequence[Question]
    sheet: str
    notice: str
    notice_version: str
    refusals: Sequence[Words] = ()
    has_consent: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a declaration stands, as its declarant reads it. Days as text."""

    state: DeclarationState
    item_name: str
    declared_on: str
    due_on: str | None
    settled_on: str | None
    reason: str | None
    more: Mapping[str, str] = field(default_factory=dict)


def chooser(place: Place, ways: Sequence[Way]) -> str:
    """Which form fits the declarant."""
    cards = [
        tag(
            "a",
            way.name_zh,
            tag("small", way.name_en),
            class_="card way",
            href=f"{place.address}/{way.item_code}",
        )
        for way in ways
    ]
    none = tag(
        "p", "本网格目前没有开放的申报事项。", tag("small", "Nothing can be declared here at present.")
    )
    return _document(
        ("自主申报", "Declare yourself"),
        tag("h2", "请选择申报事项", tag("small", "What do you want to declare?")),
        *(cards or [none]),
        _status_link(),
        place=place,
    )


def form(place: Place, sheet: Sheet) -> str:
    """The form; refused values stand where they were typed, with the reason beside them."""
    inner = [
        void("input", type="hidden", name_="sheet", value=sheet.sheet),
        void("input", type="hidden", name_="consent_version", value=sheet.notice_version),
        *(field_row(question) for question in sheet.questions),
        tag(
            "div",
            tag("label", "请勿填写此项 Leave this empty", for_="trap"),
            void("input", type="text", id="trap", name_=TRAP, tabindex="-1", autocomplete="off"),
            class_="trap",
            aria_hidden="true",
        ),
        tag("p", sheet.notice, class_="notice"),
        tag(
            "label",
            void(
                "input",
                type="checkbox",
                name_="consent",
                value="yes",
                required="",
                checked="" if sheet.has_consent else None,
            ),
            tag("span", "我已阅读并同意上述告知", tag("small", "I have read and agree to the notice above")),
            class_="tick",
        ),
        tag("p", tag("button", "提交申报 Send", type="submit")),
    ]
    action = f"{place.address}/{sheet.way.item_code}"
    return _document(
        (sheet.way.name_zh, sheet.way.name_en),
        *(_refusals(sheet.refusals)),
        tag("p", tag("span", "* ", class_="must"), "为必填项", tag("small", "* must be filled in")),
        tag("form", *inner, method="post", action=action, class_="card", accept_charset="utf-8"),
        place=place,
    )


def done(place: Place, way: Way, code: str) -> str:
    """The query code, shown once."""
    state = DeclarationState.RECEIVED
    return _document(
        ("申报已受理", "Received"),
        tag(
            "div",
            tag("p", way.name_zh, class_="state"),
            tag("p", "您的查询码:", tag("small", "Your query code:")),
            tag("p", code, class_="code"),
            tag(
                "p",
                "请截图或抄写保存,本页关闭后不再显示。",
                tag("small", "Save it now: it is not shown again."),
            ),
            tag("p", NEXT_STEPS[state][0], tag("small", NEXT_STEPS[state][1])),
            class_="card",
        ),
        _status_link(),
        place=place,
    )


def status_form(refusals: Sequence[Words] = ()) -> str:
    """Where a query code is typed."""
    return _document(
        ("申报查询", "Where does my declaration stand?"),
        *_refusals(refusals),
        tag(
            "form",
            tag(
                "div",
                tag("label", "查询码", tag("small", "Query code, 12 letters and digits"), for_="code"),
                void(
                    "input",
                    type="text",
                    id="code",
                    name_="code",
                    required="",
                    maxlength="20",
                    autocomplete="off",
                    autocapitalize="characters",
                    spellcheck="false",
                ),
                class_="field",
            ),
            tag("button", "查询 Look up", type="submit"),
            method="post",
            action="/declare/status",
            class_="card",
            accept_charset="utf-8",
        ),
    )


def status(standing: Standing) -> str:
    """Where a declaration stands and what happens next."""
    facts: list[tuple[str, str]] = [("申报事项", standing.item_name), ("申报日期", standing.declared_on)]
    if standing.due_on is not None:
        facts.append(("核实期限", standing.due_on))
    if standing.settled_on is not None:
        facts.append(("办结日期", standing.settled_on))
    if standing.reason is not None:
        facts.append(("原因", standing.reason))
    next_zh, next_en = NEXT_STEPS[standing.state]
    return _document(
        ("申报查询", "Where does my declaration stand?"),
        tag(
            "div",
            tag("p", STATE_LABELS[standing.state], class_="state"),
            tag("p", next_zh, tag("small", next_en)),
            tag("dl", *(part for name, value in facts for part in (tag("dt", name), tag("dd", value)))),
            class_="card",
        ),
        _status_link("查询另一项 Look up another"),
    )


def refusal(words: Words) -> str:
    """A page that only says why there is nothing else."""
    return _document(("自主申报", "Declare yourself"), *_refusals([words]), _status_link())


def _refusals(refusals: Sequence[Words]) -> list[Markup]:
    if not refusals:
        return []
    said = [tag("p", zh, tag("small", en)) for zh, en in refusals]
    return [tag("div", *said, class_="card refused", role="alert")]


def _status_link(words: str = "已申报?凭查询码查询 Look up a declaration") -> Markup:
    return tag("p", tag("a", words, href="/declare/status"))


def _document(title: Words, *inner: object, place: Place | None = None) -> str:
    where = tag("small", f"{place.community} · {place.grid}") if place is not None else ""
    head = joined(
        [
            Markup('<meta charset="utf-8">'),
            Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            Markup('<meta name="robots" content="noindex">'),
            tag("title", title[0]),
            Markup(f"<style>{STYLE}</style>"),
        ]
    )
    body = joined(
        [
            tag("header", tag("div", tag("h1", title[0], tag("small", title[1])), where)),
            tag("main", *inner),
        ]
    )
    return f'<!DOCTYPE html>\n<html lang="zh-CN"><head>{head}</head><body>{body}</body></html>\n'
