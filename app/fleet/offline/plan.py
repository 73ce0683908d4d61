"""What two inspectors of a grid record on a day without signal, and what must come of it. Pure.

The morning makes people whom both know. Offline, both edit them without knowing of each other: different fields,
the same field with the same value, the same field with different values; one edits twice in a row. Each visits
two of them, once indoors where only a photo tells of it, and meets new people; one of those both meet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

Who = Literal["first", "second"]
Kind = Literal["new", "edit", "visit"]
BOTH: tuple[Who, Who] = ("first", "second")
FORM = "resident_registered"
ID_WEIGHTS, ID_CHECKS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"
NEW_PEOPLE, PHOTOS = 6, 4
VISIT_MS = 12 * 60_000


@dataclass(frozen=True, slots=True)
class Doing:
    """Something recorded at a true instant. person: the plan's own name for whom it is about.

    kind       `new` makes the person and has all fields, `edit` those that change, `visit` what was found
    place      degrees; None indoors, where only a photo can prove a visit
    photos     names of the photos that go with it
    """

    at_ms: int
    person: str
    kind: Kind
    fields: Mapping[str, Any]
    place: tuple[float, float] | None
    photos: tuple[str, ...] = ()


@dataclass(slots=True)
class Plan:
    """A pair's day. conflicts: (person, field) that must end in one conflict each, whoever comes second.

    settled      (person, field) → value that must hold in the end
    known_twice  the person whom both record as new: one subject in the end
    """

    morning: list[Doing] = field(default_factory=list)
    offline: dict[Who, list[Doing]] = field(default_factory=lambda: {"first": [], "second": []})
    conflicts: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    settled: dict[tuple[str, str], str] = field(default_factory=dict)
    known_twice: str = "met by both"


def plan_of(name: str, shape: BaseGeometry, span_ms: tuple[int, int], rng: np.random.Generator) -> Plan:
    """The plan of a pair. name: unique in the run; shape: their grid; span_ms: the shift, without signal."""
    places = _Homes(shape, rng)
    times = sorted(rng.integers(span_ms[0] + 60_000, span_ms[1] - VISIT_MS, 64).tolist(), reverse=True)
    plan = Plan()
    for person in ("apart", "alike", "against", "in a row"):
        fields = _person(f"{name}/{person}", rng)
        plan.morning.append(Doing(span_ms[0] - 1_800_000, person, "new", fields, places[person]))

    def edit(who: Who, person: str, **changes: str) -> None:
        plan.offline[who].append(Doing(times.pop(), person, "edit", changes, places[person]))

    edit("first", "apart", employer="岱东渔业合作社")
    edit("second", "apart", occupation="船员")
    plan.settled |= {("apart", "employer"): "岱东渔业合作社", ("apart", "occupation"): "船员"}
    for who in BOTH:
        edit(who, "alike", occupation="教师")
    plan.settled["alike", "occupation"] = "教师"
    edit("first", "against", employer="岱山县水产公司")
    edit("second", "against", employer="舟山港务公司")
    plan.conflicts["against", "employer"] = frozenset({"岱山县水产公司", "舟山港务公司"})
    edit("first", "in a row", employer="第一家", occupation="店员")
    edit("second", "in a row", phone="13800000002")
    edit("first", "in a row", employer="第二家")
    plan.settled |= {("in a row", "employer"): "第二家", ("in a row", "occupation"): "店员"}
    for who in BOTH:
        plan.offline[who] += [
            Doing(times.pop(), "apart", "visit", {"condition": "normal"}, places["apart"]),
            Doing(times.pop(), "alike", "visit", {"condition": "normal"}, None, (f"{who} visit photo",)),
        ]
    both = _person(f"{name}/both", rng)
    for who in BOTH:
        plan.offline[who].append(Doing(times.pop(), plan.known_twice, "new", both, places[plan.known_twice]))
        for number in range(NEW_PEOPLE):
            person = f"{who} {number}"
            photos = (f"{person} photo",) if number < PHOTOS else ()
            fields = _person(f"{name}/{person}", rng)
            plan.offline[who].append(Doing(times.pop(), person, "new", fields, places[person], photos))
    return plan


def in_order(doings: Sequence[Doing]) -> list[Doing]:
    """As they were recorded."""
    return sorted(doings, key=lambda each: each.at_ms)


def _person(name: str, rng: np.random.Generator) -> dict[str, Any]:
    """Somebody who does not exist: the name says so."""
    birth = f"{rng.integers(1940, 2004)}-{rng.integers(1, 13):02}-{rng.integers(1, 29):02}"
    body = f"330921{birth.replace('-', '')}{rng.integers(900, 1000)}"
    number = body + ID_CHECKS[sum(w * int(d) for w, d in zip(ID_WEIGHTS, body, strict=True)) % 11]
    return {
        "name": f"演练{_letters(rng)}",
        "id_number": number,
        "gender": "2" if int(number[16]) % 2 == 0 else "1",
        "birth_date": birth,
        "residence_consistency": "01",
        "phone": f"139{rng.integers(0, 10**8):08}",
    }


def _letters(rng: np.random.Generator) -> str:
    return "".join(chr(0x4E00 + int(n)) for n in rng.integers(0, 2000, 2))


class _Homes(dict[str, tuple[float, float]]):
    """Where somebody is met, every time: inside the grid, degrees."""

    def __init__(self, shape: BaseGeometry, rng: np.random.Generator) -> None:
        super().__init__()
        self._shape, self._rng = shape, rng

    def __missing__(self, person: str) -> tuple[float, float]:
        west, south, east, north = self._shape.bounds
        while True:
            lon = round(float(self._rng.uniform(west, east)), 7)
            lat = round(float(self._rng.uniform(south, north)), 7)
            if self._shape.contains(Point(lon, lat)):
                self[person] = lon, lat
                return lon, lat
