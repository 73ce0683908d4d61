"""The scene of patrol's tests: an inspector at work at noon, supervisors, a foreigner; and administrators."""

import httpx
import pytest
from fastapi import FastAPI

from app.kit.db import Database
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, Handheld
from tests.patrol.conftest import (  # noqa: F401 - fixtures
    app,
    beat,
    client,
    clock,
    foreigner,
    handheld,
    office,
    supervisor,
)


@pytest.fixture
async def admin(
    app: FastAPI,  # noqa: F811
    client: httpx.AsyncClient,  # noqa: F811
    database: Database,
    beat: Beat,  # noqa: F811
    clock: Clock,  # noqa: F811
) -> Handheld:
    """The county's system administrator, signed in."""
    return await make.sign_in(app, client, database, beat.admin, at=clock.now)
