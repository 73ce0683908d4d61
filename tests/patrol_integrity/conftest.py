"""An inspector and a colleague whose days are uploaded, judged and compared."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.identity.device_models import Device
from app.identity.models import Account
from app.kit.db import Database
from app.patrol.integrity.tasks import compare_due
from app.patrol.tasks import fold_due
from tests.factories import patrol as make
from tests.factories.patrol import Beat, Clock
from tests.patrol import conftest as patrol
from tests.patrol.conftest import Office

app, beat, client, clock, office = patrol.app, patrol.beat, patrol.client, patrol.clock, patrol.office


class Night:
    """Uploads, judges, compares; and reads what is stored."""

    def __init__(self, beat: Beat, office: Office, database: Database, clock: Clock) -> None:
        self.beat, self.office, self.database, self.clock = beat, office, database, clock
        clock.now = beat.at("07:00", beat.day + timedelta(days=1))

    async def send(
        self,
        fixes: Sequence[dict[str, Any]],
        who: Account | None = None,
        on: Device | None = None,
        **more: Any,
    ) -> None:
        """The fixes of one person, in batches."""
        handheld = await self.office.of(who or self.beat.inspector, on or self.beat.device)
        for n in range(0, len(fixes), 500):
            answer = await handheld.send(make.batch(fixes[n : n + 500], **more))
            assert answer.status_code == 200, answer.text

    async def judge(self) -> None:
        """The folder's sweep until nothing is due."""
        while await fold_due(self.database, now=self.clock.now, zone=make.ZONE, refold_every_s=0):
            pass

    async def compare(self) -> int:
        """The nightly comparison; how many county-days."""
        return await compare_due(self.database, now=self.clock.now, zone=make.ZONE)

    async def rows(self, sql: str, **named: Any) -> list[Any]:
        """Anything that is stored."""
        async with self.database.transaction() as session:
            return list((await session.execute(text(sql), named)).all())

    async def signals(self) -> set[tuple[str, str, date]]:
        """(kind, whose, day) of the standing signals."""
        names = {self.beat.inspector.id: "inspector", self.beat.colleague.id: "colleague"}
        found = await self.rows(
            "SELECT kind, inspector_id, service_day FROM integrity_signal WHERE withdrawn_at IS NULL"
        )
        return {(row.kind, names[row.inspector_id], row.service_day) for row in found}


@pytest.fixture
def night(beat: Beat, office: Office, database: Database, clock: Clock) -> Night:
    return Night(beat, office, database, clock)
