"""Anchors: the corners of a walk, found where displacement exceeds what accuracy explains.

The smoothed knots are simplified (Douglas and Peucker 1973) with a tolerance that grows with accuracy, so
that noise between two corners earns nothing; then a straight line is fitted to the knots of each leg and
anchors go where neighbouring lines meet, which gives back the corners that smoothing and sampling cut off.
"""

import numpy as np
import numpy.typing as npt

from app.patrol.figures import Bools
from app.patrol.fixes import Int64s
from app.patrol.fold_rules import FoldRules

Float64s = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


def corner_knots(
    x: Float64s, y: Float64s, tolerance_m: Float64s, return_m: Float64s, fixed: Bools
) -> Indices:
    """Indices of the knots that matter: all `fixed` ones (first and last included) and every corner.

    A knot further than `tolerance_m` from its leg is a corner; so is one that lies `return_m` behind what
    its leg had reached before, else a walk to and fro on one street would collapse into a single leg.
    Douglas-Peucker, all legs of one depth at a time: a day has hundreds of legs but a depth of about ten.
    """
    keep = fixed.copy()
    number = np.arange(len(x))
    active = np.ones(len(x), bool)
    while True:
        corners = np.flatnonzero(keep)
        inner = np.flatnonzero(active & ~keep)
        if not len(inner):
            return corners
        leg = (np.searchsorted(corners, number, side="right") - 1)[inner]
        aside, behind = _off_leg(x, y, inner, corners[leg], corners[leg + 1], leg)
        excess = np.maximum(aside - tolerance_m[inner], behind - return_m[inner])
        starts = np.flatnonzero(np.concatenate([[True], np.diff(leg) != 0]))
        worst = np.maximum.reduceat(excess, starts)
        size = np.diff(np.append(starts, len(inner)))
        splits = np.repeat(worst > 0, size)
        active[inner[~splits]] = False
        hit = np.flatnonzero(splits & (excess == np.repeat(worst, size)))
        if len(hit):
            keep[inner[hit[np.concatenate([[True], np.diff(leg[hit]) != 0])]]] = True


def _off_leg(
    x: Float64s, y: Float64s, at: Indices, a: Indices, b: Indices, leg: Indices
) -> tuple[Float64s, Float64s]:
    """Metres from each knot `at` to the straight leg a-b, and metres behind the furthest point so far."""
    dx, dy = x[b] - x[a], y[b] - y[a]
    px, py = x[at] - x[a], y[at] - y[a]
    square = dx * dx + dy * dy
    share = np.clip((px * dx + py * dy) / np.where(square > 0, square, 1.0), 0.0, 1.0)
    aside = np.hypot(px - share * dx, py - share * dy)
    # Shares lie in 0..1, so that adding the leg's number keeps the running maximum within its leg.
    behind = (np.maximum.accumulate(share + leg * 2.0) - leg * 2.0 - share) * np.sqrt(square)
    return aside, behind


def fitted_legs(x: Float64s, y: Float64s, corners: Indices) -> tuple[Float64s, Float64s]:
    """A point and a unit direction of the line of least squares for each leg, float64[k-1, 2] each."""
    a, b = corners[:-1], corners[1:]
    count = (b - a + 1).astype(np.float64)

    def leg_sum(values: Float64s) -> Float64s:
        running = np.concatenate([[0.0], np.cumsum(values)])
        return np.asarray(running[b + 1] - running[a], np.float64)

    cx, cy = leg_sum(x) / count, leg_sum(y) / count
    xx = leg_sum(x * x) - count * cx * cx
    yy = leg_sum(y * y) - count * cy * cy
    xy = leg_sum(x * y) - count * cx * cy
    angle = np.where(count > 2, 0.5 * np.arctan2(2 * xy, xx - yy), np.arctan2(y[b] - y[a], x[b] - x[a]))
    way = np.column_stack([np.cos(angle), np.sin(angle)])
    back = way[:, 0] * (x[b] - x[a]) + way[:, 1] * (y[b] - y[a]) < 0
    way[back] *= -1
    return np.column_stack([cx, cy]), way


def anchors(
    x: Float64s,
    y: Float64s,
    ends: Float64s,
    corners: Indices,
    stretch: Int64s,
    pinned: Bools,
    noise_m: Float64s,
    cut_m: Float64s,
    rules: FoldRules,
) -> Float64s:
    """float64[k, 2] metres: the anchor of each of k > 1 corners of m knots.

    ends     float64[m, 2], unsmoothed places, for corners that begin or end a stretch
    stretch  int64[m]; a leg between two stretches is no walk and bends nothing
    pinned   bool[m]: such knots stay where they are
    noise_m  float64[m]: the error to expect of a knot
    cut_m    float64[k]: how far smoothing and sampling may have cut off the corner; lines that meet further
             away are not believed, and the tip of a way out and back, where lines hardly meet, moves by it
    """
    own = np.column_stack([x[corners], y[corners]])
    point, way = fitted_legs(x, y, corners)
    placed = own.copy()
    into, out_of = slice(None, -1), slice(1, None)
    here = own[1:-1]
    middle = (_projected(point[into], way[into], here) + _projected(point[out_of], way[out_of], here)) / 2
    cross = way[into, 0] * way[out_of, 1] - way[into, 1] * way[out_of, 0]
    turning = np.abs(cross) > rules.corner_min_sine
    gap = point[out_of] - point[into]
    along = (gap[:, 0] * way[out_of, 1] - gap[:, 1] * way[out_of, 0]) / np.where(turning, cross, 1.0)
    meeting = point[into] + along[:, None] * way[into]
    near = np.hypot(*(meeting - here).T) < noise_m[corners[1:-1]] + 2 * cut_m[1:-1]
    back = (way[into] * way[out_of]).sum(axis=1) < rules.return_max_cosine
    tip = here + (way[into] - way[out_of]) / 2 * cut_m[1:-1, None]
    sharpened = middle + rules.corner_sharpening * (meeting - middle)
    bent = np.where((turning & near)[:, None], sharpened, middle)
    placed[1:-1] = np.where(back[:, None], tip, bent)
    return _with_ends(placed, own, point, way, ends[corners], stretch[corners], pinned[corners])


def _with_ends(
    placed: Float64s,
    own: Float64s,
    point: Float64s,
    way: Float64s,
    ends: Float64s,
    stretch: Int64s,
    pinned: Bools,
) -> Float64s:
    """Corners that begin or end a stretch go onto their own leg's line; pinned ones stay where they are."""
    begins = np.concatenate([[True], np.diff(stretch) != 0])
    finishes = np.append(begins[1:], True)
    first, last = np.flatnonzero(begins[:-1]), np.flatnonzero(finishes[1:]) + 1
    placed[first] = _projected(point[first], way[first], ends[first])
    placed[last] = _projected(point[last - 1], way[last - 1], ends[last])
    still = pinned | (begins & finishes)
    placed[still] = own[still]
    return placed


def _projected(point: Float64s, way: Float64s, place: Float64s) -> Float64s:
    return np.asarray(point + way * ((place - point) * way).sum(axis=1)[:, None], np.float64)
