"""Migrations: one head, each revision can be undone and done again, models and tables agree."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql

from app.commands import seeding
from app.kit import migrations
from tests.conftest import admin_url, url_of


@pytest.fixture
def empty_url() -> Iterator[str]:
    """URL of a database without any table."""
    name = f"wangge_migrations_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        yield url_of(name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def config(empty_url: str) -> Config:
    return migrations.configuration(empty_url)


CATALOGUE = """
    WITH extension AS (SELECT objid AS id FROM pg_depend WHERE deptype = 'e'),
    ours AS (SELECT oid, relname, relkind FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
        AND oid NOT IN (SELECT id FROM extension) AND relname <> 'alembic_version')
    SELECT format('relation %s %s', relname, relkind) FROM ours
    UNION ALL SELECT format('column %s.%s %s %s %s', relname, attname, atttypid::regtype, attnotnull,
        pg_get_expr(adbin, adrelid))
      FROM ours JOIN pg_attribute a ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
      LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL SELECT format('constraint %s %s %s', relname, conname, pg_get_constraintdef(c.oid))
      FROM pg_constraint c JOIN ours ON ours.oid = conrelid
    UNION ALL SELECT 'index ' || pg_get_indexdef(indexrelid) FROM pg_index JOIN ours ON ours.oid = indrelid
    UNION ALL SELECT 'trigger ' || pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN ours ON ours.oid = tgrelid
      WHERE NOT tgisinternal
    UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc
      WHERE pronamespace = 'public'::regnamespace AND prokind IN ('f', 'p')
        AND oid NOT IN (SELECT id FROM extension)
    UNION ALL SELECT 'type ' || typname FROM pg_type
      WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
        AND oid NOT IN (SELECT id FROM extension)
"""


def catalogue(url: str) -> set[str]:
    """Everything that migrations made in the database, one line each, without extensions' own things."""
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute(CATALOGUE)}


def test_there_is_one_head(config: Config) -> None:
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_each_revision_can_be_undone_and_done_again(config: Config, empty_url: str) -> None:
    scripts = ScriptDirectory.from_config(config)
    revisions = [script.revision for script in reversed(list(scripts.walk_revisions()))]
    for revision in revisions:
        before = catalogue(empty_url)
        command.upgrade(config, revision)
        after = catalogue(empty_url)
        command.downgrade(config, "-1")
        assert catalogue(empty_url) == before, f"downgrade of {revision}"
        command.upgrade(config, revision)
        assert catalogue(empty_url) == after, f"second upgrade to {revision}"
    command.downgrade(config, "base")
    assert catalogue(empty_url) == set()
    command.upgrade(config, "head")
    assert catalogue(empty_url) == after


def test_models_and_tables_agree(config: Config) -> None:
    command.upgrade(config, "head")
    command.check(config)


def test_a_lock_that_is_held_ends_the_migration_and_not_the_service(config: Config, empty_url: str) -> None:
    command.upgrade(config, "0001")
    with psycopg.connect(empty_url) as holder:
        holder.execute("LOCK TABLE event IN ACCESS SHARE MODE")
        with pytest.raises(Exception, match="lock timeout"):
            command.downgrade(config, "base")
    assert migrations.revisions(empty_url)[0] == "0001"


async def test_months_are_made_around_today_and_again_without_harm(config: Config, empty_url: str) -> None:
    command.upgrade(config, "head")
    await seeding.seed(empty_url)
    await seeding.seed(empty_url)
    with psycopg.connect(empty_url) as connection:
        for table in ("event", "fix_batch"):
            query = "SELECT count(*) FROM pg_inherits WHERE inhparent = %s::regclass"
            assert connection.execute(query, [table]).fetchone() == (7,)
