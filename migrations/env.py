"""Alembic environment: synchronous psycopg, lock timeout, partitions and the queue's tables left out."""

from typing import Any

from alembic import context
from sqlalchemy import create_engine, text

import app.models
from app.kit.db import Base, sqlalchemy_url
from app.kit.partitions import PARTITION_NAME
from app.settings import get_settings

assert app.models  # imported for its tables
target_metadata = Base.metadata
QUEUE_PREFIX = "procrastinate_"
POSTGIS_TABLES = {"spatial_ref_sys"}


def include_name(name: str | None, type_: str, parents: Any) -> bool:
    """Leaves PostGIS's, the queue's and the months' tables to those who make them."""
    if type_ != "table" or name is None:
        return True
    return not (name in POSTGIS_TABLES or name.startswith(QUEUE_PREFIX) or PARTITION_NAME.search(name))


def database_url() -> str:
    """The URL given by the caller (CLI, tests), else the setting."""
    url = context.config.get_main_option("sqlalchemy.url") or get_settings().database_url
    if not url:
        raise SystemExit("no database: run `scripts/wangge db migrate`, or set WANGGE_DATABASE_URL")
    return sqlalchemy_url(url)


def run() -> None:
    """Runs the revisions asked for; a lock that isn't free within 5 s ends the migration, not the service."""
    engine = create_engine(database_url())
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=target_metadata,
            include_name=include_name,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
