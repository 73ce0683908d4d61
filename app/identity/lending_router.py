"""HTTP of lending handhelds."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response, status

from app.identity import lending
from app.identity.dependencies import Supervisor, Today, VaultDep
from app.identity.device_schemas import HandoverRead, LoanCreate, ReturnCreate
from app.identity.problems import (
    SIGN_IN_PROBLEMS,
    DeviceBound,
    DeviceNotBound,
    DeviceNotLent,
    DeviceNotUsable,
    HandoverOutOfOrder,
    InspectorBound,
    LoanLength,
    LoanToOwner,
    NotAnInspector,
)
from app.identity.views import binding_read, code_read
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_DEVICE
from app.kit.problems import NotFound, problems

router = APIRouter(prefix="/devices/{device_id}", tags=["devices"])
DeviceId = Annotated[UUID, Path(description="Handheld · 终端", examples=[str(DEMO_DEVICE)])]
CHANGING_HANDS = (
    *SIGN_IN_PROBLEMS,
    NotFound,
    NotAnInspector,
    DeviceNotUsable,
    InspectorBound,
    DeviceBound,
    HandoverOutOfOrder,
)


@router.post(
    "/loans",
    status_code=status.HTTP_201_CREATED,
    summary="Lend it for some hours · 借用终端",
    responses=problems(*CHANGING_HANDS, DeviceNotBound, LoanLength, LoanToOwner),
)
async def lend(
    device_id: DeviceId,
    body: LoanCreate,
    actor: Supervisor,
    session: SessionDep,
    vault: VaultDep,
    response: Response,
    now: Now,
    today: Today,
) -> HandoverRead:
    """The owner's tokens on it end; what still waits on it stays his. Afterwards nobody's until it is returned."""
    response.headers["Cache-Control"] = "no-store"
    wanted = lending.Loan(body.inspector_id, body.until, body.at)
    binding, code = await lending.lend(session, actor, device_id, wanted, vault=vault, now=now, today=today)
    return HandoverRead(binding=binding_read(binding), activation_code=code_read(code))


@router.post(
    "/returns",
    status_code=status.HTTP_201_CREATED,
    summary="A lent handheld comes back · 归还终端",
    responses=problems(*CHANGING_HANDS, DeviceNotLent),
)
async def give_back(
    device_id: DeviceId,
    body: ReturnCreate,
    actor: Supervisor,
    session: SessionDep,
    vault: VaultDep,
    response: Response,
    now: Now,
    today: Today,
) -> HandoverRead:
    """Before its time or after it: the owner activates it with the code and goes on."""
    response.headers["Cache-Control"] = "no-store"
    binding, code = await lending.give_back(
        session, actor, device_id, body.at, vault=vault, now=now, today=today
    )
    return HandoverRead(binding=binding_read(binding), activation_code=code_read(code))
