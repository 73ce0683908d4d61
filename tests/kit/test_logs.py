"""What goes wrong is told, and not whom it is about."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import cast

import psycopg
import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.kit import logs
from app.kit.db import Database, driver_connection

NAME = "王海生"
INSERT = "INSERT INTO area (id, county_code, level) VALUES (gen_random_uuid(), '330921', {})"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the service writes to its log."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure("INFO")
    written = StringIO()
    cast("logging.StreamHandler[StringIO]", root.handlers[0]).setStream(written)
    yield written
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def told(log: StringIO) -> str:
    exception: str = json.loads(log.getvalue())["exception"]
    return exception


class TestFailures:
    async def test_of_a_statement_hide_its_parameters_and_the_row(
        self, database: Database, log: StringIO
    ) -> None:
        try:
            async with database.transaction() as session:
                await session.execute(text(INSERT.format(":level")), {"level": NAME})
        except IntegrityError:
            structlog.get_logger("wangge.test").exception("failed")
        assert "ck_area_level" in (found := told(log))
        assert NAME not in found

    async def test_of_the_driver_hide_the_row(self, database: Database, log: StringIO) -> None:
        try:
            async with database.transaction() as session:
                await (await driver_connection(session)).execute(INSERT.format("%s"), [NAME])
        except (IntegrityError, psycopg.Error):
            logging.getLogger("wangge.test").exception("failed")
        assert "ck_area_level" in (found := told(log))
        assert NAME not in found
