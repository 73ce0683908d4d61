"""The people and places of the identity tests, for the pages of the log."""

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from tests.factories import identity as make
from tests.identity.conftest import (
    World,
    app,
    as_foreigner,
    as_security_admin,
    as_supervisor,
    as_system_admin,
    client,
    clock,
    world,
)

__all__ = [
    "app",
    "as_foreigner",
    "as_security_admin",
    "as_supervisor",
    "as_system_admin",
    "client",
    "clock",
    "world",
]


@pytest.fixture
async def as_auditor(app: FastAPI, session: AsyncSession, world: World) -> dict[str, str]:
    account = await make.account(session, world.ours.county, Role.AUDIT_ADMIN)
    return make.bearer(await make.login(app, session, account))


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and problem code."""
    return answer.status_code, answer.json()["code"]
