"""The verbs of ledgers: read one, spread it over areas, find what is missing, answer a look-up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.ledgers import completeness, look_ups, queries
from app.collection.ledgers.conditions import Asked
from app.collection.ledgers.declaration import Ledger
from app.collection.ledgers.declared import ledger_of
from app.collection.ledgers.entries import Entry
from app.collection.ledgers.labels import Labels, load_labels
from app.collection.ledgers.links import add_places
from app.collection.ledgers.look_ups import Answer, Question, Topic
from app.collection.ledgers.problems import NameNeeded
from app.collection.ledgers.queries import Reading
from app.collection.ledgers.rendering import Renderer
from app.identity.actor import Actor
from app.identity.scope import area_path, counties_of, require_area
from app.kit import events
from app.kit.crypto import Vault
from app.rules import service as rules
from app.rules.catalogue.ledgers import BACKBONE_TAGS, VULNERABLE_TAGS

NO_LIMIT = 2_000_000_000


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Rows of a ledger with what makes words of them."""

    ledger: Ledger
    entries: Sequence[Entry]
    renderer: Renderer
    following: str | None


async def read_ledger(
    session: AsyncSession,
    actor: Actor,
    code: str,
    asked: Asked,
    *,
    vault: Vault,
    language: str,
    day: date,
    cursor: str | None,
    limit: int,
) -> LedgerPage:
    """One page of a ledger, masked. Raises UnknownLedger, NotFound out of scope, FilterUnknown, BadCursor."""
    ledger = ledger_of(code)
    if asked.area_id is not None:
        await require_area(session, actor, asked.area_id)
    reading = Reading(ledger, asked, vault)
    entries, following = await queries.list_entries(session, actor, reading, cursor, limit)
    labels = await load_labels(session, actor.county_code, ledger.tables())
    names = await add_places(session, entries, day)
    return LedgerPage(ledger, entries, Renderer(ledger, labels, names, language), following)


async def total_ledger(
    session: AsyncSession, actor: Actor, code: str, asked: Asked, *, vault: Vault, day: date
) -> tuple[int, Sequence[Row[Any]]]:
    """How many rows there are, and how many each area below has. Raises as `read_ledger` does."""
    ledger = ledger_of(code)
    under = asked.area_id or actor.area_id
    await require_area(session, actor, under)
    reading = Reading(ledger, asked, vault)
    everything = await queries.count_entries(session, actor, reading, NO_LIMIT)
    return everything, await queries.count_by_area(session, actor, reading, under, day)


async def find_missing(
    session: AsyncSession, actor: Actor, area_id: UUID | None, day: date
) -> Sequence[Row[Any]]:
    """Completeness of each area below one (`is_own`: of what lies in it itself). Raises NotFound."""
    under = area_id or actor.area_id
    await require_area(session, actor, under)
    return await completeness.by_area(session, await counties_of(session, actor), under, day)


async def list_missing_buildings(
    session: AsyncSession,
    actor: Actor,
    area_id: UUID | None,
    *,
    only_gaps: bool,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """Buildings with what is missing in each. Raises NotFound, BadCursor."""
    under = area_id or actor.area_id
    await require_area(session, actor, under)
    counties = await counties_of(session, actor)
    return await completeness.list_buildings(
        session, counties, under, only_gaps=only_gaps, cursor=cursor, limit=limit
    )


async def list_missing_dwellings(
    session: AsyncSession,
    actor: Actor,
    area_id: UUID | None,
    *,
    building_id: UUID | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Row[Any]], str | None]:
    """Dwellings in use without people, and those of no building. Raises NotFound, BadCursor."""
    under = area_id or actor.area_id
    await require_area(session, actor, under)
    counties = await counties_of(session, actor)
    return await completeness.list_dwellings(
        session, counties, under, building_id=building_id, cursor=cursor, limit=limit
    )


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The answer to a look-up with the words for its codes and places."""

    answers: Sequence[Answer]
    labels: Labels
    names: dict[UUID, str]
    buildings: dict[UUID, Entry]
    following: str | None


async def look_up(
    session: AsyncSession,
    actor: Actor,
    topic: Topic,
    *,
    name: str | None,
    area_id: UUID | None,
    grid_id: UUID | None,
    vault: Vault,
    day: date,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> LookedUp:
    """People as the question asks; leaves an event. Raises NotFound, NameNeeded, TooManyFound, BadCursor."""
    under = area_id or actor.area_id
    await require_area(session, actor, under)
    if topic == "residents" and name is None:
        raise NameNeeded
    tags = await _tags(session, topic, under, day)
    asked = Question(topic, name, under, grid_id, tags, day, now)
    answers, following = await look_ups.answer(session, actor, asked, vault, cursor, limit)
    entries = [each.entry for each in answers]
    buildings = await queries.homes_of(session, actor, entries)
    await events.record(
        session,
        actor.event_actor,
        "look_up.made",
        ("area", under),
        {"topic": topic, "rows": len(answers), "by_name": name is not None},
        county_code=actor.county_code,
        area_id=under,
        now=now,
    )
    return LookedUp(
        answers,
        await load_labels(session, actor.county_code, ["service_tag"]),
        await add_places(session, entries, day),
        buildings,
        following,
    )


async def _tags(session: AsyncSession, topic: Topic, area_id: UUID, day: date) -> list[str]:
    """The service tags that a topic stands for in an area, by its rules."""
    if topic == "residents":
        return []
    found = await rules.resolve(session, await area_path(session, area_id), day)
    listed = found[VULNERABLE_TAGS if topic == "vulnerable" else BACKBONE_TAGS]
    return [tag.strip() for tag in listed.split(",") if tag.strip()]
