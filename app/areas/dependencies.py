"""What the routers of areas and grids ask for."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import JSONResponse

from app.identity.actor import Actor, Role
from app.identity.dependencies import SettingsDep, require
from app.kit.clock import Now
from app.kit.schemas import Day


class GeoJSONResponse(JSONResponse):
    """An answer that is a GeoJSON document (RFC 7946)."""

    media_type = "application/geo+json"


async def service_day(
    settings: SettingsDep,
    now: Now,
    day: Annotated[
        Day | None, Query(description="As of this day, today if empty · 查询日期,默认今天")
    ] = None,
) -> date:
    """The day that is asked about; today in the service's zone unless named."""
    return day or now.astimezone(settings.zone).date()


ServiceDay = Annotated[date, Depends(service_day)]
"""A router's `day` argument."""


async def today(settings: SettingsDep, now: Now) -> date:
    """The present service day."""
    return now.astimezone(settings.zone).date()


Today = Annotated[date, Depends(today)]
"""A router's `today` argument."""

GridAuthority = Annotated[Actor, Depends(require(Role.COUNTY))]
"""Who decides on grids: the county (S4-16)."""

AreaAuthority = Annotated[Actor, Depends(require(Role.COUNTY, Role.CITY))]
"""Who changes divisions: whoever is above them."""
