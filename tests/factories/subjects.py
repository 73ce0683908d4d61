"""Subjects, written through the store as a submission would."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.collection.subjects import store
from app.collection.subjects.changing import Applied, Change, Place, StateChange, Stored
from app.exchange.items import Desk
from app.identity.actor import Actor, system_actor
from tests.factories import identity

COUNTY = "330921"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
TODAY = date(2026, 11, 20)


@dataclass(frozen=True, slots=True)
class Mark:
    """A form's field, as far as subjects look at it."""

    personal: str | None = None
    key: str | None = None
    role: str | None = None
    link: str | None = None
    sensitive: bool = False


OPEN = Mark()
PERSON = {
    "name": Mark(personal="name", role="name"),
    "id_number": Mark(personal="id_number", key="id_number"),
    "phone": Mark(personal="phone"),
    "address": Mark(personal="address", role="address"),
    "birth_date": Mark(role="birth_date"),
    "remark": Mark(personal="text"),
    "categories": Mark(role="tags"),
    "nation": OPEN,
    "health": Mark(sensitive=True),
    "dwelling_id": Mark(link="lives_in"),
    "family": Mark(link="family_of"),
}
DWELLING = {
    "address": Mark(role="address"),
    "code": Mark(key="dwelling_code"),
    "building_id": Mark(link="part_of"),
    "use": Mark(role="tags"),
}
BUILDING = {
    "name": Mark(role="name"),
    "address": Mark(role="address"),
    "code": Mark(key="building_code"),
    "estate_id": Mark(link="part_of"),
}
ORGANIZATION = {
    "name": Mark(role="name"),
    "credit_code": Mark(key="credit_code"),
    "address": Mark(role="address"),
    "legal_person": Mark(personal="name"),
    "phone": Mark(role="phone"),
}
COMPONENT = {"name": Mark(role="name"), "code": Mark(key="component_code"), "type": OPEN}
PLACE = {"name": Mark(role="name"), "address": Mark(role="address")}
ITEMS: Mapping[str, tuple[str, Mapping[str, Mark]]] = {
    "person": ("resident_registered", PERSON),
    "dwelling": ("dwelling", DWELLING),
    "building": ("building", BUILDING),
    "organization": ("organization", ORGANIZATION),
    "component": ("component", COMPONENT),
    "place": ("key_place", PLACE),
}


def desk(now: datetime = NOW, actor: Actor | None = None) -> Desk:
    """Who writes, the vault of the tests, the zone."""
    return Desk(actor or system_actor(COUNTY), identity.vault(), ZONE, now)


def change(
    kind: str,
    values: Mapping[str, Any],
    *,
    subject_id: UUID | None = None,
    stored: Stored | None = None,
    place: Place | None = None,
    state: tuple[str, date] | None = None,
    at: datetime = NOW,
    submission_id: UUID | None = None,
) -> Change:
    """A change of a subject of `kind`; of a new one when `stored` is None."""
    item_code, fields = ITEMS[kind]
    return Change(
        subject_id=subject_id or (stored.id if stored else uuid7()),
        kind=kind,
        item_code=item_code,
        fields=fields,
        values=values,
        recorded_at=at,
        day=at.astimezone(ZONE).date(),
        stored=stored,
        place=place,
        state=StateChange(*state) if state else None,
        submission_id=submission_id,
    )


async def write(session: AsyncSession, *changes: Change, now: datetime = NOW) -> list[Applied]:
    """Writes changes as the service itself."""
    return await store.write_many(session, desk(now), changes)


async def subject(
    session: AsyncSession, kind: str, area_id: UUID, values: Mapping[str, Any], **more: Any
) -> Stored:
    """A new subject in an area, in `grid_id` where given, at `position` where given."""
    place = Place(area_id, more.pop("grid_id", None), more.pop("position", None))
    [applied] = await write(session, change(kind, values, place=place, **more))
    return applied.after


async def locked(session: AsyncSession, *ids: UUID) -> dict[UUID, Stored]:
    """Subjects as a submission finds them."""
    return await store.lock_many(session, identity.vault(), COUNTY, ids)
