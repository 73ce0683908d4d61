"""Fixtures on real PostgreSQL + PostGIS: migrations run once into a template, each worker clones it.

`scripts/test` starts a private cluster and names it in WANGGE_TEST_DATABASE_URL.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import text, update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue import seeding, shipped
from app.collection.catalogue.models import CodeTable, FormVersion
from app.kit.db import Database

pytest_plugins = ["tests.plugins.requirements"]

ROOT = Path(__file__).parent.parent
TEMPLATE_LOCK = 4201
READY = "ready"
SHIPPED_AT = datetime(2020, 1, 1, tzinfo=UTC)
"""Since when the template's catalogue has been published: before whatever a test is about."""


def admin_url() -> str:
    """URL of the maintenance database of the test cluster."""
    url = os.environ.get("WANGGE_TEST_DATABASE_URL")
    if not url:
        pytest.exit("WANGGE_TEST_DATABASE_URL is not set: run scripts/test", returncode=4)
    return url


def url_of(name: str) -> str:
    """URL of the database `name` in the test cluster."""
    return make_url(admin_url()).set(database=name).render_as_string(hide_password=False)


def alembic_config(url: str) -> Config:
    """Alembic's configuration for the database at `url`."""
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def _template_name() -> str:
    """Named after what it is made of: two checkouts on one server never take each other's."""
    made_of = sha256()
    catalogue = [Path(seeding.__file__), Path(shipped.__file__), *shipped.DATA.rglob("*.*")]
    for path in sorted([*(ROOT / "migrations").rglob("*.py"), *catalogue]):
        made_of.update(path.read_bytes())
    return f"wangge_template_{made_of.hexdigest()[:12]}"


def _build_template(admin: psycopg.Connection, name: str) -> None:
    marker = admin.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    if marker and marker[0] == READY:
        return
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    command.upgrade(alembic_config(url_of(name)), "head")
    with psycopg.connect(url_of(name), autocommit=True) as template:
        template.execute(
            "SELECT ensure_month_partition(c.oid, (date_trunc('month', now()) + m * interval '1 month')::date) "
            "FROM pg_class c, generate_series(-4, 4) m WHERE c.relkind = 'p'"
        )
    asyncio.run(_seed(url_of(name)))
    admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(READY)))


async def _seed(url: str) -> None:
    """Loads the catalogue of forms, as every set-up does; it has been there for long, and no event tells of it."""
    database = Database.connect(url, pool_size=1)
    async with database.transaction() as session:
        await seeding.seed_catalogue(session, now=datetime.now(UTC))
        for table in (FormVersion, CodeTable):
            await session.execute(update(table).values(published_at=SHIPPED_AT))
        await session.execute(text("SET LOCAL session_replication_role = replica"))  # the log lets nothing go
        await session.execute(text("TRUNCATE event"))
    await database.close()


@pytest.fixture(scope="session")
def template() -> str:
    """Name of the migrated template database."""
    name = _template_name()
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        _build_template(admin, name)
        admin.execute("SELECT pg_advisory_unlock(%s)", [TEMPLATE_LOCK])
    return name


def _clone(template: str) -> str:
    name = f"wangge_test_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])  # a template allows one copy at a time
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    return name


def _drop(name: str) -> None:
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def worker_url(template: str) -> Iterator[str]:
    """URL of this worker's clone; tests leave it as they found it."""
    name = _clone(template)
    yield url_of(name)
    _drop(name)


@pytest.fixture
def fresh_url(template: str) -> Iterator[str]:
    """URL of a clone of its own, for tests that commit (concurrency, several processes, kill -9)."""
    name = _clone(template)
    yield url_of(name)
    _drop(name)


@pytest.fixture
async def fresh_database(fresh_url: str) -> AsyncIterator[Database]:
    """A database of its own with a real pool."""
    database = Database.connect(fresh_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def worker_database(worker_url: str) -> AsyncIterator[Database]:
    """This worker's database."""
    database = Database.connect(worker_url)
    yield database
    await database.close()


@pytest.fixture
async def database(worker_database: Database) -> AsyncIterator[Database]:
    """The worker's database seen through one connection whose outer transaction is rolled back."""
    async with worker_database.engine.connect() as connection:
        outer = await connection.begin()
        yield Database(worker_database.engine, bind=connection)
        await outer.rollback()


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    """A session inside the test's outer transaction; flush to let requests of the same test see its rows."""
    async with database.sessions() as session:
        yield session
