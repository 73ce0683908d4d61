"""An answer leaves after the commit, and only if there was one."""

from contextlib import suppress
from typing import Annotated
from uuid import uuid4

import httpx
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import Database, SessionDep, driver_connection, savepoint
from app.kit.problems import TransactionAborted
from tests.factories import identity

INSERT = text("INSERT INTO area (id, county_code, level) VALUES (:id, '330921', 'county')")


@pytest.fixture
async def app(fresh_database: Database) -> FastAPI:
    app = identity.app_over(fresh_database)

    @app.post("/test/store")
    async def store(session: SessionDep) -> dict[str, str]:
        await session.execute(INSERT, {"id": uuid4()})
        return {"said": "stored"}

    @app.post("/test/swallow")
    async def swallow(session: SessionDep) -> dict[str, str]:
        once = {"id": uuid4()}
        await session.execute(INSERT, once)
        with suppress(IntegrityError):
            await session.execute(INSERT, once)
        return {"said": "stored"}

    @app.post("/test/swallow-raw")
    async def swallow_raw(session: SessionDep) -> dict[str, str]:
        await session.execute(INSERT, {"id": uuid4()})
        with suppress(Exception):
            await (await driver_connection(session)).execute("SELECT 1 / 0")
        return {"said": "stored"}

    @app.post("/test/savepoint")
    async def expected(session: SessionDep) -> dict[str, str]:
        once = {"id": uuid4()}
        await session.execute(INSERT, once)
        try:
            async with savepoint(session):
                await session.execute(INSERT, once)
        except IntegrityError:
            pass
        return {"said": "stored"}

    async def slow(session: SessionDep) -> AsyncSession:
        await session.execute(INSERT, {"id": uuid4()})
        return session

    @app.post("/test/nested")
    async def nested(session: Annotated[AsyncSession, Depends(slow)]) -> dict[str, bool]:
        return {"open": session.in_transaction()}

    return app


async def post(app: FastAPI, path: str) -> httpx.Response:
    async with identity.client_of(app) as client:
        return await client.post(path)


async def areas(database: Database) -> int:
    async with database.transaction() as session:
        return int(await session.scalar(text("SELECT count(*) FROM area")) or 0)


class TestAckAfterCommit:
    async def test_what_was_acknowledged_is_there(self, app: FastAPI, fresh_database: Database) -> None:
        assert (await post(app, "/test/store")).status_code == 200
        assert await areas(fresh_database) == 1

    async def test_a_failing_commit_is_no_200(self, app: FastAPI, fresh_database: Database) -> None:
        def fail(_connection: object) -> None:
            raise OperationalError("COMMIT", None, Exception("disk full"))

        event.listen(fresh_database.engine.sync_engine, "commit", fail)
        answer = await post(app, "/test/store")
        event.remove(fresh_database.engine.sync_engine, "commit", fail)
        assert answer.status_code == 503
        assert answer.json()["code"] == "unavailable"
        assert await areas(fresh_database) == 0

    async def test_a_constraint_that_fails_at_the_commit(
        self, app: FastAPI, fresh_database: Database
    ) -> None:
        async with fresh_database.transaction() as session:
            await session.execute(
                text("ALTER TABLE area ADD CONSTRAINT late UNIQUE (level) DEFERRABLE INITIALLY DEFERRED")
            )
        assert (await post(app, "/test/store")).status_code == 200
        answer = await post(app, "/test/store")
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert await areas(fresh_database) == 1

    @pytest.mark.parametrize("path", ["/test/swallow", "/test/swallow-raw"])
    async def test_a_swallowed_error_is_no_200(
        self, app: FastAPI, fresh_database: Database, path: str
    ) -> None:
        answer = await post(app, path)
        assert (answer.status_code, answer.json()["code"]) == (500, "transaction_aborted")
        assert await areas(fresh_database) == 0

    async def test_an_error_inside_a_savepoint_costs_only_that(
        self, app: FastAPI, fresh_database: Database
    ) -> None:
        assert (await post(app, "/test/savepoint")).json() == {"said": "stored"}
        assert await areas(fresh_database) == 1

    async def test_one_session_for_a_request(self, app: FastAPI, fresh_database: Database) -> None:
        assert (await post(app, "/test/nested")).json() == {"open": True}
        assert await areas(fresh_database) == 1


class TestDriverErrors:
    async def test_they_come_as_those_of_sqlalchemy(self, fresh_database: Database) -> None:
        with pytest.raises(DBAPIError) as caught:
            async with fresh_database.transaction() as session:
                await (await driver_connection(session)).execute("SELECT 1 / 0")
        assert caught.value.orig.sqlstate == "22012"  # type: ignore[union-attr]

    async def test_a_lost_connection_is_an_outage_and_the_next_transaction_works(
        self, fresh_database: Database
    ) -> None:
        async def lose() -> None:
            async with fresh_database.transaction() as session:
                driver = await driver_connection(session)
                async with fresh_database.transaction() as other:
                    await other.execute(text(f"SELECT pg_terminate_backend({driver.info.backend_pid})"))
                await driver.execute("SELECT 1")

        with pytest.raises(OperationalError):
            await lose()
        assert await areas(fresh_database) == 0

    async def test_an_aborted_transaction_is_told_even_when_nothing_failed_later(
        self, fresh_database: Database
    ) -> None:
        async def swallow() -> None:
            async with fresh_database.transaction() as session:
                with suppress(DBAPIError):
                    await session.execute(text("SELECT 1 / 0"))

        with pytest.raises(TransactionAborted):
            await swallow()
