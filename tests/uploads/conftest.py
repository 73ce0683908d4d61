"""An app whose files lie in a folder of the test, and people around an inspector's photos."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.kit.db import Database
from app.uploads.files import Files, files_of
from tests.factories import identity
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock
from tests.factories.uploads import Sender
from tests.patrol import conftest as patrol
from tests.patrol.conftest import Office

beat, client, clock, office = patrol.beat, patrol.client, patrol.clock, patrol.office


@pytest.fixture
def files(database: Database, tmp_path: Path) -> Files:
    return files_of(identity.settings().model_copy(update={"data_dir": tmp_path}), database)


@pytest.fixture
async def app(database: Database, clock: Clock, files: Files) -> AsyncIterator[FastAPI]:
    app = make.app_at(database, clock)
    app.state.files = files
    app.state.ingestor.start()
    yield app
    await app.state.ingestor.close()


@dataclass(frozen=True, slots=True)
class People:
    """The inspector on his handheld, a colleague on another, and who else may want to look."""

    inspector: Sender
    colleague: Sender
    township: Sender
    foreigner: Sender
    admin: Sender


@pytest.fixture
async def people(client: httpx.AsyncClient, beat: Beat, office: Office) -> People:
    async def of(account: Any, device: Any = None) -> Sender:
        return Sender(client, (await office.of(account, device)).headers)

    return People(
        await of(beat.inspector, beat.device),
        await of(beat.colleague, beat.other_device),
        await of(beat.supervisor),
        await of(beat.foreigner),
        await of(beat.admin),
    )


async def events_of(database: Database, upload_id: UUID) -> list[tuple[str, dict[str, Any]]]:
    """Type and data of the events about an upload, in order."""
    async with database.transaction() as session:
        rows = await session.execute(
            text("SELECT type, data FROM event WHERE subject_id = :id ORDER BY ord"), {"id": upload_id}
        )
        return [(row.type, row.data) for row in rows]


async def state_of(database: Database, upload_id: UUID) -> Any:
    """The upload's row."""
    async with database.transaction() as session:
        return (await session.execute(text("SELECT * FROM upload WHERE id = :id"), {"id": upload_id})).one()
