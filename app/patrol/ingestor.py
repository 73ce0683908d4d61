"""The ingest of one process: uploads go through the coalescing writer, answers come out as JSON."""

import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from app.identity.problems import LoginRevoked
from app.kit import metrics
from app.kit.clock import to_ms
from app.kit.db import Database
from app.kit.problems import BadRequest, Problem
from app.patrol import quarantine
from app.patrol.arrival import Arrival, read_arrival
from app.patrol.context import load_contexts
from app.patrol.door import instant_ms
from app.patrol.ingest import Answer, ingest_group
from app.patrol.online.pace import Pace
from app.patrol.problems import (
    BatchUnreadable,
    DeviceNeeded,
    IngestBusy,
    RevokedDeviceQuarantined,
    UploadsTooFrequent,
)
from app.patrol.results import PressResult, RangeResult
from app.patrol.wire import Unreadable
from app.patrol.writer import CoalescingWriter, QueueFull
from app.rules.catalogue.presence import UPLOADS_PER_MINUTE_MAX

RETRY_AFTER_S = (5, 20)
"""A full queue sends handhelds away for a random time between these."""


class DaySoFar(msgspec.Struct):
    """The holder's day as last folded; `pending` says that newer data waits."""

    service_day: str
    pending: bool
    figures: msgspec.Raw | None


class UploadAnswer(msgspec.Struct):
    """The body of a 200; `upload_schemas.UploadAnswerRead` documents it."""

    batch_id: str
    outcome: str
    results: list[RangeResult]
    presses: list[PressResult]
    beats_stored: int
    reports_stored: int
    state_refused: list[str]
    server_time: str
    clock_skew_ms: int
    next_upload_after_s: int
    config_version: str
    app_outdated: bool
    day: DaySoFar | None


class Ingestor:
    """Takes uploads. Start it with the process, close it to drain what waits."""

    def __init__(
        self,
        database: Database,
        *,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        queue_max: int,
        group_max: int,
    ) -> None:
        self._database, self._zone, self._clock = database, zone, clock
        self._writer: CoalescingWriter[Arrival, Answer | Problem] = CoalescingWriter(
            self._write, queue_max=queue_max, group_max=group_max
        )
        self._pace = Pace(time.monotonic)
        self._paces: dict[UUID, int] = {}
        self.start, self.close = self._writer.start, self._writer.close
        self.queue_share, self.is_refused = self._writer.queue_share, self._writer.is_refused

    async def take(self, county_code: str, device_id: UUID, login_id: UUID, body: bytes) -> bytes:
        """Stores one upload and returns the JSON answer, after its commit. Raises a Problem."""
        self._keep_pace(device_id)
        try:
            arrival = read_arrival(county_code, device_id, body, login_id=login_id)
        except Unreadable as error:
            await self._keep_unreadable(county_code, device_id, login_id, body, error)
            raise _refusal(error) from error
        try:
            answer = await self._writer.submit(arrival)
        except QueueFull as error:
            metrics.BATCHES.labels("busy").inc()
            raise IngestBusy(random.randint(*RETRY_AFTER_S)) from error  # noqa: S311 - spreads retries
        if isinstance(answer, Problem):
            metrics.BATCHES.labels(answer.code).inc()
            raise answer
        metrics.BATCHES.labels("duplicate" if answer.is_repetition else "stored").inc()
        self._paces[device_id] = answer.context.rules.uploads_per_minute_max
        return self._json(arrival, answer)

    def _keep_pace(self, device_id: UUID) -> None:
        """Raises UploadsTooFrequent before anything is read or asked; by the rule of the last answer."""
        per_minute = self._paces.get(device_id, UPLOADS_PER_MINUTE_MAX.default)
        wait_s = self._pace.wait_s(device_id, per_minute)
        if wait_s:
            metrics.BATCHES.labels(UploadsTooFrequent.code).inc()
            raise UploadsTooFrequent(per_minute, wait_s)

    async def _write(self, arrivals: Sequence[Arrival]) -> Sequence[Answer | Problem]:
        async with self._database.transaction() as session:
            return await ingest_group(session, arrivals, now=self._clock(), zone=self._zone)

    async def _keep_unreadable(
        self, county_code: str, device_id: UUID, login_id: UUID, body: bytes, error: Unreadable
    ) -> None:
        now = self._clock()
        key = (county_code, device_id)
        async with self._database.transaction() as session:
            today = now.astimezone(self._zone).date()
            contexts = await load_contexts(session, [key], [(county_code, login_id)], today=today)
            context = contexts.get(key)
            if context is None:
                raise DeviceNeeded
            if login_id in context.ended_logins and not context.is_revoked:
                raise LoginRevoked
            row = quarantine.quarantine_row(
                county_code, context.area_id, device_id, None, "unreadable", str(error), body, now
            )
            kept = await quarantine.keep(session, [row])
        if context.is_revoked:
            raise RevokedDeviceQuarantined(quarantine_id=str(kept[device_id, row.digest]))

    def _json(self, arrival: Arrival, answer: Answer) -> bytes:
        now = self._clock()
        rules = answer.context.rules
        told = answer.result
        day = None
        if answer.service_day is not None:
            figures = answer.day.figures if answer.day else None
            day = DaySoFar(
                service_day=answer.service_day.isoformat(),
                pending=answer.day.pending if answer.day else False,
                figures=msgspec.Raw(figures.encode()) if figures else None,
            )
        return msgspec.json.encode(
            UploadAnswer(
                batch_id=str(answer.batch_id),
                outcome="duplicate" if answer.is_repetition else "stored",
                results=told.results,
                presses=told.presses,
                beats_stored=told.beats_stored,
                reports_stored=told.reports_stored,
                state_refused=told.state_refused,
                server_time=now.isoformat(),
                clock_skew_ms=instant_ms(arrival.envelope.sent_at) - to_ms(now),
                next_upload_after_s=rules.next_upload_after_s + random.randint(0, rules.upload_jitter_s),  # noqa: S311
                config_version=rules.version,
                app_outdated=rules.is_outdated(arrival.envelope.app_version),
                day=day,
            )
        )


def _refusal(error: Unreadable) -> Problem:
    if error.reason == "JSON":
        return BadRequest(reason="JSON")
    return BatchUnreadable(field=error.field or "body", reason=error.reason)
