"""Handhelds of the demo county, activated over HTTP, and a day's batches for each of them."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import numpy as np
import shapely

from app.kit.geodesy import metres_per_degree
from app.kit.ids import DEMO_COUNTY, DEMO_NAMESPACE, demo_id

API = "/api/v1"
UPLOAD = f"{API}/fix-batches"
DEMO_PASSWORD = "Wangge-330921"  # noqa: S105 - printed by scripts/run; the demo county only
SHIFT_STARTS_H, SHIFT_S = 8, 9.5 * 3600
SAMPLING_S = 10
PACE_MPS = 1.1
NOISE_M = 3.0


@dataclass(frozen=True, slots=True)
class Walker:
    """An activated handheld and the middle of its inspector's grid (degrees)."""

    inspector_id: UUID
    device_id: UUID
    token: str
    longitude: float
    latitude: float


def activate(url: str, count: int) -> list[Walker]:
    """Activates handhelds of the first `count` grids with a polygon, as a supervisor and they would do it."""
    with httpx.Client(base_url=url + API, timeout=30, trust_env=False) as client:
        supervisor = _login(client)
        grids = (
            client.get(f"/areas/{DEMO_COUNTY}/grids.geojson", headers=supervisor).raise_for_status().json()
        )
        notice = client.get("/notices/current").raise_for_status().json()["version"]
        shaped = sorted(
            (f["properties"]["code"], f["geometry"]) for f in grids["features"] if f["geometry"] is not None
        )
        return [_activate(client, supervisor, code, geometry, notice) for code, geometry in shaped[:count]]


def _login(client: httpx.Client) -> dict[str, str]:
    form = {"grant_type": "password", "username": "county", "password": DEMO_PASSWORD}
    token = client.post("/auth/token", data=form).raise_for_status().json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def _activate(
    client: httpx.Client, supervisor: dict[str, str], grid_code: str, geometry: dict[str, Any], notice: str
) -> Walker:
    inspector_id, device_id = demo_id("account", f"inspector/{grid_code}"), demo_id("device", grid_code)
    device = client.get(f"/devices/{device_id}", headers=supervisor).raise_for_status().json()
    issued = client.post(
        f"/devices/{device_id}/activation-codes", headers=supervisor, json={"inspector_id": str(inspector_id)}
    ).raise_for_status()
    activation = {
        "serial_no": device["serial_no"],
        "code": issued.json()["code"],
        "installation_id": uuid4().hex,
        "android_version": "14",
        "app_version": "1.0.0",
        "capabilities": ["gnss", "beidou", "camera"],
        "notice_version": notice,
    }
    token = client.post("/devices/activations", json=activation).raise_for_status().json()["access_token"]
    middle = shapely.geometry.shape(geometry).representative_point()
    return Walker(inspector_id, device_id, token, middle.x, middle.y)


def bodies(
    walkers: Sequence[Walker], days: Sequence[date], fixes: int, *, seed: int = 1
) -> Iterator[tuple[str, bytes]]:
    """(token, body) of every batch of `fixes` fixes that fits into the shifts of `days`, in the order of a
    working day: all handhelds send their first batch, then all their second."""
    per_day = int(SHIFT_S // (SAMPLING_S * fixes))
    walked = [_walk(w, per_day * fixes, random.Random(f"{seed}/{w.device_id}")) for w in walkers]
    for day in days:
        for number in range(per_day):
            for walker, (texts, boot) in zip(walkers, walked, strict=True):
                batch_id = uuid5(DEMO_NAMESPACE, f"bench/{seed}/{walker.device_id}/{day}/{number}")
                rows = ",".join(texts[number * fixes : (number + 1) * fixes]).replace("DAY", day.isoformat())
                yield (
                    walker.token,
                    (
                        f'{{"batch_id":"{batch_id}","coord_sys":"wgs84","sent_at":"{day}T19:00:00+08:00",'
                        f'"boot_id":"{boot}","app_version":"1.0.0","fixes":[{rows}]}}'
                    ).encode(),
                )


def _walk(walker: Walker, count: int, rng: random.Random) -> tuple[list[str], str]:
    """JSON of `count` fixes along the blocks of a grid, with slowly drifting noise, every optional field filled."""
    east_m, north_m = (float(m[0]) for m in metres_per_degree(np.array([walker.latitude])))
    path, noise = _Blocks(rng), [0.0, 0.0]
    texts = []
    for index in range(count):
        x, y = path.step()
        noise = [0.85 * n + rng.gauss(0, NOISE_M * 0.53) for n in noise]
        longitude, latitude = (
            walker.longitude + (x + noise[0]) / east_m,
            walker.latitude + (y + noise[1]) / north_m,
        )
        after_ms = 5_000 + index * SAMPLING_S * 1000 + rng.randint(0, 40)
        minutes, ms = divmod(SHIFT_STARTS_H * 3_600_000 + after_ms, 60_000)
        fix = (
            f'"recorded_at":"DAYT{minutes // 60:02d}:{minutes % 60:02d}:{ms / 1000:06.3f}+08:00",'
            f'"longitude":{longitude:.7f},"latitude":{latitude:.7f},'
            f'"accuracy_m":{rng.choice((4.5, 5.0, 5.5, 6.0, 7.5))},"speed_mps":{path.pace_mps:.2f},'
            f'"bearing_deg":{math.degrees(path.heading) % 360:.0f},"altitude_m":{12 + 3 * math.sin(index / 60):.1f},'
            f'"battery_pct":{95 - index // 60},"provider":"gps","elapsed_ms":{3_600_000 + after_ms}'
        )
        texts.append("{" + fix + "}")
    return texts, f"boot-{rng.randint(0, 10**6)}"


class _Blocks:
    """A way along straight blocks that keeps within 150 m of where it began, in metres."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._x = self._y = self._left_m = 0.0
        self.heading, self.pace_mps = 0.0, PACE_MPS

    def step(self) -> tuple[float, float]:
        """Where the walker is one sampling interval later."""
        if self._left_m <= 0:
            is_far = math.hypot(self._x, self._y) > 150
            home = math.atan2(-self._y, -self._x) + self._rng.uniform(-0.6, 0.6)
            self.heading = home if is_far else self._rng.uniform(0, math.tau)
            self._left_m = self._rng.uniform(40, 120)
        self.pace_mps = PACE_MPS * self._rng.uniform(0.85, 1.15)
        self._x += self.pace_mps * SAMPLING_S * math.cos(self.heading)
        self._y += self.pace_mps * SAMPLING_S * math.sin(self.heading)
        self._left_m -= self.pace_mps * SAMPLING_S
        return self._x, self._y
