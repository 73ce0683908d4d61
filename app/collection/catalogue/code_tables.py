"""Code tables: look at them, publish a version."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.catalogue import queries
from app.collection.catalogue.editions import Standing
from app.collection.catalogue.models import CodeTable, CodeValue
from app.collection.catalogue.problems import CodesRefused, CodeTableUnchanged, VersionTaken
from app.collection.catalogue.publishing import (
    accepted_until,
    find_version,
    next_version,
    record,
    version_facts,
)
from app.collection.catalogue.schemas import CodeTableCreate, ValueCreate
from app.collection.catalogue.seeding import digest_of
from app.collection.catalogue.usable import load_tables
from app.identity.actor import Actor
from app.kit.problems import NotFound


async def list_tables(session: AsyncSession, county_code: str) -> list[dict[str, Any]]:
    """The newest version of every code table, by code, as `schemas.CodeTableRead` promises."""
    newest = {code: line[-1] for code, line in (await load_tables(session, county_code)).items()}
    stored = await queries.list_tables(session, [standing.id for standing in newest.values()])
    return [_table(stored[newest[code].id], newest[code]) for code in sorted(newest)]


async def get_table(
    session: AsyncSession, county_code: str, code: str, version: int | None
) -> dict[str, Any]:
    """Everything `schemas.CodeTableDetailRead` promises; the newest unless a version is named. Raises NotFound."""
    line = (await load_tables(session, county_code)).get(code)
    if line is None:
        raise NotFound
    standing = line[-1] if version is None else find_version(line, version)
    values = (await queries.list_values(session, [standing.id]))[standing.id]
    return _table(await queries.get_table(session, standing.id), standing) | {"values": values}


def _table(table: CodeTable, standing: Standing) -> dict[str, Any]:
    return version_facts(standing) | {
        "id": table.id,
        "code": table.code,
        "name_zh": table.name_zh,
        "name_en": table.name_en,
        "source": table.source,
        "is_own": table.county_code is not None,
    }


async def publish_table(
    session: AsyncSession, actor: Actor, code: str, body: CodeTableCreate, *, today: date, now: datetime
) -> int:
    """Publishes a version of a code table for the actor's county and returns its number.

    Codes of the version before are accepted for the rule's time. Raises NotFound, VersionTaken, CodesRefused with
    `errors`, CodeTableUnchanged.
    """
    line = (await load_tables(session, actor.county_code)).get(code, ())
    newest = line[-1] if line else None
    if newest is None and body.based_on is not None:
        raise NotFound
    if body.based_on != (newest.version if newest is not None else None):
        raise VersionTaken(newest_version=newest.version if newest is not None else None)
    errors = code_faults(body.values)
    if errors:
        raise CodesRefused(errors=errors)
    digest = digest_of([[v.code, v.name_zh, v.name_en, v.parent] for v in body.values])
    before = await queries.get_table(session, newest.id) if newest is not None else None
    if before is not None and (before.digest, before.name_zh, before.name_en) == (
        digest,
        body.name_zh,
        body.name_en,
    ):
        raise CodeTableUnchanged
    table = CodeTable(
        id=uuid7(),
        code=code,
        county_code=actor.county_code,
        version=next_version(newest, is_shipped=True),
        name_zh=body.name_zh,
        name_en=body.name_en,
        source=body.source,
        digest=digest,
        published_at=now,
        published_by=actor.account_id,
        previous_until=await accepted_until(session, actor, today, now) if newest is not None else None,
    )
    session.add(table)
    await session.flush()  # its codes name it
    rows = [v.model_dump() | {"table_id": table.id, "position": at} for at, v in enumerate(body.values)]
    await session.execute(insert(CodeValue), rows)
    facts = {"code": code, "version": table.version}
    if newest is not None:
        await record(session, actor, "code_table.superseded", ("code_table", newest.id), facts, now)
    await record(session, actor, "code_table.published", ("code_table", table.id), facts, now)
    return table.version


def code_faults(values: Sequence[ValueCreate]) -> list[dict[str, str]]:
    """What is wrong with the codes of a table: one that stands twice, a parent that is not there."""
    known: set[str] = set()
    faults = []
    for at, value in enumerate(values):
        if value.code in known:
            faults.append(_code_fault(at, "repeated", "代码重复", "stands twice"))
        known.add(value.code)
    for at, value in enumerate(values):
        if value.parent is not None and (value.parent not in known or value.parent == value.code):
            faults.append(_code_fault(at, "unknown_parent", "上级代码不存在", "its parent is not there"))
    return faults


def _code_fault(at: int, code: str, zh: str, en: str) -> dict[str, str]:
    return {"pointer": f"/values/{at}", "code": code, "zh": zh, "en": en}
