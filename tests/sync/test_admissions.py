"""Who is remembered as let in: dropped by every event that is about him, and by no other."""

import time
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.exchange.sources import Scope
from app.sync.admissions import Admissions
from app.sync.heads import Sealed

TODAY = date(2026, 11, 22)
LOGIN, DEVICE, INSPECTOR = UUID(int=1), UUID(int=2), UUID(int=3)


def scope(inspector: UUID = INSPECTOR, county: str = "330921") -> Scope:
    return Scope(county, inspector, frozenset(), frozenset(), TODAY)


def sealed(subject: str, subject_id: UUID | None = None, **data: Any) -> Sealed:
    return Sealed(1, b"", f"{subject}.changed", subject, subject_id or uuid4(), None, data)


@pytest.fixture
def admissions() -> Admissions:
    found = Admissions(lambda: 0.0)
    found.admit(LOGIN, DEVICE, scope(), asked_at=0)
    found.admit(UUID(int=11), UUID(int=12), scope(UUID(int=13), "330922"), asked_at=0)
    return found


@pytest.mark.parametrize(
    "event",
    [
        sealed("appointment", inspector_id=str(INSPECTOR)),
        sealed("swap", inspector_id=str(uuid4()), other_id=str(INSPECTOR)),
        sealed("absence", inspector_id=str(INSPECTOR)),
        sealed("grid"),
        sealed("area"),
        sealed("account", INSPECTOR),
        sealed("device", DEVICE),
        sealed("login", LOGIN),
    ],
    ids=lambda e: e.subject_type,
)
def test_an_event_drops_whom_it_is_about_and_nobody_else(admissions: Admissions, event: Sealed) -> None:
    admissions.heed("330921", event)
    assert admissions.find(LOGIN, TODAY) is None
    assert admissions.find(UUID(int=11), TODAY) is not None
    admissions.admit(LOGIN, DEVICE, scope(), asked_at=0)
    assert admissions.find(LOGIN, TODAY) is None, "what was asked before the event is old"
    admissions.admit(LOGIN, DEVICE, scope(), asked_at=admissions.heeded)
    assert admissions.find(LOGIN, TODAY) is not None
    admissions.heed("330921", event)
    assert admissions.find(LOGIN, TODAY) is None


def test_other_events_drop_nobody(admissions: Admissions) -> None:
    admissions.heed("330921", sealed("subject", INSPECTOR))
    admissions.heed("330921", sealed("appointment", inspector_id=str(uuid4())))
    assert admissions.find(LOGIN, TODAY) is not None


def test_a_login_that_changed_hands_is_dropped_with_the_new_ones_only(admissions: Admissions) -> None:
    other = uuid4()
    admissions.admit(LOGIN, DEVICE, scope(other), asked_at=0)
    admissions.heed("330921", sealed("account", INSPECTOR))
    assert admissions.find(LOGIN, TODAY) == scope(other)


def test_a_bulk_of_appointments_is_no_walk_through_everybody() -> None:
    admissions = Admissions(lambda: 0.0)
    for n in range(20_000):
        admissions.admit(UUID(int=n), UUID(int=n + 10**6), scope(UUID(int=n + 10**9)), asked_at=0)
    began = time.process_time()
    for n in range(2000):
        admissions.heed("330921", sealed("appointment", inspector_id=str(UUID(int=n + 10**9))))
    assert time.process_time() - began < 1.0
    assert admissions.find(UUID(int=1999), TODAY) is None
    assert admissions.find(UUID(int=2000), TODAY) is not None
