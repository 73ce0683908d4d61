"""The folder: reads whole days, folds them, writes figures, and judges days that are over.

The fold is pure (`fold.py`); this module knows when and in which order things are read and written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit import events, metrics
from app.kit.clock import day_start
from app.kit.events import SYSTEM
from app.patrol import fold_store
from app.patrol.day_document import Versions, figures_document
from app.patrol.day_reader import DayKey, DayRecord, read_days
from app.patrol.figures import DayFold, Verdict
from app.patrol.fold import FOLD_VERSION, fold_day
from app.patrol.fold_store import FiguresRow
from app.patrol.integrity.store import FoldedTrack, note_day_signals
from app.patrol.judging import DayFigures, Judgement, PatrolPolicy, judge, online_share

SLOT_MS = 900_000
"""Online slots of a person's day: a quarter of an hour, as the roll-ups of an area."""


@dataclass(frozen=True, slots=True)
class FoldedDay:
    """A day as it stands: what was read, its fold, its judgement and the document of its figures."""

    record: DayRecord
    fold: DayFold
    judgement: Judgement
    is_over: bool
    figures: dict[str, Any]

    @property
    def key(self) -> DayKey:
        """Whose day, and which."""
        return self.record.key

    @property
    def area_id(self) -> UUID:
        """Where it counts."""
        return self.record.area_id


def fold_record(record: DayRecord, *, now: datetime, zone: ZoneInfo) -> FoldedDay:
    """Folds and judges one day as read. Pure but for `now`, which only tells whether the day is over."""
    fold = fold_day(record.inputs)
    is_over = now >= _over_at(record, zone)
    share = _online_share(record, fold)
    judgement = judge(
        DayFigures.of(fold, share),
        record.rules.thresholds,
        record.kind,
        PatrolPolicy(record.rules.policy),
        day_over=is_over,
    )
    versions = Versions(record.input_version, FOLD_VERSION, record.rules.version, record.grid_versions)
    figures = figures_document(
        fold, judgement, share, record.kind.code, record.rules.policy, versions, day_over=is_over
    )
    return FoldedDay(record, fold, judgement, is_over, figures)


async def fold_days(
    session: AsyncSession, keys: Sequence[DayKey], *, now: datetime, zone: ZoneInfo
) -> dict[DayKey, FoldedDay]:
    """Folds the days of `keys` and stores their figures; a finished day gets a judgement, or a revision of it."""
    records = await read_days(session, keys, zone)
    folded = {key: fold_record(record, now=now, zone=zone) for key, record in sorted(records.items())}
    metrics.FOLDED.inc(len(folded))
    await store_days(session, list(folded.values()), now=now)
    return folded


async def store_days(
    session: AsyncSession, days: Sequence[FoldedDay], *, now: datetime, reason: str | None = None
) -> None:
    """Stores figures, judgements and signals of folded days; `reason`: why they were judged again, if by hand."""
    current = await fold_store.store_figures(session, [_row(day, now) for day in days])
    finished = [day for day in days if day.key in current and day.is_over]
    await _judge(session, finished, now, reason)
    await note_day_signals(
        session, [FoldedTrack(d.record.key, d.record.area_id, d.fold) for d in finished], now=now
    )


async def _judge(session: AsyncSession, days: Sequence[FoldedDay], now: datetime, reason: str | None) -> None:
    """Adds a judgement where there is none, or where the figures differ from the latest one."""
    latest = await fold_store.latest_judgements(session, [day.record.key for day in days])
    new: list[tuple[FoldedDay, int]] = []
    for day in days:
        revision, figures = latest.get(day.record.key, (0, None))
        if figures is None or substance(figures) != substance(day.figures):
            new.append((day, revision + 1))
    await fold_store.keep_rules(
        session, {d.record.rules.version: d.record.rules.snapshot() for d, _ in new}, now
    )
    await fold_store.insert_judgements(session, [(_row(day, now), revision) for day, revision in new])
    for day, revision in new:
        key = day.record.key
        await events.record(
            session,
            SYSTEM,
            "patrol_day.judged" if revision == 1 else "patrol_day.revised",
            ("inspector", key.inspector_id),
            {
                "service_day": key.service_day.isoformat(),
                "revision": revision,
                "status": day.judgement.status,
                "distance_m": day.figures["distance_m"],
                "patrol_s": day.figures["patrol_s"],
                **({} if reason is None else {"reason": reason}),
            },
            county_code=key.county_code,
            now=now,
            area_id=day.record.area_id,
        )


def substance(figures: dict[str, Any]) -> dict[str, Any]:
    """Figures without the versions they were computed with: a new version alone is no revision."""
    return {name: value for name, value in figures.items() if name != "versions"}


def _over_at(record: DayRecord, zone: ZoneInfo) -> datetime:
    """A service day is over at midnight, or when its last window on duty ends after that."""
    midnight = day_start(record.key.service_day + timedelta(days=1), zone)
    last_end_ms = max((w.end_ms for w in record.windows), default=0)
    return max(midnight, datetime.fromtimestamp(last_end_ms / 1000, midnight.tzinfo))


def _online_share(record: DayRecord, fold: DayFold) -> float | None:
    on_duty = fold.fixes.at_ms[fold.verdicts != Verdict.OUTSIDE_DUTY]
    beats = record.inputs.beats_ms
    work = [
        np.arange(w.start_ms, w.end_ms, record.rules.fold.online_gap_s * 1000) for w in record.inputs.work
    ]
    signals = np.unique(np.concatenate([on_duty, beats, *work]))
    planned = [(w.start_ms, w.end_ms) for w in record.windows if not w.voluntary]
    return online_share(signals, planned, slot_ms=SLOT_MS, fresh_ms=record.rules.fold.online_gap_s * 1000)


def _row(day: FoldedDay, now: datetime) -> FiguresRow:
    record = day.record
    return FiguresRow(
        *record.key,
        area_id=record.area_id,
        status=day.judgement.status,
        input_version=record.input_version,
        fold_version=FOLD_VERSION,
        rule_version=record.rules.version,
        grid_versions=list(record.grid_versions),
        figures=day.figures,
        at=now,
        presence=record.kind.presence,
        prorate=record.kind.prorate,
    )
