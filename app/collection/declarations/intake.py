"""The public door: limits first, then the form, then the declaration. For the page and for mini programs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.declarations import limits, service
from app.collection.declarations.models import Declaration
from app.collection.declarations.offering import Point, open_form, open_point
from app.collection.declarations.problems import DeclarationNotFound
from app.collection.declarations.schemas import DeclarationCreate
from app.collection.declarations.service import NewDeclaration
from app.kit.crypto import Vault
from app.kit.db import Database
from app.rules import service as rules
from app.rules.catalogue.declarations import PER_ADDRESS_HOUR, PER_POINT_HOUR, WRONG_CODES_HOUR


@dataclass(frozen=True, slots=True)
class Door:
    """Where somebody without login comes in. address: as `identity.lockout.network_of` counts it."""

    database: Database
    vault: Vault
    address: str
    zone: ZoneInfo


async def declare_by_api(
    session: AsyncSession, door: Door, body: DeclarationCreate, *, now: datetime
) -> tuple[Declaration, str]:
    """The stored declaration and its query code. Raises the problems of `router.declare`."""
    point = await enter(door, body.token, now=now)
    _, form = await open_form(session, point, body.item_code, body.form_version, now=now)
    new = NewDeclaration(body.id, "api", body.fields, body.consent_version)
    return await service.declare(session, door.vault, point, form, new, now=now, zone=door.zone)


async def enter(door: Door, token: str, *, now: datetime) -> Point:
    """The point of a declaration that is being sent, counted for its address and its grid.

    Before the request's own session is touched: who waits for a second connection while he holds one may wait
    for ever. Raises PointUnknown, DeclarationsClosed, TooManyDeclarations.
    """
    async with door.database.transaction() as session:
        point = await open_point(session, token, now=now, zone=door.zone)
        counted = [
            limits.from_address(door.address, point.rules[PER_ADDRESS_HOUR]),
            limits.at_point(point.token, point.rules[PER_POINT_HOUR]),
        ]
        refusal = await limits.find_refusal(session, counted, vault=door.vault, now=now)
        if refusal is None:
            await limits.count(session, counted, vault=door.vault, now=now)
    if refusal is not None:
        raise refusal
    return point


async def look_up(door: Door, typed: str, *, now: datetime) -> Row[Any]:
    """Where the declaration of a query code stands; a wrong code is counted.

    Raises DeclarationNotFound, TooManyDeclarations.
    """
    async with door.database.transaction() as session:
        # no place is known before the code is: what applies everywhere
        applied = await rules.resolve(session, [], now.astimezone(door.zone).date())
        counted = [limits.wrong_codes(door.address, applied[WRONG_CODES_HOUR])]
        refusal = await limits.find_refusal(session, counted, vault=door.vault, now=now)
        row = None if refusal else await service.look_up(session, typed)
        if row is None and refusal is None:
            await limits.count(session, counted, vault=door.vault, now=now)
    if refusal is not None:
        raise refusal
    if row is None:
        raise DeclarationNotFound
    return row
