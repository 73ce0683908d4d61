"""One statement that sums up days to the figures of persons, grids or areas. SQL text, no decisions.

What is summed up: every day that the roster expected or excused, or of which something was heard, up to the last
day asked for. A day is expected when the folder found a share of it left to be worked (`presence`, `prorate`); a
planned day that has no row yet counts as expected and waiting. Averages divide by whole days (`prorate` added up),
so that a half-day asks for half.

The finished statement of `figures_sql` and `county_sql`, each part a constant below:

    WITH rules      policy and targets of every area, passed in from the rule book
       , held       (grids only) who held a grid during which days
       , days       a row a day that counts: `day_figures` with the standing status of `day_decision`
                    UNION ALL planned days without a row, from `effective_shift`: waiting
       , parts      days alike of one inspector counted and summed: some four rows an inspector and month
       , grid_parts (grids only) parts of whoever held the grid all the time, days of the others
       , subjects   parts summed up by inspector, grid or area (`area_closure`): one row a subject
       , rates      minutes and online rates of areas, from `online_day`
       , derived    subjects with rules and rates: shares and averages
    SELECT the columns of `period_figures` FROM derived

A what-if puts a statement of its own in the place of `day_figures` and its tables before `rules`: `what_if_days`.
"""

from collections.abc import Sequence
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
# Days alike in what they count for are counted together first: some four groups an inspector and month.
SAME = "x.rule_version, x.fold_version, x.presence, x.status, x.standing"
SUMS = """count(*) AS days, sum(x.prorate) AS whole_days, count(*) FILTER (WHERE x.fixes > 0) AS walked,
           sum(x.online_s) AS online_s, sum(x.distance_m) AS distance_m, sum(x.online_share) AS share_sum,
           count(x.online_share) AS share_days"""
PARTS = f"""
parts AS (
    SELECT x.inspector_id, x.area_id, {SAME}, {SUMS} FROM days x GROUP BY 1, 2, 3, 4, 5, 6, 7
)"""
# A grid is served by whoever was appointed to it at some moment of the day; appointments that overlap count once.
HELD = """
held AS MATERIALIZED (
    SELECT a.inspector_id, a.grid_id,
           unnest(range_agg(daterange(
               (lower(a.valid) AT TIME ZONE :zone)::date,
               ((upper(a.valid) - interval '1 microsecond') AT TIME ZONE :zone)::date, '[]'))) AS during
      FROM appointment a
     WHERE a.county_code = :county_code AND a.cancelled_at IS NULL AND a.grid_id = ANY(:grids)
       AND a.valid && tstzrange(:since, :until)
     GROUP BY 1, 2
)"""
# Who held a grid all the time brings the sums that are there already; only the others' days are looked at one by one.
GRID_PARTS = f"""
grid_parts AS (
    SELECT h.grid_id, p.inspector_id, p.rule_version, p.fold_version, p.presence, p.status, p.standing, p.days,
           p.whole_days, p.walked, p.online_s, p.distance_m, p.share_sum, p.share_days
      FROM held h JOIN parts p ON p.inspector_id = h.inspector_id
     WHERE h.during @> daterange(:first, :last, '[]')
    UNION ALL
    SELECT h.grid_id, x.inspector_id, {SAME}, {SUMS}
      FROM held h JOIN days x ON x.inspector_id = h.inspector_id AND x.service_day <@ h.during
     WHERE NOT h.during @> daterange(:first, :last, '[]')
     GROUP BY 1, 2, 3, 4, 5, 6, 7
)"""
SUMMED = {
    "expected_days": "sum(p.days) FILTER (WHERE p.presence = 'expected')",
    "expected_whole_days": "sum(p.whole_days) FILTER (WHERE p.presence = 'expected')",
    "walked_days": "sum(p.walked) FILTER (WHERE p.presence = 'expected')",
    **{f"raw_{status}": f"sum(p.days) FILTER (WHERE p.status = '{status}')" for status in STATUSES},
    **{f"standing_{status}": f"sum(p.days) FILTER (WHERE p.standing = '{status}')" for status in STATUSES},
    "online_s": "sum(p.online_s) FILTER (WHERE p.presence = 'expected')",
    "distance_m": "sum(p.distance_m) FILTER (WHERE p.presence = 'expected')",
    "share_sum": "sum(p.share_sum) FILTER (WHERE p.presence = 'expected')",
    "share_days": "sum(p.share_days) FILTER (WHERE p.presence = 'expected')",
}
PART_SUMS = ",\n       ".join(
    [
        "count(DISTINCT p.inspector_id) FILTER (WHERE p.presence = 'expected') AS inspectors",
        *(f"coalesce({expression}, 0) AS {name}" for name, expression in SUMMED.items()),
        "array_agg(DISTINCT p.rule_version) FILTER (WHERE p.rule_version IS NOT NULL) AS rule_versions",
        "array_agg(DISTINCT p.fold_version) FILTER (WHERE p.fold_version IS NOT NULL) AS fold_versions",
    ]
)
SUBJECT_COLUMNS = ", ".join(
    ["s.inspectors", *(f"s.{n}" for n in SUMMED), "s.rule_versions", "s.fold_versions"]
)
SUBJECTS = {
    "inspector": f"""
    SELECT cast('inspector' AS text) AS level, a.id AS subject_id, a.area_id, {SUBJECT_COLUMNS}
      FROM (SELECT p.inspector_id, {PART_SUMS} FROM parts p GROUP BY 1) s JOIN account a ON a.id = s.inspector_id""",
    "grid": f"""
    SELECT cast('grid' AS text) AS level, g.id AS subject_id, g.area_id, {SUBJECT_COLUMNS}
      FROM grid g
      LEFT JOIN (SELECT p.grid_id, {PART_SUMS} FROM grid_parts p GROUP BY 1) s ON s.grid_id = g.id
     WHERE g.county_code = :county_code AND g.id = ANY(:grids)""",
    "area": f"""
    SELECT a.level, a.id AS subject_id, a.id AS area_id, {SUBJECT_COLUMNS}
      FROM area a
      LEFT JOIN (
          SELECT c.ancestor_id, {PART_SUMS}
            FROM parts p JOIN area_closure c ON c.area_id = p.area_id AND c.ancestor_id = ANY(:areas)
           GROUP BY 1
      ) s ON s.ancestor_id = a.id
     WHERE a.id = ANY(:areas)""",
}
RATES = """
rates AS (
    SELECT o.area_id, sum(o.minutes) AS online_minutes, sum(o.rate_sum) / nullif(sum(o.minutes), 0) AS rate,
           sum(o.rate_sum_with_leave) / nullif(sum(o.minutes_with_leave), 0) AS rate_with_leave
      FROM online_day o
     WHERE o.county_code = :county_code AND o.day BETWEEN :first AND :last AND o.area_id = ANY(:areas)
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
    "inspector": ("f.inspector_id = ANY(:inspectors)", "s.inspector_id = ANY(:inspectors)"),
    "grid": (
        "f.inspector_id IN (SELECT inspector_id FROM held)",
        "s.inspector_id IN (SELECT inspector_id FROM held)",
    ),
    "area": (
        "f.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY(:areas))",
        "a.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY(:areas))",
    ),
}


def group_of(level: Level) -> str:
    """Area levels are summed up together."""
    return level if level in ("inspector", "grid") else "area"


def figures_sql(level: Level, *, source: str = STORED, more: str = "") -> str:
    """The statement whose columns are those of `period_figures`, for subjects of `level`.

    `:inspectors`, `:grids` and `:areas` name the subjects of each kind; areas of several levels go together.

    source  what stands for `day_figures`, a table or a parenthesised SELECT
    more    common table expressions that `source` needs, each followed by a comma
    """
    return _statement([group_of(level)], FILTERS[group_of(level)], source, more, with_planned=True)


def county_sql(levels: Sequence[Level], *, with_planned: bool) -> str:
    """The same for a whole county and several levels at once: the days are read once.

    All inspectors who have days, the grids and areas that are named. with_planned: also planned days that have no
    row yet; False where it is known that all have one.
    """
    return _statement(
        [group_of(level) for level in levels], ("true", "true"), STORED, "", with_planned=with_planned
    )


def _statement(
    groups: Sequence[str], filters: tuple[str, str], source: str, more: str, *, with_planned: bool
) -> str:
    filter_f, filter_a = filters
    planned = PLANNED.format(filter_a=filter_a) if with_planned else ""
    tables = [RULES, *([HELD] if "grid" in groups else [])]
    tables += [DAYS.format(source=source, filter_f=filter_f, planned=planned), PARTS]
    tables += [GRID_PARTS] if "grid" in groups else []
    subjects = "\nsubjects AS (" + "\n    UNION ALL".join(SUBJECTS[group] for group in groups) + "\n)"
    return f"WITH {more}{','.join([*tables, subjects, RATES, DERIVED])}\n{SELECT}"
