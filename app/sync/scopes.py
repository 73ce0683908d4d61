"""Whose objects a handheld gets: its inspector's own grids of the day, and the areas that they lie in."""

from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.sources import Scope
from app.identity.actor import Actor
from app.kit.clock import day_start

# Swaps and substitutes are appointments, too; the account's own area stays even while no grid is assigned.
OWN = text("""
WITH own AS (
    SELECT DISTINCT g.id, g.area_id
      FROM appointment a
      JOIN grid g ON g.county_code = a.county_code AND g.id = a.grid_id
     WHERE a.county_code = :county_code AND a.inspector_id = :inspector_id AND a.cancelled_at IS NULL
       AND a.valid && tstzrange(:since, :until)
       AND g.opened_on <= :today AND (g.retired_on IS NULL OR g.retired_on > :today)
)
SELECT array(SELECT id FROM own),
       array(SELECT DISTINCT c.ancestor_id FROM area_closure c
              WHERE c.area_id = :area_id OR c.area_id IN (SELECT area_id FROM own))
""")


async def scope_of(session: AsyncSession, actor: Actor, *, today: date, zone: ZoneInfo) -> Scope:
    """The scope of an inspector on `today`."""
    grid_ids, area_ids = (
        await session.execute(
            OWN,
            {
                "county_code": actor.county_code,
                "inspector_id": actor.account_id,
                "area_id": actor.area_id,
                "today": today,
                "since": day_start(today, zone),
                "until": day_start(today + timedelta(days=1), zone),
            },
        )
    ).one()
    return Scope(actor.county_code, actor.account_id, frozenset(grid_ids), frozenset(area_ids), today)


def narrowed(scope: Scope, grid_ids: frozenset[UUID]) -> Scope:
    """The same scope with only these of its grids."""
    return Scope(
        scope.county_code, scope.inspector_id, scope.grid_ids & grid_ids, scope.area_ids, scope.today
    )


def on_day(scope: Scope, day: date) -> Scope:
    """The same scope as of another day."""
    return Scope(scope.county_code, scope.inspector_id, scope.grid_ids, scope.area_ids, day)
