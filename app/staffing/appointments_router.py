"""HTTP of appointments."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response, status

from app.identity.dependencies import CurrentActor, SettingsDep, Supervisor
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_SPARE_APPOINTMENT
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.preconditions import ReadVersion, etag
from app.kit.problems import Forbidden, NotFound, PreconditionFailed, PreconditionRequired, problems
from app.kit.schemas import Instant
from app.staffing import queries, service
from app.staffing.models import Appointment
from app.staffing.parameters import InspectorQuery
from app.staffing.problems import AlreadyAppointed, AppointmentOrder, NotAnInspector
from app.staffing.schemas import AppointmentCreate, AppointmentRead, AppointmentTerm

router = APIRouter(prefix="/appointments", tags=["staffing"])
AppointmentId = Annotated[
    UUID,
    Path(
        description="Id of an appointment · 任职标识",
        openapi_examples={
            "demo": {"summary": "Demo spare appointment · 演示备用任职", "value": str(DEMO_SPARE_APPOINTMENT)}
        },
    ),
]
EDITING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound, PreconditionFailed, PreconditionRequired)


@router.get(
    "",
    summary="Appointments of an inspector · 网格员任职",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, NotAnInspector, BadCursor),
)
async def list_appointments(
    actor: CurrentActor,
    session: SessionDep,
    inspector_id: InspectorQuery,
    at: Annotated[Instant | None, Query(description="Only those at this instant · 仅此时有效的")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AppointmentRead]:
    """His own grids at a moment are all of these together. An inspector sees his own."""
    inspector = await queries.get_inspector(session, actor, inspector_id)
    rows, following = await queries.list_appointments(session, inspector, at, cursor, limit)
    return Page(items=[_appointment_read(row) for row in rows], next=following)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Appoint an inspector to a grid · 任职",
    responses=problems(
        *SIGN_IN_PROBLEMS, Forbidden, NotFound, NotAnInspector, AppointmentOrder, AlreadyAppointed
    ),
)
async def appoint(
    body: AppointmentCreate,
    actor: Supervisor,
    session: SessionDep,
    settings: SettingsDep,
    response: Response,
    now: Now,
) -> AppointmentRead:
    """Substitutes and swaps included, to the hour."""
    row = await service.appoint(session, actor, body, zone=settings.zone, now=now)
    response.headers["ETag"] = etag(row.version)
    return _appointment_read(row)


@router.put(
    "/{appointment_id}",
    summary="Change or end an appointment · 变更或结束任职",
    responses=problems(*EDITING, AppointmentOrder, AlreadyAppointed),
)
async def change_appointment(
    appointment_id: AppointmentId,
    body: AppointmentTerm,
    actor: Supervisor,
    session: SessionDep,
    settings: SettingsDep,
    read_version: ReadVersion,
    response: Response,
    now: Now,
) -> AppointmentRead:
    """Patrol days of the time before and after the change are folded again."""
    row = await service.change_appointment(
        session, actor, appointment_id, read_version, body, zone=settings.zone, now=now
    )
    response.headers["ETag"] = etag(row.version)
    return _appointment_read(row)


@router.delete(
    "/{appointment_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Withdraw an appointment made by mistake · 撤销误设任职",
    responses=problems(*EDITING),
)
async def cancel_appointment(
    appointment_id: AppointmentId,
    actor: Supervisor,
    session: SessionDep,
    settings: SettingsDep,
    read_version: ReadVersion,
    now: Now,
) -> Response:
    """The event log keeps what it was."""
    await service.cancel_appointment(
        session, actor, appointment_id, read_version, zone=settings.zone, now=now
    )
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def _appointment_read(row: Appointment) -> AppointmentRead:
    return AppointmentRead(
        id=row.id,
        inspector_id=row.inspector_id,
        grid_id=row.grid_id,
        role=row.role,
        valid_from=row.valid.lower,
        valid_to=row.valid.upper,
        document_no=row.document_no,
        version=row.version,
    )
