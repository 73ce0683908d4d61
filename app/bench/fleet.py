"""Handhelds of the demo county, activated over HTTP, and a day's batches for each of them."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import shapely

from app.kit.ids import DEMO_COUNTY, DEMO_NAMESPACE, demo_id

API = "/api/v1"
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
    with httpx.Client(base_url=url + API, timeout=30) as client:
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
    east = 1 / (111_320 * math.cos(math.radians(walker.latitude)))
    north = 1 / 110_574
    x = y = 0.0
    noise_x = noise_y = 0.0
    heading, left_m = 0.0, 0.0
    begin = datetime(2000, 1, 1, SHIFT_STARTS_H, 0, 5)
    texts = []
    for index in range(count):
        if left_m <= 0:
            heading = (
                math.atan2(-y, -x) + rng.uniform(-0.6, 0.6)
                if math.hypot(x, y) > 150
                else rng.uniform(0, 6.283)
            )
            left_m = rng.uniform(40, 120)
        pace = PACE_MPS * rng.uniform(0.85, 1.15)
        x += pace * SAMPLING_S * math.cos(heading)
        y += pace * SAMPLING_S * math.sin(heading)
        left_m -= pace * SAMPLING_S
        noise_x = 0.85 * noise_x + rng.gauss(0, NOISE_M * 0.53)
        noise_y = 0.85 * noise_y + rng.gauss(0, NOISE_M * 0.53)
        at = begin + timedelta(seconds=index * SAMPLING_S, milliseconds=rng.randint(0, 40))
        texts.append(
            f'{{"recorded_at":"DAYT{at:%H:%M:%S}.{at.microsecond // 1000:03d}+08:00",'
            f'"longitude":{walker.longitude + (x + noise_x) * east:.7f},"latitude":{walker.latitude + (y + noise_y) * north:.7f},'
            f'"accuracy_m":{rng.choice((4.5, 5.0, 5.5, 6.0, 7.5))},"speed_mps":{pace:.2f},'
            f'"bearing_deg":{math.degrees(heading) % 360:.0f},"altitude_m":{12 + 3 * math.sin(index / 60):.1f},'
            f'"battery_pct":{95 - index // 60},"provider":"gps","elapsed_ms":{3_600_000 + index * SAMPLING_S * 1000 + at.microsecond // 1000}}}'
        )
    return texts, f"boot-{rng.randint(0, 10**6)}"
