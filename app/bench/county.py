"""A county of many inspectors with a month of judged days, made by a few statements. Not a demo: nobody walks.

September 2026: 30 days, 22 of them working days. Every inspector has a grid, a shift on each working day, the minutes
in which his handheld was heard, and figures of every day, judged by the same thresholds that the folder uses.
"""

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.bench.scratch import ZONE
from app.kit.clock import utc_now
from app.kit.db import Database
from app.kit.events import SYSTEM
from app.patrol.day_document import Versions, figures_document
from app.patrol.day_inputs import DayInputs
from app.patrol.fixes import Fixes
from app.patrol.fold import FOLD_VERSION, fold_day
from app.patrol.judging import DayFigures, DayKind, PatrolPolicy, Thresholds, judge
from app.patrol.periods.judging_sql import judged
from app.patrol.periods.sealing import note_periods
from app.patrol.periods.what_if_days import thresholds_cte
from app.patrol.policy import DayRules
from app.rules.catalogue import judging
from app.rules.service import Decision, rule_book, set_value

CODE = "330999"
FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)
COUNTY = UUID("00000000-0000-4000-8000-000000330999")
GRIDS_PER_COMMUNITY, COMMUNITIES_PER_TOWN = 100, 10
PATTERNS = 64
"""Different days of heard minutes."""

AREAS = (
    "INSERT INTO area (id, county_code, level) VALUES (:county, :code, 'county')",
    f"""
INSERT INTO area (id, county_code, level)
SELECT md5('town' || t)::uuid, '{CODE}', 'township' FROM generate_series(0, :towns - 1) t
UNION ALL SELECT md5('community' || c)::uuid, '{CODE}', 'community' FROM generate_series(0, :communities - 1) c""",
    f"""
INSERT INTO area_closure (area_id, ancestor_id, depth)
SELECT id, id, 0 FROM area WHERE county_code = :code
UNION ALL SELECT id, cast(:county AS uuid), CASE level WHEN 'township' THEN 1 ELSE 2 END
            FROM area WHERE county_code = :code AND level <> 'county'
UNION ALL SELECT md5('community' || c)::uuid, md5('town' || c / {COMMUNITIES_PER_TOWN})::uuid, 1
            FROM generate_series(0, :communities - 1) c""",
)
PEOPLE = (
    f"""
INSERT INTO account (id, county_code, area_id, username, password_hash, password_changed_at, role, display_name,
                     enabled, version, created_at)
SELECT md5('inspector' || n)::uuid, '{CODE}', md5('community' || n / {GRIDS_PER_COMMUNITY})::uuid, 'bench-' || n,
       '', now(), 'inspector', 'bench ' || n, true, 1, now() FROM generate_series(0, :inspectors - 1) n""",
    f"""
INSERT INTO grid (county_code, id, area_id, code, name, grid_class, in_grid_rule, movement_profile, opened_on)
SELECT '{CODE}', md5('grid' || n)::uuid, md5('community' || n / {GRIDS_PER_COMMUNITY})::uuid,
       '{CODE}' || lpad((n / {GRIDS_PER_COMMUNITY})::text, 6, '0')
           || lpad((n % {GRIDS_PER_COMMUNITY} + 1)::text, 3, '0'),
       'bench ' || n, 'B', 'none', 'foot', '2026-01-01' FROM generate_series(0, :inspectors - 1) n""",
    f"""
INSERT INTO appointment (county_code, id, inspector_id, grid_id, role, valid, version)
SELECT '{CODE}', gen_random_uuid(), md5('inspector' || n)::uuid, md5('grid' || n)::uuid, 'full_time',
       tstzrange('2026-01-01', null), 1 FROM generate_series(0, :inspectors - 1) n""",
)
SHIFTS = f"""
INSERT INTO shift (county_code, id, inspector_id, service_day, starts_at, ends_at, kind, version)
SELECT '{CODE}', gen_random_uuid(), md5('inspector' || n)::uuid, d::date,
       (d + interval '8 hours') AT TIME ZONE '{ZONE}',
       (d + interval '16 hours') AT TIME ZONE '{ZONE}',
       CASE WHEN (n + extract(day FROM d)) % 40 = 0 THEN 'leave'
           WHEN (n + extract(day FROM d)) % 20 = 1 THEN 'half_day' ELSE 'work' END, 1
  FROM generate_series(0, :inspectors - 1) n,
       generate_series(cast(:first AS timestamp), cast(:last AS timestamp), interval '1 day') d
 WHERE extract(isodow FROM d) < 6"""
DAYS = f"""
INSERT INTO patrol_day (county_code, inspector_id, service_day, area_id, input_version, folded_version, folded_at,
                        heard)
SELECT '{CODE}', md5('inspector' || n)::uuid, d::date, md5('community' || n / {GRIDS_PER_COMMUNITY})::uuid, 1, 1, now(),
       CASE WHEN extract(isodow FROM d) < 6
            THEN cast((cast(:heard AS text[]))[1 + (n * 31 + extract(day FROM d)::int * 7) % {PATTERNS}]
                 AS bit(1440)) END
  FROM generate_series(0, :inspectors - 1) n,
       generate_series(cast(:first AS timestamp), cast(:last AS timestamp), interval '1 day') d
 ORDER BY 3, 2"""
# Numbers of an ordinary day, some too short, some within the error of the threshold, some of which nothing came.
FIGURES = """
INSERT INTO day_figures (county_code, inspector_id, service_day, area_id, status, input_version, fold_version,
    rule_version, grid_versions, computed_at, figures, presence, prorate, online_s, patrol_s, distance_m,
    distance_low_m, distance_high_m, in_grid_distance_m, fixes, online_share)
WITH {more} f AS (
    SELECT p.county_code, p.inspector_id, p.service_day, p.area_id,
           coalesce(s.presence, 'not_expected') AS presence, coalesce(s.prorate, 0) AS prorate,
           CASE WHEN r.heard THEN (r.online * 26000)::int ELSE 0 END AS online_s,
           CASE WHEN r.heard THEN (r.online * 24000)::int ELSE 0 END AS patrol_s,
           round(CASE WHEN r.heard THEN r.metres * 6000 ELSE 0 END::numeric, 1) AS distance_m,
           round(CASE WHEN r.heard THEN r.metres * 5760 ELSE 0 END::numeric, 1) AS distance_low_m,
           round(CASE WHEN r.heard THEN r.metres * 6240 ELSE 0 END::numeric, 1) AS distance_high_m,
           round(CASE WHEN r.heard THEN r.metres * 5400 ELSE 0 END::numeric, 1) AS in_grid_distance_m,
           CASE WHEN r.heard THEN 2880 ELSE 0 END AS fixes,
           CASE WHEN r.heard THEN round(r.online::numeric, 4) ELSE 0 END AS online_share
      FROM patrol_day p
      LEFT JOIN LATERAL (
          SELECT CASE WHEN k.prorate > 0 THEN 'expected' ELSE 'excused' END AS presence, k.prorate
            FROM shift x JOIN day_kind k ON k.code = x.kind
           WHERE x.county_code = p.county_code AND x.inspector_id = p.inspector_id
             AND x.starts_at >= p.service_day::timestamp AT TIME ZONE '{zone}'
             AND x.starts_at < (p.service_day + 1)::timestamp AT TIME ZONE '{zone}') s ON true
      CROSS JOIN LATERAL (SELECT 0.4 + 0.6 * random() AS online, 0.3 + 0.7 * random() AS metres,
                                 p.heard IS NOT NULL AND random() > 0.03 AS heard) r
     WHERE p.county_code = :code
)
SELECT f.county_code, f.inspector_id, f.service_day, f.area_id, {status}, 1, :fold_version, t.version, '[]', now(),
       cast(:document AS jsonb), f.presence, f.prorate, f.online_s, f.patrol_s, f.distance_m, f.distance_low_m,
       f.distance_high_m, f.in_grid_distance_m, f.fixes, f.online_share
  FROM f CROSS JOIN t"""


@dataclass(frozen=True, slots=True)
class MadeCounty:
    """What was made."""

    inspectors: int
    days: int
    working_days: int


async def make_county(database: Database, inspectors: int) -> MadeCounty:
    """Makes the county and its month, and lets the database know its tables."""
    communities = -(-inspectors // GRIDS_PER_COMMUNITY)
    sizes = {
        "code": CODE,
        "county": COUNTY,
        "inspectors": inspectors,
        "communities": communities,
        "towns": -(-communities // COMMUNITIES_PER_TOWN),
        "first": FIRST,
        "last": LAST,
        "heard": _heard_patterns(),
    }
    async with database.transaction() as session:
        for statement in (*AREAS, *PEOPLE, SHIFTS, DAYS):
            await _run(session, statement, sizes)
        await _assess(session)
        await _store_figures(session)
        await note_periods(session, CODE, FIRST, LAST)
        found = (
            await session.execute(
                text(
                    "SELECT count(*), (SELECT count(*) FROM shift WHERE county_code = :code) FROM day_figures"
                ),
                {"code": CODE},
            )
        ).one()
    await _vacuum(database)
    return MadeCounty(inspectors, *found)


async def _run(session: AsyncSession, statement: str, sizes: dict[str, Any]) -> None:
    prepared = text(statement)
    await session.execute(prepared, {name: sizes[name] for name in prepared.compile().params})


async def _assess(session: AsyncSession) -> None:
    for parameter, value in (
        (judging.LEGAL_BASIS, "bench"),
        (judging.APPROVAL_NO, "bench"),
        (judging.POLICY, "assess"),
    ):
        await set_value(
            session,
            SYSTEM,
            Decision(parameter.key, COUNTY, FIRST, None, value, "bench"),
            county_code=CODE,
            area_path=[COUNTY],
            now=utc_now(),
            today=None,
        )


async def _store_figures(session: AsyncSession) -> None:
    rules = DayRules.of((await rule_book(session)).resolve([COUNTY], FIRST))
    await session.execute(
        text(
            "INSERT INTO rule_snapshot (version, rules, taken_at) VALUES (:version, cast(:rules AS jsonb), now())"
        ),
        {"version": rules.version, "rules": orjson.dumps(rules.snapshot()).decode()},
    )
    more, thresholds = thresholds_cte("t", [rules.version], [rules])
    await session.execute(text("SELECT setseed(0.5)"))
    await session.execute(
        text(FIGURES.format(more=more, status=judged("t"), zone=ZONE.key)),
        thresholds | {"code": CODE, "fold_version": FOLD_VERSION, "document": _document(rules)},
    )


def _document(rules: DayRules) -> str:
    """A document as long as a real day's."""
    fold = fold_day(DayInputs(Fixes.concatenate([]), ()))
    judgement = judge(DayFigures.of(fold, 0.5), Thresholds(), DayKind(), PatrolPolicy(), day_over=True)
    versions = Versions(1, FOLD_VERSION, rules.version, ["330999000000001@1"])
    return orjson.dumps(
        figures_document(fold, judgement, 0.5, "work", "assess", versions, day_over=True)
    ).decode()


def _heard_patterns() -> list[str]:
    """Minutes of a handheld that speaks about once a minute from 08:00 to 16:00, with gaps of up to half an hour."""
    found = []
    for seed in range(PATTERNS):
        chance = Random(seed)
        heard = np.zeros(1440, np.int8)
        heard[480:960] = [chance.random() < 0.9 for _ in range(480)]
        for _ in range(6):
            start = chance.randrange(480, 930)
            heard[start : start + chance.randrange(2, 30)] = 0
        found.append("".join(map(str, heard.tolist())))
    return found


async def _vacuum(database: Database) -> None:
    async with database.engine.connect() as connection:
        plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await plain.execute(text("VACUUM (ANALYZE)"))
