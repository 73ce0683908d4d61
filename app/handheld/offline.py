"""A handheld that works without signal: records now, sends and fetches when it can."""

import gzip
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from app.handheld.activated import Handheld
from app.handheld.api import Refused
from app.handheld.mirror import Mirror
from app.handheld.outbox import Outbox
from app.handheld.photos import Photos
from app.handheld.store import Store, remember

ITEMS_MOST = 500
TOO_LARGE = 413
TOKENS = "tokens"
PAGE_OBJECTS = 500
GZIP_FROM_BYTES = 1024


@dataclass(slots=True)
class Synced:
    """What one round did."""

    pushed: int = 0
    photos: int = 0
    pages: int = 0
    objects: int = 0


class OfflineHandheld:
    """`calls` talks to the service; `clock` is the handheld's own, Unix seconds, and may be wrong."""

    def __init__(
        self,
        calls: Handheld,
        store: Store,
        *,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._calls, self._clock, self._new_id = calls, clock, new_id
        self._items_most = ITEMS_MOST
        self.outbox, self.mirror, self.photos = Outbox(store), Mirror(store), Photos(store, calls)
        self.is_urgent = False
        self._keep_login(store)

    def _keep_login(self, store: Store) -> None:
        """An app that was killed goes on with the tokens that it had."""
        kept = store.note(TOKENS)
        if kept is not None:
            self._calls.adopt(json.loads(kept))

        def keep(tokens: Mapping[str, str]) -> None:
            with store.change() as change:
                remember(change, TOKENS, json.dumps(dict(tokens)))

        self._calls.keep_tokens = keep
        if kept is None and self._calls.bearer:
            keep(self._calls.tokens)

    def record(self, kind: str, *, recorded_at: str | None = None, **members: Any) -> str:
        """Keeps an item for sending and returns its id; on the disk when this returns.

        members: those of the kind (docs/sync.md). recorded_at: now by the handheld's clock unless given.
        """
        item_id = self._new_id()
        at = recorded_at or _text(self._clock())
        self.outbox.add({"id": item_id, "kind": kind, "recorded_at": at, **members})
        return item_id

    def create_subject(
        self, item_code: str, form_version: int, fields: Mapping[str, Any], **more: Any
    ) -> str:
        """Records a new subject and returns the id that it is to have."""
        subject_id = self._new_id()
        self.record(
            "submission",
            item_code=item_code,
            form_version=form_version,
            subject_id=subject_id,
            base_version=None,
            fields=dict(fields),
            **more,
        )
        return subject_id

    def edit_subject(
        self, subject_id: str, item_code: str, form_version: int, changes: Mapping[str, Any], **more: Any
    ) -> str:
        """Records a change of some fields; returns the item's id.

        It names the version on the screen and the handheld's own latest item about the subject, which may not
        have been sent yet: the service then knows which changes of others this one has not seen.
        """
        subject_id = self.outbox.subject_of(subject_id)
        shown = self.mirror.body("subject", subject_id) or {"version": 0}
        return self.record(
            "submission",
            item_code=item_code,
            form_version=form_version,
            subject_id=subject_id,
            base_version=shown["version"],
            after=self.outbox.last_of(subject_id),
            fields=dict(changes),
            **more,
        )

    def keep_photo(self, path: Path, *, content_type: str = "image/jpeg", **metadata: str) -> str:
        """Keeps a photo for upload and returns the id by which items name it."""
        upload_id = self._new_id()
        self.photos.add(upload_id, path, {"content_type": content_type, **metadata})
        return upload_id

    async def sync(self) -> Synced:
        """Sends everything that waits, then fetches everything new. Raises Unreachable or Refused.

        Whatever was acknowledged before is kept: the next call goes on where this one broke off.
        """
        done = Synced()
        done.pushed = await self.push()
        done.photos = await self.photos.send()
        await self.pull(done)
        await self.ask()
        return done

    async def ask(self) -> int:
        """Asks what became of items that were held; returns how many wait no longer."""
        ids = self.outbox.held(ITEMS_MOST)
        if not ids:
            return 0
        found = await self._calls.request("POST", "/sync/receipts", json={"ids": ids})
        told = [each for each in _answer(found, "receipts")["receipts"] if each["outcome"] != "held"]
        return self.outbox.settle(told)

    async def push(self) -> int:
        """Sends all waiting items; returns how many were settled."""
        settled, self._items_most = 0, ITEMS_MOST
        while True:
            bodies = self.outbox.waiting(self._items_most)
            if not bodies:
                return settled
            try:
                answer = await self._push(bodies)
            except Refused as refusal:
                if refusal.status != TOO_LARGE:
                    raise
                if len(bodies) == 1:
                    self.outbox.set_aside(json.loads(bodies[0])["id"], refusal.told)
                self._items_most = max(1, len(bodies) // 2)
                continue
            self.is_urgent = bool(answer["urgent"])
            try:
                progress = self.outbox.settle(answer["results"])
            except (KeyError, TypeError, AttributeError) as error:
                raise Refused(200, "no_results", "the results are not those of the service") from error
            settled += progress
            if not progress:
                raise Refused(200, "no_results", "the answer settled none of the items that were sent")

    async def _push(self, bodies: list[str]) -> dict[str, Any]:
        # The items' own texts go out, not a new serialisation: a repetition is the same to the last byte.
        text = f'{{"sent_at": {json.dumps(_text(self._clock()))}, "items": [{",".join(bodies)}]}}'.encode()
        headers = {"Content-Type": "application/json", "Wangge-Seq": str(self.mirror.head)}
        if len(text) >= GZIP_FROM_BYTES:
            text, headers["Content-Encoding"] = gzip.compress(text, 6, mtime=0), "gzip"
        answer = await self._calls.request("POST", "/sync/push", content=text, headers=headers)
        return _answer(answer, "results", "urgent")

    async def pull(self, done: Synced | None = None) -> Synced:
        """Fetches page after page until nothing is new."""
        done = done or Synced()
        while True:
            page = await self._page()
            self.mirror.take(page)
            done.pages += 1
            done.objects += len(page["objects"])
            self.is_urgent = bool(page["urgent"])
            if not page["more"]:
                return done

    async def _page(self) -> dict[str, Any]:
        asked: dict[str, Any] = {"limit": PAGE_OBJECTS}
        if self.mirror.cursor is not None:
            asked["cursor"] = self.mirror.cursor
        try:
            answer = await self._calls.request("GET", "/sync/pull", params=asked)
        except Refused as refusal:
            if refusal.code != "bad_cursor" or self.mirror.cursor is None:
                raise
            self.mirror.begin_anew()
            return await self._page()
        return _answer(answer, "objects", "gone", "left_grids", "reset", "cursor", "more", "head", "urgent")


def _answer(answer: httpx.Response, *members: str) -> dict[str, Any]:
    """Its JSON. Raises Refused for what is none of ours, as a gateway that asks for a sign-in answers."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or any(name not in body for name in members):
        raise Refused(answer.status_code, "no_answer", f"not an answer of the service: {answer.text[:80]!r}")
    return body


def _text(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")
