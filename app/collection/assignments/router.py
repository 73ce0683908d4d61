"""HTTP of tasks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status

from app.collection.assignments import answers, intake, queries, requests, service
from app.collection.assignments.problems import (
    NotServingTheGrid,
    OutcomeOfKind,
    ReasonMissing,
    RequestDiffers,
    RequestDuePast,
    ResultSubmissionMissing,
    ResultSubmissionUnknown,
    SubjectsUnknown,
    TaskNotFound,
    TaskTransition,
    TaskWithoutGrid,
)
from app.collection.assignments.queries import TaskFilter
from app.collection.assignments.schemas import (
    CollectionRequestCreate,
    CollectionRequestRead,
    TaskAssignment,
    TaskCancellation,
    TaskRead,
    TaskResultCreate,
)
from app.collection.assignments.workflow import TaskKind, TaskState
from app.collection.catalogue.problems import ItemNotAdmitted
from app.exchange.items import Desk
from app.exchange.problems import ContentDiffers
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import SettingsDep, Today, VaultDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.errors import problem_response
from app.kit.ids import DEMO_TASK
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, Problem, problems

router = APIRouter(tags=["tasks"])

Reader = Annotated[Actor, Depends(require(Role.INSPECTOR, Role.DEPARTMENT, *SUPERVISORS))]
Assigner = Annotated[Actor, Depends(require(*SUPERVISORS))]
Doer = Annotated[Actor, Depends(require(Role.INSPECTOR, Role.COMMUNITY, Role.TOWNSHIP, Role.COUNTY))]
Cadre = Annotated[Actor, Depends(require(Role.DEPARTMENT, Role.COMMUNITY, Role.TOWNSHIP, Role.COUNTY))]
TaskId = Annotated[
    UUID,
    Path(
        description="Id of a task · 任务标识",
        openapi_examples={"demo": {"summary": "Demo task · 演示任务", "value": str(DEMO_TASK)}},
    ),
]
READING = (*SIGN_IN_PROBLEMS, Forbidden, TaskNotFound)


@router.get(
    "/tasks",
    summary="Tasks · 任务列表",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor),
)
async def list_tasks(
    actor: Reader,
    session: SessionDep,
    now: Now,
    today: Today,
    area_id: Annotated[UUID | None, Query(description="In this area · 区划")] = None,
    grid_id: Annotated[UUID | None, Query(description="In this grid · 网格")] = None,
    inspector_id: Annotated[UUID | None, Query(description="Of this inspector · 网格员")] = None,
    kind: Annotated[TaskKind | None, Query(description="Only of this kind · 种类")] = None,
    state: Annotated[TaskState | None, Query(description="Only in this state · 状态")] = None,
    is_overdue: Annotated[
        bool | None, Query(description="Only those past their day, or only the others · 是否超期")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[TaskRead]:
    """What is due first comes first. An inspector sees his own and those of the grids that he serves."""
    wanted = TaskFilter(area_id, grid_id, inspector_id, kind, state, is_overdue)
    rows, following = await queries.list_tasks(
        session, actor, wanted, cursor=cursor, limit=limit, today=today, now=now
    )
    return Page(items=[answers.task(row, today) for row in rows], next=following)


@router.get("/tasks/{task_id}", summary="One task · 任务详情", responses=problems(*READING))
async def get_task(task_id: TaskId, actor: Reader, session: SessionDep, now: Now, today: Today) -> TaskRead:
    """As it stands now."""
    return answers.task(await queries.get_task(session, actor, task_id, now), today)


@router.post(
    "/tasks/{task_id}/assignments",
    summary="Give a task to an inspector · 分配任务",
    responses=problems(*READING, NotFound, TaskTransition, TaskWithoutGrid, NotServingTheGrid),
)
async def assign_task(
    task_id: TaskId, body: TaskAssignment, actor: Assigner, session: SessionDep, now: Now, today: Today
) -> TaskRead:
    """He serves the task's grid now. Giving it to the same one again changes nothing."""
    return answers.task(await service.assign_task(session, actor, task_id, body, now=now), today)


@router.post(
    "/tasks/{task_id}/cancellations",
    summary="Cancel a task · 取消任务",
    responses=problems(*READING, TaskTransition),
)
async def cancel_task(
    task_id: TaskId, body: TaskCancellation, actor: Assigner, session: SessionDep, now: Now, today: Today
) -> TaskRead:
    """Verifications and tips are answered, never cancelled: somebody waits to hear · 申报和线索不得取消,须答复"""
    return answers.task(await service.cancel_task(session, actor, task_id, body.reason, now=now), today)


@router.post(
    "/tasks/{task_id}/results",
    summary="What was found · 反馈任务结果",
    status_code=status.HTTP_201_CREATED,
    responses={
        200: {"model": TaskRead, "description": "It was sent before · 此前已提交"},
        **problems(
            *READING,
            OutcomeOfKind,
            ReasonMissing,
            ResultSubmissionMissing,
            ResultSubmissionUnknown,
            TaskTransition,
            ContentDiffers,
        ),
    },
)
async def add_result(
    task_id: TaskId,
    body: TaskResultCreate,
    actor: Doer,
    session: SessionDep,
    vault: VaultDep,
    settings: SettingsDep,
    response: Response,
    now: Now,
    today: Today,
) -> TaskRead:
    """The same as pushing an item `task_result`. A confirmed declaration is submitted as it was declared."""
    desk = Desk(actor, vault, settings.zone, now)
    if not await intake.post(session, desk, task_id, body):
        response.status_code = status.HTTP_200_OK
    return answers.task(await queries.get_task(session, actor, task_id, now), today)


@router.post(
    "/collection-requests",
    summary="Ask for a second collection · 布置二次采集",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *SIGN_IN_PROBLEMS, Forbidden, SubjectsUnknown, ItemNotAdmitted, RequestDiffers, RequestDuePast
    ),
)
async def request_collection(
    body: CollectionRequestCreate,
    actor: Cadre,
    session: SessionDep,
    settings: SettingsDep,
    request: Request,
    now: Now,
) -> CollectionRequestRead:
    """A task for each subject, in its grid. Only items that are admitted in the area · 限已准入事项"""
    stored = await requests.request_collection(session, actor, body, now=now, zone=settings.zone)
    if isinstance(stored, Problem):  # answered, not raised: the logged attempt stays
        return problem_response(stored, request.headers, request.url.path)  # type: ignore[return-value]
    return answers.request(*await requests.get_request(session, actor, stored.id))


@router.get(
    "/collection-requests",
    summary="Second collections asked for · 二次采集要求",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, BadCursor),
)
async def list_requests(
    actor: Cadre, session: SessionDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[CollectionRequestRead]:
    """The oldest first, with how many tasks are left."""
    rows, following = await queries.list_requests(session, actor, cursor=cursor, limit=limit)
    return Page(items=[answers.request(row[0], row.tasks, row.tasks_left) for row in rows], next=following)
