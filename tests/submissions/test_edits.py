"""Edits of what others edit, too: fields merge, the same field waits for a person, order plays no part."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.submissions.intake import take
from app.exchange.items import Desk, Item, Result
from app.exchange.receipts import find
from app.exchange.receiving import receive
from tests.factories.submissions import BEYOND, HERE, event_types, resident, rows
from tests.submissions.conftest import Place


async def person(place: Place, **more: Any) -> str:
    """A resident of the grid, at version 1."""
    result = await place.inspector.send(resident(**more), position=HERE)
    return str(result.told["subject_id"])


class TestMerge:
    async def test_different_fields_of_one_version_both_hold(self, place: Place) -> None:
        subject = await person(place)
        one = await place.inspector.edit(subject, 1, {"phone": "13811112222"})
        two = await place.colleague.edit(subject, 1, {"education": "10"})
        assert (one.told["version"], two.told["version"]) == (2, 3)
        assert two.told["conflicts"] == []
        values = await place.values(subject)
        assert (values["phone"], values["education"]) == ("13811112222", "10")

    @pytest.mark.requirement("S4-51")
    async def test_the_same_field_keeps_the_current_value_and_both_are_kept_sealed(
        self, place: Place
    ) -> None:
        subject = await person(place, phone="13800000000")
        await place.inspector.edit(subject, 1, {"phone": "13811112222"})
        late = await place.colleague.edit(subject, 1, {"phone": "13833334444", "education": "10"})
        assert late.outcome == "stored"
        assert late.told["conflicts"] == ["phone"]
        values = await place.values(subject)
        assert (values["phone"], values["education"]) == ("13811112222", "10")
        (conflict,) = await rows(place.session, "SELECT * FROM subject_conflict")
        assert (conflict.field, conflict.state, conflict.personal) == ("phone", "open", "phone")
        assert (conflict.current_value, conflict.sent_value) == ("138****2222", "138****4444")
        assert conflict.sealed.startswith("aesgcm:")
        assert conflict.current_version == 2
        (row,) = await rows(place.session, "SELECT state FROM submission WHERE state = 'conflict'")
        assert row.state == "conflict"
        assert await event_types(place.session, "conflict") == ["conflict.opened"]

    async def test_open_fields_are_kept_open(self, place: Place) -> None:
        subject = await person(place)
        await place.inspector.edit(subject, 1, {"education": "10"})
        await place.colleague.edit(subject, 1, {"education": "20"})
        (conflict,) = await rows(place.session, "SELECT * FROM subject_conflict")
        assert (conflict.current_value, conflict.sent_value, conflict.sealed) == ("10", "20", None)

    async def test_the_same_value_twice_is_no_conflict(self, place: Place) -> None:
        subject = await person(place)
        await place.inspector.edit(subject, 1, {"phone": "13811112222"})
        again = await place.colleague.edit(subject, 1, {"phone": "13811112222"})
        assert again.told["conflicts"] == []

    async def test_an_edit_on_an_unheard_of_version_overwrites_nothing(self, place: Place) -> None:
        subject = await person(place, phone="13800000000")
        result = await place.colleague.edit(subject, 99, {"phone": "13833334444", "education": "10"})
        assert result.told["conflicts"] == ["phone"]

    async def test_null_removes(self, place: Place) -> None:
        subject = await person(place, phone="13800000000")
        await place.inspector.edit(subject, 1, {"phone": None})
        assert "phone" not in await place.values(subject)

    async def test_a_required_field_is_not_removed(self, place: Place) -> None:
        subject = await person(place)
        result = await place.inspector.edit(subject, 1, {"name": None})
        assert result.outcome == "rejected"

    async def test_a_state_begins_on_its_day(self, place: Place) -> None:
        subject = await person(place)
        left = {"state": "left", "on": place.beat.day.isoformat()}
        result = await place.inspector.edit(subject, 1, {}, state_change=left)
        assert result.outcome == "stored", result.problem and result.problem.extra
        assert (await place.subject(subject)).state == "left"

    async def test_edits_by_an_inspector_of_another_grid_are_refused(self, place: Place) -> None:
        subject = await person(place)
        result = await place.foreigner.edit(subject, 1, {"education": "10"})
        assert result.problem is not None
        assert result.problem.code == "subject_elsewhere"
        assert "education" not in await place.values(subject)

    async def test_edits_of_what_has_left_or_died_are_for_supervisors(self, place: Place) -> None:
        arrived = {"state": "arrived", "on": (place.beat.day - timedelta(days=30)).isoformat()}
        new = await place.inspector.send(state_change=arrived, position=HERE)
        subject = str(new.told["subject_id"])
        died = {"state": "died", "on": (place.beat.day - timedelta(days=3)).isoformat()}
        await place.inspector.edit(subject, 1, {}, state_change=died)
        result = await place.colleague.edit(subject, 2, {"education": "10"})
        assert result.problem is not None
        assert result.problem.code == "subject_closed"
        corrected = await place.clerk.edit(subject, 2, {"education": "10"})
        assert corrected.outcome == "stored"

    async def test_edits_of_a_merged_subject_follow_to_the_one_that_was_kept(self, place: Place) -> None:
        lost, kept = await person(place), await person(place, name="张三")
        await place.session.execute(
            text("UPDATE subject SET merged_into = :kept WHERE id = :lost"),
            {"kept": UUID(kept), "lost": UUID(lost)},
        )
        result = await place.inspector.edit(lost, 1, {"education": "10"})
        assert result.told["subject_id"] == kept
        assert (await place.values(kept))["education"] == "10"

    async def test_the_version_of_a_merged_subject_says_nothing_about_the_one_that_was_kept(
        self, place: Place
    ) -> None:
        lost, kept = await person(place, phone="13800000000"), await person(place, phone="13899999999")
        await place.session.execute(
            text("UPDATE subject SET merged_into = :kept WHERE id = :lost"),
            {"kept": UUID(kept), "lost": UUID(lost)},
        )
        result = await place.inspector.edit(lost, 1, {"phone": "13811111111"})
        assert result.told["conflicts"] == ["phone"]
        assert (await place.values(kept))["phone"] == "13899999999"

    async def test_an_edit_from_elsewhere_does_not_move_the_subject(self, place: Place) -> None:
        subject = await person(place)
        result = await place.inspector.edit(subject, 1, {"education": "10"}, position=BEYOND)
        assert result.told["outside_own_grid"] is True
        assert (await place.subject(subject)).place.position == (122.005, 30.005)


class TestChains:
    def chain(self, place: Place) -> list[Item]:
        """A person made offline and edited twice, each after the one before, and an edit of another field."""
        mine = str(uuid4())
        make = place.inspector.item(resident(phone="13800000000"), subject_id=mine, position=HERE)
        one = place.inspector.item(
            {"phone": "13811111111"}, subject_id=mine, base_version=0, after=str(make.id)
        )
        two = place.inspector.item({"phone": "13822222222"}, subject_id=mine, after=str(one.id), minute=1)
        side = place.inspector.item({"education": "10"}, subject_id=mine, after=str(make.id), minute=2)
        return [make, one, two, side]

    async def check(self, place: Place, items: list[Item]) -> None:
        subject = str(items[0].body["subject_id"])
        values = await place.values(subject)
        assert (values["phone"], values["education"]) == ("13822222222", "10")
        assert not await rows(place.session, "SELECT id FROM subject_conflict")
        assert {r.state for r in await rows(place.session, "SELECT state FROM submission")} == {"applied"}

    async def test_one_push_in_any_order(self, place: Place) -> None:
        items = self.chain(place)
        results = await place.inspector.push(*reversed(items))
        assert [r.outcome for r in results] == ["stored"] * 4
        await self.check(place, items)

    @pytest.mark.parametrize("order", list(permutations(range(4)))[1::3])
    async def test_one_by_one_in_any_order(self, place: Place, order: tuple[int, ...]) -> None:
        items = self.chain(place)
        for n in order:
            await place.inspector.push(items[n])
        await self.check(place, items)
        receipts = await find(place.session, "330921", [i.id for i in items])
        assert {r.outcome for r in receipts.values()} == {"stored"}

    async def test_a_held_edit_is_kept_visible_and_told(self, place: Place) -> None:
        missing = str(uuid4())
        result = await place.inspector.edit(missing, 4, {"phone": "13811111111"}, position=HERE)
        assert result.outcome == "held"
        assert result.told["wait_kind"] == "subject"
        assert result.told["waits_for"] == missing
        (row,) = await rows(place.session, "SELECT state, waits_for, sealed FROM submission")
        assert (row.state, row.waits_for) == ("held", UUID(missing))
        assert await event_types(place.session, "submission") == ["submission.held"]

    async def test_it_is_applied_when_another_sends_the_subject(self, place: Place) -> None:
        missing = str(uuid4())
        edit = place.inspector.item({"education": "10"}, subject_id=missing, base_version=1)
        await place.inspector.push(edit)
        await place.colleague.send(resident(), subject_id=missing)
        assert (await place.values(missing))["education"] == "10"
        assert await event_types(place.session, "submission") == [
            "submission.held",
            "submission.received",
            "submission.released",
        ]
        (again,) = await place.inspector.push(edit)
        assert again.outcome == "duplicate"
        assert again.first_outcome == "stored"
        assert again.told["version"] == 2

    async def test_after_an_item_that_was_refused_it_waits_for_a_person(self, place: Place) -> None:
        subject = await person(place)
        wrong = place.inspector.item({"gender": "7"}, subject_id=subject, base_version=1)
        after = place.inspector.item(
            {"education": "10"}, subject_id=subject, base_version=1, after=str(wrong.id)
        )
        early, _ = await place.inspector.push(after, wrong)
        assert (early.outcome, early.told["wait_kind"]) == ("held", "rejected_item")
        (row,) = await rows(place.session, "SELECT state FROM submission WHERE wait_kind IS NOT NULL")
        assert row.state == "stuck"

    async def test_so_it_does_when_the_refused_one_comes_later(self, place: Place) -> None:
        subject = await person(place)
        wrong = place.inspector.item({"gender": "7"}, subject_id=subject, base_version=1)
        after = place.inspector.item(
            {"education": "10"}, subject_id=subject, base_version=1, after=str(wrong.id)
        )
        (early,) = await place.inspector.push(after)
        assert early.told["wait_kind"] == "item"
        await place.inspector.push(wrong)
        (row,) = await rows(
            place.session, "SELECT state, wait_kind FROM submission WHERE wait_kind IS NOT NULL"
        )
        assert (row.state, row.wait_kind) == ("stuck", "rejected_item")

    @pytest.mark.parametrize("at_once", [True, False])
    async def test_a_ring_is_a_persons_at_once_and_what_follows_it_waits(
        self, place: Place, at_once: bool
    ) -> None:
        subject = await person(place)
        ids = [uuid4() for _ in range(3)]
        ring = [
            place.inspector.item(
                {"education": "10"}, id=ids[n], subject_id=subject, base_version=1, after=str(ids[n - 1])
            )
            for n in range(3)
        ]
        tail = place.inspector.item(
            {"education": "20"}, subject_id=subject, base_version=1, after=str(ids[0])
        )
        for items in [[*ring, tail]] if at_once else [[each] for each in (tail, *ring)]:
            await place.inspector.push(*items)
        states = {row.id: row.state for row in await rows(place.session, "SELECT id, state FROM submission")}
        assert [states[each.id] for each in ring] == ["stuck"] * 3
        assert states[tail.id] == "held"

    async def test_a_held_edit_that_is_refused_in_the_end_goes_to_a_person(self, place: Place) -> None:
        missing = str(uuid4())
        await place.foreigner.edit(missing, 1, {"education": "10"})
        await place.inspector.send(resident(), subject_id=missing, position=HERE)
        (row,) = await rows(
            place.session, "SELECT state, settled_reason FROM submission WHERE state <> 'applied'"
        )
        assert (row.state, row.settled_reason) == ("stuck", "subject_elsewhere")

    async def test_what_a_colleague_changed_between_two_own_edits_is_a_conflict(self, place: Place) -> None:
        subject = await person(place)
        one = place.inspector.item({"phone": "13811111111"}, subject_id=subject, base_version=1)
        await place.inspector.push(one)
        await place.colleague.edit(subject, 2, {"phone": "13899999999"})
        two = place.inspector.item(
            {"phone": "13822222222"}, subject_id=subject, base_version=1, after=str(one.id)
        )
        (result,) = await place.inspector.push(two)
        assert result.told["conflicts"] == ["phone"]
        assert (await place.values(subject))["phone"] == "13899999999"

    async def test_held_by_one_half_and_released_by_the_other(self, place: Place) -> None:
        """A fault in the code halves the set: the edit waits in the first half for what the second one brings."""
        mine = str(uuid4())
        make = place.inspector.item(subject_id=mine, position=HERE)
        edit = place.inspector.item({"education": "10"}, subject_id=mine, after=str(make.id))
        culprit = place.inspector.item()

        async def fragile(session: AsyncSession, items: Sequence[Item], desk: Desk) -> Sequence[Result]:
            if culprit in items:
                raise ArithmeticError
            return await take(session, items, desk)

        answered = await receive(
            place.session, place.inspector.desk, [edit, culprit, make], {"submission": fragile}
        )
        assert [r.outcome for _, r in answered] == ["stored", "quarantined", "stored"]
        assert answered[0][1].told["version"] == 2
        for item, version in ((edit, 2), (make, 1)):
            (again,) = await place.inspector.push(item)
            assert (again.outcome, again.first_outcome, again.told["version"]) == (
                "duplicate",
                "stored",
                version,
            )
        (row,) = await rows(place.session, "SELECT revision FROM submission WHERE id = :id", id=make.id)
        assert row.revision == 1

    async def test_what_was_held_goes_on_naming_its_missing_photos(self, place: Place) -> None:
        missing, photo = str(uuid4()), str(uuid4())
        edit = place.inspector.item({}, subject_id=missing, base_version=1, upload_ids=[photo])
        await place.inspector.push(edit)
        await place.inspector.send(subject_id=missing, position=HERE)
        (again,) = await place.inspector.push(edit)
        assert (again.first_outcome, again.told["missing_uploads"]) == ("stored", [photo])

    async def test_nobody_hides_behind_the_chain_of_another(self, place: Place) -> None:
        subject = await person(place)
        one = place.colleague.item({"phone": "13811111111"}, subject_id=subject, base_version=1)
        await place.colleague.push(one)
        result = await place.inspector.edit(subject, 1, {"phone": "13822222222"}, after=str(one.id))
        assert result.told["conflicts"] == ["phone"]
