"""`bench truth`: the fold against walks whose length is known, beside the naive sum and gpxpy's figure.

Simulated people and vehicles (`walkers`) with receiver noise that is correlated over a minute, and recorded
walks that three devices took at once. Every case is a median and a worst over seeds; the seeds of a case
depend on nothing but its name and number, so the same figures come out on every machine.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import gpxpy
import numpy as np
from gpxpy.gpx import GPXTrackPoint, GPXTrackSegment

from app.bench.truth_plans import COMMUTE_WALKED_M, NO_TARGET, Plan, Target, truth_plans
from app.patrol.day_inputs import DayInputs, Interval, MovementProfile, OwnGrid, ProfileWindow
from app.patrol.figures import DayFold
from app.patrol.fixes import Fixes
from app.patrol.fold import fold_day
from app.patrol.fold_rules import FoldRules
from app.simulation.receivers import START_MS, plain_fixes, record

DAY_MS = 86_400_000
RECORDED_ACCURACY_M = 8.0
"""GPX carries no accuracy; `wangge replay` sends the same."""


@dataclass(frozen=True, slots=True)
class TruthCase:
    """One row: metres are medians over the seeds; `true_m` is 0 for idle phones, None for recorded walks.

    error_pct is the median error, None for idle phones; for recorded walks the deviation from the mean of
    the devices, or their spread. bounds_pct: in how many seeds the truth lay inside the error bounds.
    """

    case: str
    sampling_s: float | None
    noise_m: float | None
    speed_mps: float | None
    true_m: float | None
    ours_m: float
    worst_m: float
    naive_m: float
    gpxpy_moving_m: float | None
    error_pct: float | None
    worst_error_pct: float | None
    bounds_pct: float | None
    seeds: int
    target: str
    ok: bool | None

    def as_row(self) -> dict[str, object]:
        """For JSON: numbers rounded to what they are worth."""
        return {k: round(v, 2) if isinstance(v, float) else v for k, v in asdict(self).items()}


def truth_cases(seeds: int = 5, tracks: Path | None = None) -> Iterator[TruthCase]:
    """All cases in order, one by one, so that the caller can show progress.

    seeds   how many simulations a case
    tracks  folder with the recorded walks; without them those cases are missing (`recorded_missing`)
    """
    for plan in truth_plans():
        yield _run(plan, seeds)
    for walk, spread in (("DC", 4.0), ("MC", 9.0)):
        yield from _recorded(tracks, walk, spread)


def run_truth(seeds: int = 5, tracks: Path | None = None) -> list[TruthCase]:
    """All cases at once."""
    return list(truth_cases(seeds, tracks))


def targets_hold(cases: Iterable[TruthCase]) -> bool:
    """Whether every case with a target reaches it."""
    return all(case.ok is not False for case in cases)


def recorded_missing(tracks: Path | None) -> str | None:
    """Why the recorded walks are skipped, or None if they are there."""
    missing = [w for w in ("DC", "MC") if tracks is None or not list(tracks.glob(f"{w}_*.gpx"))]
    return f"recorded walks skipped, no files of {', '.join(missing)} in {tracks}" if missing else None


def _run(plan: Plan, seeds: int) -> TruthCase:
    folds, truths, gpxpy_m = [], [], None
    for seed in range(seeds):
        rng = np.random.default_rng([zlib.crc32(plan.case.encode()), seed])
        truth = plan.truth(rng)
        fixes = record(rng, truth, plan.receiver)
        folds.append(fold_whole_day(fixes, plan.profile))
        truths.append(truth.length_m if plan.earns != "walked" else COMMUTE_WALKED_M)
        gpxpy_m = _gpxpy_moving_m(fixes) if seed == 0 else gpxpy_m
    ours = [fold.distance_m for fold in folds]
    moved = any(t > 0 for t in truths)
    errors = [100 * (o / t - 1) for o, t in zip(ours, truths, strict=True)] if moved else []
    inside = [f.distance_low_m <= t <= f.distance_high_m for f, t in zip(folds, truths, strict=True)]
    sampling = plan.receiver.sampling_s
    return TruthCase(
        case=plan.case,
        sampling_s=sum(sampling) / 2 if isinstance(sampling, tuple) else sampling,
        noise_m=plan.receiver.noise_m,
        speed_mps=plan.speed_mps,
        true_m=median(truths),
        ours_m=median(ours),
        worst_m=max(ours),
        naive_m=median(fold.naive_m for fold in folds),
        gpxpy_moving_m=gpxpy_m,
        error_pct=median(errors) if moved else None,
        worst_error_pct=max(errors, key=abs) if moved else None,
        bounds_pct=100 * sum(inside) / seeds if plan.earns == "all" else None,
        seeds=seeds,
        target=str(plan.target),
        ok=_reached(plan.target, ours, truths, errors),
    )


def _reached(target: Target, ours: list[float], truths: list[float], errors: list[float]) -> bool | None:
    if target == NO_TARGET:
        return None
    checks = [
        target.worst_m is None or max(ours) <= target.worst_m,
        target.median_pct is None or abs(median(errors)) <= target.median_pct,
        target.worst_pct is None or max(map(abs, errors)) <= target.worst_pct,
        target.earned_pct is None
        or all(100 * o <= target.earned_pct * t for o, t in zip(ours, truths, strict=True)),
    ]
    return all(checks)


def fold_whole_day(
    fixes: Fixes, profile: MovementProfile = "foot", rules: FoldRules | None = None
) -> DayFold:
    """Fold fixes of one day as if its holder were on duty all day, in a grid that holds everything."""
    start = int(fixes.at_ms.min()) if len(fixes) else START_MS
    end = start + DAY_MS
    return fold_day(
        DayInputs(
            fixes=fixes,
            duty=(Interval(start, end),),
            rules=rules or FoldRules(),
            grids=(OwnGrid(start, end, "any", "any", "none"),),
            profiles=(ProfileWindow(start, end, profile),),
        )
    )


def _gpxpy_moving_m(fixes: Fixes) -> float:
    """What gpxpy calls the moving distance: its own filter, stopped below 1 km/h, extremes cut."""
    points = [
        GPXTrackPoint(lat / 1e7, lon / 1e7, time=datetime.fromtimestamp(at / 1000, UTC))
        for lat, lon, at in zip(
            fixes.lat_e7.tolist(), fixes.lon_e7.tolist(), fixes.at_ms.tolist(), strict=True
        )
    ]
    moving = GPXTrackSegment(points).get_moving_data()
    return float(moving.moving_distance) if moving else 0.0


def read_gpx(path: Path, accuracy_m: float = RECORDED_ACCURACY_M) -> Fixes:
    """The timed points of a GPX file as fixes of one device; points without a time are left out."""
    with path.open(encoding="utf-8-sig") as file:
        gpx = gpxpy.parse(file)
    rows = [
        (round(point.time.timestamp() * 1000), round(point.longitude * 1e7), round(point.latitude * 1e7))
        for point, _, _, _ in gpx.walk()
        if point.time is not None
    ]
    table = np.array(rows, np.int64).reshape(-1, 3)
    return plain_fixes(table[:, 0], table[:, 1], table[:, 2], accuracy_m)


def _recorded(tracks: Path | None, walk: str, spread_pct: float) -> Iterator[TruthCase]:
    """One row for each device, its deviation from their mean, then their spread against the target."""
    files = sorted(tracks.glob(f"{walk}_*.gpx")) if tracks else []
    if not files:
        return
    rows = [_recorded_row(file) for file in files]
    ours = [row.ours_m for row in rows]
    mean = sum(ours) / len(ours)
    for row in rows:
        off = 100 * (row.ours_m / mean - 1)
        yield replace(row, error_pct=off, worst_error_pct=off)
    spread = 100 * (max(ours) - min(ours)) / mean
    yield replace(
        rows[0],
        case=f"recorded {walk}, {len(files)} devices",
        sampling_s=None,
        ours_m=mean,
        worst_m=max(ours),
        naive_m=sum(row.naive_m for row in rows) / len(rows),
        gpxpy_moving_m=sum(row.gpxpy_moving_m or 0.0 for row in rows) / len(rows),
        error_pct=spread,
        worst_error_pct=spread,
        target=str(Target(spread_pct=spread_pct)),
        ok=spread <= spread_pct,
    )


def _recorded_row(file: Path) -> TruthCase:
    fixes = read_gpx(file)
    fold = fold_whole_day(fixes)
    return TruthCase(
        case=f"recorded {file.stem}",
        sampling_s=float(np.median(np.diff(fixes.at_ms))) / 1000,
        noise_m=None,
        speed_mps=None,
        true_m=None,
        ours_m=fold.distance_m,
        worst_m=fold.distance_m,
        naive_m=fold.naive_m,
        gpxpy_moving_m=_gpxpy_moving_m(fixes),
        error_pct=None,
        worst_error_pct=None,
        bounds_pct=None,
        seeds=1,
        target="",
        ok=None,
    )
