"""HTTP of an inspector's own duty."""

from fastapi import APIRouter

from app.identity.dependencies import CurrentActor, SettingsDep
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.problems import Forbidden, problems
from app.staffing.own_duty import service
from app.staffing.own_duty.schemas import DutyRead

router = APIRouter(prefix="/me/duty", tags=["staffing"])


@router.get("", summary="Am I on duty · 我的在岗状态", responses=problems(*SIGN_IN_PROBLEMS, Forbidden))
async def get_own_duty(actor: CurrentActor, session: SessionDep, settings: SettingsDep, now: Now) -> DutyRead:
    """Shifts as they hold after absences and exemptions; press on or off duty in an upload's `presses`."""
    return await service.own_duty(session, actor, zone=settings.zone, now=now)
