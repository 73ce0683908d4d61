"""Handhelds with their holders: enrolled over HTTP, as a supervisor and they would do it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import httpx
from shapely.geometry.base import BaseGeometry

from app.demo.fortnight.named import TOWN_CODE as FORTNIGHT_TOWN
from app.handheld.activated import Activation, Handheld
from app.handheld.api import Refused
from app.kit.ids import DEMO_COUNTY_CODE, DEMO_TOWN_CODE, demo_id
from app.replay.office import Office
from app.replay.relocation import Grid

AT_ONCE = 8
Wanted = Callable[[Sequence[Grid], int], Sequence[Grid]]


class CrewTooSmall(Exception):
    """The county has fewer handhelds than were asked for; the text says how many."""


@dataclass(frozen=True, slots=True)
class Member:
    """An activated handheld, its holder, and the polygon that he walks in."""

    handheld: Handheld
    county_code: str
    inspector_id: UUID
    device_id: UUID
    grid_code: str
    shape: BaseGeometry


def spread(grids: Sequence[Grid], count: int) -> Sequence[Grid]:
    """Grids from all over the county, if it can be helped none of the towns in which the examples live."""
    free = [g for g in grids if not g.code.startswith((DEMO_TOWN_CODE[:9], FORTNIGHT_TOWN))]
    chosen = free if len(free) >= count else grids
    step = len(chosen) / count
    return [chosen[int(number * step)] for number in range(count)]


async def enrol(
    office: Office, client: httpx.AsyncClient, count: int, day: date, tell: Callable[[], None]
) -> list[Member]:
    """Activates handhelds of `count` grids of the demo county. Raises CrewTooSmall, Refused, Unreachable."""
    grids = await office.grids(day)
    if len(grids) < count:
        raise CrewTooSmall(f"the county has {len(grids)} grids with a polygon to walk in, not {count}")
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(grid: Grid) -> Member:
        async with gate:
            member = await enrol_at(office, Handheld(client), grid)
        tell()
        return member

    return list(await asyncio.gather(*(one(grid) for grid in spread(grids, count))))


async def enrol_at(office: Office, handheld: Handheld, grid: Grid) -> Member:
    """Activates `handheld` as that of the grid's inspector. Raises CrewTooSmall, Refused, Unreachable.

    Ids of the demo county follow from the grid's code: that saves looking its handheld up among all.
    """
    inspector_id, device_id = demo_id("account", f"inspector/{grid.code}"), demo_id("device", grid.code)
    device = await office.find(f"/devices/{device_id}")
    if device is None:
        raise CrewTooSmall(f"grid {grid.code} has no handheld of the demo county {DEMO_COUNTY_CODE}")
    issued: dict[str, Any] = await office.post(
        f"/devices/{device_id}/activation-codes", {"inspector_id": str(inspector_id)}
    )
    await handheld.activate(Activation(device["serial_no"], str(issued["code"]), device["county_code"]))
    if handheld.inspector_id != str(inspector_id):
        raise Refused(409, "other_holder", f"the handheld of grid {grid.code} is {handheld.inspector_id}'s")
    return Member(handheld, device["county_code"], inspector_id, device_id, grid.code, grid.shape)
