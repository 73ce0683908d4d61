"""The public pages: they work without script, and nothing that anybody typed becomes markup."""

import re
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.declarations import codes, page
from app.collection.declarations.declared import typed_values
from app.collection.declarations.inputs import Question
from app.collection.declarations.kinds import DeclarationState
from app.kit.db import Database
from tests.factories import identity, tasks
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock
from tests.factories.submissions import rows

FORM = {f"f.{name}": value for name, value in tasks.TENANT.items()} | {"consent": "yes"}
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&lt;"


class Elements(HTMLParser):
    """Tags with their attributes, and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def require_harmless(self) -> None:
        """No script, no foreign asset, no handler."""
        for tag, attributes in self.tags:
            assert tag not in {"script", "img", "iframe", "object", "link", "svg", "base"}, tag
            assert not any(name.startswith("on") for name in attributes), attributes
            for name in ("href", "action"):
                assert (attributes.get(name) or "/declare/").startswith("/declare/"), attributes


def fields_of(html: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    inputs = [a for tag, a in Elements(html).tags if tag == "input" and a.get("type") == "hidden"]
    return {str(a["name"]): str(a["value"]) for a in inputs}


async def opened(client: httpx.AsyncClient, token: str) -> dict[str, str]:
    answer = await client.get(f"/declare/{token}/resident_floating")
    assert answer.status_code == 200
    return fields_of(answer.text)


async def sent(client: httpx.AsyncClient, token: str, data: dict[str, Any], **headers: str) -> httpx.Response:
    return await client.post(f"/declare/{token}/resident_floating", data=data, headers=headers)


def code_of(html: str) -> str:
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", html)
    assert found is not None
    return found[0]


@pytest.mark.requirement("S0-28", "S1-42")
class TestWayThrough:
    async def test_from_the_qr_code_to_the_answer(
        self, client: httpx.AsyncClient, token: str, session: AsyncSession
    ) -> None:
        first = await client.get(f"/declare/{token}")
        assert f'href="/declare/{token}/resident_floating"' in first.text
        done = await sent(client, token, await opened(client, token) | FORM)
        assert done.status_code == 201, done.text
        shown = await client.post("/declare/status", data={"code": code_of(done.text).lower()})
        assert shown.status_code == 200
        assert "待核实" in shown.text
        (stored,) = await rows(session, "SELECT channel, consent_version, masked FROM declaration")
        assert (stored.channel, stored.consent_version) == ("page", "2026-1")
        assert stored.masked["name"] == "李**"

    async def test_second_tap_changes_nothing(
        self, client: httpx.AsyncClient, token: str, session: AsyncSession
    ) -> None:
        data = await opened(client, token) | FORM
        shown = {code_of((await sent(client, token, data)).text) for _ in range(2)}
        assert len(shown) == 1
        assert len(await rows(session, "SELECT FROM declaration")) == 1

    async def test_who_goes_back_and_changes_something_loses_nothing(
        self, client: httpx.AsyncClient, token: str, session: AsyncSession
    ) -> None:
        data = await opened(client, token) | FORM
        first = code_of((await sent(client, token, data)).text)
        changed = await sent(client, token, data | {"f.name": "李小四"})
        assert changed.status_code == 409
        assert 'value="李小四"' in changed.text
        assert "已经提交过" in changed.text
        fresh = {"sheet": fields_of(changed.text)["sheet"]}
        assert code_of((await sent(client, token, data | fresh | {"f.name": "李小四"})).text) != first
        assert len(await rows(session, "SELECT FROM declaration")) == 2

    async def test_behind_a_proxy_that_names_another_host(
        self, client: httpx.AsyncClient, token: str
    ) -> None:
        headers = {"Origin": "https://wg.example.gov.cn", "Sec-Fetch-Site": "same-origin"}
        answer = await sent(client, token, await opened(client, token) | FORM, **headers)
        assert answer.status_code == 201

    async def test_needs_no_script_and_no_foreign_asset(self, client: httpx.AsyncClient, token: str) -> None:
        for path in (f"/declare/{token}", f"/declare/{token}/resident_floating", "/declare/status"):
            answer = await client.get(path)
            Elements(answer.text).require_harmless()
            assert "url(" not in answer.text
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert answer.headers["cache-control"] == "no-store"
            assert 'name="viewport"' in answer.text


class TestWrongInput:
    async def test_stands_where_it_was_typed_with_the_reason(
        self, client: httpx.AsyncClient, token: str, session: AsyncSession
    ) -> None:
        data = await opened(client, token) | FORM | {"f.phone": "12", "f.name": ""}
        answer = await sent(client, token, data)
        assert answer.status_code == 422
        inputs = {a.get("name"): a for tag, a in Elements(answer.text).tags if tag == "input"}
        assert inputs["f.phone"]["value"] == "12"
        assert inputs["f.phone"]["aria-invalid"] == "true"
        assert inputs["f.name"]["aria-invalid"] == "true"
        assert "aria-invalid" not in inputs["f.residence_address"]
        assert await rows(session, "SELECT FROM declaration") == []
        mended = await sent(client, token, data | FORM)
        assert mended.status_code == 201, "the same sheet is good until something is stored"

    async def test_markup_stays_text(self, client: httpx.AsyncClient, token: str) -> None:
        answer = await sent(
            client,
            token,
            await opened(client, token) | FORM | {"f.name": HOSTILE, "f.phone": HOSTILE, "f.gender": HOSTILE},
        )
        assert answer.status_code == 422
        Elements(answer.text).require_harmless()
        assert "<script" not in answer.text

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"consent": ""}, "同意"),
            ({"website": "http://spam.example"}, "请勿填写"),
            ({"sheet": "AAAA"}, "页面打开过久"),
            ({"sheet": "中文"}, "页面打开过久"),
        ],
    )
    async def test_is_told(
        self, client: httpx.AsyncClient, token: str, change: dict[str, str], words: str
    ) -> None:
        answer = await sent(client, token, await opened(client, token) | FORM | change)
        assert answer.status_code == 422
        assert words in answer.text

    async def test_sheet_of_another_grid_or_time(
        self, client: httpx.AsyncClient, token: str, clock: Clock
    ) -> None:
        own = (await opened(client, token))["sheet"]
        place = f"{token}/resident_floating"
        vault, day = identity.vault(), make.timedelta(days=1)
        assert codes.read_sheet(vault, place, own, clock.now, day) is not None
        assert codes.read_sheet(vault, "X/resident_floating", own, clock.now, day) is None
        assert codes.read_sheet(vault, place, own, clock.now + day, day) is None
        assert codes.read_sheet(vault, place, own, clock.now - day, day) is None

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Origin": "http://test"}, 201),
            ({"Origin": "null"}, 201),
            ({"Origin": "https://evil.example"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Content-Type": "application/json"}, 415),
        ],
    )
    async def test_only_from_the_page_itself(
        self, client: httpx.AsyncClient, token: str, headers: dict[str, str], status: int
    ) -> None:
        answer = await sent(client, token, await opened(client, token) | FORM, **headers)
        assert answer.status_code == status

    @pytest.mark.parametrize(
        ("body", "status"),
        [(b"f.name=" + b"x" * 70_000, 413), (b"f.name=%ff", 400), (b"a=1&" * 400, 400), (b"\xff", 400)],
    )
    async def test_what_is_no_form(
        self, client: httpx.AsyncClient, token: str, body: bytes, status: int
    ) -> None:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        path = f"/declare/{token}/resident_floating"
        answer = await client.post(path, content=body, headers=kind)
        assert answer.status_code == status
        assert "换用其他浏览器" in answer.text or status != 400

    async def test_unknown_addresses_are_pages_too(self, client: httpx.AsyncClient, token: str) -> None:
        for path in (f"/declare/{'0' * 26}", f"/declare/{token}/building", f"/declare/{token}/{'x' * 60}"):
            answer = await client.get(path)
            assert answer.status_code == 404
            assert answer.headers["content-type"].startswith("text/html")

    async def test_wrong_query_code(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/declare/status", data={"code": HOSTILE})
        assert answer.status_code == 404
        Elements(answer.text).require_harmless()


class TestNames:
    async def test_of_places_are_escaped(
        self, client: httpx.AsyncClient, token: str, admitted: Beat, database: Database
    ) -> None:
        async with database.transaction() as own:
            await rows_of(own, "UPDATE grid SET name = :name", name=HOSTILE)
        for path in (f"/declare/{token}", f"/declare/{token}/resident_floating"):
            Elements((await client.get(path)).text).require_harmless()


async def rows_of(session: AsyncSession, statement: str, **bound: Any) -> None:
    from sqlalchemy import text

    await session.execute(text(statement), bound)


TEXT = st.text(max_size=40) | st.sampled_from([HOSTILE, "</title><script>", "' onload='x", "<!--", "]]>"])


@given(TEXT, TEXT, TEXT, TEXT)
def test_no_text_becomes_markup(name: str, value: str, wrong: str, notice: str) -> None:
    place = page.Place("T", name, value)
    way = page.Way("resident_floating", name, value)
    questions = [
        Question("name", name, value, "text", True, texts=[value], wrong=wrong),
        Question("tags", name, value, "many", False, [(value, name)], [value]),
        Question("gender", name, value, "one", False, [(value, name)], [value], wrong),
    ]
    sheet = page.Sheet(way, questions, value, notice, name, [(name, value)])
    standing = page.Standing(DeclarationState.REJECTED, name, value, wrong, notice, name)
    plain = page.Sheet(
        page.Way("resident_floating", "", ""),
        [
            Question("name", "", "", "text", True, texts=[""], wrong="x"),
            Question("tags", "", "", "many", False, [("a", "b")], ["a"]),
            Question("gender", "", "", "one", False, [("a", "b")], ["a"], "x"),
        ],
        "",
        "",
        "",
        [("", "")],
    )
    shape = [tag for tag, _ in Elements(page.form(page.Place("T", "", ""), plain)).tags]
    drawn = Elements(page.form(place, sheet))
    drawn.require_harmless()
    if wrong:
        assert [tag for tag, _ in drawn.tags] == shape, "what is typed adds no element"
    for html in (page.status(standing), page.done(place, way, value), page.chooser(place, [way])):
        Elements(html).require_harmless()


@given(st.uuids(version=4))
def test_query_codes_survive_being_read_aloud(declaration_id: Any) -> None:
    (code,) = codes.query_codes(identity.vault(), declaration_id)
    shown = codes.grouped(code)
    assert codes.read_code(shown) == code
    assert codes.read_code(shown.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == code


@given(st.text(max_size=60))
def test_whatever_is_typed_as_a_code_is_read_or_refused(typed: str) -> None:
    code = codes.read_code(typed)
    assert code is None or re.fullmatch(f"[{codes.ALPHABET}]{{12}}", code)


@given(st.text(max_size=80))
def test_a_sheet_made_up_is_none(sheet: str) -> None:
    vault = identity.vault()
    assert codes.read_sheet(vault, "T/x", sheet, make.noon(), make.timedelta(days=1)) is None


def test_sheets_differ() -> None:
    vault, now = identity.vault(), make.noon()
    made = codes.new_sheet(vault, "T/x", uuid4(), now)
    tampered = ("B" if made[0] == "A" else "A") + made[1:]
    assert codes.read_sheet(vault, "T/x", tampered, now, make.timedelta(days=1)) is None


@given(st.sampled_from(["integer", "number", "boolean", "string"]), st.text(max_size=30))
def test_typed_texts_are_json(type_: str, text: str) -> None:
    import orjson

    from app.collection.catalogue.form_fields import FormField

    field = FormField("n", "", "", type_, False, None, False, None, None, None, None, None, 1)
    values = typed_values({"n": field}, {"n": [text.encode("utf-8", "replace").decode()]})
    assert orjson.loads(orjson.dumps(values)) == values
