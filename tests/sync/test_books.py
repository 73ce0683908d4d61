"""What processes keep of the catalogue and the areas is let go with the very next push."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.collection.catalogue.usable import load_offer
from tests.factories import catalogue
from tests.factories.submissions import HERE, resident
from tests.sync.conftest import Post

RESIDENT = "resident_registered"


def submission(at: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "kind": "submission",
        "recorded_at": at.isoformat(),
        "item_code": RESIDENT,
        "form_version": 1,
        "subject_id": str(uuid4()),
        "fields": resident(),
        "position": HERE,
    }


async def told(post: Post) -> str:
    """What becomes of a new resident: the outcome, or why not."""
    answer = await post.push([submission(post.clock.now)])
    result = answer["results"][0]
    return str(result["problem"]["code"] if result["problem"] else result["outcome"])


async def change(post: Post, statement: str, **bound: Any) -> None:
    async with post.database.transaction() as session:
        await session.execute(text(statement), bound)


@pytest.mark.requirement("S0-31")
async def test_an_admission_counts_from_the_next_push_and_ends_with_the_next(post: Post) -> None:
    county = post.beat.county
    assert await told(post) == "item_not_admitted"
    async with post.database.transaction() as session:
        affair = await catalogue.admit(session, county.code, county.county, RESIDENT)
    assert await told(post) == "stored"
    end = "UPDATE affair SET in_force_until = :at WHERE id = :id"
    await change(post, end, at=post.clock.now, id=affair)
    assert await told(post) == "item_not_admitted"
    async with post.database.transaction() as session:
        again = await catalogue.admit(session, county.code, county.county, RESIDENT)
    assert await told(post) == "stored"
    await change(post, "DELETE FROM affair_item WHERE affair_id = :id", id=again)
    assert await told(post) == "item_not_admitted"


async def test_a_form_that_is_published_counts_from_the_next_push(post: Post) -> None:
    county = post.beat.county
    async with post.database.transaction() as session:
        await catalogue.admit(session, county.code, county.county, RESIDENT)
    assert await told(post) == "stored"
    await change(
        post,
        "INSERT INTO form_version (id, item_id, county_code, version, schema, digest, published_at, previous_until) "
        "SELECT gen_random_uuid(), item_id, :county, 1001, schema, digest, :at, :at FROM form_version f "
        "JOIN collection_item i ON i.id = f.item_id WHERE i.code = :code AND f.county_code IS NULL",
        county=county.code,
        at=post.clock.now,
        code=RESIDENT,
    )
    assert await told(post) == "form_version_expired"


async def test_an_area_that_leaves_its_town_leaves_its_admissions(post: Post) -> None:
    county = post.beat.county
    async with post.database.transaction() as session:
        await catalogue.admit(session, county.code, county.town, RESIDENT)
    assert await told(post) == "stored"
    away = "DELETE FROM area_closure WHERE area_id = :area AND ancestor_id = :town"
    await change(post, away, area=county.community, town=county.town)
    assert await told(post) == "item_not_admitted"


async def test_what_is_rolled_back_is_kept_by_nobody(post: Post) -> None:
    county = post.beat.county
    async with post.database.sessions() as session:
        await catalogue.admit(session, county.code, county.county, RESIDENT)
        await load_offer(session, county.code, [RESIDENT])
        await session.rollback()
    assert await told(post) == "item_not_admitted"
