"""Operations over HTTP, for ops staff and supervisors."""

from fastapi import APIRouter

from app.operations.health_router import status_router
from app.operations.job_router import router as job_router
from app.operations.quarantine_router import router as quarantine_router

router = APIRouter()
router.include_router(quarantine_router)
router.include_router(status_router)
router.include_router(job_router)
