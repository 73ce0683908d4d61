"""A day as one printed page."""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.scope import area_path
from app.kit.clock import day_start
from app.patrol.page import queries
from app.patrol.page.content import DayPage
from app.patrol.page.layout import render
from app.patrol.shown_days import ShownDay, explain_day
from app.rules import service as rules
from app.rules.catalogue.judging import APPROVAL_NO, LEGAL_BASIS
from app.rules.catalogue.page import COMPLAINT_CONTACT

CHANGING = ("computed_at", "signals", "standing")
"""What others add to a day, or when it was asked for, is no part of its digest."""


async def render_day(
    session: AsyncSession, actor: Actor, day: ShownDay, *, now: datetime, zone: ZoneInfo
) -> str:
    """The page as HTML, in Chinese. Works for days that are folded and for frozen ones."""
    explanation = await explain_day(session, actor, day, now=now, zone=zone)
    figures = explanation["figures"]
    applied = await rules.resolve(session, await area_path(session, day.area_id), day.key.service_day)
    codes = figures["day_kind"].split("+")
    start = day_start(day.key.service_day, zone)
    end = start + timedelta(days=1)
    duty = on_duty(explanation) or (start, end)
    beside = await queries.read_beside(
        session,
        day.key,
        day.area_id,
        kinds=codes,
        grid_versions=figures["versions"]["grid_versions"],
        start=start,
        end=end,
    )
    return render(
        DayPage(
            explanation=explanation,
            track=day.geojson(with_points=False),
            tz=zone,
            printed_at=now,
            places=beside.places,
            posts=beside.posts,
            grids=beside.grids,
            day_kind="、".join(beside.kinds.get(code, code) for code in codes if code != "none") or "无班次",
            prorate=beside.prorate,
            legal_basis=applied[LEGAL_BASIS],
            approval_no=applied[APPROVAL_NO],
            complaint_contact=applied[COMPLAINT_CONTACT],
            ruling=beside.ruling,
            loans=await queries.read_loans(session, day.key, *duty),
            digest=digest_of(explanation),
        )
    )


def on_duty(explanation: dict[str, Any]) -> tuple[datetime, datetime] | None:
    """From the first instant on duty to the last; None without duty."""
    spans = explanation["duty"]
    if not spans:
        return None
    starts, ends = ([datetime.fromisoformat(s[name]) for s in spans] for name in ("start_at", "end_at"))
    return min(starts), max(ends)


def digest_of(explanation: dict[str, Any]) -> str:
    """SHA-256 over everything that the day's own data says; the frozen document's own where there is one."""
    if explanation["frozen"]:
        return str(explanation["frozen"]["digest"])
    content = {name: value for name, value in explanation.items() if name not in CHANGING}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
