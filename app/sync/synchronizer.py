"""What a process has of sync: answers pushes and pulls as bytes, from memory where nothing is new."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import orjson
from sqlalchemy.exc import DBAPIError

from app.exchange.items import Result, Take
from app.exchange.receiving import is_deadlock
from app.exchange.sources import Source
from app.identity import queries
from app.identity.verified import Claims
from app.kit import metrics
from app.kit.crypto import Vault
from app.kit.db import Database
from app.kit.partitions import MonthMissing
from app.kit.problems import BadRequest
from app.patrol.online.pace import Pace
from app.patrol.problems import DeviceNeeded, RevokedDeviceQuarantined, UploadsTooFrequent
from app.rules.catalogue.presence import UPLOADS_PER_MINUTE_MAX
from app.sync import cursor, wire
from app.sync.cursor import Position, areas_digest
from app.sync.follower import Follower
from app.sync.heard import Heard
from app.sync.kinds import SOURCES, TAKERS
from app.sync.problems import PushTooLong, PushUnreadable
from app.sync.pulling import Page, next_page
from app.sync.pushing import Pushed, Tools, take_push
from app.sync.scopes import scope_of

ATTEMPTS = 5
PUSH_PATH = "/api/v1/sync/push"


class _Idle(msgspec.Struct):
    """The answer to a pull when nothing is new."""

    cursor: str
    head: int
    urgent: bool
    objects: tuple[()] = ()
    gone: tuple[()] = ()
    left_grids: tuple[()] = ()
    reset: bool = False
    more: bool = False


_encode = msgspec.json.Encoder().encode


class Synchronizer:
    """Start it with the process, close it with it. vault: asked for when first needed."""

    def __init__(
        self,
        database: Database,
        *,
        vault: Callable[[], Vault],
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        takers: Mapping[str, Take] = TAKERS,
        sources: Sequence[Source] = SOURCES,
    ) -> None:
        self._database, self._vault, self._zone, self._clock = database, vault, zone, clock
        self._takers, self._sources = takers, sources
        self._pace = Pace(time.monotonic)
        self._paces: dict[UUID, int] = {}
        followed = {type_ for source in sources for type_ in source.subject_types}
        self.follower = Follower(database, followed)
        self.heard = Heard(database)

    @property
    def tools(self) -> Tools:
        """What this process takes items with."""
        return Tools(self._takers, self._vault(), self._zone)

    def start(self) -> None:
        """Begins to follow the feed, and to note who was heard."""
        self.follower.start()
        self.heard.start()

    async def close(self) -> None:
        """Stops both."""
        await self.follower.close()
        await self.heard.close()

    async def push(
        self, claims: Claims, body: bytes, content_type: str, *, language: str, seq: int | None
    ) -> bytes:
        """Takes a push; its answer, after the commit. seq: head of the sender's last pull. Raises a Problem."""
        if claims.device_id is None:
            raise DeviceNeeded
        self._keep_pace(claims.device_id)
        push = _read(body, content_type)
        pushed = await self._take(claims, push, body)
        if pushed.quarantine_id is not None:
            raise RevokedDeviceQuarantined(quarantine_id=str(pushed.quarantine_id))
        self._paces[claims.device_id] = pushed.per_minute
        self.heard.pushed(claims.county_code, claims.device_id, self._clock())
        ignored = push.ignored_fields + sum(r.told.get("ignored_fields", 0) for _, r in pushed.results)
        metrics.IGNORED_FIELDS.inc(ignored)
        return orjson.dumps(
            {
                "results": [told_of(n, id_, r, language) for n, (id_, r) in enumerate(pushed.results)],
                "head": pushed.head,
                "urgent": seq is not None and self.is_urgent(claims, seq),
                "ignored_fields": ignored,
                "clock_offset_ms": pushed.clock_offset_ms,
                "server_time": self._clock().isoformat(timespec="milliseconds"),
            },
            default=str,
        )

    async def pull(self, claims: Claims, text: str | None, limit: int) -> bytes:
        """The answer to a pull from the cursor `text`, None for the first. Raises a Problem."""
        if claims.device_id is None:
            raise DeviceNeeded
        position = None if text is None else cursor.decode(text)
        here = None if position is None else self._idle(claims, position)
        if here is not None:
            metrics.PULLS.labels("memory").inc()
            self.heard.pulled(claims.county_code, claims.device_id, here.head, self._clock())
            return _encode(here)
        metrics.PULLS.labels("database").inc()
        heeded = self.follower.admissions.heeded
        async with self._database.transaction() as session:
            actor = await queries.get_actor(session, claims)
            today = self._clock().astimezone(self._zone).date()
            scope = await scope_of(session, actor, today=today, zone=self._zone)
            page = await next_page(session, scope, position, limit, self._sources)
        self.follower.admissions.admit(claims.login_id, claims.device_id, scope, asked_at=heeded)
        seq = page.position.seq if page.position.load is None else None  # not all of it is told yet
        self.heard.pulled(claims.county_code, claims.device_id, seq, self._clock())
        urgent = self.follower.is_urgent(claims.county_code, scope, page.position.seq)
        return orjson.dumps(_told(page, urgent), default=str)

    def is_urgent(self, claims: Claims, seq: int) -> bool:
        """Whether something after `seq` asks this handheld for a pull now; from memory, so at most a hint."""
        scope = self.follower.admissions.last_known(claims.login_id)
        return self.follower.is_urgent(claims.county_code, scope, seq)

    def _idle(self, claims: Claims, position: Position) -> _Idle | None:
        """The answer from memory when nothing is new; None: ask the database."""
        head = self.follower.head(claims.county_code)
        if head is None or position.load is not None or not head.knows(position.seq, position.mark):
            return None
        today = self._clock().astimezone(self._zone).date()
        scope = self.follower.admissions.find(claims.login_id, today)
        if (
            scope is None
            or position.day != today
            or position.inspector_id != scope.inspector_id
            or position.county_code != scope.county_code
            or position.grid_ids != scope.grid_ids
            or position.areas != areas_digest(scope)
            or not head.is_idle(scope, position.seq)
        ):
            return None
        here = replace(position, seq=head.seq, mark=head.mark)
        return _Idle(cursor.encode(here), head.seq, head.is_urgent(scope, head.seq))

    def _keep_pace(self, device_id: UUID) -> None:
        per_minute = self._paces.get(device_id, UPLOADS_PER_MINUTE_MAX.default)
        wait_s = self._pace.wait_s(device_id, per_minute)
        if wait_s:
            raise UploadsTooFrequent(per_minute, wait_s)

    async def _take(self, claims: Claims, push: wire.Push, body: bytes) -> Pushed:
        for attempt in range(ATTEMPTS):
            try:
                async with self._database.transaction() as session:
                    return await take_push(session, claims, push, body, self.tools, now=self._clock())
            except (DBAPIError, MonthMissing) as error:
                if attempt + 1 == ATTEMPTS or not (isinstance(error, MonthMissing) or is_deadlock(error)):
                    raise
            await asyncio.sleep(random.uniform(0.005, 0.05) * 2**attempt)  # noqa: S311 - spreads retries
        raise AssertionError("unreachable")


def _read(body: bytes, content_type: str) -> wire.Push:
    try:
        return wire.read_push(body, content_type)
    except wire.TooManyItemsError as error:
        raise PushTooLong(limit=wire.ITEMS_MAX) from error
    except wire.EnvelopeError as error:
        if error.field == "body":
            raise BadRequest(reason=error.reason) from error
        raise PushUnreadable(field=error.field, reason=error.reason) from error


def told_of(index: int, item_id: UUID | None, result: Result, language: str) -> dict[str, Any]:
    """What a sender is told of one item, as `ItemResult` describes it."""
    problem = result.problem
    return {
        "id": item_id,
        "index": index,
        "outcome": result.outcome,
        "first_outcome": result.first_outcome,
        "told": result.told,
        "problem": None if problem is None else problem.body(language, PUSH_PATH),
    }


def _told(page: Page, urgent: bool) -> dict[str, Any]:
    return {
        "objects": [
            {"kind": kind, "id": o.id, "version": o.version, "grid_id": o.grid_id, "body": o.body}
            for kind, o in page.objects
        ],
        "gone": [{"kind": kind, "id": id_} for kind, id_ in page.gone],
        "left_grids": page.left_grids,
        "reset": page.reset,
        "cursor": cursor.encode(page.position),
        "more": page.more,
        "head": page.head,
        "urgent": urgent,
    }
