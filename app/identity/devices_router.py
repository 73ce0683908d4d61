"""HTTP of the registry of handhelds."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response, status

from app.identity import activation, bindings, devices, handover
from app.identity.dependencies import DatabaseDep, IssuerDep, Supervisor, Today, VaultDep
from app.identity.device_models import DeviceState
from app.identity.device_schemas import (
    ActivationCodeCreate,
    ActivationCodeRead,
    ActivationCreate,
    ActivationRead,
    BindingRead,
    DeviceCreate,
    DeviceRead,
    HandoverCreate,
    HandoverRead,
    RevocationCreate,
)
from app.identity.policy import handheld_standard
from app.identity.problems import (
    SIGN_IN_PROBLEMS,
    ActivationRefused,
    DeviceBound,
    DeviceNotBound,
    DeviceNotUsable,
    DeviceRevoked,
    HandoverOutOfOrder,
    InspectorBound,
    LockedOut,
    NotAnInspector,
    NoticeNotAcknowledged,
    SerialTaken,
)
from app.identity.views import activation_read, binding_read, code_read, device_read
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_DEVICE, DEMO_SPARE_DEVICE
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import NotFound, problems

router = APIRouter(prefix="/devices", tags=["devices"])
DeviceId = Annotated[UUID, Path(description="Handheld · 终端", examples=[str(DEMO_DEVICE)])]
# The demo's own handheld goes on working when somebody tries out what takes one out of use.
SpareDeviceId = Annotated[UUID, Path(description="Handheld · 终端", examples=[str(DEMO_SPARE_DEVICE)])]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Register a handheld · 登记终端",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, SerialTaken),
)
async def register(
    body: DeviceCreate, actor: Supervisor, session: SessionDep, now: Now, today: Today
) -> DeviceRead:
    """A handheld below the county's technical standard is registered all the same; `shortfalls` says why."""
    device = await devices.register_device(session, actor, devices.NewDevice(**body.model_dump()), now=now)
    return device_read(device, await handheld_standard(session, device.area_id, today))


@router.get("", summary="Handhelds of my area · 辖区内终端", responses=problems(*SIGN_IN_PROBLEMS, BadCursor))
async def list_devices(
    actor: Supervisor,
    session: SessionDep,
    today: Today,
    state: Annotated[DeviceState | None, Query(description="Only in this state · 状态")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeviceRead]:
    """By county and serial number."""
    rows, after = await devices.list_devices(session, actor, state, cursor=cursor, limit=limit)
    items = [device_read(row, await handheld_standard(session, row.area_id, today)) for row in rows]
    return Page(items=items, next=after)


@router.post(
    "/activations",
    status_code=status.HTTP_201_CREATED,
    summary="Activate a handheld with a one-time code · 用激活码激活终端",
    responses=problems(
        ActivationRefused,
        LockedOut,
        NoticeNotAcknowledged,
        NotAnInspector,
        DeviceRevoked,
        DeviceBound,
        InspectorBound,
    ),
)
async def activate(
    body: ActivationCreate,
    database: DatabaseDep,
    issuer: IssuerDep,
    response: Response,
    now: Now,
    today: Today,
) -> ActivationRead:
    """Needs no login: the code is the proof. `notice_version` acknowledges the notice in force.

    Lost the answer? The same installation gets it again within 30 minutes with the same code.
    """
    response.headers["Cache-Control"] = "no-store"
    installation = activation.Installation(**body.model_dump(exclude={"serial_no", "code"}))
    request = activation.ActivationRequest(body.serial_no, body.code, installation)
    activated = await activation.activate(database, request, issuer=issuer, now=now, today=today)
    return activation_read(activated, now)


@router.get(
    "/{device_id}", summary="One handheld · 终端详情", responses=problems(*SIGN_IN_PROBLEMS, NotFound)
)
async def get_device(device_id: DeviceId, actor: Supervisor, session: SessionDep, today: Today) -> DeviceRead:
    """Its state, versions and what it lacks."""
    device = await devices.get_device(session, actor, device_id)
    return device_read(device, await handheld_standard(session, device.area_id, today))


@router.get(
    "/{device_id}/bindings",
    summary="Who held it when · 绑定历史",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, BadCursor),
)
async def list_bindings(
    device_id: DeviceId, actor: Supervisor, session: SessionDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[BindingRead]:
    """Oldest first."""
    device = await devices.get_device(session, actor, device_id)
    rows, after = await bindings.list_bindings(session, device, cursor=cursor, limit=limit)
    return Page(items=[binding_read(row) for row in rows], next=after)


@router.post(
    "/{device_id}/activation-codes",
    status_code=status.HTTP_201_CREATED,
    summary="Issue an activation code · 签发激活码",
    responses=problems(
        *SIGN_IN_PROBLEMS, NotFound, NotAnInspector, DeviceNotUsable, DeviceBound, InspectorBound
    ),
)
async def issue_code(
    device_id: DeviceId,
    body: ActivationCodeCreate,
    actor: Supervisor,
    session: SessionDep,
    vault: VaultDep,
    response: Response,
    now: Now,
    today: Today,
) -> ActivationCodeRead:
    """The code is shown this once; codes issued for the handheld before are void."""
    response.headers["Cache-Control"] = "no-store"
    issued = await activation.issue_code(
        session, actor, device_id, body.inspector_id, vault=vault, now=now, today=today
    )
    return code_read(issued)


@router.post(
    "/{device_id}/handovers",
    status_code=status.HTTP_201_CREATED,
    summary="Hand it over to another inspector · 终端交接",
    responses=problems(
        *SIGN_IN_PROBLEMS,
        NotFound,
        NotAnInspector,
        DeviceNotUsable,
        DeviceNotBound,
        InspectorBound,
        DeviceBound,
        HandoverOutOfOrder,
    ),
)
async def hand_over(
    device_id: DeviceId,
    body: HandoverCreate,
    actor: Supervisor,
    session: SessionDep,
    vault: VaultDep,
    response: Response,
    now: Now,
    today: Today,
) -> HandoverRead:
    """Ends the present binding and begins the next at the same instant; the old holder's tokens end.

    What still waits on the handheld is credited to whoever held it when it was recorded.
    """
    response.headers["Cache-Control"] = "no-store"
    wanted = handover.Handover(body.inspector_id, body.at)
    binding, code = await handover.hand_over(
        session, actor, device_id, wanted, vault=vault, now=now, today=today
    )
    return HandoverRead(binding=binding_read(binding), activation_code=code_read(code))


@router.post(
    "/{device_id}/revocations",
    summary="Revoke it, or report it lost · 停用或挂失",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, DeviceNotUsable),
)
async def revoke(
    device_id: SpareDeviceId,
    body: RevocationCreate,
    actor: Supervisor,
    session: SessionDep,
    now: Now,
    today: Today,
) -> DeviceRead:
    """At once: its tokens are refused everywhere, its code is void, its binding ends."""
    device = await devices.revoke_device(session, actor, device_id, body.state, body.reason, now=now)
    return device_read(device, await handheld_standard(session, device.area_id, today))


@router.post(
    "/{device_id}/reinstatements",
    summary="Take a lost or revoked handheld back · 恢复使用",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, DeviceNotUsable),
)
async def reinstate(
    device_id: SpareDeviceId, actor: Supervisor, session: SessionDep, now: Now, today: Today
) -> DeviceRead:
    """It is registered again and needs a new activation; old tokens stay dead."""
    device = await devices.reinstate_device(session, actor, device_id, now=now)
    return device_read(device, await handheld_standard(session, device.area_id, today))
