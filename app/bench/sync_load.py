"""What `bench sync` sends: pushes of new residents, and pulls by wrk over and over."""

import json
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from app.bench.fleet import Walker
from app.bench.load import WrkMissingError

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
REGIONS = ("330902", "330903", "330921", "330922", "330106", "330203", "310115")
SURNAMES, GIVEN = "王李张刘陈杨黄赵周吴徐孙马朱胡", "海波建国秀英志强丽华平安春生玉兰明亮"
# Each line of the file is a token and a path; they are asked for again and again.
PULL_SCRIPT = """
local lines = {}
function init(args)
  for line in io.lines(args[1]) do
    local token, path = line:match("^(%S+) (%S+)$")
    table.insert(lines, wrk.format("GET", path, {["Authorization"] = "Bearer " .. token}))
  end
  place = 0
end
function request() place = place % #lines + 1; return lines[place] end
function done(summary, latency, requests)
  print(string.format('RESULT {"answered": %d, "seconds": %.6f, "errors": %d, "p50_ms": %.3f, "p99_ms": %.3f}',
    summary.requests, summary.duration / 1000000,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
      + summary.errors.status,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


@dataclass(frozen=True, slots=True)
class PullLoad:
    """What wrk counted. errors: whatever was not answered 2xx or 3xx."""

    answered: int
    seconds: float
    errors: int
    p50_ms: float
    p99_ms: float

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


def pushes(walkers: Sequence[Walker], count: int, items: int, *, seed: int) -> Iterator[tuple[str, bytes]]:
    """(token, body) of `count` pushes of `items` new residents each, dealt out among the handhelds."""
    rng = random.Random(seed)
    for number in range(count):
        walker = walkers[number % len(walkers)]
        yield walker.token, push_body(walker, items, rng)


def push_body(walker: Walker, items: int, rng: random.Random) -> bytes:
    """A push of new residents, found within 50 m of the middle of the grid."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"sent_at": now, "items": [_resident(walker, now, rng) for _ in range(items)]}).encode()


def _resident(walker: Walker, now: str, rng: random.Random) -> dict[str, object]:
    birth = f"{rng.randint(1940, 2015)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    number = _id_number(birth, rng)
    place = {
        "lon": round(walker.longitude + rng.uniform(-5e-4, 5e-4), 7),
        "lat": round(walker.latitude + rng.uniform(-5e-4, 5e-4), 7),
        "accuracy_m": 8.0,
    }
    return {
        "id": str(uuid4()),
        "kind": "submission",
        "recorded_at": now,
        "item_code": "resident_registered",
        "form_version": 1,
        "subject_id": str(uuid4()),
        "base_version": None,
        "fields": {
            "name": rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, 2)),
            "id_number": number,
            "gender": "1" if int(number[16]) % 2 else "2",
            "birth_date": f"{birth[:4]}-{birth[4:6]}-{birth[6:]}",
            "phone": f"13{rng.randint(0, 10**9 - 1):09d}",
            "residence_consistency": "01",
        },
        "position": place,
    }


def _id_number(birth: str, rng: random.Random) -> str:
    body = f"{rng.choice(REGIONS)}{birth}{rng.randint(0, 999):03d}"
    return body + CHECK_DIGITS[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def pull(
    folder: Path, url: str, asked: Sequence[tuple[str, str]], *, seconds: int, connections: int
) -> PullLoad:
    """Asks for (token, path) over and over. Raises WrkMissingError."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise WrkMissingError("wrk is not installed: apt-get install wrk")
    lines, script = folder / "pulls", folder / "pull.lua"
    lines.write_text("".join(f"{token} {path}\n" for token, path in asked))
    script.write_text(PULL_SCRIPT)
    said = subprocess.run(
        [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), url, "--", str(lines)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    found = re.search(r"^RESULT (\{.*\})$", said, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"wrk said: {said}")
    return PullLoad(**json.loads(found[1]))
