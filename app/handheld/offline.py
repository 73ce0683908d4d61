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
        return done

    async def push(self) -> int:
        """Sends all waiting items; returns how many were settled."""
        settled = 0
        while True:
            bodies = self.outbox.waiting(self._items_most)
            if not bodies:
                return settled
            try:
                answer = await self._push(bodies)
            except Refused as refusal:
                if refusal.status != TOO_LARGE or len(bodies) == 1:
                    raise
                self._items_most = len(bodies) // 2
                continue
            self.is_urgent = bool(answer["urgent"])
            progress = self.outbox.settle(answer["results"])
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
        return dict(answer.json())

    async def pull(self, done: Synced | None = None) -> Synced:
        """Fetches page after page until nothing is new."""
        done = done or Synced()
        while True:
            page = await self._calls.get("/sync/pull", cursor=self.mirror.cursor, limit=PAGE_OBJECTS)
            self.mirror.take(page)
            done.pages += 1
            done.objects += len(page["objects"])
            self.is_urgent = bool(page["urgent"])
            if not page["more"]:
                return done


def _text(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")
