"""Replaying walks: who walks them where and when, then sent as a handheld sends them, then judged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.handheld.activated import Handheld
from app.kit.clock import from_ms, to_ms
from app.kit.ids import DEMO_GRID, DEMO_INSPECTOR
from app.replay.batches import Batch, CoordSys, cut
from app.replay.office import Office, UnknownThere
from app.replay.relocation import FITS, Grid, Spot, best_spot, choose_spot, extent_m, relocated
from app.replay.timing import DAYS_TRIED, DayUnusable, duty_windows, fitted, own_day, past_days
from app.replay.walk import Walk

Say = Callable[[str], None]
Progress = Callable[[int, int], None]
"""Told how many fixes of how many are sent."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for. `inspector` is an id, a user name or a grid code; None: the demo's."""

    relocate: bool = False
    inspector: str | None = None
    day: date | None = None
    add: bool = False
    coord_sys: CoordSys = "wgs84"


@dataclass(slots=True)
class Refusal:
    """A run of fixes that the service did not store, and why. `first` and `last` count from the walk's start."""

    disposition: str
    reason: str | None
    first: int
    last: int
    first_at_ms: int
    last_at_ms: int

    @property
    def fixes(self) -> int:
        """How many."""
        return self.last - self.first + 1


@dataclass(slots=True)
class Uploads:
    """What became of the batches of one walk. `repeated` were stored by an earlier replay already."""

    batches: int = 0
    repeated: int = 0
    fixes: int = 0
    stored: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    missing_receipts: int = 0
    retries: int = 0

    @property
    def refused(self) -> int:
        """Fixes that were not stored."""
        return sum(each.fixes for each in self.refusals)

    def take(self, batch: Batch, answer: Mapping[str, Any]) -> None:
        """Counts the answer to the walk's next batch."""
        for run in answer["results"]:
            if run["disposition"] == "stored":
                self.stored += run["last"] - run["first"] + 1
                continue
            times = (batch.fixes[run[end]]["recorded_at"] for end in ("first", "last"))
            places = (self.fixes + run[end] for end in ("first", "last"))
            self._refuse(Refusal(run["disposition"], run["reason"], *places, *times))
        self.batches += 1
        self.repeated += answer["outcome"] == "duplicate"
        self.fixes += len(batch.fixes)

    def _refuse(self, new: Refusal) -> None:
        last = self.refusals[-1] if self.refusals else None
        if (
            last
            and last.last + 1 == new.first
            and (last.disposition, last.reason) == (new.disposition, new.reason)
        ):
            last.last, last.last_at_ms = new.last, new.last_at_ms
        else:
            self.refusals.append(new)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A replayed walk: what was sent, and the day as the service judged it (its explanation)."""

    walk: Walk
    spot: Spot | None
    inspector_id: str
    service_day: date
    uploads: Uploads
    explained: dict[str, Any] | None
    faults: tuple[str, ...]
    """What is not as it should be: refused fixes, missing receipts, a day that was not judged."""


@dataclass(frozen=True, slots=True)
class _Plan:
    walk: Walk
    day: date
    batches: list[Batch]


class Replay:
    """One inspector's handheld replaying walks, one after the other."""

    def __init__(
        self, office: Office, handheld: Handheld, wanted: Wanted, *, zone: ZoneInfo, now: datetime, say: Say
    ) -> None:
        self._office, self._handheld, self._wanted = office, handheld, wanted
        self._zone, self._now, self._say = zone, now, say
        self._config: dict[str, Any] = {}

    async def prepare(self, walks: Sequence[Walk]) -> list[tuple[Walk, Spot | None]]:
        """Picks inspector and place, activates the handheld; the walks where they will be walked."""
        day = self._wanted.day or self._today - timedelta(days=1)
        noon = datetime.combine(day, datetime.min.time(), self._zone) + timedelta(hours=12)
        if not self._wanted.relocate:
            name = self._wanted.inspector or str(DEMO_INSPECTOR)
            inspector = await self._office.find_inspector(name, day, noon)
            placed: list[tuple[Walk, Spot | None]] = [(walk, None) for walk in walks]
        else:
            largest = max(walks, key=extent_m)
            if self._wanted.inspector is not None:
                inspector = await self._office.find_inspector(self._wanted.inspector, day, noon)
                grids = await self._office.own_grids(inspector["id"], day, noon)
                grid = self._require(
                    grids, largest, f"{inspector['display_name']} serves no grid with a polygon"
                )
            else:
                grids = await self._office.grids(day)
                grid = self._require(grids, largest, "there is no grid with a polygon")
                inspector = await self._office.inspector_of(grid, noon)
            placed = [self._placed(walk, grid) for walk in walks]
        self._say(f"{inspector['display_name']} ({inspector['username']}) walks; activating the handheld …")
        await self._handheld.activate(await self._office.activation_for(inspector))
        self._config = await self._handheld.config()
        return placed

    async def replay(
        self, walk: Walk, spot: Spot | None, progress: Progress, before: date | None = None
    ) -> Outcome:
        """Sends one walk and reads its day. `before`: only a day before this one will do.

        Raises DayUnusable, Refused or Unreachable.
        """
        plan = await self._plan(walk, before)
        retries = self._handheld.retries
        uploads = Uploads()
        progress(0, len(plan.walk))
        for batch in plan.batches:
            body = batch.body(to_ms(self._now), self._config["config_version"])
            uploads.take(batch, await self._handheld.upload(body))
            progress(uploads.fixes, len(plan.walk))
        ids = [batch.id for batch in plan.batches]
        uploads.missing_receipts = len(ids) - len(await self._handheld.receipts(ids))
        explained = await self._handheld.explained_day(plan.day)
        uploads.retries = self._handheld.retries - retries
        return Outcome(
            plan.walk,
            spot,
            self._handheld.inspector_id,
            plan.day,
            uploads,
            explained,
            tuple(self._faults(plan, uploads, explained)),
        )

    @property
    def _today(self) -> date:
        return self._now.astimezone(self._zone).date()

    def _require(self, grids: Sequence[Grid], walk: Walk, otherwise: str) -> Grid:
        if not grids:
            raise UnknownThere(f"{otherwise}, so no walk can be moved there")
        return choose_spot(walk, grids, preferred_id=str(DEMO_GRID)).grid

    def _placed(self, walk: Walk, grid: Grid) -> tuple[Walk, Spot]:
        spot = best_spot(walk, grid)
        moved = relocated(walk, spot.longitude, spot.latitude)
        if spot.share < FITS:
            note = f"the walk is larger than grid {grid.code}: {spot.share:.0%} of it lies inside"
            moved = replace(moved, notes=(*moved.notes, note))
        return moved, spot

    async def _plan(self, walk: Walk, before: date | None) -> _Plan:
        wanted = self._wanted
        if before is None and wanted.day is not None:
            return await self._plan_on(walk, wanted.day)
        if wanted.relocate or wanted.day is not None:
            return await self._plan_before(walk, before or self._today)
        day = own_day(walk, self._zone, self._now, self._config["too_old_days"])
        plan = _Plan(walk, day, cut(walk, self._handheld.inspector_id, day, wanted.coord_sys))
        return await self._unmixed(plan, await self._handheld.explained_day(day))

    async def _plan_on(self, walk: Walk, day: date) -> _Plan:
        """On the day that was asked for, or not at all."""
        if day > self._today:
            raise DayUnusable(f"{day} is in the future; nobody has walked then")
        if (self._today - day).days > self._config["too_old_days"]:
            raise DayUnusable(f"{day} is too long ago: the service takes {self._config['too_old_days']} days")
        explained = await self._handheld.explained_day(day)
        plan = self._fit(walk, day, explained)
        if plan is None:
            raise DayUnusable(f"the inspector is not on duty on {day}; --on takes another day")
        end_at = from_ms(int(plan.walk.times_ms[-1]))
        if end_at > self._now:
            raise DayUnusable(
                f"on {day} the walk would end at {end_at.astimezone(self._zone):%H:%M}, in the future; "
                "take an earlier day"
            )
        return await self._unmixed(plan, explained)

    async def _plan_before(self, walk: Walk, before: date) -> _Plan:
        """On the last working day before `before` that is empty, or holds this very walk already."""
        oldest = self._today - timedelta(days=min(self._config["too_old_days"] - 1, DAYS_TRIED))
        span = {"from": oldest.isoformat(), "to": self._today.isoformat()}
        calendar = (await self._handheld.get("/calendar", **span))["days"]
        for day in past_days(calendar, before):
            explained = await self._handheld.explained_day(day)
            plan = self._fit(walk, day, explained)
            if plan is None:
                continue
            if self._wanted.add or not _fixes_in(explained) or await self._is_known(plan):
                return plan
            self._say(
                f"{day} holds another walk already ({_fixes_in(explained)} fixes); trying an earlier day."
            )
        raise DayUnusable(
            f"no free working day on duty between {oldest} and {before}; --on DAY --add puts it beside another walk"
        )

    def _fit(self, walk: Walk, day: date, explained: dict[str, Any] | None) -> _Plan | None:
        windows = duty_windows(explained) if explained else []
        if not windows:
            return None
        moved = fitted(walk, windows)
        return _Plan(moved, day, cut(moved, self._handheld.inspector_id, day, self._wanted.coord_sys))

    async def _unmixed(self, plan: _Plan, explained: dict[str, Any] | None) -> _Plan:
        found = _fixes_in(explained)
        if found and not self._wanted.add and not await self._is_known(plan):
            raise DayUnusable(
                f"{plan.day} holds {found} fixes of another walk; --add puts this one beside it, "
                "--on takes another day"
            )
        return plan

    async def _is_known(self, plan: _Plan) -> bool:
        return bool(await self._handheld.receipts([batch.id for batch in plan.batches]))

    def _faults(self, plan: _Plan, uploads: Uploads, explained: dict[str, Any] | None) -> list[str]:
        faults = []
        if uploads.refused:
            faults.append(f"{uploads.refused} of {uploads.fixes} fixes were not stored")
        if uploads.missing_receipts:
            faults.append(f"{uploads.missing_receipts} batches have no receipt")
        if explained is None:
            faults.append(f"the service knows no day {plan.day}")
        elif self._stays_in_day(plan) and not self._wanted.add and _fixes_in(explained) < uploads.stored:
            faults.append(f"{uploads.stored} fixes were stored, the day counts {_fixes_in(explained)}")
        return faults

    def _stays_in_day(self, plan: _Plan) -> bool:
        times = plan.walk.times_ms
        return all(from_ms(int(t)).astimezone(self._zone).date() == plan.day for t in (times[0], times[-1]))


def _fixes_in(explained: dict[str, Any] | None) -> int:
    if explained is None:
        return 0
    return int(explained["figures"]["fixes"]) + int(explained["fixes_outside_duty"])
