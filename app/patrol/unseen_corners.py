"""Corners between two sparse fixes: nobody saw them, but the streets before and after lead there.

At 30 s sampling a walker's fixes lie 36 m apart and a right angle between two of them is cut by a diagonal,
7 m shorter on average. Where a single hop turns from one leg into another, the meeting point of the two
legs is put in its place, if the time between the two fixes was enough to go there.
"""

import numpy as np
import numpy.typing as npt

from app.patrol.anchoring import Indices, fitted_legs
from app.patrol.figures import Bools
from app.patrol.fold_rules import FoldRules

Float64s = npt.NDArray[np.float64]


def restore(
    x: Float64s,
    y: Float64s,
    at_ms: Float64s,
    corners: Indices,
    placed: Float64s,
    free: Bools,
    rules: FoldRules,
) -> tuple[Indices, Float64s]:
    """Corners and their anchors (float64[k, 2]) with every cut corner's two replaced by one.

    free  bool[k]: corners that may be moved: no stop, no ride, no end of a stretch
    """
    if len(corners) < 4:
        return corners, placed
    point, way = fitted_legs(x, y, corners)
    a, b, c = slice(None, -2), slice(1, -1), slice(2, None)  # the leg before, the hop, the leg after
    single = (np.diff(corners)[b] == 1) & free[1:-2] & free[2:-1]
    cross = way[a, 0] * way[c, 1] - way[a, 1] * way[c, 0]
    bend_in = way[a, 0] * way[b, 1] - way[a, 1] * way[b, 0]
    bend_out = way[b, 0] * way[c, 1] - way[b, 1] * way[c, 0]
    round_one_side = (np.sign(bend_in) == np.sign(bend_out)) & (np.abs(cross) > rules.unseen_min_sine)
    gap = point[c] - point[a]
    along = (gap[:, 0] * way[c, 1] - gap[:, 1] * way[c, 0]) / np.where(round_one_side, cross, 1.0)
    meeting = point[a] + along[:, None] * way[a]
    own = np.column_stack([x[corners], y[corners]])
    forward = ((meeting - own[1:-2]) * way[a]).sum(axis=1)
    onward = ((own[2:-1] - meeting) * way[c]).sum(axis=1)
    length = np.hypot(*np.diff(placed, axis=0).T)
    seconds = np.maximum(np.diff(at_ms[corners]) / 1000, 1.0)
    pace = np.maximum(length[a] / seconds[a], length[c] / seconds[c])
    reachable = forward + onward <= rules.unseen_pace_share * pace * seconds[b]
    found = single & round_one_side & (forward > 0) & (onward > 0) & reachable
    found[1:] &= ~found[:-1]  # two in a row would share an anchor
    hops = np.flatnonzero(found) + 1
    moved = placed.copy()
    moved[hops] = meeting[hops - 1]
    keep = np.ones(len(corners), bool)
    keep[hops + 1] = False
    return corners[keep], moved[keep]
