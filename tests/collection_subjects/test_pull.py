"""What a handheld gets of subjects."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects.changing import Place
from app.collection.subjects.pull import SOURCE
from app.exchange.sources import Scope
from tests.collection_subjects.conftest import ID_NUMBER, ZHANG
from tests.factories import identity
from tests.factories import subjects as make


def _scope(grids: set[UUID], areas: set[UUID]) -> Scope:
    return Scope(make.COUNTY, uuid4(), frozenset(grids), frozenset(areas), date(2026, 11, 20))


async def test_masked_with_links_and_states_and_nothing_of_others(session: AsyncSession) -> None:
    county = await identity.county(session, make.COUNTY)
    mine, theirs = uuid4(), uuid4()
    home = await make.subject(session, "dwelling", county.community, {"address": "安澜路1号"}, grid_id=mine)
    person = await make.subject(
        session, "person", county.community, {**ZHANG, "dwelling_id": str(home.id)}, grid_id=mine
    )
    await make.subject(session, "person", county.community, {"name": "王五"}, grid_id=theirs)
    shared = await make.subject(session, "place", county.community, {"name": "码头"})
    scope = _scope({mine}, {county.community})
    pulled = {each.id: each for each in await SOURCE.page(session, scope, None, 500)}
    assert set(pulled) == {home.id, person.id, shared.id}
    body = pulled[person.id].body
    assert (pulled[person.id].grid_id, pulled[person.id].version) == (mine, 1)
    assert (body["name"], body["version"], body["state"]) == ("张**", 1, "arrived")
    assert body["links"] == [{"kind": "lives_in", "to_id": str(home.id), "valid_from": "2026-11-20"}]
    assert body["states"] == [{"state": "arrived", "since": "2026-11-20"}]
    assert body["fields"]["nation"] == "01"
    assert body["masked_fields"] == ["address", "id_number", "name", "phone"]
    for secret in ("三丰", ID_NUMBER, "吃药", "health"):
        assert secret not in str(body)
    assert {p.id for p in await SOURCE.some(session, scope, [person.id, home.id])} == {person.id, home.id}
    assert await SOURCE.some(session, _scope({theirs}, set()), [person.id, shared.id]) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
async def test_pages_have_everything_once_by_id(session: AsyncSession, limit: int) -> None:
    county = await identity.county(session, make.COUNTY)
    grids = [uuid4(), uuid4()]
    places = [Place(county.community, grid) for grid in (*grids, None)]
    changes = [
        make.change("place", {"name": f"点{n}"}, subject_id=uuid4(), place=places[n % 3]) for n in range(7)
    ]
    await make.write(session, *changes)
    scope, after, got = _scope(set(grids), {county.community}), None, []
    while page := await SOURCE.page(session, scope, after, limit):
        assert len(page) <= limit
        got += [each.id for each in page]
        after = got[-1]
    assert got == sorted(change.subject_id for change in changes)
