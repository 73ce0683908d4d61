"""What publishing forms and code tables has in common."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue.editions import Standing
from app.collection.catalogue.models import OWN_VERSIONS_FROM
from app.identity.actor import Actor
from app.identity.scope import area_path
from app.kit import events
from app.kit.problems import NotFound
from app.rules import service as rules
from app.rules.catalogue.collection import FORM_ACCEPTED_DAYS


def version_facts(standing: Standing) -> dict[str, Any]:
    """What `schemas.VersionRead` promises."""
    return {
        "version": standing.version,
        "published_at": standing.published_at,
        "accepted_until": standing.until,
    }


def find_version(line: Sequence[Standing], version: int) -> Standing:
    """The version of a county's line. Raises NotFound."""
    for standing in line:
        if standing.version == version:
            return standing
    raise NotFound


def next_version(newest: Standing | None, *, is_shipped: bool) -> int:
    """A county's own versions of what the product ships have numbers that the product never uses."""
    following = newest.version + 1 if newest is not None else 1
    return max(following, OWN_VERSIONS_FROM) if is_shipped else following


async def accepted_until(session: AsyncSession, actor: Actor, today: date, now: datetime) -> datetime:
    """Until when the version before one that is published now is accepted."""
    applied = await rules.resolve(session, await area_path(session, actor.area_id), today)
    return now + timedelta(days=applied[FORM_ACCEPTED_DAYS])


async def record(
    session: AsyncSession,
    actor: Actor,
    type_: str,
    subject: tuple[str, UUID],
    data: dict[str, Any],
    now: datetime,
) -> None:
    """One event of the actor\'s county."""
    await events.record(
        session,
        actor.event_actor,
        type_,
        subject,
        data,
        county_code=actor.county_code,
        area_id=actor.area_id,
        now=now,
    )
