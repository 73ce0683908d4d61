"""`judging.judge` over stored figures, many days in one statement. SQL text; a test compares the two day by day.

`f` is a row of `day_figures`, `{t}` one of thresholds: policy, patrol_s, distance_m, online_share, in_grid,
review_margin, review_time_s; a null threshold asks for nothing.
"""

PART = "(CASE WHEN f.distance_m > 0 THEN f.in_grid_distance_m / f.distance_m ELSE 0 END)"
FOUND_M = "(CASE WHEN {t}.in_grid THEN f.in_grid_distance_m ELSE f.distance_m END)"
BOUND_M = (
    "(CASE WHEN NOT {t}.review_margin THEN "
    + FOUND_M
    + " WHEN {t}.in_grid THEN f.distance_{bound}_m * "
    + PART
    + " ELSE f.distance_{bound}_m END)"
)
LOW_M, HIGH_M = BOUND_M.replace("{bound}", "low"), BOUND_M.replace("{bound}", "high")
SLACK_S = "(CASE WHEN {t}.review_margin THEN {t}.review_time_s ELSE 0 END)"
ASKED_S, ASKED_M = "({t}.patrol_s * f.prorate)", "({t}.distance_m * f.prorate)"
MISSED = (
    f"coalesce({ASKED_S} > 0 AND {ASKED_S} > f.patrol_s + {SLACK_S}, false)"
    f" OR coalesce({ASKED_M} > 0 AND {ASKED_M} > {HIGH_M}, false)"
    " OR coalesce({t}.online_share > 0 AND {t}.online_share > f.online_share, false)"
)
UNCERTAIN = (
    f"coalesce({ASKED_S} > 0 AND {ASKED_S} > greatest(f.patrol_s - {SLACK_S}, 0), false)"
    f" OR coalesce({ASKED_M} > 0 AND {ASKED_M} > {LOW_M}, false)"
)
ASKS = f"(coalesce({ASKED_S} > 0, false) OR coalesce({ASKED_M} > 0, false) OR coalesce({{t}}.online_share > 0, false))"
JUDGED = (
    "CASE WHEN {t}.policy <> 'assess' OR f.presence = 'not_expected' THEN 'not_expected'"
    " WHEN f.presence = 'excused' THEN 'excused'"
    f" WHEN f.fixes = 0 AND f.online_s = 0 AND {ASKS} THEN 'no_data'"
    f" WHEN {MISSED} THEN 'fail' WHEN {UNCERTAIN} THEN 'review' ELSE 'pass' END"
)
COLUMNS = (
    ("policy", "text"),
    ("patrol_s", "numeric"),
    ("distance_m", "numeric"),
    ("online_share", "numeric"),
    ("in_grid", "bool"),
    ("review_margin", "bool"),
    ("review_time_s", "numeric"),
)


def judged(thresholds: str) -> str:
    """The status of `f` under the row called `thresholds`, of a day that is over."""
    return JUDGED.replace("{t}", thresholds)
