"""SIGTERM under load: what was accepted is answered, what was acknowledged is stored, and service resumes soon."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from app.bench.fleet import Walker, activate, bodies
from app.kit.cluster import Cluster
from app.kit.private_service import PrivateService, private_service
from app.kit.probe import is_ready
from app.kit.processes import wait_until
from tests.chaos.test_kill import Sender, workdays
from tests.commands.test_up import parts

WALKERS, FIXES, SENDERS = 4, 30, 4
LOAD_S = 1.5
ALLOWED = {"503", "ReadError", "RemoteProtocolError", "ConnectError", "WriteError"}
"""What a client may see meanwhile: sent away, or a connection that ended before its request was read."""


@pytest.fixture
def service() -> Iterator[PrivateService]:
    with private_service({"WANGGE_DEMO_FORTNIGHT": "false"}) as service:
        yield service


class Load:
    """Handhelds that upload until they are told to stop."""

    def __init__(self, service: PrivateService) -> None:
        walkers: list[Walker] = activate(service.base_url, WALKERS)
        uploads = bodies(walkers, workdays(service, walkers), FIXES)
        self.over, lock = threading.Event(), threading.Lock()
        self.senders = [Sender(service.base_url, uploads, lock) for _ in range(SENDERS)]
        self.threads = [threading.Thread(target=s.run, args=(self.over.is_set,)) for s in self.senders]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(30)

    def acknowledged(self) -> set[UUID]:
        return {batch_id(body) for s in self.senders for body in s.acknowledged}

    def unanswered(self) -> set[UUID]:
        return {batch_id(body) for s in self.senders for _, body in s.kept} - self.acknowledged()

    def seen(self) -> set[str]:
        return set().union(*(s.refused for s in self.senders))


def batch_id(body: bytes) -> UUID:
    return UUID(json.loads(body)["batch_id"])


def receipts(url: str) -> set[UUID]:
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT batch_id FROM batch_receipt")}


def test_a_restarted_api_cuts_no_accepted_request(service: PrivateService) -> None:
    with Load(service) as load:
        time.sleep(LOAD_S)
        before = parts(service)["serve"]
        os.kill(before, signal.SIGTERM)
        began = time.monotonic()
        assert wait_until(lambda: parts(service).get("serve", before) != before, 20)
        assert wait_until(lambda: is_ready(service.base_url), 20)
        took_s = time.monotonic() - began
        time.sleep(LOAD_S)
    stored = receipts(service.database_url)
    assert len(load.acknowledged()) > 50
    assert load.acknowledged() <= stored, "acknowledged and gone"
    assert not load.unanswered() & stored, "accepted, but its answer was cut"
    assert load.seen() <= ALLOWED
    assert took_s < 20


def test_a_stopped_service_keeps_what_it_acknowledged(service: PrivateService) -> None:
    with Load(service) as load:
        time.sleep(LOAD_S)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(60) == 0
    said = service.log.read_text()
    assert "by force" not in said
    cluster = Cluster(service.data_dir)
    stored = receipts(cluster.start())
    cluster.stop()
    assert len(load.acknowledged()) > 50
    assert load.acknowledged() <= stored, "acknowledged and gone"
    assert not load.unanswered() & stored, "accepted, but its answer was cut"
    assert load.seen() <= ALLOWED
