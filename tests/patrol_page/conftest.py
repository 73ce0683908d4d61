"""Days worth printing: the township's people, and a walk through their grid as a handheld records it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import Range
from uuid6 import uuid7

from app.areas.models import AreaVersion
from app.identity.models import Account
from app.kit.clock import to_ms
from app.kit.db import Database
from app.patrol.tasks import fold_due
from app.simulation.day import simulate_day
from app.simulation.episodes import Episode, killed, lost_signal, ride, stay, walk
from app.simulation.plan import DayPlan, Shift
from app.simulation.uploads import uploads_of
from tests.factories import areas
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock, Handheld
from tests.patrol import conftest as patrol
from tests.patrol.conftest import Office

app, client, clock, office = patrol.app, patrol.client, patrol.clock, patrol.office

MISSED_BY_20_MINUTES: tuple[Episode, ...] = (
    walk(minutes=55),
    stay(18),
    walk(minutes=40),
    ride(minutes=6),
    killed(39, cause="killed"),
    stay(12),
    walk(minutes=55),
    lost_signal(26),
    walk(minutes=35),
    killed(60, cause="user_stop"),
)
"""Five hours on duty from 08:00, of which an hour and twenty minutes were lost to silence."""


@pytest.fixture
async def beat(database: Database, clock: Clock) -> Beat:
    """The inspector at work in a county whose areas have names."""
    async with database.transaction() as session:
        made = await make.beat(session, clock.now)
        for area_id, parent, name in (
            (made.county.county, None, "岱山县"),
            (made.county.town, made.county.county, "高亭镇"),
            (made.county.community, made.county.town, "闸口社区"),
        ):
            session.add(
                AreaVersion(
                    id=uuid7(),
                    area_id=area_id,
                    parent_id=parent,
                    name=name,
                    valid=Range(areas.SINCE, None),
                )
            )
    return made


class Printed:
    """Sends a day, has it judged and prints its page."""

    def __init__(self, beat: Beat, office: Office, database: Database, clock: Clock) -> None:
        self.beat, self.office, self.database, self.clock = beat, office, database, clock

    async def send(self, episodes: Sequence[Episode], *, seed: int = 1) -> Handheld:
        """A day of `episodes` from 08:00 to 13:00, uploaded the next morning."""
        beat = self.beat
        self.clock.now = beat.at("07:00", beat.day + timedelta(days=1))
        shift = Shift(to_ms(beat.at("08:00")), to_ms(beat.at("13:00")), tuple(episodes))
        plan = DayPlan("page", areas.square(0, width=1), (shift,), seed)
        handheld = await self.office.of(beat.inspector, beat.device)
        for upload in uploads_of(simulate_day(plan), every_s=900):
            answer = await handheld.send_raw(upload.body(to_ms(self.clock.now)))
            assert answer.status_code == 200, answer.text
        await self.judge()
        return handheld

    async def judge(self) -> None:
        """The folder's sweep until nothing is due."""
        while await fold_due(self.database, now=self.clock.now, zone=make.ZONE, refold_every_s=0):
            pass

    async def rename(self, display_name: str) -> None:
        """Gives the inspector another name."""
        async with self.database.transaction() as session:
            await session.execute(
                update(Account).where(Account.id == self.beat.inspector.id).values(display_name=display_name)
            )

    async def page(self, reader: Handheld, day: Any = None) -> str:
        """The page as `reader` gets it."""
        answer = await reader.get(f"/patrol-days/{self.beat.inspector.id}/{day or self.beat.day}/page")
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def printed(beat: Beat, office: Office, database: Database, clock: Clock) -> Printed:
    return Printed(beat, office, database, clock)
