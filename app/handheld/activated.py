"""An activated handheld, as the service sees it: activation, configuration, uploads, its holder's day."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from app.handheld.api import Api

INSTALLATIONS = UUID("0d2b7c1e-6a54-5f0e-9c39-7265706c6179")
APP_VERSION, ANDROID_VERSION = "1.0.0", "14"
CAPABILITIES = ["beidou", "camera", "gnss"]
RECEIPTS_MAX = 500


@dataclass(frozen=True, slots=True)
class Activation:
    """What a supervisor hands over with the handheld."""

    serial_no: str
    code: str
    county_code: str


class Handheld(Api):
    """One handheld. Every call is repeated until it is answered; an upload keeps its batch id."""

    inspector_id: str = ""
    device_id: str = ""

    async def activate(self, activation: Activation) -> None:
        """Acknowledges the notice in force and turns the code into tokens. Raises Refused."""
        notice = await self.get("/notices/current", county_code=activation.county_code)
        body = {
            "serial_no": activation.serial_no,
            "code": activation.code,
            "installation_id": str(uuid5(INSTALLATIONS, activation.serial_no)),
            "android_version": ANDROID_VERSION,
            "app_version": APP_VERSION,
            "capabilities": CAPABILITIES,
            "notice_version": notice["version"],
        }
        answer = await self.post("/devices/activations", body)
        self.adopt(answer)
        self.inspector_id, self.device_id = answer["inspector_id"], answer["device_id"]

    async def config(self) -> dict[str, Any]:
        """Sampling, limits, lowest version."""
        return dict(await self.get("/handheld/config"))

    async def upload(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Sends a batch (as `app.patrol.wire.Upload`), compressed; its answer after the commit. Raises Refused."""
        body = gzip.compress(json.dumps(batch, separators=(",", ":"), allow_nan=False).encode(), 6, mtime=0)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        return dict((await self.request("POST", "/fix-batches", content=body, headers=headers)).json())

    async def receipts(self, batch_ids: Sequence[str]) -> set[str]:
        """Which of these batches the service has stored."""
        found: set[str] = set()
        for first in range(0, len(batch_ids), RECEIPTS_MAX):
            body = {"batch_ids": list(batch_ids[first : first + RECEIPTS_MAX])}
            found.update(str(each["batch_id"]) for each in await self.post("/fix-batches/receipts", body))
        return found

    async def explained_day(self, service_day: date) -> dict[str, Any] | None:
        """The holder's day down to its segments, judged now if it was pending; None where there is nothing."""
        found = await self.find(f"/patrol-days/{self.inspector_id}/{service_day.isoformat()}/explanation")
        return None if found is None else dict(found)
