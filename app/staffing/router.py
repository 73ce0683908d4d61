"""HTTP of staffing: who serves which grid, and who is planned when."""

from fastapi import APIRouter

from app.staffing import appointments_router, shifts_router

router = APIRouter()
router.include_router(appointments_router.router)
router.include_router(shifts_router.router)
