"""What handhelds fetch of submissions, and what the sweep does for those that wait."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.collection.submissions import tasks
from app.collection.submissions.pull import ConflictSource, SubmissionSource
from app.exchange.receipts import find
from app.exchange.sources import Scope
from tests.factories import identity
from tests.factories.submissions import HERE, ZONE, Counter, event_types, resident, rows
from tests.submissions.conftest import Place

SUBMISSIONS, CONFLICTS = SubmissionSource(), ConflictSource()


def scope(place: Place, who: Counter, *grids: UUID) -> Scope:
    """Whose objects."""
    return Scope("330921", who.actor.account_id, frozenset(grids), frozenset(), place.beat.day)


class TestSources:
    async def test_only_what_needs_attention_is_fetched_and_only_ones_own(self, place: Place) -> None:
        await place.inspector.send(position=HERE)
        await place.inspector.edit(uuid4(), 1, {"education": "10"})
        mine, theirs = scope(place, place.inspector), scope(place, place.colleague)
        (held,) = await SUBMISSIONS.page(place.session, mine, None, 10)
        assert (held.body["state"], held.body["wait_kind"]) == ("held", "subject")
        assert await SUBMISSIONS.page(place.session, theirs, None, 10) == []
        assert await SUBMISSIONS.page(place.session, mine, held.id, 10) == []
        assert [p.id for p in await SUBMISSIONS.some(place.session, mine, [held.id, uuid4()])] == [held.id]

    async def test_a_return_is_urgent_and_comes_with_its_reason(self, place: Place) -> None:
        item = place.inspector.item(position=HERE)
        await place.inspector.push(item)
        await place.session.execute(
            text("UPDATE submission SET review_state = 'returned', review_reason = '缺照片', revision = 2")
        )
        (returned,) = await SUBMISSIONS.some(place.session, scope(place, place.inspector), [item.id])
        assert (returned.version, returned.body["review_reason"]) == (2, "缺照片")
        await place.inspector.push(
            place.inspector.item(
                {"education": "10"}, subject_id=str(await _subject(place)), after=str(item.id)
            )
        )
        assert await SUBMISSIONS.some(place.session, scope(place, place.inspector), [item.id]) == []

    async def test_conflicts_of_ones_edits_and_of_ones_grids_are_masked(self, place: Place) -> None:
        made = await place.inspector.send(resident(phone="13800000000"), position=HERE)
        subject = made.told["subject_id"]
        await place.inspector.edit(subject, 1, {"phone": "13811111111"})
        await place.colleague.edit(subject, 1, {"phone": "13822222222"})
        for who, grids in ((place.colleague, ()), (place.inspector, (place.beat.grid,))):
            (found,) = await CONFLICTS.page(place.session, scope(place, who, *grids), None, 10)
            assert found.body["sent_value"] == "138****2222"
        assert await CONFLICTS.page(place.session, scope(place, place.inspector), None, 10) == []
        assert len(await CONFLICTS.some(place.session, scope(place, place.colleague), [found.id])) == 1


async def _subject(place: Place) -> UUID:
    (row,) = await rows(place.session, "SELECT id FROM subject")
    return UUID(str(row.id))


class TestSweep:
    async def sweep(self, place: Place, hours: float = 1) -> tuple[int, int]:
        now = place.inspector.at + timedelta(hours=hours)
        tried = await tasks.sweep_held(place.session, "330921", vault=identity.vault(), zone=ZONE, now=now)
        return tried, await tasks.strand_overdue(place.session, "330921", zone=ZONE, now=now)

    async def test_what_two_pushes_at_once_missed_is_applied(self, place: Place) -> None:
        subject = str(uuid4())
        item = place.inspector.item({"education": "10"}, subject_id=subject, base_version=1)
        await place.inspector.push(item)
        await place.session.execute(text("UPDATE submission SET state = 'stuck'"))  # as if nobody saw it
        await place.session.execute(text("UPDATE submission SET waits_for = :other"), {"other": uuid4()})
        await place.colleague.send(subject_id=subject, position=HERE)
        await place.session.execute(
            text("UPDATE submission SET state = 'held', waits_for = :subject WHERE id = :id"),
            {"subject": UUID(subject), "id": item.id},
        )
        assert await self.sweep(place) == (1, 0)
        assert (await place.values(subject))["education"] == "10"
        assert (await find(place.session, "330921", [item.id]))[item.id].outcome == "stored"
        assert await self.sweep(place) == (0, 0)

    async def test_what_comes_after_a_quarantined_and_then_refused_item_goes_to_a_person(
        self, place: Place
    ) -> None:
        first = uuid4()
        await place.inspector.edit(uuid4(), None, {"education": "10"}, after=str(first))
        assert await self.sweep(place) == (0, 0)
        await place.session.execute(
            text(
                "INSERT INTO item_receipt (county_code, item_id, kind, digest, outcome, told, account_id, "
                "recorded_at, received_at) VALUES ('330921', :id, 'submission', '', 'rejected', '{}', :id, "
                "now(), now())"
            ),
            {"id": first},
        )
        assert await self.sweep(place) == (1, 0)
        (row,) = await rows(place.session, "SELECT state, wait_kind FROM submission")
        assert (row.state, row.wait_kind) == ("stuck", "rejected_item")

    async def test_what_the_sweep_tried_in_vain_makes_room_for_the_next(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tasks, "CHUNK", 1)
        first = place.inspector.item(resident(), subject_id=str(uuid4()), position=HERE)
        missing, other = str(uuid4()), str(uuid4())
        await place.inspector.edit(missing, 1, {"education": "10"}, after=str(first.id))
        await place.inspector.push(first)  # what it comes after is there, its subject is not
        blocked = place.inspector.item({"education": "10"}, subject_id=other, base_version=1, minute=1)
        await place.inspector.push(blocked)
        parked = {"id": blocked.id, "other": uuid4()}
        await place.session.execute(text("UPDATE submission SET waits_for = :other WHERE id = :id"), parked)
        await place.colleague.send(subject_id=other, position=HERE)
        await place.session.execute(
            text(
                "UPDATE submission SET waits_for = :subject, received_at = received_at + interval '1 minute' "
                "WHERE id = :id"
            ),
            {"subject": UUID(other), "id": blocked.id},
        )
        assert [await self.sweep(place) for _ in range(3)] == [(1, 0), (1, 0), (0, 0)]
        (row,) = await rows(place.session, "SELECT wait_kind, waits_for FROM submission WHERE state = 'held'")
        assert (row.wait_kind, row.waits_for) == ("subject", UUID(missing))
        assert (await place.values(other))["education"] == "10"
        await place.colleague.send(subject_id=missing, position=HERE)
        assert (await place.values(missing))["education"] == "10", "without another sweep"

    @pytest.mark.parametrize(("hours", "state"), [(72, "held"), (74, "stuck")])
    async def test_what_waits_longer_than_the_rule_goes_to_a_person(
        self, place: Place, hours: int, state: str
    ) -> None:
        subject = str(uuid4())
        await place.inspector.edit(subject, 1, {"education": "10"})
        await self.sweep(place, hours)
        assert (await rows(place.session, "SELECT state FROM submission"))[0].state == state
        assert ("submission.stranded" in await event_types(place.session, "submission")) == (state == "stuck")
        await place.colleague.send(subject_id=subject, position=HERE)
        assert (await place.values(subject))["education"] == "10", "what comes late is still applied"
