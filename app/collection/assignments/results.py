"""Results from the field: read, compared with their tasks, followed where they came from, written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.assignments import queries
from app.collection.assignments.models import Task
from app.collection.assignments.problems import ResultSubmissionUnknown, TaskNotFound
from app.collection.assignments.schemas import TaskResultBody
from app.collection.assignments.service import changed
from app.collection.assignments.settling import settle
from app.collection.assignments.workflow import TaskKind, TaskOutcome, TaskState
from app.exchange.holding import hold
from app.exchange.items import Desk, Item, Result
from app.identity.actor import Role
from app.identity.scope import counties_of
from app.kit import events
from app.kit.errors import field_error
from app.kit.problems import Invalid, Problem


@dataclass(frozen=True, slots=True)
class Answer:
    """A result that fits its task. `state`: what the task becomes; `at`: when it was found."""

    item_id: UUID
    task: Task
    state: TaskState
    outcome: TaskOutcome
    note: str | None
    submission_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Followed:
    """What an answer did where its task came from. `problem`: it could not; then the task stays as it is."""

    submission_id: UUID | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None


class NotArrived(Exception):
    """The submission that a result names is not here; it may come later."""

    def __init__(self, submission_id: UUID) -> None:
        super().__init__()
        self.submission_id = submission_id


class Follow(Protocol):
    """Carries answers on to the declarations, tips, … that their tasks come from, by task id."""

    async def __call__(
        self, session: AsyncSession, desk: Desk, answers: Sequence[Answer]
    ) -> Mapping[UUID, Followed]: ...


async def take_results(
    session: AsyncSession, items: Sequence[Item], desk: Desk, followers: Mapping[str, Follow]
) -> list[Result]:
    """One result for each item, in their order; `held` while the submission that it names has not arrived.

    followers: by `origin_kind`; other origins want to know nothing.
    """
    bodies = {item.id: _read(item) for item in items}
    good = {i: body for i, body in bodies.items() if isinstance(body, TaskResultBody)}
    tasks = await queries.lock_tasks(
        session,
        desk.actor,
        [body.task_id for body in good.values()],
        since=min((item.recorded_at for item in items), default=desk.now),
        now=desk.now,
    )
    counties = await counties_of(session, desk.actor)
    named = await queries.submissions_named(
        session, counties, [body.submission_id for body in good.values() if body.submission_id]
    )
    standing = await queries.surviving(
        session, counties, [task.subject_id for task in tasks.values() if task.subject_id]
    )
    answers: dict[UUID, Answer] = {}
    results: dict[UUID, Result] = {}
    states = {task.id: TaskState(task.state) for task in tasks.values()}
    waiting: list[tuple[Item, UUID | None]] = []
    for item in items:
        try:
            answer = _answer(item, bodies[item.id], tasks, states, named, standing)
        except NotArrived as missing:
            waiting.append((item, missing.submission_id))
        except Problem as problem:
            results[item.id] = Result("rejected", {}, problem)
        else:
            answers[item.id] = answer
            states[answer.task.id] = answer.state
    results |= await _carry_out(session, desk, list(answers.values()), followers)
    held = await hold(session, desk, waiting)
    results |= {item.id: result for (item, _), result in zip(waiting, held, strict=True)}
    return [results[item.id] for item in items]


def _read(item: Item) -> TaskResultBody | Problem:
    try:
        return TaskResultBody.model_validate(dict(item.body))
    except ValidationError as error:
        return Invalid(errors=[field_error(e) for e in error.errors()])


def _answer(
    item: Item,
    body: TaskResultBody | Problem,
    tasks: Mapping[UUID, Task],
    states: Mapping[UUID, TaskState],
    named: Mapping[UUID, Row[Any]],
    standing: Mapping[UUID, UUID],
) -> Answer:
    """Raises what is wrong with it, or NotArrived."""
    if isinstance(body, Problem):
        raise body
    task = tasks.get(body.task_id)
    if task is None:
        raise TaskNotFound
    kind, note = TaskKind(task.kind), body.note
    state = settle(kind, states[task.id], body.outcome, note=note, submission_id=body.submission_id)
    if body.submission_id is not None:
        sent = named.get(body.submission_id)
        if sent is None or sent.state in ("held", "stuck"):
            raise NotArrived(body.submission_id)
        _require_fitting(task, sent, standing)
    return Answer(item.id, task, state, body.outcome, note, body.submission_id, item.recorded_at)


def _require_fitting(task: Task, sent: Row[Any], standing: Mapping[UUID, UUID]) -> None:
    """The submission was applied, and is about the task's subject, or what that was merged into."""
    if sent.state == "discarded":
        raise ResultSubmissionUnknown
    about = standing.get(task.subject_id, task.subject_id) if task.subject_id else None
    if about is not None and sent.subject_id != about:
        raise ResultSubmissionUnknown


async def _carry_out(
    session: AsyncSession, desk: Desk, answers: Sequence[Answer], followers: Mapping[str, Follow]
) -> dict[UUID, Result]:
    followed: dict[UUID, Followed] = {}
    for origin_kind, follow in followers.items():
        some = [answer for answer in answers if answer.task.origin_kind == origin_kind]
        if some:
            followed |= await follow(session, desk, some)
    results, settled = {}, []
    for answer in answers:
        then = followed.get(answer.task.id, Followed(answer.submission_id))
        if then.problem is not None:
            results[answer.item_id] = Result("rejected", {}, then.problem)
            continue
        _write(answer, then, desk)
        settled.append(answer)
        told = {"task_id": str(answer.task.id), "state": answer.task.state, "version": answer.task.version}
        results[answer.item_id] = Result("stored", told | dict(then.told))
    for county_code in sorted({answer.task.county_code for answer in settled}):
        await events.record_many(
            session,
            desk.actor.event_actor,
            [_event(answer) for answer in settled if answer.task.county_code == county_code],
            county_code=county_code,
            now=desk.now,
        )
    return results


def _write(answer: Answer, then: Followed, desk: Desk) -> None:
    task = answer.task
    task.state, task.outcome, task.result_note = answer.state, answer.outcome, answer.note
    task.submission_id = then.submission_id or answer.submission_id
    task.closed_at, task.closed_by = min(answer.at, desk.now), desk.actor.account_id
    if desk.actor.role is Role.INSPECTOR and task.inspector_id is None:
        task.inspector_id = desk.actor.account_id
    task.version += 1


def _event(answer: Answer) -> events.NewEvent:
    more = {"outcome": answer.outcome.value, "origin_kind": answer.task.origin_kind}
    return changed(answer.task, answer.state.value, **more)
