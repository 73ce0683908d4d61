"""kill -9 under load: what was acknowledged is there, once; what was not is taken when it is sent again."""

import asyncio
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest
from sqlalchemy import select

from app.bench.fleet import UPLOAD, Walker, activate, bodies
from app.kit.cluster import Cluster
from app.kit.db import Database
from app.kit.private_service import PrivateService, is_ready, private_service
from app.kit.processes import wait_until
from app.patrol.day_reader import DayKey, read_days
from app.patrol.folder import fold_record
from app.patrol.models import DayFigures
from tests.commands.test_up import parts

ZONE = ZoneInfo("Asia/Shanghai")
WALKERS, DAYS, FIXES = 18, 20, 30  # so many that nobody is told to wait for having sent too often
SENDERS = 3
LOAD_BEFORE_S, LOAD_AFTER_S = 1.5, 1.0
AGAIN_EVERY = 9
"""Every so many batches an acknowledged one is sent again, as by a handheld that lost the answer."""


@dataclass
class Sender:
    """A handheld that remembers what was acknowledged, and keeps what was not."""

    base_url: str
    waiting: Iterator[tuple[str, bytes]]
    lock: threading.Lock
    acknowledged: dict[bytes, str] = field(default_factory=dict)
    """Token by body."""
    kept: list[tuple[str, bytes]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def run(self, is_over: Callable[[], bool]) -> None:
        """Sends until it is over."""
        with self.client() as client:
            number = 0
            while not is_over():
                with self.lock:
                    upload = next(self.waiting, None)
                if upload is None:
                    return
                if not self.send(client, *upload):
                    self.kept.append(upload)
                    time.sleep(0.02)
                elif (number := number + 1) % AGAIN_EVERY == 0:
                    self.send(client, *upload)

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.base_url, timeout=10, trust_env=False)

    def send(self, client: httpx.Client, token: str, body: bytes) -> bool:
        """Whether it was acknowledged."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            answer = client.post(UPLOAD, content=body, headers=headers)
        except httpx.TransportError as error:
            self.refused[type(error).__name__] += 1
            return False
        if answer.status_code != 200:
            self.refused[str(answer.status_code)] += 1
            return False
        said = answer.json()
        assert [r["disposition"] for r in said["results"]] == ["stored"], said
        self.acknowledged[body] = token
        return True


@pytest.fixture(scope="module")
def service() -> Iterator[PrivateService]:
    with private_service() as service:
        yield service


@pytest.fixture(scope="module")
def walkers(service: PrivateService) -> list[Walker]:
    return activate(service.base_url, WALKERS)


def workdays(service: PrivateService, walkers: list[Walker]) -> list[date]:
    """The latest days with shifts of all."""
    with psycopg.connect(service.database_url) as connection:
        rows = connection.execute(
            "SELECT service_day FROM shift WHERE inspector_id = ANY(%s) AND service_day < %s "
            "GROUP BY service_day HAVING count(*) = %s ORDER BY service_day DESC LIMIT %s",
            [[w.inspector_id for w in walkers], datetime.now(ZONE).date(), len(walkers), DAYS],
        ).fetchall()
    return [row[0] for row in rows]


def victims(service: PrivateService) -> dict[str, Callable[[], int]]:
    """Who is killed in turn, and how its pid is found."""
    cluster = Cluster(service.data_dir)
    return {
        "API": lambda: parts(service).get("serve", 0),
        "worker": lambda: parts(service).get("worker", 0),
        "database": lambda: cluster.running_pid() or 0,
    }


def kill_each_in_turn(service: PrivateService) -> None:
    """kill -9, and wait until the supervisor has it running again."""
    for name, pid_of in victims(service).items():
        time.sleep(LOAD_BEFORE_S)
        before = pid_of()
        os.kill(before, signal.SIGKILL)
        back = wait_until(lambda pid_of=pid_of, before=before: pid_of() not in (0, before), 20)  # type: ignore[misc]
        assert back, f"the {name} is not started again"
        assert wait_until(lambda: is_ready(service.base_url), 20), f"not ready after the {name} died"
    time.sleep(LOAD_AFTER_S)


def instants(body: bytes) -> list[int]:
    """`recorded_at` of the fixes of a body, Unix ms."""
    return [
        round(datetime.fromisoformat(f["recorded_at"]).timestamp() * 1000) for f in json.loads(body)["fixes"]
    ]


def stored(service: PrivateService) -> dict[UUID, Counter[int]]:
    """How often each instant of each handheld is stored, as PostGIS reads it."""
    found: dict[UUID, Counter[int]] = {}
    with psycopg.connect(service.database_url) as connection:
        rows = connection.execute(
            "SELECT device_id, array_agg(cast(ST_M(p.geom) AS bigint)) FROM fix_batch b "
            "CROSS JOIN LATERAL ST_DumpPoints(ST_GeomFromTWKB(b.track)) p GROUP BY device_id"
        )
        for device_id, at_ms in rows:
            found[device_id] = Counter(at_ms)
    return found


def expected(senders: list[Sender], walkers: list[Walker]) -> dict[UUID, Counter[int]]:
    """Every instant of every acknowledged batch, once."""
    device_of = {w.token: w.device_id for w in walkers}
    found = {w.device_id: Counter[int]() for w in walkers}
    for sender in senders:
        for body, token in sender.acknowledged.items():
            found[device_of[token]].update(instants(body))
    return found


async def folds(url: str) -> dict[DayKey, tuple[object, object]]:
    """(stored figures, those of a fresh fold) of every day that has some."""
    database = Database.connect(url, pool_size=1)
    try:
        async with database.transaction() as session:
            rows = (await session.scalars(select(DayFigures))).all()
            known = {DayKey(r.county_code, r.inspector_id, r.service_day): r.figures for r in rows}
            records = await read_days(session, sorted(known), ZONE)
            now = datetime.now(UTC)
            return {
                key: (known[key], fold_record(record, now=now, zone=ZONE).figures)
                for key, record in records.items()
            }
    finally:
        await database.close()


def pending(service: PrivateService) -> int:
    with psycopg.connect(service.database_url) as connection:
        row = connection.execute("SELECT count(*) FROM patrol_day WHERE pending").fetchone()
    assert row is not None
    return int(row[0])


def test_acknowledged_fixes_survive_kill_9_exactly_once(
    service: PrivateService, walkers: list[Walker]
) -> None:
    days = workdays(service, walkers)
    assert len(days) == DAYS
    before = stored(service)  # the demo inspector may have walked already
    uploads, lock, over = bodies(walkers, days, FIXES), threading.Lock(), threading.Event()
    senders = [Sender(service.base_url, uploads, lock) for _ in range(SENDERS)]
    threads = [threading.Thread(target=s.run, args=(over.is_set,)) for s in senders]
    for thread in threads:
        thread.start()
    kill_each_in_turn(service)
    over.set()
    for thread in threads:
        thread.join(30)
    assert next(uploads, None) is not None, "the load ended before the killing did"
    kept = [upload for s in senders for upload in s.kept]
    assert kept, "nobody noticed anything: the service was not under load"

    found, wanted = stored(service), expected(senders, walkers)
    for device_id, instants_ in wanted.items():
        had = found[device_id] - before.get(device_id, Counter())
        assert not instants_ - had, "acknowledged and gone"
        assert max(had.values()) == 1, "stored twice"

    last = senders[0]
    with last.client() as client:
        assert all(last.send(client, *upload) for upload in kept), (
            f"not taken when sent again: {last.refused}"
        )
    found, wanted = stored(service), expected(senders, walkers)
    assert {d: found[d] - before.get(d, Counter()) for d in wanted} == wanted
    assert not set().union(*(s.refused for s in senders)) & {"500"}, [s.refused for s in senders]

    with psycopg.connect(service.database_url) as connection:
        connection.execute("UPDATE patrol_day SET folded_at = now() - interval '1 hour' WHERE pending")
    assert wait_until(lambda: pending(service) == 0, 60, step_s=0.2), "the folder does not catch up"
    days_folded = asyncio.run(folds(service.database_url))
    assert len(days_folded) >= len(walkers)
    for key, (kept_figures, fresh) in days_folded.items():
        assert json.loads(json.dumps(kept_figures)) == json.loads(json.dumps(fresh)), key
    with psycopg.connect(service.database_url) as connection:
        unfolded = connection.execute(
            "SELECT count(*) FROM fix_batch b WHERE NOT EXISTS (SELECT FROM day_figures f WHERE "
            "f.county_code = b.county_code AND f.inspector_id = b.inspector_id AND f.service_day = b.day)"
        ).fetchone()
    assert unfolded == (0,)
