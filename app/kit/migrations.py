"""Bringing a database to the newest revision, from any working directory."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from app.kit.db import sqlalchemy_url

ROOT = Path(__file__).parents[2]


def configuration(url: str) -> Config:
    """Alembic's configuration for the database at `url`."""
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def revisions(url: str) -> tuple[str | None, str | None]:
    """(revision of the database, newest revision known)."""
    engine = create_engine(sqlalchemy_url(url))
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return current, ScriptDirectory.from_config(configuration(url)).get_current_head()


def newest() -> str:
    """The newest revision known."""
    return ScriptDirectory.from_config(configuration("")).get_current_head() or ""


def is_known(revision: str) -> bool:
    """Whether this version can bring a database of that revision to the newest one."""
    script = ScriptDirectory.from_config(configuration(""))
    return any(each.revision == revision for each in script.walk_revisions())


def upgrade(url: str) -> None:
    """Runs all revisions that the database lacks."""
    command.upgrade(configuration(url), "head")
