"""The pages that ops staff live in work without the Internet."""

import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.commands.openapi import document
from app.kit.docs_pages import REDOC_LOGO, mount_docs

PAGES = ["/docs", "/redoc", "/docs/oauth2-redirect"]


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    app = FastAPI(title="Wangge 网格", docs_url=None, redoc_url=None)
    mount_docs(app)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://wangge") as client:
        yield client


@pytest.mark.parametrize("page", PAGES)
class TestPages:
    async def test_names_no_outside_address(self, client: AsyncClient, page: str) -> None:
        html = (await client.get(page)).text
        assert re.findall(r"\w+://|[\"'(]//", html) == []

    async def test_every_file_it_names_is_served(self, client: AsyncClient, page: str) -> None:
        for path in re.findall(r"""(?:src|href)=["']([^"']+)["']""", (await client.get(page)).text):
            answer = await client.get(path)
            assert answer.status_code == 200, path
            assert len(answer.content) > 500, path


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_the_browser_is_told_to_fetch_nothing_elsewhere(client: AsyncClient, page: str) -> None:
    policy = (await client.get(page)).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


async def test_redoc_takes_its_logo_from_here(client: AsyncClient) -> None:
    script = (await client.get("/static/docs/redoc.js")).text
    assert REDOC_LOGO not in script
    assert "/static/docs/favicon.png" in script


@pytest.mark.parametrize(
    "setting",
    ['"persistAuthorization": true', '"tryItOutEnabled": true', '"filter": true', '"validatorUrl": null'],
)
async def test_swagger_is_set_up_for_trying(client: AsyncClient, setting: str) -> None:
    assert setting in (await client.get("/docs")).text


def test_swagger_finds_a_value_for_whatever_must_be_filled_in() -> None:
    empty = {
        parameter["name"]
        for item in document()["paths"].values()
        for operation in item.values()
        for parameter in operation.get("parameters", [])
        if parameter["required"] and not parameter.keys() & {"example", "examples"}
    }
    assert not empty
