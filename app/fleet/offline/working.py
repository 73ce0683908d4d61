"""One inspector's handheld through the day: records without signal, then sends until nothing waits."""

import asyncio
import io
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from app.fleet.crew import Member
from app.fleet.offline.bad_link import BadLink
from app.fleet.offline.plan import FORM, Doing
from app.fleet.parcels import Parcel, Told
from app.handheld.activated import Handheld
from app.handheld.api import Unreachable
from app.handheld.offline import OfflineHandheld
from app.handheld.store import Store

FORM_VERSION = 1
ON_THE_SPOT_MS = 8 * 60_000
PHOTO_PIXELS = (320, 240)
PATIENCE_S = 300.0
JSON = {"Content-Type": "application/json"}


class NeverThrough(Exception):
    """A handheld could not get rid of what it holds within PATIENCE_S; the text says what."""


@dataclass
class Worker:
    """A member of the crew with his offline handheld and his way of doing things.

    error_ms  how far his handheld's clock is ahead
    people    subject ids by the plan's names; `items` what he recorded, by item id
    """

    member: Member
    link: BadLink
    folder: Path
    error_ms: int
    rng: np.random.Generator
    parcels: list[Parcel] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    items: dict[str, Doing] = field(default_factory=dict)
    photos: dict[str, Path] = field(default_factory=dict)
    rounds: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.handheld = OfflineHandheld(
            self.member.handheld, Store(self.folder / "handheld.db"), clock=self._clock
        )

    def _clock(self) -> float:
        return time.time() + self.error_ms / 1000

    def record(self, doing: Doing) -> None:
        """Keeps one doing; nothing leaves the handheld."""
        members: dict[str, Any] = {
            "recorded_at": self._told(doing.at_ms),
            "started_at": self._told(doing.at_ms - ON_THE_SPOT_MS),
            "upload_ids": [self._photo(name, doing) for name in doing.photos],
        }
        if doing.place is not None:
            members["position"] = {"lon": doing.place[0], "lat": doing.place[1], "accuracy_m": 8.0}
        self.items[self._keep(doing, members)] = doing

    def _keep(self, doing: Doing, members: dict[str, Any]) -> str:
        """The item's id."""
        handheld = self.handheld
        if doing.kind == "visit":
            members["ended_at"] = members["recorded_at"]
            found = dict(doing.fields)
            return handheld.record("visit", subject_id=self.people[doing.person], findings=found, **members)
        if doing.kind == "edit":
            return handheld.edit_subject(
                self.people[doing.person], FORM, FORM_VERSION, doing.fields, **members
            )
        self.people[doing.person] = handheld.create_subject(FORM, FORM_VERSION, doing.fields, **members)
        item_id = handheld.outbox.last_of(self.people[doing.person])
        assert item_id is not None  # noqa: S101 - it has just been added
        return item_id

    def _told(self, true_ms: int) -> str:
        at = datetime.fromtimestamp((true_ms + self.error_ms) / 1000, UTC)
        return at.isoformat(timespec="milliseconds")

    def _photo(self, name: str, doing: Doing) -> str:
        path = self.folder / f"{name}.jpg"
        path.write_bytes(picture(self.rng))
        where = {} if doing.place is None else {"lon": str(doing.place[0]), "lat": str(doing.place[1])}
        upload_id = self.handheld.keep_photo(
            path, taken_at=self._told(doing.at_ms), filename=path.name, **where
        )
        self.photos[upload_id] = path
        return upload_id

    async def send_everything(self) -> None:
        """Items, photos, fixes and the pull, in whatever pieces the link allows. Raises NeverThrough."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                await self._send_fixes()
                await self.handheld.sync()
                return
            except Unreachable as error:
                self.rounds["broken off"] += 1
                if time.monotonic() > end:
                    waiting = self.handheld.outbox.count_waiting()
                    raise NeverThrough(f"{self.member.grid_code}: {waiting} items wait; {error}") from error
                await asyncio.sleep(float(self.rng.uniform(0.2, 1.0)))

    async def _send_fixes(self) -> None:
        for parcel in self.parcels:
            if parcel.told is not None:
                continue
            body = parcel.sent_at(round(self._clock() * 1000))
            answer = await self.member.handheld.request("POST", "/fix-batches", content=body, headers=JSON)
            parcel.told = Told.of(answer.json(), parcel.fixes)

    async def fresh_contents(self) -> Mapping[tuple[str, str], tuple[int, str | None, str]]:
        """What a handheld knows that begins with nothing, under the same login."""
        fresh = OfflineHandheld(self.member.handheld, Store(":memory:"), clock=self._clock)
        await fresh.pull()
        return fresh.mirror.contents()


def on_bad_link(base_url: str, link: BadLink, timeout_s: float) -> httpx.AsyncClient:
    """A client whose requests all go over `link`."""
    return httpx.AsyncClient(base_url=base_url, transport=link, timeout=timeout_s, trust_env=False)


def with_client(client: httpx.AsyncClient, sleep_share: float) -> Handheld:
    """A handheld whose waits are shortened to `sleep_share`: its day passes quicker than ours."""

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds * sleep_share)

    return Handheld(client, sleep=sleep)


def picture(rng: np.random.Generator) -> bytes:
    """A JPEG of some 60 KB that no other is equal to."""
    width, height = PHOTO_PIXELS
    content = io.BytesIO()
    noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(noise, "RGB").save(content, "JPEG", quality=80)
    return content.getvalue()
