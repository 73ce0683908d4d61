"""Patrol over HTTP: what handhelds send, and the days that come of it."""

from fastapi import APIRouter

from app.patrol.appeals.router import router as appeals_router
from app.patrol.day_router import router as day_router
from app.patrol.integrity.router import router as integrity_router
from app.patrol.online.router import router as online_router
from app.patrol.page.router import router as page_router
from app.patrol.periods.average_router import router as average_router
from app.patrol.periods.router import router as periods_router
from app.patrol.periods.what_if_router import router as what_if_router
from app.patrol.retention.router import router as retention_router
from app.patrol.upload_router import router as upload_router

router = APIRouter()
router.include_router(upload_router)
router.include_router(day_router)
router.include_router(average_router)
router.include_router(appeals_router)
router.include_router(integrity_router)
router.include_router(page_router)
router.include_router(periods_router)
router.include_router(what_if_router)
router.include_router(online_router)
router.include_router(retention_router)
