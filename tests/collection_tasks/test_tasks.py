"""Tasks: opened once, given to whom serves the grid, answered; cycles, reviews, second collections, pull."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments import workflow
from app.collection.assignments.cycles import sweep_cycles
from app.collection.assignments.pull import TaskSource
from app.collection.assignments.reviews import sweep_reviews
from app.collection.assignments.workflow import Action, TaskKind, TaskOutcome, TaskState
from app.exchange.sources import Scope
from app.identity.actor import Role
from app.kit.db import Database
from tests.collection_tasks.conftest import Desk, SignIn, person
from tests.factories import areas, catalogue, identity, staffing, tasks
from tests.factories import patrol as make
from tests.factories import submissions as factory
from tests.factories.patrol import Beat, Clock
from tests.factories.submissions import Counter, event_types, rows

COUNTY = "330921"


@pytest.fixture
def counter(session: AsyncSession, admitted: Beat, clock: Clock) -> Counter:
    """The inspector's way in for submissions, recorded at ten."""
    return Counter(session, factory.actor_of(admitted.inspector), admitted.at("10:00"))


async def resident(counter: Counter, **fields: Any) -> UUID:
    """A resident of the beat's grid."""
    sent = await counter.send(factory.resident(**fields), subject_id=str(uuid4()), position=factory.HERE)
    assert sent.outcome == "stored", sent
    return UUID(sent.told["subject_id"])


def result(clock: Clock, outcome: str, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "recorded_at": clock.now.isoformat(), "outcome": outcome, **more}


class TestOpening:
    async def test_once_for_each_kind_origin_and_subject(
        self, session: AsyncSession, admitted: Beat, clock: Clock
    ) -> None:
        origin, subject = uuid4(), uuid4()
        asked = [{}, {}, {"subject_id": subject}, {"subject_id": subject}]
        ids = [
            await tasks.open_one(session, admitted, now=clock.now, origin_id=origin, **more) for more in asked
        ]
        assert ids[0] == ids[1] != ids[2] == ids[3]
        assert await event_types(session, "task") == ["task.opened"] * 2

    async def test_goes_to_the_only_inspector_of_the_grid(
        self, session: AsyncSession, admitted: Beat, clock: Clock
    ) -> None:
        other = await areas.grid(session, admitted.county.community, "330921100001002", areas.square(5))
        await staffing.appointment(session, admitted.inspector, other, clock.now - timedelta(days=1))
        shared = await tasks.task(session, await tasks.open_one(session, admitted, now=clock.now))
        own = await tasks.task(session, await tasks.open_one(session, admitted, now=clock.now, grid_id=other))
        assert (shared.state, shared.inspector_id) == ("open", None), "two inspectors serve it"
        assert (own.state, own.inspector_id) == ("assigned", admitted.inspector.id)

    async def test_due_date_counts_working_days(
        self, session: AsyncSession, admitted: Beat, clock: Clock
    ) -> None:
        friday = clock.now.replace(year=2026, month=11, day=20)
        opened = await tasks.task(session, await tasks.open_one(session, admitted, now=friday))
        assert opened.due_on.isoformat() == "2026-11-25", "the weekend does not count"


class TestAssigning:
    async def test_to_whom_serves_the_grid(
        self, session: AsyncSession, admitted: Beat, clerk: Desk, clock: Clock, database: Database
    ) -> None:
        async with database.transaction() as own:
            task_id = await tasks.open_one(own, admitted, now=clock.now)
        path = f"/tasks/{task_id}/assignments"
        answer = await clerk.post(path, {"inspector_id": str(admitted.inspector.id)})
        assert (answer.status_code, answer.json()["state"]) == (200, "assigned")
        again = await clerk.post(path, {"inspector_id": str(admitted.inspector.id)})
        assert again.json()["version"] == answer.json()["version"]
        stranger = await person(database, admitted.county.community, Role.INSPECTOR)
        refused = await clerk.post(path, {"inspector_id": str(stranger.id)})
        assert refused.json()["code"] == "task_inspector_elsewhere"
        assert await event_types(session, "task") == ["task.opened", "task.assigned"]

    async def test_needs_a_grid(self, admitted: Beat, clerk: Desk, clock: Clock, database: Database) -> None:
        async with database.transaction() as own:
            task_id = await tasks.open_one(own, admitted, now=clock.now, grid_id=None)
        path, body = f"/tasks/{task_id}/assignments", {"inspector_id": str(admitted.inspector.id)}
        assert (await clerk.post(path, body)).json()["code"] == "task_without_grid"
        assert (await clerk.post(path, body | {"grid_id": str(uuid4())})).status_code == 404
        named = await clerk.post(path, body | {"grid_id": str(admitted.grid)})
        assert named.json()["grid_id"] == str(admitted.grid)

    async def test_cancelled_once_and_never_where_somebody_waits(
        self, session: AsyncSession, admitted: Beat, clerk: Desk, clock: Clock, database: Database
    ) -> None:
        async with database.transaction() as own:
            plain = await tasks.open_one(own, admitted, now=clock.now)
            awaited = await tasks.open_one(own, admitted, TaskKind.TIP, now=clock.now)
        done = await clerk.post(f"/tasks/{plain}/cancellations", {"reason": "重复"})
        assert done.json()["state"] == "cancelled"
        again = await clerk.post(f"/tasks/{plain}/cancellations", {"reason": "重复"})
        assert again.json()["code"] == "task_transition"
        refused = await clerk.post(f"/tasks/{awaited}/cancellations", {"reason": "不办"})
        assert "cancel" not in refused.json()["allowed_actions"]


class TestScope:
    async def test_of_an_inspector_is_his_grids(
        self, admitted: Beat, inspector: Desk, clock: Clock, database: Database, sign_in: SignIn
    ) -> None:
        async with database.transaction() as own:
            other = await areas.grid(own, admitted.county.community, "330921100001002", areas.square(5))
            mine = await tasks.open_one(own, admitted, now=clock.now)
            theirs = await tasks.open_one(own, admitted, now=clock.now, grid_id=other)
        listed = (await inspector.get("/tasks")).json()["items"]
        assert [task["id"] for task in listed] == [str(mine)]
        assert (await inspector.get(f"/tasks/{theirs}")).json()["code"] == "task_not_found"
        result_ = await inspector.post(f"/tasks/{theirs}/results", result(clock, "rejected", note="x"))
        assert result_.json()["code"] == "task_not_found"

    async def test_of_elsewhere_is_empty(
        self, admitted: Beat, foreigner: Desk, clock: Clock, database: Database
    ) -> None:
        async with database.transaction() as own:
            task_id = await tasks.open_one(own, admitted, now=clock.now)
        assert (await foreigner.get("/tasks")).json()["items"] == []
        for verb, path, body in (
            ("get", f"/tasks/{task_id}", None),
            ("post", f"/tasks/{task_id}/assignments", {"inspector_id": str(admitted.inspector.id)}),
            ("post", f"/tasks/{task_id}/cancellations", {"reason": "x"}),
            ("post", f"/tasks/{task_id}/results", result(clock, "rejected", note="x")),
        ):
            answer = await (foreigner.get(path) if verb == "get" else foreigner.post(path, body))
            assert answer.status_code == 404, path

    async def test_without_login(self, client: httpx.AsyncClient, admitted: Beat) -> None:
        for verb, path in (
            ("GET", "/tasks"),
            ("GET", f"/tasks/{uuid4()}"),
            ("POST", f"/tasks/{uuid4()}/assignments"),
            ("POST", f"/tasks/{uuid4()}/cancellations"),
            ("POST", f"/tasks/{uuid4()}/results"),
            ("GET", "/collection-requests"),
            ("POST", "/collection-requests"),
        ):
            assert (await client.request(verb, f"/api/v1{path}", json={})).status_code == 401, path

    async def test_filters(self, admitted: Beat, clerk: Desk, clock: Clock, database: Database) -> None:
        async with database.transaction() as own:
            yesterday = make.noon().date() - timedelta(days=3)
            late = await tasks.open_one(own, admitted, now=clock.now, due_on=yesterday)
            tip = await tasks.open_one(own, admitted, TaskKind.TIP, now=clock.now)

        async def ids(**asked: Any) -> set[str]:
            return {task["id"] for task in (await clerk.get("/tasks", **asked)).json()["items"]}

        assert await ids(is_overdue=True) == {str(late)}
        assert await ids(is_overdue=False) == {str(tip)}
        assert await ids(kind="tip") == {str(tip)}
        assert await ids(state="assigned") == set()
        assert await ids(area_id=str(admitted.county.county)) == {str(late), str(tip)}
        assert await ids(grid_id=str(uuid4())) == set()
        first = (await clerk.get("/tasks", limit=1)).json()
        second = (await clerk.get("/tasks", limit=1, cursor=first["next"])).json()
        assert [first["items"][0]["id"], second["items"][0]["id"]] == [str(late), str(tip)]


@pytest.mark.requirement("S0-38")
class TestCycles:
    @pytest.fixture(autouse=True)
    async def ten_days(self, session: AsyncSession, admitted: Beat) -> None:
        county = admitted.county.county
        await make.decide(session, county, "collection.resident_registered_cycle_days", 10)

    async def sweep(self, session: AsyncSession, clock: Clock, *, days: float = 0) -> int:
        return await sweep_cycles(session, COUNTY, now=clock.now + timedelta(days=days), zone=tasks.ZONE)

    async def test_a_subject_overdue_is_one_task_a_cycle(
        self, session: AsyncSession, counter: Counter, clock: Clock
    ) -> None:
        subject = await resident(counter)
        await self.sweep(session, clock, days=9)
        assert await rows(session, "SELECT FROM task") == []
        for later in (11, 12, 40):
            await self.sweep(session, clock, days=later)
        (task,) = await rows(session, "SELECT subject_id, kind, state, item_code, grid_id FROM task")
        assert (task.subject_id, task.kind, task.item_code) == (subject, "overdue", "resident_registered")
        assert task.grid_id is not None

    async def test_a_submission_confirms_and_a_new_cycle_begins(
        self, session: AsyncSession, counter: Counter, clock: Clock
    ) -> None:
        subject = await resident(counter)
        await self.sweep(session, clock, days=11)
        counter.at += timedelta(days=11)
        edit = await counter.edit(subject, 1, {"occupation": "渔民"})
        assert edit.outcome == "stored", edit
        await self.sweep(session, clock, days=12)
        (task,) = await rows(session, "SELECT state, outcome, submission_id FROM task")
        assert (task.state, task.outcome) == ("done", "confirmed")
        assert task.submission_id is not None
        await self.sweep(session, clock, days=11 + 9)
        assert len(await rows(session, "SELECT FROM task")) == 1
        await self.sweep(session, clock, days=11 + 11)
        states = [row.state for row in await rows(session, "SELECT state FROM task ORDER BY created_at")]
        assert states == ["done", "open"]

    async def test_nobody_is_asked_about_who_left_or_what_is_not_admitted(
        self, session: AsyncSession, counter: Counter, clock: Clock
    ) -> None:
        subject = await resident(counter)
        await self.sweep(session, clock, days=11)
        await session.execute(text("UPDATE subject SET state = 'left' WHERE id = :id"), {"id": subject})
        await self.sweep(session, clock, days=12)
        assert [r.state for r in await rows(session, "SELECT state FROM task")] == ["cancelled"]
        await session.execute(text("UPDATE subject SET state = 'returned' WHERE id = :id"), {"id": subject})
        await self.sweep(session, clock, days=13)
        assert len(await rows(session, "SELECT FROM task")) == 1, "not twice in one cycle"
        other = await resident(counter, name="王五")
        await session.execute(text("UPDATE affair SET in_force_until = now()"))
        await self.sweep(session, clock, days=40)
        assert await rows(session, "SELECT FROM task WHERE subject_id = :id", id=other) == []

    async def test_a_community_may_have_a_shorter_one(
        self, session: AsyncSession, counter: Counter, clock: Clock, admitted: Beat
    ) -> None:
        await resident(counter)
        await make.decide(session, admitted.county.community, "collection.resident_registered_cycle_days", 5)
        await self.sweep(session, clock, days=4)
        assert await rows(session, "SELECT FROM task") == []
        await self.sweep(session, clock, days=6)
        assert len(await rows(session, "SELECT FROM task")) == 1


@pytest.mark.requirement("S0-41")
class TestReviews:
    async def returned(self, session: AsyncSession, submission_id: UUID, clock: Clock) -> None:
        await session.execute(
            text(
                "UPDATE submission SET review_state = 'returned', review_reason = '照片不清', reviewed_at = :at "
                "WHERE id = :id"
            ),
            {"id": submission_id, "at": clock.now + timedelta(hours=1)},
        )

    async def sweep(self, session: AsyncSession, clock: Clock) -> int:
        return await sweep_reviews(session, COUNTY, now=clock.now + timedelta(hours=2), zone=tasks.ZONE)

    async def test_a_returned_submission_comes_back_to_its_author_once(
        self, session: AsyncSession, counter: Counter, clock: Clock, admitted: Beat
    ) -> None:
        await resident(counter)
        (sent,) = await rows(session, "SELECT id FROM submission")
        await self.returned(session, sent.id, clock)
        for _ in range(2):
            await self.sweep(session, clock)
        (task,) = await rows(session, "SELECT kind, state, inspector_id, urgent, origin_id FROM task")
        assert (task.kind, task.state, task.inspector_id) == ("returned", "assigned", admitted.inspector.id)
        assert task.urgent
        await session.execute(text("UPDATE submission SET review_state = 'resubmitted'"))
        await self.sweep(session, clock)
        assert [r.state for r in await rows(session, "SELECT state FROM task")] == ["done"]

    async def test_a_returned_result_reopens_its_task(
        self,
        session: AsyncSession,
        client: httpx.AsyncClient,
        token: str,
        inspector: Desk,
        clock: Clock,
    ) -> None:
        await tasks.declare(client, token)
        (task,) = (await inspector.get("/tasks")).json()["items"]
        done = await inspector.post(f"/tasks/{task['id']}/results", result(clock, "confirmed"))
        await self.returned(session, UUID(done.json()["submission_id"]), clock)
        for _ in range(2):
            await self.sweep(session, clock)
        (again,) = (await inspector.get("/tasks")).json()["items"]
        assert (again["id"], again["state"], again["outcome"]) == (task["id"], "assigned", None)
        assert (await event_types(session, "task"))[-1] == "task.reopened"
        answer = await inspector.post(
            f"/tasks/{task['id']}/results", result(clock, "rejected", note="重新核实不属实")
        )
        assert answer.json()["state"] == "rejected"

    async def test_a_wrong_sample_is_put_right_in_its_grid(
        self, session: AsyncSession, counter: Counter, clock: Clock, admitted: Beat
    ) -> None:
        await resident(counter)
        (sent,) = await rows(session, "SELECT id FROM submission")
        check = uuid4()
        await session.execute(
            text(
                "INSERT INTO sample_check (county_code, id, area_id, first_day, last_day, seed, population, "
                "drawn_by, drawn_at, state) VALUES (:county, :id, :area, '2026-01-01', '2026-12-31', 1, 1, :by, "
                "now(), 'open')"
            ),
            {
                "county": COUNTY,
                "id": check,
                "area": admitted.county.county,
                "by": admitted.supervisor.id,
            },
        )
        await session.execute(
            text(
                "INSERT INTO sample_case (county_code, check_id, ordinal, submission_id, verdict, judged_at) "
                "VALUES (:county, :check, 1, :sent, 'wrong', now()), (:county, :check, 2, :sent, 'correct', now())"
            ),
            {"county": COUNTY, "check": check, "sent": sent.id},
        )
        for _ in range(2):
            await self.sweep(session, clock)
        (task,) = await rows(session, "SELECT kind, subject_id FROM task")
        assert task.kind == "sample_check"


@pytest.mark.requirement("S3-26")
class TestSecondCollection:
    def body(self, *subjects: UUID, **more: Any) -> dict[str, Any]:
        return {
            "id": str(uuid4()),
            "item_code": "resident_registered",
            "subject_ids": [str(each) for each in subjects],
            "reason": "补充孕产服务信息",
            **more,
        }

    async def test_each_subject_becomes_a_task_that_a_submission_answers(
        self,
        counter: Counter,
        session: AsyncSession,
        database: Database,
        sign_in: SignIn,
        admitted: Beat,
        inspector: Desk,
        clock: Clock,
    ) -> None:
        people = [await resident(counter, name=name) for name in ("甲某", "乙某")]
        await session.flush()
        cadre = await sign_in(await person(database, admitted.county.county, Role.DEPARTMENT))
        body = self.body(*people)
        answer = await cadre.post("/collection-requests", body)
        assert (answer.status_code, answer.json()["tasks"], answer.json()["tasks_left"]) == (201, 2, 2)
        again = await cadre.post("/collection-requests", body | {"subject_ids": body["subject_ids"][::-1]})
        assert again.json() == answer.json()
        other = await cadre.post("/collection-requests", body | {"reason": "别的"})
        assert other.json()["code"] == "collection_request_differs"
        listed = (await inspector.get("/tasks", kind="secondary_collection")).json()["items"]
        task = next(each for each in listed if each["subject_id"] == str(people[0]))
        path = f"/tasks/{task['id']}/results"
        assert (await inspector.post(path, result(clock, "done"))).json()["code"] == "task_submission_missing"
        wrong = counter.item({"occupation": "教师"}, subject_id=str(people[1]), base_version=1)
        right = counter.item(
            {"occupation": "教师"}, subject_id=str(people[0]), base_version=1, task_id=task["id"]
        )
        await counter.push(wrong, right)
        refused = await inspector.post(path, result(clock, "done", submission_id=str(wrong.id)))
        assert refused.json()["code"] == "task_submission_unknown", "about somebody else"
        done = await inspector.post(path, result(clock, "done", submission_id=str(right.id)))
        assert done.json()["state"] == "done"
        (left,) = (await cadre.get("/collection-requests")).json()["items"]
        assert (left["tasks"], left["tasks_left"]) == (2, 1)

    async def test_only_admitted_items_and_subjects_of_the_area(
        self,
        counter: Counter,
        session: AsyncSession,
        database: Database,
        sign_in: SignIn,
        admitted: Beat,
        foreigner: Desk,
        clock: Clock,
    ) -> None:
        subject = await resident(counter)
        cadre = await sign_in(await person(database, admitted.county.county, Role.DEPARTMENT))
        unknown = await cadre.post("/collection-requests", self.body(subject, uuid4()))
        assert (unknown.json()["code"], unknown.json()["count"]) == ("task_subjects_unknown", 1)
        other_kind = await cadre.post("/collection-requests", self.body(subject, item_code="building"))
        assert other_kind.json()["code"] == "task_subjects_unknown"
        elsewhere = await foreigner.post("/collection-requests", self.body(subject))
        assert elsewhere.json()["code"] == "task_subjects_unknown"
        yesterday = (clock.now - timedelta(days=1)).date().isoformat()
        late = await cadre.post("/collection-requests", self.body(subject, due_on=yesterday))
        assert late.json()["code"] == "collection_request_due_past", (
            "nobody is given work that is late already"
        )
        assert await rows(session, "SELECT FROM task") == []
        await session.execute(text("UPDATE affair SET in_force_until = now() - interval '30 days'"))
        refused = await cadre.post("/collection-requests", self.body(subject))
        assert refused.json()["code"] == "item_not_admitted"
        assert "affair.attempt_refused" in await event_types(session, "collection_request")
        assert await rows(session, "SELECT FROM task") == []

    @pytest.mark.requirement("S4-45")
    async def test_what_one_township_admitted_is_asked_for_there_only(
        self,
        counter: Counter,
        session: AsyncSession,
        database: Database,
        sign_in: SignIn,
        admitted: Beat,
        clock: Clock,
    ) -> None:
        here, there = [await resident(counter, name=name) for name in ("甲某", "乙某")]
        county, town = admitted.county.county, admitted.county.town
        elsewhere = await identity.area(session, COUNTY, "township", county)
        await session.flush()
        await session.execute(text("UPDATE affair SET in_force_until = now() - interval '30 days'"))
        await session.execute(
            text("UPDATE subject SET area_id = :area WHERE id = :id"), {"area": elsewhere, "id": there}
        )
        await catalogue.admit(session, COUNTY, town)
        cadre = await sign_in(await person(database, county, Role.DEPARTMENT))
        for named in ([there], [here, there]):
            refused = await cadre.post("/collection-requests", self.body(*named))
            assert (refused.status_code, refused.json()["code"]) == (403, "item_not_admitted")
        assert await rows(session, "SELECT FROM task") == []
        assert len(await event_types(session, "collection_request")) == 2
        assert (await cadre.post("/collection-requests", self.body(here))).status_code == 201
        assert [row.subject_id for row in await rows(session, "SELECT subject_id FROM task")] == [here]


class TestPull:
    async def test_gives_open_tasks_of_own_grids_and_those_closed_lately(
        self, session: AsyncSession, admitted: Beat, clock: Clock, client: httpx.AsyncClient, token: str
    ) -> None:
        await tasks.declare(client, token)
        other = await areas.grid(session, admitted.county.community, "330921100001002", areas.square(5))
        kept = await tasks.open_one(session, admitted, now=clock.now)
        old = await tasks.open_one(session, admitted, now=clock.now)
        await tasks.open_one(session, admitted, now=clock.now, grid_id=other)
        closed = "UPDATE task SET state = 'cancelled', closed_at = :at WHERE id = :id"
        for task_id, back in ((kept, 3), (old, 40)):
            await session.execute(text(closed), {"id": task_id, "at": clock.now - timedelta(days=back)})
        scope = Scope(
            COUNTY,
            admitted.inspector.id,
            frozenset({admitted.grid}),
            frozenset({admitted.county.community}),
            admitted.day,
        )
        source = TaskSource()
        everything = await source.page(session, scope, None, 500)
        assert {pulled.body["state"] for pulled in everything} == {"open", "cancelled"}
        (verification,) = [p for p in everything if p.body["kind"] == "verification"]
        assert verification.body["declared"]["fields"]["name"] == "李**"
        assert "李小龙" not in str(everything)
        paged: list[UUID] = []
        while page := await source.page(session, scope, paged[-1] if paged else None, 1):
            paged += [pulled.id for pulled in page]
        assert paged == [pulled.id for pulled in everything]
        assert [p.id for p in await source.some(session, scope, [kept, old, uuid4()])] == [kept]


STATES, ACTIONS = st.sampled_from(list(TaskState)), st.sampled_from(list(Action))


@given(st.sampled_from(list(TaskKind)), STATES, ACTIONS)
def test_what_is_allowed_is_what_can_be_done(kind: TaskKind, state: TaskState, action: Action) -> None:
    if action.value in workflow.allowed(kind, state):
        assert workflow.advance(kind, state, action) is not None
    if state not in workflow.STILL_TO_DO and action is not Action.REOPEN:
        assert workflow.advance(kind, state, action) is None, "what is closed stays closed"


def test_every_kind_can_be_answered_and_labelled() -> None:
    assert set(workflow.OUTCOMES) == set(TaskKind) == set(workflow.TASK_KIND_LABELS)
    assert set(workflow.ACTION_OF) == set(TaskOutcome) == set(workflow.TASK_OUTCOME_LABELS)
    assert all(TaskOutcome.REJECTED in allowed for allowed in workflow.OUTCOMES.values())
