"""The figures of a day as they are stored, answered and shown: one JSON document, units in its names. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.kit.clock import from_ms
from app.patrol.causes import cause_words, facts, lost_s_by_cause
from app.patrol.day_inputs import DayInputs, Interval, WorkInterval
from app.patrol.figures import DayFold, Gap, Segment, Stay, Verdict
from app.patrol.judging import Judgement, Reason
from app.patrol.unplaced import Unplaced, find_unplaced
from app.patrol.work.telling import counted_work

METRES = 1  # decimals: a decimetre is below every error bound, yet sums still close


@dataclass(frozen=True, slots=True)
class Versions:
    """What a figure was computed with."""

    input_version: int
    fold_version: int
    rule_version: str
    grid_versions: Sequence[str]


def figures_document(
    fold: DayFold,
    judgement: Judgement,
    share: float | None,
    day_kind: str,
    policy: str,
    versions: Versions,
    *,
    day_over: bool,
) -> dict[str, Any]:
    """Everything `day_schemas.DayFiguresRead` promises."""
    return {
        "status": judgement.status,
        "distance_m": _m(fold.distance_m),
        "distance_low_m": _m(fold.distance_low_m),
        "distance_high_m": _m(fold.distance_high_m),
        "in_grid_distance_m": _m(fold.in_grid_distance_m),
        "vehicle_distance_m": _m(fold.vehicle_distance_m),
        "raw_distance_m": _m(fold.naive_m),
        "online_s": round(fold.online_s),
        "patrol_s": round(fold.patrol_s),
        "duty_s": fold.duty_ms // 1000,
        "work_s": fold.work_ms // 1000,
        "online_share": None if share is None else round(share, 4),
        "max_gap_s": round(fold.max_gap_s),
        "lost_s": lost_s_by_cause(fold.gaps, day_over=day_over),
        "fixes": len(fold.fixes) - fold.outside_duty,
        "first_at": None if fold.first_at_ms is None else instant(fold.first_at_ms),
        "last_at": None if fold.last_at_ms is None else instant(fold.last_at_ms),
        "day_kind": day_kind,
        "policy": policy,
        "verdicts": _verdicts(fold),
        "checks": [_check(reason) for reason in judgement.reasons],
        "versions": {
            "input_version": versions.input_version,
            "fold_version": versions.fold_version,
            "rule_version": versions.rule_version,
            "grid_versions": list(versions.grid_versions),
        },
    }


def explanation_document(
    fold: DayFold, inputs: DayInputs, fixes_left_out: int, *, day_over: bool
) -> dict[str, Any]:
    """Segments, stays, gaps and duty windows: why the figures are what they are."""
    certain = facts(fold.gaps, day_over=day_over)
    return {
        # not among the figures: a press that comes late leaves fixes stored that it would have kept out
        "fixes_outside_duty": fold.outside_duty,
        "fixes_left_out": fixes_left_out,
        "duty": [_between(duty) for duty in sorted(inputs.duty)],
        "grids": sorted({g.grid_code for g in inputs.grids}),
        "segments": [_segment(segment) for segment in fold.segments],
        "stays": [_stay(stay) for stay in fold.stays],
        "gaps": [_silence(gap) | {"edge": gap.edge, "is_fact": gap in certain} for gap in fold.gaps],
        "work": [{"kind": each.kind, "id": each.id, **_between(each)} for each in counted_work(inputs)],
        "unplaced": [_silence(unplaced) for unplaced in find_unplaced(fold, inputs)],
    }


def _between(part: Interval | WorkInterval | Segment | Stay | Gap | Unplaced) -> dict[str, Any]:
    return {"start_at": instant(part.start_ms), "end_at": instant(part.end_ms)}


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "verdict": segment.verdict.code,
        **_between(segment),
        "fixes": segment.fixes_count,
        "distance_m": _m(segment.distance_m),
        "raw_distance_m": _m(segment.raw_mm / 1000),
        "vehicle_distance_m": _m(segment.vehicle_mm / 1000),
        "in_grid_share": round(segment.in_grid_share, 3),
    }


def _stay(stay: Stay) -> dict[str, Any]:
    return {
        **_between(stay),
        "longitude": stay.longitude,
        "latitude": stay.latitude,
        "radius_m": _m(stay.radius_m),
    }


def _silence(silence: Gap | Unplaced) -> dict[str, Any]:
    zh, en = cause_words(silence.cause)
    return {
        **_between(silence),
        "duration_s": round(silence.duration_s),
        "cause": silence.cause,
        "cause_zh": zh,
        "cause_en": en,
    }


def instant(at_ms: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return from_ms(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _m(metres: float) -> float:
    return round(metres, METRES)


def _verdicts(fold: DayFold) -> Mapping[str, Mapping[str, Any]]:
    return {
        verdict.code: {
            "fixes": totals.fixes,
            "raw_m": _m(totals.raw_m),
            "credited_m": _m(totals.credited_m),
            "uncounted_m": _m(totals.uncounted_m),
            "duration_s": round(totals.duration_s),
        }
        for verdict, totals in sorted(fold.totals.items())
        if verdict is not Verdict.OUTSIDE_DUTY
    }


def _check(reason: Reason) -> dict[str, Any]:
    return {
        "check": reason.check,
        "outcome": reason.outcome,
        "asked": round(reason.asked, 3),
        "found": None if reason.found is None else round(reason.found, 3),
        "low": None if reason.low is None else round(reason.low, 3),
        "high": None if reason.high is None else round(reason.high, 3),
        "missing": round(reason.missing, 3),
    }
