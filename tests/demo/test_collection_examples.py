"""The examples of collection, sync, visits and files work on the first click on a fresh demo county, in their order."""

from datetime import date

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.demo.loader import load_demo
from app.identity.models import Account
from app.kit.db import Database
from app.kit.ids import DEMO_COMMUNITY_SUPERVISOR, DEMO_COUNTY_SUPERVISOR, DEMO_INSPECTOR
from tests.contract.scope_walk import operations, trial
from tests.factories import identity as make

TODAY = date(2026, 11, 22)
TAGS = {
    "affairs",
    "catalogue",
    "declarations",
    "exports",
    "imports",
    "ledgers",
    "submissions",
    "subjects",
    "sync",
    "tasks",
    "tips",
    "uploads",
    "visits",
}
CALLERS = {
    "community": DEMO_COMMUNITY_SUPERVISOR,
    "county": DEMO_COUNTY_SUPERVISOR,
    "inspector": DEMO_INSPECTOR,
}
ONLY_FOR_HANDHELDS = {
    "POST /api/v1/sync/push",
    "GET /api/v1/sync/pull",
    "HEAD /api/v1/uploads/{upload_id}",
    "PATCH /api/v1/uploads/{upload_id}",
    "DELETE /api/v1/uploads/{upload_id}",
}
DECIDED_OTHERWISE = {
    "POST /api/v1/affairs/{affair_id}/rejection": "approved",
    "POST /api/v1/affairs/{affair_id}/withdrawal": "approved",
    "POST /api/v1/duplicates/{proposal_id}/dismissal": "confirmed",
    "POST /api/v1/exports/{export_id}/decision": "nothing to approve: masked",
    "POST /api/v1/exports/{export_id}/cancellation": "done",
    "POST /api/v1/held-submissions/{submission_id}/rebase": "discarded",
    "POST /api/v1/imports/{import_id}/confirmation": "done",
    "POST /api/v1/imports/{import_id}/cancellation": "done",
    "POST /api/v1/tasks/{task_id}/cancellations": "a declaration is verified, not cancelled",
    "POST /api/v1/tips/{tip_id}/entries": "not verified yet",
    "POST /api/v1/grids/{grid_id}/declaration-points": "ends the code of the public pages",
}
"""One row of the demo, two ways to decide: the page's first one wins. What the others find instead."""
NAMES_WHAT_IS_NOT_THERE = {
    "POST /api/v1/merges": "a second subject",
    "POST /api/v1/declarations/status": "a query code, told once",
    "POST /declare/status": "likewise",
    "POST /declare/{token}/{item_code}": "a sheet, made when the form is opened",
    "POST /api/v1/imports": "a file",
}


@pytest.fixture
async def app(database: Database) -> FastAPI:
    settings = make.settings().model_copy(update={"demo_passwords": True})
    await load_demo(database, settings, today=TODAY)
    return make.app_over(database)


@pytest.fixture
async def clients(app: FastAPI, session: AsyncSession) -> dict[str, dict[str, str]]:
    """Headers of each caller."""
    return {
        name: make.bearer(await make.login(app, session, await session.get_one(Account, account_id)))
        for name, account_id in CALLERS.items()
    }


async def test_all_examples_in_their_order(app: FastAPI, clients: dict[str, dict[str, str]]) -> None:
    """Whoever may: the community's supervisor, the county's, or the inspector."""
    document, failed, tried = app.openapi(), [], 0
    left_out = ONLY_FOR_HANDHELDS | DECIDED_OTHERWISE.keys() | NAMES_WHAT_IS_NOT_THERE.keys()
    async with make.client_of(app) as client:
        for operation in operations(document):
            if not TAGS & set(operation.spec.get("tags", ())) or operation.name in left_out:
                continue
            sent = trial(operation, document, {})
            answers: list[httpx.Response] = []
            for headers in clients.values():
                if "If-Match" in sent.headers:
                    shown = "/".join(sent.url.split("/")[:5])  # the object itself: /api/v1/subjects/…
                    sent.headers["If-Match"] = (await client.get(shown, headers=headers)).headers["ETag"]
                answers.append(await sent.send(client, headers))
                if answers[-1].is_success:
                    break
            else:
                failed.append(f"{operation.name}: {[(a.status_code, a.text[:200]) for a in answers[:2]]}")
            tried += 1
    assert not failed, "\n".join(failed)
    assert tried >= 90
