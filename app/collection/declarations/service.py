"""The verbs of self-declaration: declare, look up by query code, reveal; points with their QR codes."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.assignments.opening import NewTask, open_tasks
from app.collection.assignments.workflow import TaskKind
from app.collection.catalogue.forms import FieldError, Form
from app.collection.declarations import codes, queries
from app.collection.declarations.declared import declared_fields, masked
from app.collection.declarations.kinds import KIND_OF, DeclarationState
from app.collection.declarations.models import Declaration, DeclarationPoint
from app.collection.declarations.offering import Point
from app.collection.declarations.problems import (
    ConsentMissing,
    ContentDeleted,
    DeclarationDiffers,
    DeclarationInvalid,
    PointMissing,
)
from app.identity.actor import Actor, system_actor
from app.kit import events
from app.kit.crypto import Vault
from app.rules.catalogue.declarations import NOTICE_VERSION

SEALED = "declaration.sealed"
CONTENT_PURPOSE = "declaration.content"
TOKEN_BYTES = 17
"""136 random bits: 26 letters of five."""


@dataclass(frozen=True, slots=True)
class NewDeclaration:
    """What somebody sends. id: his own, so that a second tap changes nothing; values: by field, not checked yet."""

    id: UUID
    channel: Literal["page", "api"]
    values: Mapping[str, Any]
    consent_version: str


async def declare(
    session: AsyncSession,
    vault: Vault,
    point: Point,
    form: Form,
    new: NewDeclaration,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[Declaration, str]:
    """The stored declaration and its query code; opens the verification in the grid.

    The same id with the same content gives the same code again. Raises ConsentMissing, DeclarationInvalid,
    DeclarationDiffers.
    """
    notice_version = point.rules[NOTICE_VERSION]
    if new.consent_version != notice_version:
        raise ConsentMissing(notice_version=notice_version)
    values = checked(point, form, new.values)
    content = orjson.dumps([point.token, form.item_code, form.version, values], option=orjson.OPT_SORT_KEYS)
    row = _row(vault, point, form, new, values, now) | {"digest": vault.digest(CONTENT_PURPOSE, content)}
    is_new = await queries.insert_declaration(session, row)
    stored = await session.get_one(Declaration, (point.county_code, new.id))
    if not is_new and stored.digest not in vault.digests(CONTENT_PURPOSE, content):
        raise DeclarationDiffers
    if is_new:
        await _open(session, stored, now=now, zone=zone)
    known = [
        code for code in codes.query_codes(vault, new.id) if codes.code_digest(code) == stored.code_digest
    ]
    return stored, codes.grouped(known[0])


def checked(point: Point, form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored. Raises DeclarationInvalid with every fault, field by field."""
    asked = declared_fields(form.fields)
    normal = form.normalized({name: value for name, value in values.items() if value is not None})
    errors = [e for e in form.errors(normal, today=point.today) if e.code != "unknown_field"]
    errors += [
        FieldError(
            f"/{name}" if name in form.fields else "", "unknown_field", "此项不在申报范围", "is not asked for"
        )
        for name in normal
        if name not in asked
    ]
    if errors:
        raise DeclarationInvalid(errors=[e.told() for e in errors])
    return normal


def _row(
    vault: Vault, point: Point, form: Form, new: NewDeclaration, values: dict[str, Any], now: datetime
) -> dict[str, Any]:
    personal = {name: value for name, value in values.items() if form.fields[name].is_sealed}
    return {
        "county_code": point.county_code,
        "id": new.id,
        "kind": KIND_OF[form.item_code],
        "channel": new.channel,
        "area_id": point.area_id,
        "grid_id": point.grid_id,
        "item_code": form.item_code,
        "form_version": form.version,
        "fields": {name: value for name, value in values.items() if name not in personal},
        "sealed": vault.encrypt(orjson.dumps(personal).decode(), SEALED, new.id) if personal else None,
        "masked": masked(form.fields, values),
        "consent_version": new.consent_version,
        "code_digest": codes.code_digest(codes.query_codes(vault, new.id)[0]),
        "state": DeclarationState.RECEIVED,
        "created_at": now,
        "version": 1,
    }


async def _open(session: AsyncSession, stored: Declaration, *, now: datetime, zone: ZoneInfo) -> None:
    actor = system_actor(stored.county_code)
    facts = {"kind": stored.kind, "item_code": stored.item_code, "channel": stored.channel}
    await _record(session, actor, "declaration.received", stored, facts, now)
    task = NewTask(
        TaskKind.VERIFICATION,
        stored.area_id,
        stored.grid_id,
        "declaration",
        stored.id,
        item_code=stored.item_code,
    )
    await open_tasks(session, actor, [task], now=now, zone=zone)


async def look_up(session: AsyncSession, typed: str) -> Row[Any] | None:
    """Where the declaration of a query code stands; None when there is none."""
    code = codes.read_code(typed)
    return None if code is None else await queries.find_standing(session, codes.code_digest(code))


async def reveal(
    session: AsyncSession, actor: Actor, vault: Vault, declaration_id: UUID, reason: str, *, now: datetime
) -> tuple[Declaration, dict[str, Any]]:
    """The declaration with everything declared, unmasked; leaves an event. Raises NotFound, ContentDeleted."""
    found = await queries.get_declaration(session, actor, declaration_id, now)
    if found.purged_at is not None:
        raise ContentDeleted
    facts = {"reason": reason, "fields": sorted(found.masked)}
    await _record(session, actor, "declaration.revealed", found, facts, now)
    return found, opened(vault, found)


def opened(vault: Vault, declared: Declaration) -> dict[str, Any]:
    """All values of a declaration, personal ones included."""
    if declared.sealed is None:
        return dict(declared.fields)
    personal: dict[str, Any] = orjson.loads(vault.decrypt(declared.sealed, SEALED, declared.id))
    return declared.fields | personal


async def renew_point(
    session: AsyncSession, actor: Actor, grid_id: UUID, *, now: datetime, zone: ZoneInfo
) -> DeclarationPoint:
    """A new address for the grid; the one before it leads nowhere from now on. Raises NotFound."""
    grid = await queries.get_grid(session, actor, grid_id, now.astimezone(zone).date())
    before = await queries.point_of_grid(session, grid.county_code, grid_id)
    if before is not None:
        before.revoked_at = now
        await session.flush()  # the unique index allows one in force
    point = DeclarationPoint(
        county_code=grid.county_code,
        id=uuid7(),
        token=codes.spelled(secrets.token_bytes(TOKEN_BYTES), codes.TOKEN_CHARS),
        grid_id=grid_id,
        area_id=grid.area_id,
        created_by=actor.account_id,
        created_at=now,
        revoked_at=None,
    )
    session.add(point)
    await events.record(
        session,
        actor.event_actor,
        "declaration_point.renewed",
        ("declaration_point", point.id),
        {"grid_id": str(grid_id), "replaces": str(before.id) if before else None},
        county_code=point.county_code,
        area_id=point.area_id,
        now=now,
    )
    return point


async def get_point(
    session: AsyncSession, actor: Actor, grid_id: UUID, *, now: datetime, zone: ZoneInfo
) -> tuple[DeclarationPoint, str]:
    """The grid's point in force and the grid's name. Raises NotFound, PointMissing."""
    grid = await queries.get_grid(session, actor, grid_id, now.astimezone(zone).date())
    point = await queries.point_of_grid(session, grid.county_code, grid_id)
    if point is None:
        raise PointMissing
    return point, grid.name


async def _record(
    session: AsyncSession, actor: Actor, type_: str, about: Declaration, facts: dict[str, Any], now: datetime
) -> None:
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("declaration", about.id),
        facts | {"grid_id": str(about.grid_id)},
        county_code=about.county_code,
        area_id=about.area_id,
        now=now,
    )
