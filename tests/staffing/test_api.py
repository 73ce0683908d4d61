"""Shifts and appointments over HTTP."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from app.identity.models import Account
from app.kit.events import Event
from tests.factories import identity
from tests.factories import staffing as make
from tests.factories.staffing import ZONE
from tests.identity.conftest import World
from tests.staffing.conftest import NOON, Grids, code_of

SHIFTS, APPOINTMENTS = "/api/v1/shifts", "/api/v1/appointments"
Headers = dict[str, str]


def nov(day: int) -> date:
    return date(2026, 11, day)


def shift_body(inspector: Account, **change: Any) -> dict[str, Any]:
    body = {
        "inspector_id": str(inspector.id),
        "starts_at": "2026-11-20T08:30:00+08:00",
        "ends_at": "2026-11-20T11:30:00+08:00",
        "kind": "work",
    }
    return body | change


def plan(**change: Any) -> dict[str, Any]:
    body = {
        "starts_at": "2026-11-20T14:00:00+08:00",
        "ends_at": "2026-11-20T17:30:00+08:00",
        "kind": "half_day",
    }
    return body | change


async def planned(client: httpx.AsyncClient, headers: Headers, inspector: Account, **change: Any) -> Any:
    answer = await client.post(SHIFTS, json=shift_body(inspector, **change), headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def listed(client: httpx.AsyncClient, headers: Headers, inspector: Account, **query: str) -> Any:
    params = {"inspector_id": str(inspector.id), "from": "2026-11-01", "to": "2026-11-30"} | query
    return (await client.get(SHIFTS, params=params, headers=headers)).json()


async def events_of(session: AsyncSession, subject_id: str) -> list[Event]:
    wanted = select(Event).where(Event.subject_id == UUID(subject_id)).order_by(Event.ord)
    return list(await session.scalars(wanted))


class TestPlanningShifts:
    async def test_planned_shift_is_listed_and_leaves_an_event(
        self, client: httpx.AsyncClient, as_supervisor: Headers, inspector: Account, session: AsyncSession
    ) -> None:
        shift = await planned(client, as_supervisor, inspector)
        assert (shift["service_day"], shift["version"]) == ("2026-11-20", 1)
        assert (await listed(client, as_supervisor, inspector))["items"] == [shift]
        (event,) = await events_of(session, shift["id"])
        assert (event.type, event.data["days"]) == ("shift.planned", ["2026-11-20"])
        assert event.data["inspector_id"] == str(inspector.id)

    async def test_a_night_shift_belongs_to_the_local_day_of_its_start(
        self, client: httpx.AsyncClient, as_supervisor: Headers, inspector: Account
    ) -> None:
        night = {"starts_at": "2026-11-20T14:30:00Z", "ends_at": "2026-11-20T22:00:00Z"}
        assert (await planned(client, as_supervisor, inspector, **night))["service_day"] == "2026-11-20"
        early = {"starts_at": "2026-11-21T16:30:00Z", "ends_at": "2026-11-21T22:00:00Z"}
        assert (await planned(client, as_supervisor, inspector, **early))["service_day"] == "2026-11-22"

    async def test_the_days_around_it_are_folded_again(
        self, client: httpx.AsyncClient, as_supervisor: Headers, inspector: Account, session: AsyncSession
    ) -> None:
        await make.patrol_days(session, inspector, [nov(n) for n in (18, 19, 20, 21, 22)])
        await planned(client, as_supervisor, inspector)
        assert await make.pending_days(session, inspector) == [nov(19), nov(20), nov(21)]

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"inspector_id": str(uuid4())}, (404, "not_found")),
            ({"ends_at": "2026-11-20T08:30:00+08:00"}, (422, "shift_length")),
            ({"ends_at": "2026-11-21T08:30:01+08:00"}, (422, "shift_length")),
            ({"kind": "party"}, (422, "unknown_day_kind")),
            ({"kind": "voluntary"}, (422, "unknown_day_kind")),
            ({"kind": "\0"}, (422, "invalid")),
            ({"starts_at": "2026-11-20T08:30:00"}, (422, "invalid")),
            ({"starts_at": "0001-01-01T00:00:00Z"}, (422, "invalid")),
            ({"ends_at": "9999-12-31T23:59:59Z"}, (422, "invalid")),
            ({"extra": 1}, (422, "invalid")),
        ],
    )
    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        inspector: Account,
        change: dict[str, Any],
        refusal: tuple[int, str],
    ) -> None:
        answer = await client.post(SHIFTS, json=shift_body(inspector, **change), headers=as_supervisor)
        assert code_of(answer) == refusal

    async def test_overlap(
        self, client: httpx.AsyncClient, as_supervisor: Headers, inspector: Account
    ) -> None:
        await planned(client, as_supervisor, inspector)
        answer = await client.post(SHIFTS, json=shift_body(inspector), headers=as_supervisor)
        assert code_of(answer) == (409, "shift_overlaps")

    async def test_only_inspectors_have_shifts(
        self, client: httpx.AsyncClient, as_supervisor: Headers, world: World
    ) -> None:
        answer = await client.post(SHIFTS, json=shift_body(world.supervisor), headers=as_supervisor)
        assert code_of(answer) == (422, "staffing_not_an_inspector")

    async def test_who_may_plan(
        self,
        client: httpx.AsyncClient,
        as_inspector: Headers,
        as_foreigner: Headers,
        inspector: Account,
        session: AsyncSession,
    ) -> None:
        body = shift_body(inspector)
        assert code_of(await client.post(SHIFTS, json=body)) == (401, "unauthenticated")
        assert code_of(await client.post(SHIFTS, json=body, headers=as_inspector)) == (403, "forbidden")
        assert code_of(await client.post(SHIFTS, json=body, headers=as_foreigner)) == (404, "not_found")
        assert list(await session.scalars(select(Event).where(Event.type == "shift.planned"))) == []


class TestCorrectingShifts:
    async def test_moves_it_and_folds_both_days_again(
        self, client: httpx.AsyncClient, as_supervisor: Headers, inspector: Account, session: AsyncSession
    ) -> None:
        shift = await planned(client, as_supervisor, inspector)
        await make.patrol_days(session, inspector, [nov(n) for n in range(18, 30)])
        moved = plan(starts_at="2026-11-25T14:00:00+08:00", ends_at="2026-11-25T17:30:00+08:00")
        headers = as_supervisor | {"If-Match": '"1"'}
        answer = await client.put(f"{SHIFTS}/{shift['id']}", json=moved, headers=headers)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["service_day"], answer.headers["ETag"]) == ("2026-11-25", '"2"')
        assert await make.pending_days(session, inspector) == [nov(n) for n in (19, 20, 21, 24, 25, 26)]
        event = (await events_of(session, shift["id"]))[-1]
        assert (event.type, event.data["days"]) == ("shift.changed", ["2026-11-20", "2026-11-25"])
        assert event.data["before"]["kind"] == "work"

    async def test_cancelling_frees_the_time_and_keeps_the_story(
        self, client: httpx.AsyncClient, as_supervisor: Headers, inspector: Account, session: AsyncSession
    ) -> None:
        shift = await planned(client, as_supervisor, inspector)
        headers = as_supervisor | {"If-Match": '"1"'}
        assert (await client.delete(f"{SHIFTS}/{shift['id']}", headers=headers)).status_code == 204
        assert (await listed(client, as_supervisor, inspector))["items"] == []
        assert [e.type for e in await events_of(session, shift["id"])] == ["shift.planned", "shift.cancelled"]
        answer = await client.delete(f"{SHIFTS}/{shift['id']}", headers=as_supervisor | {"If-Match": '"2"'})
        assert code_of(answer) == (404, "not_found")
        await planned(client, as_supervisor, inspector)

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        as_inspector: Headers,
        as_foreigner: Headers,
        inspector: Account,
        method: str,
    ) -> None:
        shift = await planned(client, as_supervisor, inspector)
        path, body = f"{SHIFTS}/{shift['id']}", plan() if method == "PUT" else None

        async def refusal(headers: Headers, **more: str) -> tuple[int, str]:
            return code_of(await client.request(method, path, json=body, headers=headers | more))

        match = {"If-Match": '"1"'}
        assert await refusal({}, **match) == (401, "unauthenticated")
        assert await refusal(as_inspector, **match) == (403, "forbidden")
        assert await refusal(as_foreigner, **match) == (404, "not_found")
        assert await refusal(as_supervisor) == (428, "precondition_required")
        assert await refusal(as_supervisor, **{"If-Match": '"7"'}) == (412, "precondition_failed")
        assert (await listed(client, as_supervisor, inspector))["items"] == [shift]

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"kind": "party"}, (422, "unknown_day_kind")),
            ({"ends_at": "2026-11-20T14:00:00+08:00"}, (422, "shift_length")),
            ({"starts_at": "2026-11-20T15:00:00+08:00"}, (409, "shift_overlaps")),
        ],
    )
    async def test_refused_plans(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        inspector: Account,
        change: dict[str, Any],
        refusal: tuple[int, str],
    ) -> None:
        shift = await planned(client, as_supervisor, inspector)
        await planned(client, as_supervisor, inspector, **plan(starts_at="2026-11-20T16:00:00+08:00"))
        headers = as_supervisor | {"If-Match": '"1"'}
        answer = await client.put(f"{SHIFTS}/{shift['id']}", json=plan(**change), headers=headers)
        assert code_of(answer) == refusal


class TestReadingShifts:
    async def test_pages_by_start(
        self, client: httpx.AsyncClient, as_supervisor: Headers, inspector: Account, session: AsyncSession
    ) -> None:
        for day in (22, 20, 21):
            start = datetime(2026, 11, day, 8, 30, tzinfo=ZONE)
            await make.shift(session, inspector, start, start.replace(hour=11))
        first = await listed(client, as_supervisor, inspector, limit="2")
        second = await listed(client, as_supervisor, inspector, limit="2", cursor=first["next"])
        days = [row["service_day"] for row in first["items"] + second["items"]]
        assert days == ["2026-11-20", "2026-11-21", "2026-11-22"]
        assert second["next"] is None

    async def test_an_inspector_sees_his_own_only(
        self, client: httpx.AsyncClient, as_inspector: Headers, world: World, session: AsyncSession
    ) -> None:
        start = datetime(2026, 11, 20, 8, 30, tzinfo=ZONE)
        await make.shift(session, world.inspector, start, start.replace(hour=11))
        assert len((await listed(client, as_inspector, world.inspector))["items"]) == 1
        assert (await listed(client, as_inspector, world.colleague))["code"] == "not_found"

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({"from": "2026-12-01"}, "staffing_span"),
            ({"from": "2024-01-01"}, "staffing_span"),
            ({"from": "0001-01-01"}, "invalid"),
            ({"cursor": "rubbish"}, "bad_cursor"),
        ],
    )
    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        inspector: Account,
        query: dict[str, str],
        code: str,
    ) -> None:
        assert (await listed(client, as_supervisor, inspector, **query))["code"] == code

    async def test_login_scope_and_role(
        self, client: httpx.AsyncClient, as_supervisor: Headers, as_foreigner: Headers, world: World
    ) -> None:
        assert (await listed(client, {}, world.inspector))["code"] == "unauthenticated"
        assert (await listed(client, as_foreigner, world.inspector))["code"] == "not_found"
        assert (await listed(client, as_supervisor, world.supervisor))["code"] == "staffing_not_an_inspector"

    async def test_day_kinds(self, client: httpx.AsyncClient, as_supervisor: Headers) -> None:
        kinds = (await client.get("/api/v1/day-kinds", headers=as_supervisor)).json()
        assert next(k for k in kinds if k["code"] == "half_day")["prorate"] == 0.5
        assert code_of(await client.get("/api/v1/day-kinds")) == (401, "unauthenticated")


def appointment_body(inspector: Account, grid_id: UUID, **change: Any) -> dict[str, Any]:
    body = {
        "inspector_id": str(inspector.id),
        "grid_id": str(grid_id),
        "role": "full_time",
        "valid_from": "2026-11-10T00:00:00+08:00",
        "valid_to": None,
        "document_no": "高亭镇〔2026〕8号",
    }
    return body | change


async def appointed(
    client: httpx.AsyncClient, headers: Headers, inspector: Account, grid_id: UUID, **change: Any
) -> Any:
    answer = await client.post(
        APPOINTMENTS, json=appointment_body(inspector, grid_id, **change), headers=headers
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


class TestAppointments:
    async def test_is_listed_and_leaves_an_event(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        as_inspector: Headers,
        inspector: Account,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        await make.patrol_days(session, inspector, [nov(8), nov(9), nov(10), nov(20)])
        made = await appointed(client, as_supervisor, inspector, grids.one)
        params = {"inspector_id": str(inspector.id), "at": "2026-11-10T00:00:00+08:00"}
        answer = await client.get(APPOINTMENTS, params=params, headers=as_inspector)
        assert answer.json()["items"] == [made]
        assert datetime.fromisoformat(made["valid_from"]) == datetime(2026, 11, 9, 16, tzinfo=UTC)
        params["at"] = "2026-11-09T23:59:59+08:00"
        assert (await client.get(APPOINTMENTS, params=params, headers=as_inspector)).json()["items"] == []
        assert await make.pending_days(session, inspector) == [nov(9), nov(10), nov(20)]
        (event,) = await events_of(session, made["id"])
        assert (event.type, event.data["days"]) == ("appointment.made", [["2026-11-09", None]])

    async def test_ending_it_folds_only_what_differs(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        inspector: Account,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        made = await appointed(client, as_supervisor, inspector, grids.one)
        await make.patrol_days(session, inspector, [nov(12), nov(14), nov(15), nov(20)])
        term = {
            "role": "full_time",
            "valid_from": made["valid_from"],
            "valid_to": "2026-11-15T00:00:00+08:00",
        }
        headers = as_supervisor | {"If-Match": '"1"'}
        answer = await client.put(f"{APPOINTMENTS}/{made['id']}", json=term, headers=headers)
        assert (answer.status_code, answer.headers.get("ETag")) == (200, '"2"'), answer.text
        assert await make.pending_days(session, inspector) == [nov(14), nov(15), nov(20)]
        assert [e.type for e in await events_of(session, made["id"])] == [
            "appointment.made",
            "appointment.changed",
        ]

    async def test_withdrawing_one_made_by_mistake(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        inspector: Account,
        grids: Grids,
        session: AsyncSession,
    ) -> None:
        made = await appointed(client, as_supervisor, inspector, grids.one)
        await make.patrol_days(session, inspector, [nov(12)])
        headers = as_supervisor | {"If-Match": '"1"'}
        assert (await client.delete(f"{APPOINTMENTS}/{made['id']}", headers=headers)).status_code == 204
        assert await make.pending_days(session, inspector) == [nov(12)]
        assert (await events_of(session, made["id"]))[-1].type == "appointment.cancelled"
        await appointed(client, as_supervisor, inspector, grids.one)

    async def test_several_grids_at_once_are_meant(
        self, client: httpx.AsyncClient, as_supervisor: Headers, inspector: Account, grids: Grids
    ) -> None:
        await appointed(client, as_supervisor, inspector, grids.one)
        await appointed(client, as_supervisor, inspector, grids.two, role="substitute")
        body = appointment_body(inspector, grids.one)
        answer = await client.post(APPOINTMENTS, json=body, headers=as_supervisor)
        assert code_of(answer) == (409, "already_appointed")

    @pytest.mark.parametrize(
        ("change", "refusal"),
        [
            ({"grid_id": str(uuid4())}, (404, "not_found")),
            ({"inspector_id": str(uuid4())}, (404, "not_found")),
            ({"role": "king"}, (422, "invalid")),
            ({"valid_to": "2026-11-10T00:00:00+08:00"}, (422, "appointment_order")),
            ({"valid_from": "0001-01-01T00:00:00Z"}, (422, "invalid")),
            ({"document_no": "a\0"}, (422, "invalid")),
        ],
    )
    async def test_refusals(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        inspector: Account,
        grids: Grids,
        change: dict[str, Any],
        refusal: tuple[int, str],
    ) -> None:
        body = appointment_body(inspector, grids.one) | change
        assert code_of(await client.post(APPOINTMENTS, json=body, headers=as_supervisor)) == refusal

    async def test_neither_to_a_foreign_grid_nor_of_a_foreign_inspector(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        as_foreigner: Headers,
        world: World,
        grids: Grids,
    ) -> None:
        body = appointment_body(world.inspector, grids.foreign)
        assert code_of(await client.post(APPOINTMENTS, json=body, headers=as_supervisor)) == (
            404,
            "not_found",
        )
        body = appointment_body(world.inspector, grids.one)
        assert code_of(await client.post(APPOINTMENTS, json=body, headers=as_foreigner)) == (404, "not_found")
        body = appointment_body(world.supervisor, grids.one)
        answer = await client.post(APPOINTMENTS, json=body, headers=as_supervisor)
        assert code_of(answer) == (422, "staffing_not_an_inspector")
        assert code_of(await client.post(APPOINTMENTS, json=body)) == (401, "unauthenticated")

    async def test_a_city_appoints_only_within_the_inspectors_county(
        self, client: httpx.AsyncClient, app: FastAPI, session: AsyncSession, world: World, grids: Grids
    ) -> None:
        from app.identity.scope import area_path

        city = (await area_path(session, world.ours.county))[-1]
        account = await identity.account(session, city, Role.CITY)
        headers = identity.bearer(await identity.login(app, session, account, at=NOON))
        body = appointment_body(world.inspector, grids.foreign)
        assert code_of(await client.post(APPOINTMENTS, json=body, headers=headers)) == (404, "not_found")
        await appointed(client, headers, world.inspector, grids.one)

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    async def test_refused_changes(
        self,
        client: httpx.AsyncClient,
        as_supervisor: Headers,
        as_inspector: Headers,
        as_foreigner: Headers,
        inspector: Account,
        grids: Grids,
        method: str,
    ) -> None:
        made = await appointed(client, as_supervisor, inspector, grids.one)
        path = f"{APPOINTMENTS}/{made['id']}"
        body = {"role": "part_time", "valid_from": made["valid_from"]} if method == "PUT" else None

        async def refusal(headers: Headers, **more: str) -> tuple[int, str]:
            return code_of(await client.request(method, path, json=body, headers=headers | more))

        match = {"If-Match": '"1"'}
        assert await refusal({}, **match) == (401, "unauthenticated")
        assert await refusal(as_inspector, **match) == (403, "forbidden")
        assert await refusal(as_foreigner, **match) == (404, "not_found")
        assert await refusal(as_supervisor) == (428, "precondition_required")
        assert await refusal(as_supervisor, **{"If-Match": "rubbish"}) == (412, "precondition_failed")

    async def test_listing_refusals(
        self, client: httpx.AsyncClient, as_supervisor: Headers, as_foreigner: Headers, world: World
    ) -> None:
        params = {"inspector_id": str(world.inspector.id)}
        assert code_of(await client.get(APPOINTMENTS, params=params)) == (401, "unauthenticated")
        assert code_of(await client.get(APPOINTMENTS, params=params, headers=as_foreigner)) == (
            404,
            "not_found",
        )
        bad = params | {"cursor": "rubbish"}
        assert code_of(await client.get(APPOINTMENTS, params=bad, headers=as_supervisor)) == (
            422,
            "bad_cursor",
        )
        bad = {"inspector_id": str(world.supervisor.id)}
        answer = await client.get(APPOINTMENTS, params=bad, headers=as_supervisor)
        assert code_of(answer) == (422, "staffing_not_an_inspector")
