"""`bench sync`: pushes of new residents, pulls when nothing is new, and the first load of a grid of 1,000 people.

Beside each stands a limit of the same run: the same server answering the same requests without work, a bare
driver that writes as many rows, and a bare query for the same thousand people.
"""

import json
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from app.bench import fleet, limits, load, sync_load
from app.bench.fleet import Walker
from app.kit.ids import DEMO_COUNTY, DEMO_COUNTY_CODE
from app.kit.private_service import private_service

PUSH, PULL = f"{fleet.API}/sync/push", f"{fleet.API}/sync/pull"
TARGET_PUSH_PER_S, TARGET_PUSH_P99_MS = 500, 100.0
TARGET_IDLE_PER_S, TARGET_PULL_P99_MS = 2000, 50.0
TARGET_FIRST_LOAD_S = 2.0
PEOPLE, PAGE, ITEMS_MAX = 1000, 500, 500
PUSHES_AT_ONCE, PULLS_AT_ONCE = 4, 32
SETTLE_S = 2.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The figures of one run. `noop_…`: the same requests, answered without work; `db_…`: a bare driver."""

    push_items_per_s: float
    push_p50_ms: float
    push_p99_ms: float
    pull_idle_per_s: float
    pull_p50_ms: float
    pull_p99_ms: float
    first_load_s: float
    first_load_objects: int
    errors: int
    noop_push_items_per_s: float
    db_items_per_s: float
    noop_pull_per_s: float
    bare_load_s: float
    items_per_push: int
    api_processes: int

    @property
    def misses(self) -> list[str]:
        """Which targets of the design are missed."""
        checks = {
            f"errors {self.errors} > 0": self.errors > 0,
            f"push_items_per_s {self.push_items_per_s:.0f} < {TARGET_PUSH_PER_S}": self.push_items_per_s
            < TARGET_PUSH_PER_S,
            f"push_p99_ms {self.push_p99_ms:.0f} > {TARGET_PUSH_P99_MS}": self.push_p99_ms
            > TARGET_PUSH_P99_MS,
            f"pull_idle_per_s {self.pull_idle_per_s:.0f} < {TARGET_IDLE_PER_S}": self.pull_idle_per_s
            < TARGET_IDLE_PER_S,
            f"pull_p99_ms {self.pull_p99_ms:.0f} > {TARGET_PULL_P99_MS}": self.pull_p99_ms
            > TARGET_PULL_P99_MS,
            f"first_load_s {self.first_load_s:.2f} > {TARGET_FIRST_LOAD_S}": self.first_load_s
            > TARGET_FIRST_LOAD_S,
        }
        return [text for text, missed in checks.items() if missed]

    def as_json(self) -> dict[str, float]:
        """All figures, rounded."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def run(*, pushes: int, items: int, walkers: int, seconds: int, api_processes: int, say: Say) -> SyncResult:
    """Runs against a private service with the demo county, removed afterwards."""
    settings = {"WANGGE_API_PROCESSES": str(api_processes), "WANGGE_DEMO_PASSWORDS": "1"}
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as name, private_service(settings) as service:
        folder, url, seed = Path(name), service.base_url, int(time.time())
        say(f"Activating {walkers} handhelds …")
        active = fleet.activate(url, walkers)
        _admit(service.database_url)
        say(f"A grid gets {PEOPLE} people …")
        first = active.pop(0)
        _settle_people(url, first, random.Random(seed + 2))
        with psycopg.connect(service.database_url, autocommit=True) as connection:
            connection.execute("ANALYZE")  # as autovacuum does within a minute of a county's life
        loaded_s, objects = _first_load(url, first)
        say(f"Sending {pushes} pushes of {items} items …")
        load.write_batches(folder, sync_load.pushes(active, pushes, items, seed=seed))
        pushed = load.run(folder, url, PUSH, seconds=300, connections=PUSHES_AT_ONCE)
        time.sleep(SETTLE_S)  # until the sealer and every process have caught up
        say("Pulling when nothing is new …")
        asked = _cursors(url, active)
        pulled = sync_load.pull(folder, url, asked, seconds=seconds, connections=PULLS_AT_ONCE)
        say("Measuring the raw limits …")
        noop_push, noop_pull = _noop(folder, active, asked, items, seed, seconds, api_processes)
        return SyncResult(
            push_items_per_s=pushed.stored * items / pushed.seconds,
            push_p50_ms=pushed.p50_ms,
            push_p99_ms=pushed.p99_ms,
            pull_idle_per_s=pulled.per_s,
            pull_p50_ms=pulled.p50_ms,
            pull_p99_ms=pulled.p99_ms,
            first_load_s=loaded_s,
            first_load_objects=objects,
            errors=pushes
            - pushed.stored
            + pushed.socket_errors
            + pulled.errors
            + _unstored(service.database_url, active),
            noop_push_items_per_s=noop_push * items,
            db_items_per_s=_db_items_per_s(service.database_url, items),
            noop_pull_per_s=noop_pull,
            bare_load_s=_bare_load_s(service.database_url, first),
            items_per_push=items,
            api_processes=api_processes,
        )


def _admit(database_url: str) -> None:
    """The county admits the registration of residents, if the demo has not."""
    now = datetime.now(UTC)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "WITH made AS (INSERT INTO affair (county_code, id, code, name_zh, description, department, kind, area_id, "
            "state, starts_on, in_force_from, filed_no, filed_at, proposer_role, proposer_area_id, proposed_at) "
            "VALUES (%(county)s, %(id)s, 'bench', '信息采集', '', '综治办', 'standing', %(area)s, 'admitted', "
            "%(since)s, %(since)s, 'bench', %(since)s, 'county', %(area)s, %(since)s) RETURNING id) "
            "INSERT INTO affair_item (county_code, affair_id, item_id) SELECT %(county)s, made.id, i.id "
            "FROM made, collection_item i WHERE i.code = 'resident_registered'",
            {
                "county": DEMO_COUNTY_CODE,
                "id": uuid4(),
                "area": DEMO_COUNTY,
                "since": now - timedelta(days=30),
            },
        )


def _settle_people(url: str, walker: Walker, rng: random.Random) -> None:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        for _ in range(PEOPLE // ITEMS_MAX):
            answer = client.post(
                PUSH,
                content=sync_load.push_body(walker, ITEMS_MAX, rng),
                headers={"Authorization": f"Bearer {walker.token}", "Content-Type": "application/json"},
            )
            results = answer.raise_for_status().json()["results"]
            refused = [each for each in results if each["outcome"] != "stored"]
            if refused:
                raise RuntimeError(f"not stored: {refused[0]}")


def _first_load(url: str, walker: Walker) -> tuple[float, int]:
    """Seconds and objects of a fresh handheld's load, page after page."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        return _pull_all(client, walker)[:2]


def _pull_all(client: httpx.Client, walker: Walker) -> tuple[float, int, str]:
    began_at, objects, cursor, more = time.monotonic(), 0, None, True
    while more:
        asked: dict[str, Any] = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
        answer = client.get(PULL, params=asked, headers={"Authorization": f"Bearer {walker.token}"})
        page = answer.raise_for_status().json()
        objects, cursor, more = objects + len(page["objects"]), page["cursor"], page["more"]
    return time.monotonic() - began_at, objects, str(cursor)


def _cursors(url: str, walkers: list[Walker]) -> list[tuple[str, str]]:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        return [(w.token, f"{PULL}?cursor={_pull_all(client, w)[2]}") for w in walkers]


def _noop(
    folder: Path,
    walkers: list[Walker],
    asked: list[tuple[str, str]],
    items: int,
    seed: int,
    seconds: int,
    processes: int,
) -> tuple[float, float]:
    """Pushes and pulls a second of the server that only answers."""
    load.write_batches(folder, sync_load.pushes(walkers, 2000, items, seed=seed + 1))
    with limits.noop_server(processes) as url:
        pushed = load.run(folder, url, PUSH, seconds=seconds, connections=PUSHES_AT_ONCE)
        pulled = sync_load.pull(folder, url, asked, seconds=seconds, connections=PULLS_AT_ONCE)
    return pushed.stored / pushed.seconds, pulled.per_s


def _unstored(database_url: str, walkers: list[Walker]) -> int:
    """Items of these handhelds that did not become subjects; the demo has others that wait."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM item_receipt WHERE outcome <> 'stored' AND device_id = ANY(%s)",
            [[walker.device_id for walker in walkers]],
        ).fetchone()
    return int(row[0]) if row else 0


def _db_items_per_s(database_url: str, items: int, pushes: int = 100) -> float:
    """Receipt, submission, subject, its version and event of each item as five plain rows; a commit a push."""
    body = json.dumps({"fields": "." * 600})
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "CREATE TEMP TABLE bare (n int, id uuid, at timestamptz, body jsonb, PRIMARY KEY (n, id))"
        )
        connection.commit()
        began_at = time.monotonic()
        for _ in range(pushes):
            now = datetime.now(UTC)
            rows = [(n, uuid4(), now, body) for _ in range(items) for n in range(5)]
            connection.cursor().executemany("INSERT INTO bare VALUES (%s, %s, %s, %s)", rows)
            connection.commit()
        return pushes * items / (time.monotonic() - began_at)


def _bare_load_s(database_url: str, walker: Walker) -> float:
    with psycopg.connect(database_url) as connection:
        began_at = time.monotonic()
        rows = connection.execute(
            "SELECT to_jsonb(s) FROM subject s WHERE county_code = %s AND grid_id = ANY (SELECT grid_id FROM "
            "appointment WHERE inspector_id = %s)",
            [DEMO_COUNTY_CODE, walker.inspector_id],
        ).fetchall()
        if len(rows) < PEOPLE:
            raise RuntimeError(f"{len(rows)} of {PEOPLE} people are in the grid")
        return time.monotonic() - began_at
