"""The printable page of a day."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from app.identity.dependencies import SettingsDep
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.problems import problems
from app.patrol import days
from app.patrol.day_router import DayPath, InspectorPath, Watcher
from app.patrol.page.service import render_day
from app.patrol.problems import DayNotFound
from app.patrol.shown_days import show_day

router = APIRouter(tags=["patrol days"])

# Nothing may be loaded, run, sent or framed elsewhere: the page is paper.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}


@router.get(
    "/patrol-days/{inspector_id}/{service_day}/page",
    summary="The day on one printed page · 巡查日说明单(打印)",
    response_class=HTMLResponse,
    responses=problems(DayNotFound),
)
async def get_page(
    inspector_id: InspectorPath,
    service_day: DayPath,
    actor: Watcher,
    session: SessionDep,
    settings: SettingsDep,
    now: Now,
) -> HTMLResponse:
    """One A4 sheet in Chinese: verdict and reason, track over grid, what did not count and why, versions.

    Self-contained HTML without scripts: open it and print. Looking at somebody else's day is recorded.
    一页 A4,可直接打印;查看他人轨迹会留痕。
    """
    found = await show_day(session, actor, inspector_id, service_day, now=now, zone=settings.zone)
    await days.note_view(session, actor, found, "page", now=now)
    html = await render_day(session, actor, found, now=now, zone=settings.zone)
    return HTMLResponse(html, headers=HEADERS)
