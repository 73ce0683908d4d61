"""Comparing a county's day: who moved as one, and who repeats a track of that or an earlier day."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from app.patrol.day_reader import DayKey
from app.patrol.fixes import Fixes, Int64s
from app.patrol.fold_rules import FoldRules
from app.patrol.integrity import print_store
from app.patrol.integrity.limits import IntegrityLimits
from app.patrol.integrity.meetings import Minutes, find_meetings, minutes_of
from app.patrol.integrity.paths import Path, path_of
from app.patrol.integrity.print_store import ComparedDay, PrintRow
from app.patrol.integrity.prints import print_of, shared_prints
from app.patrol.integrity.replays import find_replay
from app.patrol.integrity.signals import CROSS_KINDS, Counterpart, Signal
from app.patrol.integrity.store import Findings, keep, limits_of
from app.patrol.integrity.tracks import stream_tracks
from app.patrol.integrity.twins import find_twins
from app.rules import service as rules
from app.rules.catalogue import fold as fold_catalogue
from app.rules.catalogue.judging import FIXES_PER_DAY_MAX


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """What is kept of each track while a day is compared."""

    day: ComparedDay
    minutes: Minutes
    prints: Int64s


async def compare_day(session: AsyncSession, county_code: str, service_day: date, *, now: datetime) -> int:
    """Compares all tracks of a county's day and keeps its `replayed_track` and `twin_devices`; returns changes.

    Tracks are read once into prints and positions a minute; whole tracks again only for the pairs that those
    name.
    """
    days = await print_store.list_days(session, county_code, service_day)
    limits = await limits_of(session, [(day.area_id, service_day) for day in days])
    reader = await _Reader.of(session, county_code, service_day)
    nothing = np.empty(0, np.int64)
    compared = [_Compared(day, minutes_of(nothing, nothing, nothing), nothing) for day in days]
    index = {day.inspector_id: i for i, day in enumerate(days)}
    async for inspector_id, fixes in reader.tracks(service_day, list(index)):
        i = index[inspector_id]
        path = path_of(fixes.at_ms, fixes.lon_e7, fixes.lat_e7)
        compared[i] = _Compared(days[i], minutes_of(fixes.at_ms, fixes.lon_e7, fixes.lat_e7), print_of(path))
    found: list[list[Signal]] = [[] for _ in days]
    _find_twins(compared, limits, service_day, found)
    await _find_replays(session, reader, compared, limits, service_day, found)
    await print_store.keep_prints(session, county_code, service_day, [(c.day, c.prints) for c in compared])
    findings = [
        Findings(DayKey(county_code, c.day.inspector_id, service_day), c.day.area_id, signals)
        for c, signals in zip(compared, found, strict=True)
    ]
    return await keep(session, findings, CROSS_KINDS, now=now)


def _find_twins(
    compared: Sequence[_Compared],
    limits: dict[UUID, IntegrityLimits],
    service_day: date,
    found: Sequence[list[Signal]],
) -> None:
    if not limits:
        return
    tracks = [c.minutes for c in compared]
    least = min(each.twin_min_minutes for each in limits.values())
    most = max(each.twin_group_max for each in limits.values())
    for a, b in find_meetings(tracks, least, most):
        for own, other in ((a, b), (b, a)):
            twins = find_twins(tracks[own], tracks[other], limits[compared[own].day.area_id])
            if twins is not None:
                counterpart = Counterpart(compared[other].day.inspector_id, service_day)
                found[own].append(Signal("twin_devices", *twins, counterpart))


async def _find_replays(
    session: AsyncSession,
    reader: "_Reader",
    compared: Sequence[_Compared],
    limits: dict[UUID, IntegrityLimits],
    service_day: date,
    found: Sequence[list[Signal]],
) -> None:
    back = max((each.replay_days_back for each in limits.values()), default=0)
    since, until = service_day - timedelta(days=back), service_day + timedelta(days=back)
    others = await print_store.list_prints(session, reader.county_code, since, until, without=service_day)
    same_day = [PrintRow(service_day, c.day.inspector_id, c.prints) for c in compared]
    earlier = [row for row in others if row.service_day < service_day] + same_day
    own = [c.prints for c in compared]
    for a, b, _ in shared_prints(own, [row.prints for row in earlier]):
        row, day = earlier[b], compared[a].day
        if (row.service_day, row.inspector_id) == (service_day, day.inspector_id):
            continue
        mine, theirs = await reader.paths(
            (day.inspector_id, service_day), (row.inspector_id, row.service_day)
        )
        replay = find_replay(mine, theirs, limits[day.area_id])
        # of two equal tracks of one day the later one is the repetition
        if replay is None or (row.service_day == service_day and replay[1]["shift_s"] > 0):
            continue
        found[a].append(Signal("replayed_track", *replay, Counterpart(row.inspector_id, row.service_day)))
    later = [row for row in others if row.service_day > service_day]
    again = {later[b] for _, b, _ in shared_prints(own, [row.prints for row in later])}
    await print_store.forget(session, reader.county_code, again)


class _Reader:
    """Reads the tracks of one county by the rules of a day; keeps the last few paths."""

    KEPT = 50

    def __init__(self, session: AsyncSession, county_code: str, rules_: FoldRules, most: int) -> None:
        self.county_code = county_code
        self._session, self._rules, self._most = session, rules_, most
        self._kept: dict[tuple[UUID, date], Fixes] = {}

    @classmethod
    async def of(cls, session: AsyncSession, county_code: str, day: date) -> "_Reader":
        """With what applies everywhere on `day`."""
        resolved = await rules.resolve(session, (), day)
        filled = resolved.fill(FoldRules, fold_catalogue.PREFIX)
        return cls(session, county_code, filled, resolved[FIXES_PER_DAY_MAX])

    def tracks(self, day: date, inspectors: Sequence[UUID]) -> AsyncIterator[tuple[UUID, Fixes]]:
        """Fixes of each inspector."""
        return stream_tracks(self._session, self.county_code, day, inspectors, self._rules, self._most)

    async def paths(self, one: tuple[UUID, date], other: tuple[UUID, date]) -> tuple[Path, Path]:
        """Two tracks as paths with one origin."""
        a, b = await self._fixes(one), await self._fixes(other)
        origin = (int(a.lon_e7[0]), int(a.lat_e7[0])) if len(a) else (0, 0)
        first, second = (path_of(f.at_ms, f.lon_e7, f.lat_e7, origin) for f in (a, b))
        return first, second

    async def _fixes(self, whose: tuple[UUID, date]) -> Fixes:
        if whose not in self._kept:
            if len(self._kept) >= self.KEPT:
                self._kept.clear()
            self._kept[whose] = Fixes.concatenate([])
            async for _, fixes in self.tracks(whose[1], [whose[0]]):
                self._kept[whose] = fixes
        return self._kept[whose]
