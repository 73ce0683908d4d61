"""The examples of the API pages work on the first click on a fresh demo county."""

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.demo.loader import load_demo
from app.identity.models import Account
from app.kit.db import Database
from app.kit.ids import demo_id
from tests.contract.scope_walk import operations, trial
from tests.factories import identity as make

ROLE_OF = {
    "approval": "security_admin",
    "unlocking": "security_admin",
    "accounts": "system_admin",
    "signing-keys": "security_admin",
}
OURS = ("/auth/", "/me/password", "/me/totp", "/notices", "/devices", "/accounts")

NEED_AN_AUTHENTICATOR = {
    "POST /api/v1/me/totp/confirmation",
    "POST /api/v1/accounts/{account_id}/totp-removal",
}
"""Their example can only be refused: it takes the code of this moment, or an account that has a factor."""


@pytest.fixture
async def app(database: Database) -> FastAPI:
    settings = make.settings().model_copy(update={"demo_passwords": True})
    await load_demo(database, settings, today=make.now().astimezone(settings.zone).date())
    return make.app_over(database)


async def test_all_examples_in_their_order(app: FastAPI, session: AsyncSession) -> None:
    tried, document = 0, app.openapi()
    async with make.client_of(app) as client:
        for operation in operations(document):
            if not operation.path.removeprefix("/api/v1").startswith(OURS):
                continue
            if operation.name in NEED_AN_AUTHENTICATOR:
                continue
            word = next((w for w in ROLE_OF if w in operation.path), None)
            name = ROLE_OF[word] if word else "county/330921"
            account = await session.get_one(Account, demo_id("account", name))
            headers = make.bearer(await make.login(app, session, account)) if operation.secured else {}
            answer: httpx.Response = await trial(operation, document, {}).send(client, headers)
            assert answer.is_success, f"{operation.name}: {answer.text}"
            tried += 1
    assert tried >= 20
