"""What the document promises holds for requests made up from it: no 5xx, no answer that it doesn't name.

The demo county is served by uvicorn in a thread; every operation meets well-formed and ill-formed requests of
several people, about the rows that the document's examples name and about rows that don't exist.
"""

import asyncio
import socket
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select, text

from app.demo.loader import load_demo
from app.identity.actor import Role
from app.identity.device_models import Device
from app.identity.models import Account
from app.kit.db import Database
from app.kit.ids import DEMO_COUNTY_CODE, DEMO_COUNTY_SUPERVISOR, DEMO_DEVICE, DEMO_INSPECTOR
from app.uploads.protocol import PIECE_TYPE
from tests.conftest import _clone, _drop, url_of
from tests.contract.scope_walk import NoExampleError, operations, trial
from tests.factories import identity as make

EXAMPLES = 10
UNDO = text("UPDATE device SET revoked_at = NULL, state = 'active' WHERE id = :device_id")
"""An earlier operation may have revoked the demo handheld."""
LONGEST_QUERY = 32_000
"""The server in front of the service answers longer ones, with a 400 of its own."""
schemathesis.serializer.alias(PIECE_TYPE, "application/octet-stream")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
DOCUMENT = make.app_over(Database.connect("postgresql://nobody@/nothing")).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS: dict[str, APIOperation[Any, Any, Any, Any]] = {
    result.ok().label: result.ok() for result in SCHEMA.get_all_operations()
}
SAMPLES = {operation.name: operation for operation in operations(DOCUMENT)}


@dataclass
class Served:
    """The service, and a way to sign people in."""

    base_url: str
    app: FastAPI
    database: Database
    loop: asyncio.AbstractEventLoop

    def headers(self) -> list[dict[str, str]]:
        """Fresh logins: operations sign people out, too. The last one is nobody."""
        return asyncio.run_coroutine_threadsafe(self._sign_in(), self.loop).result(30)

    async def _sign_in(self) -> list[dict[str, str]]:
        async with self.database.transaction() as session:
            await session.execute(UNDO, {"device_id": DEMO_DEVICE})
            inspector = await session.get_one(Account, DEMO_INSPECTOR)
            device = await session.get_one(Device, (DEMO_COUNTY_CODE, DEMO_DEVICE))
            people: list[tuple[Account, Device | None]] = [
                (await session.get_one(Account, DEMO_COUNTY_SUPERVISOR), None),
                (inspector, device),
            ]
            for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
                admin = await session.scalar(
                    select(Account).where(Account.role == role, Account.county_code == DEMO_COUNTY_CODE)
                )
                people.append((admin or await make.account(session, people[0][0].area_id, role), None))
            return [
                *[make.bearer(await make.login(self.app, session, who, on)) for who, on in people],
                {},
            ]


@pytest.fixture(scope="module")
def served(template: str) -> Iterator[Served]:
    name = _clone(template)
    listening = socket.create_server(("127.0.0.1", 0))
    ready = threading.Event()
    found: list[Served] = []
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        database = Database.connect(url_of(name))
        await load_demo(database, make.settings(), today=make.now().astimezone(make.settings().zone).date())
        app = make.app_over(database)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        servers.append(server)
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        found.append(Served(base_url, app, database, asyncio.get_running_loop()))
        ready.set()
        await server.serve([listening])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(60)
    yield found[0]
    servers[0].should_exit = True
    thread.join(20)
    _drop(name)


def known_values(label: str) -> dict[str, str]:
    """Path parameters of the document's own examples: rows that exist."""
    operation = SAMPLES[label]
    try:
        url = trial(operation, DOCUMENT, {}).url
    except NoExampleError:
        return {}
    parts = zip(operation.path.split("/"), url.split("/"), strict=True)
    return {part[1:-1]: value for part, value in parts if part.startswith("{")}


def check(
    served: Served, operation: APIOperation[Any, Any, Any, Any], cases: st.SearchStrategy[Case]
) -> None:
    """Sends EXAMPLES requests of one kind, and compares the answers with the document."""
    people = served.headers()
    known = known_values(operation.label)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=cases,
        who=st.sampled_from(people),
        about_known=st.sampled_from([True, True, False]),
    )
    def send(case: Case, who: dict[str, str], about_known: bool) -> None:
        if about_known:
            for name in case.path_parameters:
                case.path_parameters[name] = known.get(name, case.path_parameters[name])
        assume(len(urllib.parse.urlencode(case.query or {}, doseq=True, errors="replace")) < LONGEST_QUERY)
        response = case.call(base_url=served.base_url, headers=who)
        case.validate_response(response, checks=CHECKS)

    send()


@pytest.mark.parametrize("label", OPERATIONS)
def test_well_formed_requests(served: Served, label: str) -> None:
    check(served, OPERATIONS[label], OPERATIONS[label].as_strategy(GenerationMode.POSITIVE))


@pytest.mark.parametrize("label", OPERATIONS)
def test_the_examples_of_the_document(served: Served, label: str) -> None:
    for cases in OPERATIONS[label].get_strategies_from_examples():
        check(served, OPERATIONS[label], cases)


def can_be_wrong(label: str) -> bool:
    """Whether there is anything to get wrong."""
    spec = SAMPLES[label].spec
    return bool(spec.get("parameters") or spec.get("requestBody"))


@pytest.mark.parametrize("label", [label for label in OPERATIONS if can_be_wrong(label)])
def test_ill_formed_requests(served: Served, label: str) -> None:
    check(served, OPERATIONS[label], OPERATIONS[label].as_strategy(GenerationMode.NEGATIVE))


def test_the_check_can_fail(served: Served) -> None:
    """An answer that the document does not name is found."""
    operation = OPERATIONS["GET /api/v1/fix-batches/{batch_id}"]
    response = operation.Case(path_parameters={"batch_id": "x"}).call(base_url=served.base_url)
    other = OPERATIONS["GET /health/live"]
    with pytest.raises(FailureGroup):
        other.Case().validate_response(response, checks=CHECKS)
