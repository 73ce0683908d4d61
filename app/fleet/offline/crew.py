"""Pairs of inspectors who serve a grid together: both know its people, and neither knows what the other does."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.demo.fortnight.named import TOWN_CODE as FORTNIGHT_TOWN
from app.fleet.crew import AT_ONCE, CrewTooSmall, Member, enrol_at
from app.handheld.activated import Handheld
from app.kit.ids import DEMO_TOWN_CODE
from app.replay.office import Office
from app.replay.relocation import Grid

COMMUNITY_DIGITS = 12
COLLEAGUE = "part_time"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two inspectors of one grid: `first` is its own, `second` comes from the neighbouring grid to help."""

    first: Member
    second: Member
    grid: Grid


def pairs_of(grids: Sequence[Grid], count: int) -> list[tuple[Grid, Grid]]:
    """`count` pairs of grids, each of one community, none twice, if it can be helped none of the examples' towns.

    Raises CrewTooSmall.
    """
    by_community: dict[str, list[Grid]] = defaultdict(list)
    for grid in grids:
        by_community[grid.code[:COMMUNITY_DIGITS]].append(grid)
    examples = (DEMO_TOWN_CODE[:9], FORTNIGHT_TOWN)
    ordered = sorted(by_community, key=lambda code: (code.startswith(examples), code))
    found = [
        (own[index], own[index + 1])
        for own in (by_community[code] for code in ordered)
        for index in range(0, len(own) - 1, 2)
    ]
    if len(found) < count:
        raise CrewTooSmall(f"the county has {len(found)} pairs of neighbouring grids, not {count}")
    return found[:count]


async def enrol_pairs(
    office: Office,
    handheld_of: Callable[[Grid], Handheld],
    count: int,
    since: datetime,
    tell: Callable[[], None],
) -> list[Pair]:
    """Activates two handhelds a pair and appoints the second inspector to the first one's grid from `since`."""
    grids = await office.grids(since.date())
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(own: Grid, neighbouring: Grid) -> Pair:
        async with gate:
            first = await enrol_at(office, handheld_of(own), own)
            second = await enrol_at(office, handheld_of(neighbouring), neighbouring)
            appointment = {
                "inspector_id": str(second.inspector_id),
                "grid_id": own.id,
                "role": COLLEAGUE,
                "valid_from": since.isoformat(),
            }
            await office.post("/appointments", appointment)
        tell()
        return Pair(first, second, own)

    return list(await asyncio.gather(*(one(own, other) for own, other in pairs_of(grids, count))))
