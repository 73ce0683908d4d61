"""A walk as the batches in which a handheld sends it. The same walk gives the same batches, ids included."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID, uuid5

from app.handheld.activated import APP_VERSION
from app.replay.walk import Walk

NAMESPACE = UUID("5c8d2f0a-41b7-5e36-8a19-7265706c6179")
BATCH_FIXES = 300
CoordSys = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]

Fix = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Up to `BATCH_FIXES` fixes in order of time, with the id that they keep however often they are sent."""

    id: str
    coord_sys: CoordSys
    fixes: Sequence[Fix]

    def body(self, sent_at_ms: int, config_version: str) -> dict[str, Any]:
        """As `POST /fix-batches` takes it."""
        return {
            "batch_id": self.id,
            "coord_sys": self.coord_sys,
            "sent_at": sent_at_ms,
            "app_version": APP_VERSION,
            "config_version": config_version,
            "fixes": self.fixes,
        }


def cut(
    walk: Walk, inspector_id: str, service_day: date, coord_sys: CoordSys, size: int = BATCH_FIXES
) -> list[Batch]:
    """The walk in batches. Their ids follow from inspector, day and content: a repetition stores nothing new."""
    fixes = list(_fixes(walk))
    content = hashlib.sha256(repr((coord_sys, size, fixes)).encode()).hexdigest()
    return [
        Batch(
            str(uuid5(NAMESPACE, f"{inspector_id}/{service_day.isoformat()}/{content}/{first}")),
            coord_sys,
            fixes[first : first + size],
        )
        for first in range(0, len(fixes), size)
    ]


def _fixes(walk: Walk) -> Iterator[Fix]:
    columns = (
        walk.times_ms.tolist(),
        walk.longitude.round(7).tolist(),
        walk.latitude.round(7).tolist(),
        walk.accuracy_m.round(1).tolist(),
        walk.altitude_m.round(1).tolist(),
        walk.speed_mps.round(2).tolist(),
    )
    for at_ms, longitude, latitude, accuracy_m, altitude_m, speed_mps in zip(*columns, strict=True):
        fix: Fix = {
            "recorded_at": at_ms,
            "longitude": longitude,
            "latitude": latitude,
            "accuracy_m": accuracy_m,
            "provider": "gps",
        }
        if math.isfinite(altitude_m):
            fix["altitude_m"] = altitude_m
        if math.isfinite(speed_mps):
            fix["speed_mps"] = speed_mps
        yield fix
