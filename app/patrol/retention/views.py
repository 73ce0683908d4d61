"""Who looked at an inspector's whereabouts, from the event log."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, select, union
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.identity.actor import Actor
from app.identity.models import Account
from app.kit import pagination
from app.kit.events import Event

VIEWED = ".viewed"
SEARCHED = ".searched"
CONDITIONS = ("box", "start_at", "end_at")


async def list_track_views(
    session: AsyncSession, actor: Actor, *, since: datetime, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Everything `schemas.TrackViewRead` promises, the latest first: views by others since an instant.

    An event is about one inspector (its subject) or names all whom it showed in `data.inspector_ids`.
    """
    me = actor.account_id
    mine = (Event.county_code == actor.county_code) & (Event.occurred_at >= since)
    about_me = (Event.subject_type == "inspector") & (Event.subject_id == me)
    shown = Event.data.has_key("inspector_ids") & Event.data["inspector_ids"].contains(cast([str(me)], JSONB))
    found = union(
        select(Event.__table__).where(mine, about_me, _is_view()),
        select(Event.__table__).where(mine, shown, _is_view()),
    ).subquery()
    viewer = aliased(Account)
    newest_first = cast(-func.extract("epoch", found.c.occurred_at) * 1_000_000, BigInteger).label("rank")
    statement = (
        select(found, newest_first, viewer.display_name, viewer.role)
        .outerjoin(viewer, viewer.id == found.c.actor_id)
        .where(found.c.actor_id.is_distinct_from(me))
    )
    rows = (
        await session.execute(pagination.after(statement, (newest_first, found.c.id), cursor, limit))
    ).all()
    kept, following = pagination.page(rows, limit, lambda r: (r.rank, r.id))
    return [_told(row) for row in kept], following


def _is_view() -> ColumnElement[bool]:
    return Event.type.endswith(VIEWED) | Event.type.endswith(SEARCHED)


def _told(row: Any) -> dict[str, Any]:
    data: dict[str, Any] = row.data
    return {
        "viewed_at": row.occurred_at,
        "type": row.type,
        "viewer_id": row.actor_id,
        "viewer_name": row.display_name,
        # the role that it was done in; events of before did not tell it
        "viewer_role": data.get("role") or row.role,
        "service_day": data.get("service_day"),
        "what": data.get("what"),
        "others": max(0, len(data.get("inspector_ids", ())) - 1),
        "data": {name: data[name] for name in CONDITIONS if name in data},
    }
