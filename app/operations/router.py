"""Operations over HTTP, for ops staff and supervisors."""

from fastapi import APIRouter

from app.operations.quarantine_router import router as quarantine_router

router = APIRouter()
router.include_router(quarantine_router)
