"""An inspector and his colleague in one grid, a supervisor, and every item admitted."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects.changing import Stored
from app.identity.actor import Role
from tests.factories import catalogue, identity
from tests.factories import patrol as make
from tests.factories import submissions as factory
from tests.factories.patrol import Beat
from tests.factories.subjects import locked
from tests.factories.submissions import Counter
from tests.patrol import conftest as patrol

app, beat, client, clock, office = patrol.app, patrol.beat, patrol.client, patrol.clock, patrol.office


@dataclass(frozen=True)
class Place:
    """Who works there."""

    session: AsyncSession
    beat: Beat
    inspector: Counter
    colleague: Counter
    clerk: Counter
    foreigner: Counter

    async def subject(self, subject_id: UUID | str) -> Stored:
        """A subject as it stands."""
        found = await locked(self.session, UUID(str(subject_id)))
        return found[UUID(str(subject_id))]

    async def values(self, subject_id: UUID | str) -> dict[str, Any]:
        """Its values in plain."""
        return dict((await self.subject(subject_id)).values)


@pytest.fixture
async def place(session: AsyncSession) -> Place:
    now = make.noon()
    beat = await make.beat(session, now)
    await catalogue.admit(session, beat.county.code, beat.county.county)
    await catalogue.admit(session, beat.foreign.code, beat.foreign.county)
    clerk = await identity.account(session, beat.county.community, Role.COMMUNITY)
    elsewhere = await identity.area(
        session, beat.county.code, "community", beat.county.town, beat.county.county
    )
    neighbour = await identity.account(session, elsewhere, Role.INSPECTOR)
    await session.flush()
    at = beat.at("10:00")
    return Place(
        session,
        beat,
        Counter(session, factory.actor_of(beat.inspector, beat.device.id), at),
        Counter(session, factory.actor_of(beat.colleague, beat.other_device.id), at),
        Counter(session, factory.actor_of(clerk), at),
        Counter(session, factory.actor_of(neighbour), at),
    )
