"""One statement that sums up days to the figures of persons, grids or areas. SQL text, no decisions.

What is summed up: every day that the roster expected or excused, or of which something was heard, up to the last
day asked for. A day is expected when the folder found a share of it left to be worked (`presence`, `prorate`); a
planned day that has no row yet counts as expected and waiting. Averages divide by whole days (`prorate` added up),
so that a half-day asks for half.
"""

from typing import Literal

from app.patrol.periods.models import PeriodFigures

Level = Literal["inspector", "grid", "community", "township", "county"]
AREA_LEVELS: tuple[Level, ...] = ("community", "township", "county")
STATUSES = ("pass", "fail", "review", "excused", "not_expected", "no_data", "provisional")
COLUMNS = tuple(column.name for column in PeriodFigures.__table__.columns)
STORED = "day_figures"
"""Where days are read from; a what-if reads them from a statement of its own."""

# policies and targets of every area of the county on the last day, from the rule book
RULES = """
rules AS MATERIALIZED (
    SELECT * FROM unnest(cast(:rule_areas AS uuid[]), cast(:policies AS text[]), cast(:in_grid AS bool[]),
                         cast(:targets_online_s AS int[]), cast(:targets_distance_m AS int[]),
                         cast(:targets_online_rate AS numeric[]), cast(:rule_documents AS jsonb[]))
        AS r(area_id, policy, in_grid, target_online_s, target_distance_m, target_online_rate, document)
)"""
# The second half: planned, over, and without any row; the hourly job gives them one. Its share of a whole day is
# computed as `staffing.expectation.day_expectation` does.
DAYS = """
days AS NOT MATERIALIZED (
    SELECT f.inspector_id, f.service_day, f.area_id, f.presence, f.prorate, f.status,
           coalesce(d.decided_status, f.status) AS standing, f.online_s,
           CASE WHEN r.in_grid THEN f.in_grid_distance_m ELSE f.distance_m END AS distance_m,
           f.online_share, f.fixes, f.rule_version, f.fold_version
      FROM {source} f
      JOIN rules r ON r.area_id = f.area_id AND r.policy <> 'off'
      LEFT JOIN day_decision d ON d.county_code = f.county_code AND d.inspector_id = f.inspector_id
           AND d.service_day = f.service_day
     WHERE f.county_code = :county_code AND f.service_day BETWEEN :first AND :last AND {filter_f}
    {planned}
)"""
PLANNED = """
    UNION ALL
    SELECT p.inspector_id, p.service_day, p.area_id, CASE WHEN p.prorate > 0 THEN 'expected' ELSE 'excused' END,
           p.prorate, 'provisional', 'provisional', 0, 0, NULL, 0, NULL, NULL
      FROM (
          SELECT s.inspector_id, s.service_day, a.area_id,
                 round(sum(extract(epoch FROM s.ends_at - s.starts_at) * k.prorate)
                       / sum(extract(epoch FROM s.ends_at - s.starts_at)), 3) AS prorate
            FROM effective_shift s
            JOIN day_kind k ON k.code = s.kind AND (k.expects_presence OR k.excuses)
            JOIN account a ON a.id = s.inspector_id
           WHERE s.county_code = :county_code AND s.service_day BETWEEN :first AND :last AND {filter_a}
             AND NOT EXISTS (SELECT FROM day_figures f WHERE f.county_code = s.county_code
                  AND f.inspector_id = s.inspector_id AND f.service_day = s.service_day)
           GROUP BY s.inspector_id, s.service_day, a.area_id
      ) p
      JOIN rules r ON r.area_id = p.area_id AND r.policy <> 'off'
"""
DAY_SUMS = ",\n       ".join(
    [
        "count(*) FILTER (WHERE x.presence = 'expected') AS expected_days",
        "coalesce(sum(x.prorate) FILTER (WHERE x.presence = 'expected'), 0) AS expected_whole_days",
        "count(*) FILTER (WHERE x.presence = 'expected' AND x.fixes > 0) AS walked_days",
        *(f"count(*) FILTER (WHERE x.status = '{status}') AS raw_{status}" for status in STATUSES),
        *(f"count(*) FILTER (WHERE x.standing = '{status}') AS standing_{status}" for status in STATUSES),
        "coalesce(sum(x.online_s) FILTER (WHERE x.presence = 'expected'), 0) AS online_s",
        "coalesce(sum(x.distance_m) FILTER (WHERE x.presence = 'expected'), 0) AS distance_m",
        "sum(x.online_share) FILTER (WHERE x.presence = 'expected') AS share_sum",
        "count(x.online_share) FILTER (WHERE x.presence = 'expected') AS share_days",
    ]
)
SUMMED = (
    *("expected_days", "expected_whole_days", "walked_days"),
    *(f"{of}_{status}" for of in ("raw", "standing") for status in STATUSES),
    *("online_s", "distance_m", "share_sum", "share_days"),
)
PART_SUMS = ",\n       ".join(
    [
        "count(DISTINCT p.inspector_id) FILTER (WHERE p.expected_days > 0) AS inspectors",
        *(f"sum(p.{name}) AS {name}" for name in SUMMED),
        "array_agg(DISTINCT p.rule_version) FILTER (WHERE p.rule_version IS NOT NULL) AS rule_versions",
        "array_agg(DISTINCT p.fold_version) FILTER (WHERE p.fold_version IS NOT NULL) AS fold_versions",
    ]
)
PARTS = f"""
parts AS (
    SELECT x.inspector_id, x.area_id, x.rule_version, x.fold_version, {DAY_SUMS}
      FROM days x GROUP BY 1, 2, 3, 4
)"""
# A grid is served by whoever was appointed to it at some moment of the day; appointments that overlap count once.
GRID_PARTS = f"""
held AS (
    SELECT a.inspector_id, a.grid_id,
           unnest(range_agg(daterange(
               (lower(a.valid) AT TIME ZONE :zone)::date,
               ((upper(a.valid) - interval '1 microsecond') AT TIME ZONE :zone)::date, '[]'))) AS during
      FROM appointment a
     WHERE a.county_code = :county_code AND a.cancelled_at IS NULL AND a.grid_id = ANY(:subjects)
       AND a.valid && tstzrange(:since, :until)
     GROUP BY 1, 2
),
parts AS (
    SELECT h.grid_id, x.inspector_id, x.rule_version, x.fold_version, {DAY_SUMS}
      FROM held h JOIN days x ON x.inspector_id = h.inspector_id AND x.service_day <@ h.during
     GROUP BY 1, 2, 3, 4
)"""
SUBJECTS = {
    "inspector": f"""
subjects AS (
    SELECT cast('inspector' AS text) AS level, a.id AS subject_id, a.area_id, s.*
      FROM (SELECT p.inspector_id, {PART_SUMS} FROM parts p GROUP BY 1) s JOIN account a ON a.id = s.inspector_id
)""",
    "grid": f"""
subjects AS (
    SELECT cast('grid' AS text) AS level, g.id AS subject_id, g.area_id, s.*
      FROM grid g
      LEFT JOIN (SELECT p.grid_id, {PART_SUMS} FROM parts p GROUP BY 1) s ON s.grid_id = g.id
     WHERE g.county_code = :county_code AND g.id = ANY(:subjects)
)""",
    "area": f"""
subjects AS (
    SELECT a.level, a.id AS subject_id, a.id AS area_id, s.*
      FROM area a
      LEFT JOIN (
          SELECT c.ancestor_id, {PART_SUMS}
            FROM parts p JOIN area_closure c ON c.area_id = p.area_id AND c.ancestor_id = ANY(:subjects)
           GROUP BY 1
      ) s ON s.ancestor_id = a.id
     WHERE a.id = ANY(:subjects)
)""",
}
RATES = """
rates AS (
    SELECT o.area_id, sum(o.minutes) AS online_minutes, sum(o.rate_sum) / nullif(sum(o.minutes), 0) AS rate,
           sum(o.rate_sum_with_leave) / nullif(sum(o.minutes_with_leave), 0) AS rate_with_leave
      FROM online_day o
     WHERE o.county_code = :county_code AND o.day BETWEEN :first AND :last AND o.area_id = ANY(:subjects)
     GROUP BY 1
)"""
# Nobody expected gives null, never 0. Pass shares exist only where the policy is to assess.
DERIVED = f"""
derived AS (
    SELECT s.level, s.subject_id, s.area_id, r.policy, coalesce(s.inspectors, 0) AS inspectors,
           {", ".join(f"coalesce(s.{name}, 0) AS {name}" for name in SUMMED)},
           CASE WHEN r.policy = 'assess' THEN round(s.standing_pass / nullif(s.standing_pass + s.standing_fail
                + s.standing_review + s.standing_no_data, 0), 4) END AS pass_share,
           round(s.online_s / nullif(s.expected_whole_days, 0)) AS average_online_s,
           round(s.distance_m / nullif(s.expected_whole_days, 0), 1) AS average_distance_m,
           round(s.share_sum / nullif(s.share_days, 0), 4) AS online_share,
           o.online_minutes, round(cast(o.rate AS numeric), 4) AS online_rate,
           round(cast(o.rate_with_leave AS numeric), 4) AS online_rate_with_leave,
           r.target_online_s, r.target_distance_m, r.target_online_rate,
           r.document || jsonb_build_object(
               'rule_versions', coalesce(to_jsonb(s.rule_versions), '[]'),
               'fold_versions', coalesce(to_jsonb(s.fold_versions), '[]')) AS explanation
      FROM subjects s
      JOIN rules r ON r.area_id = s.area_id AND (s.level <> 'inspector' OR r.policy = 'assess')
      LEFT JOIN rates o ON o.area_id = s.subject_id
)"""
EXPRESSIONS = {
    "county_code": ":county_code",
    "period_id": "cast(:period_id AS uuid)",
    "online_s_met": "average_online_s >= target_online_s",
    "distance_met": "average_distance_m >= target_distance_m",
    "online_rate_met": "online_rate >= target_online_rate",
}
SELECT = (
    "SELECT "
    + ", ".join(f"{EXPRESSIONS[c]} AS {c}" if c in EXPRESSIONS else c for c in COLUMNS)
    + " FROM derived"
)
# Which days are read at all: those of the persons asked for, of grids' holders, of areas below.
FILTERS = {
    "inspector": ("f.inspector_id = ANY(:subjects)", "s.inspector_id = ANY(:subjects)"),
    "grid": ("true", "true"),
    "area": (
        "f.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY(:subjects))",
        "a.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY(:subjects))",
    ),
}


def figures_sql(
    level: Level, *, source: str = STORED, more: str = "", everybody: bool = False, with_planned: bool = True
) -> str:
    """The statement whose columns are those of `period_figures`, for `:subjects` of `level`.

    source        what stands for `day_figures`, a table or a parenthesised SELECT
    more          common table expressions that `source` needs, each followed by a comma
    everybody     all inspectors of the county, instead of naming them in `:subjects`
    with_planned  also planned days that have no row yet; False where it is known that all have one

    Area levels go together: `:subjects` may name communities, townships and the county at once.
    """
    group = level if level in ("inspector", "grid") else "area"
    filter_f, filter_a = ("true", "true") if everybody else FILTERS[group]
    planned = PLANNED.format(filter_a=filter_a) if with_planned else ""
    days = DAYS.format(source=source, filter_f=filter_f, planned=planned)
    parts = GRID_PARTS if group == "grid" else PARTS
    return f"WITH {more}{RULES},{days},{parts},{SUBJECTS[group]},{RATES},{DERIVED}\n{SELECT}"
