"""HTTP of staffing: who serves which grid, and who is planned when."""

from fastapi import APIRouter

from app.staffing import appointments_router, shifts_router
from app.staffing.absences import router as absences_router
from app.staffing.checks import router as checks_router
from app.staffing.exemptions import router as exemptions_router
from app.staffing.own_duty import router as own_duty_router
from app.staffing.planning import router as planning_router
from app.staffing.swaps import router as swaps_router

router = APIRouter()
router.include_router(appointments_router.router)
router.include_router(shifts_router.router)
router.include_router(absences_router.router)
router.include_router(exemptions_router.router)
router.include_router(swaps_router.router)
router.include_router(planning_router.router)
router.include_router(own_duty_router.router)
router.include_router(checks_router.router)
