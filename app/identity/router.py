"""All routes of identity, in the order of the story."""

from fastapi import APIRouter

from app.identity import accounts_router, devices_router, factor_router, lending_router, sign_in_router

router = APIRouter()
router.include_router(sign_in_router.router)
router.include_router(factor_router.router)
router.include_router(devices_router.router)
router.include_router(lending_router.router)
router.include_router(accounts_router.router)

well_known_router = sign_in_router.well_known_router
"""Mounted at the root, where others look for keys."""
