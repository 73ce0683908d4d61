"""The database: base class with named constraints, and the one place where transactions are opened."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import psycopg
from fastapi import Depends, Request
from psycopg import AsyncConnection as DriverConnection
from psycopg.pq import TransactionStatus
from sqlalchemy import MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase

from app.kit import partitions
from app.kit.problems import TransactionAborted

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables. Every constraint has a name, because a problem is found by it."""

    metadata = MetaData(naming_convention=NAMING)


DRIVER = "driver_connection"


def sqlalchemy_url(url: str) -> str:
    """`url` with the psycopg 3 driver named, whatever form it came in."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


class Database:
    """Engine and sessions of a process. `bind` may be one connection (tests) instead of the engine."""

    def __init__(self, engine: AsyncEngine, bind: AsyncConnection | None = None) -> None:
        self.engine = engine
        mode = "create_savepoint" if bind is not None else "conditional_savepoint"
        self.sessions = async_sessionmaker(
            bind if bind is not None else engine,
            expire_on_commit=False,
            close_resets_only=False,
            join_transaction_mode=mode,
        )

    @classmethod
    def connect(cls, url: str, *, pool_size: int = 8) -> "Database":
        """A database at `url`; connections are opened when first needed, checked before use."""
        engine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=pool_size,
            max_overflow=4,
            pool_pre_ping=True,
            pool_timeout=10,
            hide_parameters=True,  # an error that is logged would carry names and hashes with it
        )
        return cls(engine)

    async def close(self) -> None:
        """Closes all connections."""
        await self.engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Raises TransactionAborted when the block swallowed a database error: PostgreSQL would turn the
        COMMIT into a silent ROLLBACK, and the caller would be told that lost data is stored.
        Raises SQLAlchemy's exceptions for errors of the driver's own connection, too. Raises MonthMissing (503) when
        a row's month was not there: nothing was stored, and the month is there now.
        """
        try:
            async with self.sessions() as session, session.begin():
                yield session
                await session.flush()  # so that a deferred write shows its error before the check below
                await _refuse_aborted(session)
        except DBAPIError as error:
            await self._heal(error.orig)
            raise
        except psycopg.Error as error:
            await self._heal(error)
            # nobody above should have to know both families: deadlocks are retried, outages answered 503
            raise DBAPIError.instance(None, None, error, psycopg.Error) from error

    async def _heal(self, error: BaseException | None) -> None:
        """Makes the month that a row did not find and raises MonthMissing; leaves other errors alone."""
        missing = partitions.missing_month(error)
        if missing is not None:
            async with self.sessions() as session, session.begin():
                await partitions.make_missing(session, *missing)
            raise partitions.MonthMissing from error


async def _refuse_aborted(session: AsyncSession) -> None:
    if not session.in_transaction():
        return
    driver = await driver_connection(session)
    if driver.info.transaction_status == TransactionStatus.INERROR:
        raise TransactionAborted


async def driver_connection(session: AsyncSession) -> DriverConnection[Any]:
    """The psycopg connection under `session`, inside its transaction, for hot paths and jobs."""
    transaction = session.sync_session.get_transaction()
    known = session.info.get(DRIVER)
    if known is not None and known[0] is transaction:
        return known[1]  # type: ignore[no-any-return]
    raw = await (await session.connection()).get_raw_connection()
    connection = raw.driver_connection
    assert connection is not None  # noqa: S101 - SQLAlchemy's type allows None, a checked-out one never is
    # asked for by every statement of the hot path: remembered as long as the transaction lasts
    session.info[DRIVER] = session.sync_session.get_transaction(), connection
    return connection  # type: ignore[no-any-return]


@asynccontextmanager
async def savepoint(session: AsyncSession) -> AsyncIterator[None]:
    """The only way to a savepoint. SQLAlchemy emits it lazily, so the connection is touched first."""
    await session.connection()
    async with session.begin_nested():
        await session.connection()  # this sends it: statements on the driver's own connection would not
        yield


async def request_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The session of one request; it commits before the answer leaves (scope="function")."""
    database: Database = request.app.state.database
    async with database.transaction() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(request_session, scope="function")]
"""A router's `session` argument."""
