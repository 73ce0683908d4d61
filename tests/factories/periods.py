"""A small county with random days, leaves and appointments; and what they come to, summed up slowly."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Role
from app.identity.models import Account
from tests.factories import areas, identity, staffing

ZONE = ZoneInfo("Asia/Shanghai")
STATUSES = ("pass", "fail", "review", "excused", "not_expected", "no_data", "provisional")
STORE = text("""
INSERT INTO day_figures (county_code, inspector_id, service_day, area_id, status, input_version, fold_version,
    rule_version, grid_versions, computed_at, figures, presence, prorate, online_s, patrol_s, distance_m,
    distance_low_m, distance_high_m, in_grid_distance_m, fixes, online_share)
VALUES (:county_code, :inspector_id, :service_day, :area_id, :status, 1, :fold_version, :rule_version, '[]', now(),
    cast(:figures AS jsonb), :presence, :prorate, :online_s, :patrol_s, :distance_m, :distance_low_m,
    :distance_high_m, :in_grid_distance_m, :fixes, :online_share)
""")
JUDGE = text("""
INSERT INTO day_judgement (county_code, inspector_id, service_day, revision, area_id, status, input_version,
    fold_version, rule_version, grid_versions, judged_at, figures)
SELECT county_code, inspector_id, service_day,
       1 + (SELECT count(*) FROM day_judgement j WHERE j.inspector_id = f.inspector_id
                AND j.service_day = f.service_day),
       area_id, status, 1, fold_version, rule_version, '[]', :at, figures
  FROM day_figures f WHERE inspector_id = :inspector_id AND service_day = :service_day
""")
KEEP = text(
    "INSERT INTO rule_snapshot (version, rules, taken_at) VALUES (:version, '{}', now()) ON CONFLICT DO NOTHING"
)


@dataclass
class Day:
    """A stored day, as the columns of `day_figures` have it."""

    inspector_id: UUID
    service_day: date
    area_id: UUID
    presence: str = "expected"
    prorate: float = 1.0
    status: str = "pass"
    online_s: int = 16_000
    patrol_s: int = 15_000
    distance_m: float = 3500.0
    in_grid_distance_m: float = 3200.0
    online_share: float | None = 0.8
    fixes: int = 1000
    rule_version: str = "rules-a"
    fold_version: int = 1

    def row(self, county_code: str) -> dict[str, Any]:
        """Parameters of STORE."""
        named = dict(vars(self)) | {
            "county_code": county_code,
            "distance_low_m": max(self.distance_m - 100, 0),
            "distance_high_m": self.distance_m + 100,
        }
        return named | {"figures": orjson.dumps(document(self)).decode()}


def document(day: Day) -> dict[str, Any]:
    """A document of figures as short as the tables need it."""
    return {
        "status": day.status,
        "online_s": day.online_s,
        "patrol_s": day.patrol_s,
        "distance_m": day.distance_m,
        "policy": "assess",
    }


async def store_day(
    session: AsyncSession, county_code: str, day: Day, *, judged_at: datetime | None = None
) -> None:
    """Stores a day's figures; judged, too, when `judged_at` is given."""
    await session.execute(KEEP, {"version": day.rule_version})
    await session.execute(STORE, day.row(county_code))
    if judged_at is not None:
        named = {"inspector_id": day.inspector_id, "service_day": day.service_day, "at": judged_at}
        await session.execute(JUDGE, named)


async def judge_again(session: AsyncSession, day: Day, status: str, *, at: datetime, **changes: Any) -> None:
    """Another revision of a stored day, with another status."""
    again = Day(**(vars(day) | changes | {"status": status}))
    named = {"inspector_id": day.inspector_id, "service_day": day.service_day}
    await session.execute(
        text(
            "UPDATE day_figures SET status = :status, online_s = :online_s, distance_m = :distance_m, "
            "figures = cast(:figures AS jsonb) WHERE inspector_id = :inspector_id AND service_day = :service_day"
        ),
        named
        | {
            "status": status,
            "online_s": again.online_s,
            "distance_m": again.distance_m,
            "figures": orjson.dumps(document(again)).decode(),
        },
    )
    await session.execute(JUDGE, named | {"at": at})


@dataclass
class Term:
    """An appointment as the reference knows it."""

    inspector_id: UUID
    grid_id: UUID
    start: datetime
    end: datetime | None


@dataclass
class Town:
    """Two communities with two grids each, three inspectors each; everything that happens to them in a month."""

    county: identity.County
    other_community: UUID
    grids: dict[UUID, UUID]
    inspectors: list[Account]
    first: date
    last: date
    days: list[Day] = field(default_factory=list)
    planned: dict[tuple[UUID, date], list[tuple[float, str]]] = field(default_factory=dict)
    terms: list[Term] = field(default_factory=list)

    @property
    def communities(self) -> list[UUID]:
        """Both."""
        return [self.county.community, self.other_community]


def at(day: date, clock: str) -> datetime:
    """An instant of a day in Shanghai."""
    return datetime.combine(day, time.fromisoformat(clock), ZONE).astimezone(UTC)


async def town(session: AsyncSession, first: date, last: date, *, county_code: str = "330921") -> Town:
    """The places and people; nothing planned yet."""
    county = await identity.county(session, county_code)
    other = await identity.area(session, county_code, "community", county.town, county.county)
    grids = {}
    for c, community in enumerate((county.community, other)):
        for g in range(2):
            code = f"3309211000{c + 1:02d}{g + 1:03d}"
            grid_id = await areas.grid(
                session, community, code, areas.square(2 * c + g), county_code=county_code
            )
            grids[grid_id] = community
    people = [
        await identity.account(session, community, Role.INSPECTOR)
        for community in (county.community, other)
        for _ in range(3)
    ]
    return Town(county, other, grids, people, first, last)


async def random_month(session: AsyncSession, made: Town, seed: int) -> None:
    """Shifts of every kind, days with and without figures, appointments that begin and end at any hour."""
    chance = random.Random(seed)
    length = (made.last - made.first).days + 1
    for inspector in made.inspectors:
        for n in range(length):
            day = made.first + timedelta(days=n)
            await _random_day(session, made, inspector, day, chance)
        for grid_id in chance.sample(list(made.grids), 2):
            start = at(
                made.first + timedelta(days=chance.randint(-20, length)), f"{chance.randint(0, 23):02d}:00"
            )
            end = None if chance.random() < 0.4 else start + timedelta(hours=chance.randint(1, 24 * 20))
            await staffing.appointment(session, inspector, grid_id, start, end)
            made.terms.append(Term(inspector.id, grid_id, start, end))
            if chance.random() < 0.5:  # the same grid in a second role, overlapping
                await staffing.appointment(session, inspector, grid_id, start, end, role="grid_head")
                made.terms.append(Term(inspector.id, grid_id, start, end))
    await session.flush()


async def _random_day(
    session: AsyncSession, made: Town, inspector: Account, day: date, chance: random.Random
) -> None:
    shifts = chance.choice(
        [[], ["work"], ["work"], ["half_day"], ["leave"], ["work", "leave"], ["training"], ["rest"]]
    )
    begin = 8
    for kind in shifts:
        hours = chance.randint(2, 5)
        await staffing.shift(
            session, inspector, at(day, f"{begin:02d}:00"), at(day, f"{begin + hours:02d}:00"), kind
        )
        made.planned.setdefault((inspector.id, day), []).append((hours, kind))
        begin += hours
    if chance.random() < 0.25:
        return  # nothing was ever heard, and nobody has noted it yet
    presence, prorate = chance.choice(
        [("expected", 1.0), ("expected", 0.5), ("excused", 0.0), ("not_expected", 0.0)]
    )
    expected = ["pass", "fail", "review", "no_data", "provisional"]
    heard = chance.random() < 0.8
    stored = Day(
        inspector.id,
        day,
        inspector.area_id if chance.random() < 0.9 else chance.choice(made.communities),
        presence,
        prorate,
        chance.choice(expected) if presence == "expected" else presence,
        chance.randint(0, 20_000) if heard else 0,
        chance.randint(0, 20_000) if heard else 0,
        round(chance.uniform(0, 6000), 1) if heard else 0.0,
        round(chance.uniform(0, 3000), 1) if heard else 0.0,
        round(chance.random(), 4) if heard else None,
        chance.randint(1, 3000) if heard else 0,
        chance.choice(["rules-a", "rules-b"]),
        chance.choice([1, 2]),
    )
    made.days.append(stored)
    await store_day(session, inspector.county_code, stored)


def all_days(made: Town, kinds: dict[str, Any], last: date) -> list[Day]:
    """Stored days and planned ones without a row, up to `last`."""
    stored = {(d.inspector_id, d.service_day) for d in made.days}
    home = {a.id: a.area_id for a in made.inspectors}
    found = [d for d in made.days if made.first <= d.service_day <= last]
    for (inspector_id, day), shifts in made.planned.items():
        counted = [(h, kinds[k]) for h, k in shifts if kinds[k].expects_presence or kinds[k].excuses]
        if (inspector_id, day) in stored or not counted or not made.first <= day <= last:
            continue
        prorate = round(sum(h * k.prorate for h, k in counted) / sum(h for h, _ in counted), 3)
        presence = "expected" if prorate > 0 else "excused"
        found.append(
            Day(
                inspector_id,
                day,
                home[inspector_id],
                presence,
                prorate,
                "provisional",
                0,
                0,
                0.0,
                0.0,
                None,
                0,
                "",
                0,
            )
        )
    return found


def served(made: Town, grid_id: UUID, day: Day) -> bool:
    """Whether the day's inspector was appointed to the grid at some moment of the day."""
    begins, ends = at(day.service_day, "00:00"), at(day.service_day + timedelta(days=1), "00:00")
    return any(
        t.inspector_id == day.inspector_id
        and t.grid_id == grid_id
        and t.start < ends
        and (t.end is None or t.end > begins)
        for t in made.terms
    )


def summed(days: Iterable[Day], standing: dict[tuple[UUID, date], str]) -> dict[str, Any]:
    """The obvious sums over days, one at a time."""
    days = list(days)
    expected = [d for d in days if d.presence == "expected"]
    whole = sum(round(d.prorate * 1000) for d in expected) / 1000
    result: dict[str, Any] = {
        "inspectors": len({d.inspector_id for d in expected}),
        "expected_days": len(expected),
        "expected_whole_days": whole,
        "walked_days": sum(d.fixes > 0 for d in expected),
        "online_s": sum(d.online_s for d in expected),
        "distance_m": round(sum(d.distance_m for d in expected), 1),
        "rule_versions": sorted({d.rule_version for d in days if d.rule_version}),
        "fold_versions": sorted({d.fold_version for d in days if d.fold_version}),
    }
    for status in STATUSES:
        result[f"raw_{status}"] = sum(d.status == status for d in days)
        result[f"standing_{status}"] = sum(
            standing.get((d.inspector_id, d.service_day), d.status) == status for d in days
        )
    judged = sum(result[f"standing_{s}"] for s in ("pass", "fail", "review", "no_data"))
    result["pass_share"] = result["standing_pass"] / judged if judged else None
    result["average_online_s"] = result["online_s"] / whole if whole else None
    result["average_distance_m"] = result["distance_m"] / whole if whole else None
    shares = [d.online_share for d in expected if d.online_share is not None]
    result["online_share"] = sum(shares) / len(shares) if shares else None
    return result
