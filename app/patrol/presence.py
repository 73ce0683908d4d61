"""Where an inspector belongs and how he may move there, instant by instant."""

import numpy as np
import numpy.typing as npt
import shapely

from app.kit.geodesy import buffered_polygon
from app.patrol.day_inputs import OwnGrid, ProfileWindow
from app.patrol.figures import Bools
from app.patrol.fixes import Int64s
from app.patrol.fold_rules import FoldRules

Float64s = npt.NDArray[np.float64]


def inside_own_grids(
    at_ms: Int64s, lon: Float64s, lat: Float64s, grids: tuple[OwnGrid, ...], buffer_m: int
) -> Bools:
    """bool[n]: whether each point (degrees) lies in a grid that is the inspector's own at that instant.

    A polygon or route is grown by `buffer_m`; a grid without one (`none`: fishing boats) holds everything.
    """
    inside = np.zeros(len(at_ms), bool)
    for grid in grids:
        asked = np.flatnonzero((at_ms >= grid.start_ms) & (at_ms < grid.end_ms) & ~inside)
        if not len(asked):
            continue
        if grid.in_grid_rule == "none":
            inside[asked] = True
            continue
        area = grid.buffered
        if area is None and grid.shape is not None:
            area = buffered_polygon(grid.shape, buffer_m)
        if area is not None:
            inside[asked] = shapely.contains_xy(area, lon[asked], lat[asked])
    return inside


def speed_caps(at_ms: Int64s, profiles: tuple[ProfileWindow, ...], rules: FoldRules) -> Float64s:
    """float64[n] m/s: above this speed a fix is in a vehicle, by the profile of that instant."""
    caps = np.full(len(at_ms), rules.foot_cap_mps)
    by_name = {"foot": rules.foot_cap_mps, "ebike": rules.ebike_cap_mps, "boat": rules.boat_cap_mps}
    for window in profiles:
        within = (at_ms >= window.start_ms) & (at_ms < window.end_ms)
        caps[within] = np.maximum(caps[within], by_name[window.profile])
    return caps


def primary_device(at_ms: Int64s, device: Int64s, silence_ms: int) -> Bools:
    """bool[n] over fixes sorted by time: True for the one device that draws the track at each moment.

    A device keeps drawing until it is silent for longer than `silence_ms`; then the next one that speaks
    takes over. Two handhelds carried together so never zigzag between their two errors.
    """
    primary = np.ones(len(at_ms), bool)
    if not len(at_ms) or (device == device[0]).all():
        return primary
    primary[:] = False
    start = 0
    while start < len(at_ms):
        own = start + np.flatnonzero(device[start:] == device[start])
        breaks = np.flatnonzero(np.diff(at_ms[own]) > silence_ms)
        # A silence ends the reign only if somebody else speaks in it.
        end = len(at_ms)
        for k in breaks:
            after = np.searchsorted(at_ms, at_ms[own[k]] + silence_ms, side="right")
            if after < own[k + 1]:
                own, end = own[: k + 1], int(after)
                break
        else:
            later = np.searchsorted(at_ms, at_ms[own[-1]] + silence_ms, side="right")
            end = int(later)
        primary[own] = True
        start = end
    return primary
