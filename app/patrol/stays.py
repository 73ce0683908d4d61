"""Stops: where the fixes tremble around one place instead of going somewhere.

After Li et al. 2008 ("Mining user similarity based on location history"), who call a stay point a group of
fixes within a distance for at least a time. A fixed distance fails here: a slow walker at poor accuracy
needs two minutes to leave the circle that an idle phone fills in an hour. So the test is made over windows
of `stay_min_s`: a stop neither gets anywhere in it nor fills more room than accuracy explains.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.patrol.figures import Bools
from app.patrol.fold_rules import FoldRules
from app.patrol.smoothing import Knots, window_means

Float64s = npt.NDArray[np.float64]


@dataclass(slots=True)
class Stop:
    """A stop over knots first..last (inclusive), its centre and accuracy in metres."""

    first: int
    last: int
    x_m: float
    y_m: float
    accuracy_m: float


def noise_m(accuracy_m: Float64s, rules: FoldRules) -> Float64s:
    """What to expect of an error, metres: the claim, held between a floor and a ceiling.

    Phones claim 4 m with 8 m of slow error among houses, and some send one constant whatever happens.
    """
    return np.clip(accuracy_m, rules.noise_floor_m, rules.noise_ceiling_m)


def is_resting(knots: Knots, rules: FoldRules) -> Bools:
    """bool[m]: knots where two minutes lead nowhere.

    Compared are the mean places of the half windows before and after (net displacement) and the scatter
    within the whole window, which a short path walked to and fro fills more than noise does.
    """
    key, half = knots.key_ms, rules.stay_min_s * 500.0
    quarter = half / 2
    x, y = knots.x_m, knots.y_m
    noise = noise_m(knots.accuracy_m, rules)
    before = window_means(key, key - half - quarter, key - quarter, [x, y])
    after = window_means(key, key + quarter, key + half + quarter, [x, y])
    places = np.vstack([_or_neighbour(before, x, y, knots, -1), _or_neighbour(after, x, y, knots, 1)])
    net = np.hypot(places[2] - places[0], places[3] - places[1])
    raw_x, raw_y = knots.raw_x_m, knots.raw_y_m
    squares = raw_x**2 + raw_y**2
    mean_x, mean_y, square = window_means(key, key - half, key + half + 1, [raw_x, raw_y, squares])
    scatter = np.sqrt(np.maximum(square - mean_x**2 - mean_y**2, 0.0))
    calm = (net <= rules.rest_net_accuracies * noise) & (scatter <= rules.rest_scatter_accuracies * noise)
    return np.asarray(calm, np.bool_)


def _or_neighbour(means: list[Float64s], x: Float64s, y: Float64s, knots: Knots, side: int) -> Float64s:
    """Where sparse sampling leaves a window empty, the neighbour on that side stands in for it."""
    index = np.clip(np.arange(len(x)) + side, 0, len(x) - 1)
    index = np.where(knots.stretch[index] == knots.stretch, index, np.arange(len(x)))
    empty = np.isnan(means[0])
    return np.vstack([np.where(empty, x[index], means[0]), np.where(empty, y[index], means[1])])


def find_stops(knots: Knots, rules: FoldRules) -> list[Stop]:
    """All stops of at least `stay_min_s`, in order; wanderings of noise between two stops are absorbed."""
    resting = is_resting(knots, rules)
    border = (np.diff(resting) != 0) | (np.diff(knots.stretch) != 0)
    first = np.flatnonzero(np.concatenate([[True], border]))
    last = np.append(first[1:] - 1, len(knots) - 1)
    stops: list[Stop] = []
    for a, z in zip(first.tolist(), last.tolist(), strict=True):
        if resting[a] and knots.at_ms[z] - knots.at_ms[a] >= rules.rest_core_s * 1000:
            stop = _grown(_stop(knots, a, z), knots, rules)
            if stops and stop.first <= stops[-1].last:
                stop.first = stops[-1].last + 1
            if (
                knots.at_ms[stop.last] - knots.at_ms[min(stop.first, stop.last)]
                >= rules.stay_min_s * 1000 - 1
            ):
                _add(stops, _stop(knots, stop.first, stop.last), knots, rules)
    stops = [_widened(stop, knots, rules) for stop in stops]
    return sorted(stops + _dwarfs(stops, knots, rules), key=lambda stop: stop.first)


def _dwarfs(stops: list[Stop], knots: Knots, rules: FoldRules) -> list[Stop]:
    """Stretches without a stop that lead nowhere either, such as two fixes between two silences."""
    stopped = {int(knots.stretch[stop.first]) for stop in stops}
    first = np.flatnonzero(np.concatenate([[True], np.diff(knots.stretch) != 0]))
    last = np.append(first[1:] - 1, len(knots) - 1)
    found = []
    for a, z in zip(first, last, strict=True):
        if int(knots.stretch[a]) in stopped:
            continue
        stop = _stop(knots, int(a), int(z))
        away = np.hypot(knots.x_m[a : z + 1] - stop.x_m, knots.y_m[a : z + 1] - stop.y_m).max()
        if away <= rules.still_accuracies * float(noise_m(np.array(stop.accuracy_m), rules)):
            found.append(stop)
    return found


def _stop(knots: Knots, first: int, last: int) -> Stop:
    own = slice(first, last + 1)
    return Stop(
        first,
        last,
        float(knots.x_m[own].mean()),
        float(knots.y_m[own].mean()),
        float(knots.accuracy_m[own].mean()),
    )


def _grown(stop: Stop, knots: Knots, rules: FoldRules) -> Stop:
    """The core with the knots around it that are still at its place, without a break."""
    limit = rules.rest_radius_accuracies * float(noise_m(np.array(stop.accuracy_m), rules))
    near = np.hypot(knots.x_m - stop.x_m, knots.y_m - stop.y_m) <= limit
    near &= knots.stretch == knots.stretch[stop.first]
    before, after = np.flatnonzero(~near[: stop.first]), np.flatnonzero(~near[stop.last + 1 :])
    stop.first = int(before[-1]) + 1 if len(before) else 0
    stop.last = stop.last + int(after[0]) if len(after) else len(knots) - 1
    return stop


def _add(stops: list[Stop], stop: Stop, knots: Knots, rules: FoldRules) -> None:
    """Append `stop`, or join it with the one before if nobody really left that place in between."""
    if stops and knots.stretch[stops[-1].last] == knots.stretch[stop.first]:
        old = stops[-1]
        noise = float(noise_m(np.array(max(old.accuracy_m, stop.accuracy_m)), rules))
        shift = float(np.hypot(stop.x_m - old.x_m, stop.y_m - old.y_m))
        between = slice(old.last, stop.first + 1)
        reach = np.hypot(knots.x_m[between] - old.x_m, knots.y_m[between] - old.y_m).max()
        if shift <= rules.stay_shift_accuracies * noise and reach <= rules.stay_leave_accuracies * noise:
            stops[-1] = _stop(knots, old.first, stop.last)
            return
    stops.append(stop)


def _widened(stop: Stop, knots: Knots, rules: FoldRules) -> Stop:
    """Take in a tail at the end of a stretch that never leaves the stop: nobody walked there."""
    noise = float(noise_m(np.array(stop.accuracy_m), rules))
    begin = int(np.searchsorted(knots.stretch, knots.stretch[stop.first]))
    end = int(np.searchsorted(knots.stretch, knots.stretch[stop.last], side="right")) - 1
    limit = rules.stay_tail_accuracies * noise
    for a, z in ((begin, stop.first), (stop.last, end)):
        away = np.hypot(knots.x_m[a : z + 1] - stop.x_m, knots.y_m[a : z + 1] - stop.y_m)
        if z > a and knots.at_ms[z] - knots.at_ms[a] < rules.stay_min_s * 1000 and away.max() <= limit:
            stop.first, stop.last = min(stop.first, a), max(stop.last, z)
    return stop
