"""The rule book over HTTP."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from app.kit.db import savepoint
from app.kit.events import Event
from app.rules import service
from app.rules.catalogue import PARAMETERS, judging
from tests.factories import identity as make
from tests.identity.conftest import World
from tests.rules.conftest import code_of, soon

KEY = judging.DISTANCE_MIN_M.key


def decision(area_id: UUID | None, value: Any, **more: Any) -> dict[str, Any]:
    body = {
        "parameter_key": KEY,
        "area_id": str(area_id) if area_id else None,
        "effective_from": soon(),
        "value": value,
        "source": "岱综治〔2026〕12号",
    }
    return body | more


async def applied(client: httpx.AsyncClient, headers: dict[str, str], key: str = KEY, **query: str) -> Any:
    answer = await client.get("/api/v1/rules", params={"day": soon()} | query, headers=headers)
    assert answer.status_code == 200, answer.text
    return next(rule for rule in answer.json()["rules"] if rule["key"] == key)


class TestReading:
    async def test_catalogue_lists_every_parameter_with_its_source(
        self, client: httpx.AsyncClient, as_supervisor: dict[str, str]
    ) -> None:
        listed = (await client.get("/api/v1/rules/parameters", headers=as_supervisor)).json()
        assert [p["key"] for p in listed] == list(PARAMETERS)
        distance = next(p for p in listed if p["key"] == KEY)
        assert distance["source"].startswith("Daishan 2018, 二(五)")
        assert (distance["default"], distance["unit"]) == (3000, "m")

    @pytest.mark.requirement("S0-47")
    async def test_what_applies_here_names_area_and_source(
        self,
        client: httpx.AsyncClient,
        as_county: dict[str, str],
        as_supervisor: dict[str, str],
        world: World,
    ) -> None:
        await client.post(
            "/api/v1/rules/decisions", json=decision(world.ours.county, 2500), headers=as_county
        )
        await client.post("/api/v1/rules/decisions", json=decision(world.ours.town, 1500), headers=as_county)
        here = await applied(client, as_supervisor)
        assert (here["value"], here["area_id"], here["is_default"]) == (1500, str(world.ours.town), False)
        assert here["source"] == "岱综治〔2026〕12号"
        above = await applied(client, as_county)
        assert (above["value"], above["area_id"]) == (2500, str(world.ours.county))
        assert (await applied(client, as_county, day="2026-01-01"))["is_default"] is True

    async def test_foreign_area_is_not_found(
        self, client: httpx.AsyncClient, as_foreigner: dict[str, str], world: World
    ) -> None:
        answer = await client.get(
            "/api/v1/rules", params={"area_id": str(world.ours.town)}, headers=as_foreigner
        )
        assert code_of(answer) == (404, "not_found")

    @pytest.mark.parametrize("path", ["/rules", "/rules/parameters", f"/rules/decisions?parameter_key={KEY}"])
    async def test_needs_a_login(self, client: httpx.AsyncClient, path: str) -> None:
        assert code_of(await client.get(f"/api/v1{path}")) == (401, "unauthenticated")

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "yesterday"])
    async def test_impossible_day(
        self, client: httpx.AsyncClient, as_county: dict[str, str], day: str
    ) -> None:
        answer = await client.get("/api/v1/rules", params={"day": day}, headers=as_county)
        assert code_of(answer) == (422, "invalid")


class TestDeciding:
    @pytest.mark.requirement("S0-43")
    async def test_is_kept_as_a_new_row_with_an_event(
        self, client: httpx.AsyncClient, as_county: dict[str, str], session: AsyncSession, world: World
    ) -> None:
        made = [
            (
                await client.post(
                    "/api/v1/rules/decisions", json=decision(world.ours.county, v), headers=as_county
                )
            ).json()
            for v in (2500, 2000)
        ]
        answer = await client.get("/api/v1/rules/decisions", params={"parameter_key": KEY}, headers=as_county)
        assert [row["value"] for row in answer.json()["items"]] == [2500, 2000]
        assert answer.json()["items"] == made
        event = (await session.scalars(select(Event).where(Event.subject_id == UUID(made[1]["id"])))).one()
        assert (event.type, event.area_id, event.county_code) == ("rule.set", world.ours.county, "330921")
        assert (event.data["before"], event.data["value"]) == (2500, 2000)

    async def test_history_pages(
        self, client: httpx.AsyncClient, as_county: dict[str, str], world: World
    ) -> None:
        for value in (1, 2, 3):
            await client.post(
                "/api/v1/rules/decisions", json=decision(world.ours.county, value), headers=as_county
            )
        query = {"parameter_key": KEY, "limit": "2"}
        first = (await client.get("/api/v1/rules/decisions", params=query, headers=as_county)).json()
        query["cursor"] = first["next"]
        second = (await client.get("/api/v1/rules/decisions", params=query, headers=as_county)).json()
        assert [row["value"] for row in first["items"] + second["items"]] == [1, 2, 3]
        assert second["next"] is None
        query["cursor"] = "rubbish"
        answer = await client.get("/api/v1/rules/decisions", params=query, headers=as_county)
        assert code_of(answer) == (422, "bad_cursor")

    async def test_history_shows_nothing_of_a_foreign_county(
        self, client: httpx.AsyncClient, as_county: dict[str, str], as_foreigner: dict[str, str], world: World
    ) -> None:
        await client.post("/api/v1/rules/decisions", json=decision(world.ours.county, 1), headers=as_county)
        answer = await client.get(
            "/api/v1/rules/decisions", params={"parameter_key": KEY}, headers=as_foreigner
        )
        assert answer.json()["items"] == []

    async def test_null_hands_back_to_the_wider_area(
        self, client: httpx.AsyncClient, as_county: dict[str, str], world: World
    ) -> None:
        for area_id, value in ((world.ours.county, 2500), (world.ours.town, 1500), (world.ours.town, None)):
            await client.post("/api/v1/rules/decisions", json=decision(area_id, value), headers=as_county)
        assert (await applied(client, as_county, area_id=str(world.ours.town)))["value"] == 2500

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"parameter_key": "patrol.day.nothing"}, (404, "unknown_parameter")),
            ({"value": -1}, (422, "rule_value_not_allowed")),
            ({"value": "many"}, (422, "rule_value_not_allowed")),
            ({"value": 1e308}, (422, "rule_value_not_allowed")),
            ({"effective_to": soon()}, (422, "rule_effective_order")),
            ({"effective_from": "2020-01-01"}, (409, "rule_backdated")),
            ({"effective_from": "9999-12-31"}, (422, "invalid")),
            ({"area_id": str(uuid4())}, (404, "not_found")),
            ({"area_id": None}, (403, "forbidden")),
            ({"source": ""}, (422, "invalid")),
            ({"source": "a\0b"}, (422, "invalid")),
            ({"parameter_key": "patrol.policy", "value": "assess"}, (409, "assessment_needs_basis")),
        ],
    )
    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        as_county: dict[str, str],
        world: World,
        session: AsyncSession,
        change: dict[str, Any],
        refusal: tuple[int, str],
    ) -> None:
        body = decision(world.ours.county, 2500) | change
        assert code_of(await client.post("/api/v1/rules/decisions", json=body, headers=as_county)) == refusal
        assert await session.scalar(text("SELECT count(*) FROM rule_value")) == 0

    async def test_nan_is_refused(
        self, client: httpx.AsyncClient, as_county: dict[str, str], world: World
    ) -> None:
        import json

        body = json.dumps(decision(world.ours.county, float("nan")))
        headers = as_county | {"Content-Type": "application/json"}
        answer = await client.post("/api/v1/rules/decisions", content=body, headers=headers)
        assert answer.status_code in (400, 422)

    async def test_only_county_city_and_system_administrators_decide(
        self, client: httpx.AsyncClient, as_supervisor: dict[str, str], world: World
    ) -> None:
        body = decision(world.ours.town, 2500)
        answer = await client.post("/api/v1/rules/decisions", json=body, headers=as_supervisor)
        assert code_of(answer) == (403, "forbidden")
        assert (await client.post("/api/v1/rules/decisions", json=body)).status_code == 401

    async def test_not_for_a_foreign_county(
        self, client: httpx.AsyncClient, as_foreigner: dict[str, str], world: World
    ) -> None:
        body = decision(world.ours.county, 2500)
        answer = await client.post("/api/v1/rules/decisions", json=body, headers=as_foreigner)
        assert code_of(answer) == (404, "not_found")

    async def test_system_administrator_of_all_decides_for_everywhere_and_for_the_past(
        self, client: httpx.AsyncClient, as_admin_of_all: dict[str, str], as_foreigner: dict[str, str]
    ) -> None:
        body = decision(None, 2500, effective_from="2018-07-01")
        answer = await client.post("/api/v1/rules/decisions", json=body, headers=as_admin_of_all)
        assert answer.status_code == 201, answer.text
        assert (await applied(client, as_foreigner, day="2019-01-01"))["value"] == 2500

    async def test_system_administrator_of_a_county_decides_for_no_other(
        self,
        client: httpx.AsyncClient,
        as_system_admin: dict[str, str],
        as_foreigner: dict[str, str],
        world: World,
    ) -> None:
        refused = await client.post(
            "/api/v1/rules/decisions", json=decision(None, 2500), headers=as_system_admin
        )
        assert code_of(refused) == (403, "forbidden")
        own = decision(world.ours.county, 2500, effective_from="2018-07-01")
        assert (
            await client.post("/api/v1/rules/decisions", json=own, headers=as_system_admin)
        ).status_code == 201
        assert (await applied(client, as_foreigner))["value"] == 3000


class TestPolicy:
    async def test_assessment_needs_its_basis_on_file(
        self, client: httpx.AsyncClient, as_county: dict[str, str], world: World
    ) -> None:
        for key, value in (
            ("patrol.legal_basis", "岱综治〔2018〕7号"),
            ("patrol.approval_no", "2018-7"),
            ("patrol.policy", "assess"),
        ):
            body = decision(world.ours.county, value, parameter_key=key)
            answer = await client.post("/api/v1/rules/decisions", json=body, headers=as_county)
            assert answer.status_code == 201, answer.text
        shown = (await client.get("/api/v1/rules", params={"day": soon()}, headers=as_county)).json()
        assert shown["patrol_policy"] == "assess"
        body = decision(world.ours.county, "", parameter_key="patrol.legal_basis")
        answer = await client.post("/api/v1/rules/decisions", json=body, headers=as_county)
        assert code_of(answer) == (409, "assessment_needs_basis")

    async def test_a_basis_that_lapsed_makes_it_a_record(
        self, client: httpx.AsyncClient, as_county: dict[str, str], world: World
    ) -> None:
        for key, value in (
            ("patrol.legal_basis", "x"),
            ("patrol.approval_no", "y"),
            ("patrol.policy", "assess"),
        ):
            until = {"effective_to": soon(5)} if key == "patrol.legal_basis" else {}
            body = decision(world.ours.county, value, parameter_key=key, **until)
            await client.post("/api/v1/rules/decisions", json=body, headers=as_county)
        for day, policy in ((soon(4), "assess"), (soon(5), "record")):
            shown = await client.get("/api/v1/rules", params={"day": day}, headers=as_county)
            assert shown.json()["patrol_policy"] == policy


class TestStore:
    async def test_decisions_are_append_only(
        self, client: httpx.AsyncClient, as_county: dict[str, str], world: World, session: AsyncSession
    ) -> None:
        await client.post("/api/v1/rules/decisions", json=decision(world.ours.county, 1), headers=as_county)
        for statement in (
            "UPDATE rule_value SET value = '2'",
            "DELETE FROM rule_value",
            "TRUNCATE rule_value",
        ):
            with pytest.raises(DBAPIError, match="append-only"):
                async with savepoint(session):
                    await session.execute(text(statement))

    async def test_a_value_that_no_longer_fits_is_passed_over(
        self, session: AsyncSession, world: World, app: FastAPI
    ) -> None:
        await session.execute(
            text(
                "INSERT INTO rule_value (id, parameter_key, effective_from, value, source, recorded_at, version) "
                "VALUES (gen_random_uuid(), :key, '2020-01-01', '-5', 's', now(), 900), "
                "(gen_random_uuid(), 'patrol.gone', '2020-01-01', '1', 's', now(), 901)"
            ),
            {"key": KEY},
        )
        await session.execute(text("UPDATE rule_book SET stamp = gen_random_uuid()"))
        rules = await service.resolve(session, [], judging_day())
        assert rules[judging.DISTANCE_MIN_M] == 3000

    async def test_another_edition_is_read_again_and_an_old_one_comes_from_memory(
        self, client: httpx.AsyncClient, as_county: dict[str, str], world: World, session: AsyncSession
    ) -> None:
        before = await service.rule_book(session)
        assert await service.rule_book(session) is before
        await client.post("/api/v1/rules/decisions", json=decision(world.ours.county, 1), headers=as_county)
        assert await service.rule_book(session) is not before

    async def test_city_decides_for_its_counties(
        self, client: httpx.AsyncClient, session: AsyncSession, app: FastAPI, world: World
    ) -> None:
        city = (
            await session.execute(
                text(
                    "SELECT ancestor_id FROM area_closure WHERE area_id = :area ORDER BY depth DESC LIMIT 1"
                ),
                {"area": world.ours.county},
            )
        ).scalar_one()
        account = await make.account(session, city, Role.CITY)
        headers = make.bearer(await make.login(app, session, account))
        body = decision(world.ours.county, 2500)
        assert (await client.post("/api/v1/rules/decisions", json=body, headers=headers)).status_code == 201


def judging_day() -> Any:
    from datetime import date

    return date(2026, 6, 1)
