"""Who was let in a moment ago, and what is his: asked of the database once, until an event says otherwise. Pure."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.exchange.scope import Scope
from app.sync.heads import Sealed, named

KEPT_S = 60.0
ENTRIES_MAX = 50_000
OF_PEOPLE = {"appointment", "swap", "absence"}
"""Subjects of events that change whose grid is whose; the people stand in their data."""
OF_PLACES = {"grid", "area"}


@dataclass(frozen=True, slots=True)
class Admission:
    """A login that was in order, and the scope of its inspector. until_s: monotonic."""

    login_id: UUID
    device_id: UUID
    scope: Scope
    until_s: float


class Admissions:
    """By login. clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_login: dict[UUID, Admission] = {}
        self._meant: defaultdict[UUID | str, set[UUID]] = defaultdict(set)
        """Logins by inspector, handheld and county: a bulk of appointments must not walk through everybody."""
        self.heeded = 0

    def admit(self, login_id: UUID, device_id: UUID, scope: Scope, *, asked_at: int) -> None:
        """Remembers what the database said. asked_at: `heeded` before it was asked; what came since counts more."""
        if asked_at != self.heeded:
            return
        self._drop_login(login_id)
        if len(self._by_login) >= ENTRIES_MAX:
            self._drop_login(next(iter(self._by_login)))
        admission = Admission(login_id, device_id, scope, self._clock() + KEPT_S)
        self._by_login[login_id] = admission
        for key in _keys(admission):
            self._meant[key].add(login_id)

    def find(self, login_id: UUID, today: date) -> Scope | None:
        """The scope of a login that is in order; None: ask the database."""
        found = self._by_login.get(login_id)
        if found is None or found.until_s < self._clock() or found.scope.today != today:
            return None
        return found.scope

    def last_known(self, login_id: UUID) -> Scope | None:
        """The same however old, for a hint."""
        found = self._by_login.get(login_id)
        return None if found is None else found.scope

    def heed(self, county_code: str, event: Sealed) -> None:
        """Drops whom the event is about."""
        if event.subject_type in OF_PEOPLE:
            self._drop(named(event.data, "inspector_id"), named(event.data, "other_id"))
        elif event.subject_type in OF_PLACES:
            self._drop(county_code)
        elif event.subject_type in ("account", "device"):
            self._drop(event.subject_id)
        elif event.subject_type == "login":
            self._drop_login(event.subject_id)
        else:
            return
        self.heeded += 1

    def forget(self) -> None:
        """Drops everybody."""
        self.heeded += 1
        self._by_login.clear()
        self._meant.clear()

    def _drop(self, *meant: UUID | str | None) -> None:
        for key in meant:
            for login_id in list(self._meant.get(key, ())) if key is not None else ():
                self._drop_login(login_id)

    def _drop_login(self, login_id: UUID) -> None:
        admission = self._by_login.pop(login_id, None)
        for key in () if admission is None else _keys(admission):
            self._meant[key].discard(login_id)
            if not self._meant[key]:
                del self._meant[key]


def _keys(admission: Admission) -> tuple[UUID | str, ...]:
    return admission.scope.inspector_id, admission.device_id, admission.scope.county_code
