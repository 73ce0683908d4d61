"""The people, houses, firms and things of the demo grid and its neighbours: made up, the same every time.

Names carry the mark of the demo; identity numbers end in the sequences that were set aside for centenarians, so
that they belong to nobody of these birth dates.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.catalogue import credit_codes, identity_numbers
from app.collection.catalogue.form_fields import FormField, fields_of
from app.collection.catalogue.shipped import read_forms
from app.collection.subjects import store
from app.collection.subjects.changing import Change, Place
from app.demo import doubtful
from app.demo.islands import DemoGrid
from app.demo.people import GIVEN, LABEL, SURNAMES, inspector_id
from app.exchange.items import Desk
from app.identity.actor import system_actor
from app.kit.crypto import Vault
from app.kit.ids import DEMO_COUNTY_CODE, DEMO_ESTATE, DEMO_GRID_CODE, demo_id

NEIGHBOURS = 3
DWELLINGS = 10
HOUSEHOLD_SIZES = (1, 2, 3, 4, 5)
RECORDED_BACK, AGAIN_BACK = timedelta(days=30), timedelta(days=3)
COMPONENTS = (("雨水井盖", "01", "03"), ("路灯", "01", "19"), ("消火栓", "01", "10"), ("垃圾箱", "03", "02"))
FIRMS = (("渔具店", "individual"), ("便利店", "individual"), ("海产加工有限公司", "enterprise"))
PLACES = (("民宿", "hotel"), ("小学", "school"), ("农贸市场", "market"), ("餐馆", "catering"))
_METRE = 1e-5


@dataclass(frozen=True, slots=True)
class DemoSubject:
    """A subject as an inspector would have sent it. id: of the demo; item_code: its form."""

    id: UUID
    item_code: str
    values: Mapping[str, Any]
    place: Place


async def load(
    session: AsyncSession, grids: list[DemoGrid], vault: Vault, *, zone: ZoneInfo, now: datetime
) -> int:
    """Writes them as collected a month ago; returns how many."""
    forms = {form.code: (form.subject_kind, fields_of(form.schema)) for form in read_forms()}
    recorded_at = now - RECORDED_BACK
    changes = []
    for number, grid in enumerate(around(grids)):
        for each in subjects_of(grid, number):
            kind, fields = forms[each.item_code]
            changes.append(_change(each, kind or "", fields, inspector_id(grid.code), recorded_at, zone))
    desk = Desk(system_actor(DEMO_COUNTY_CODE), vault, zone, now)
    await store.write_many(session, desk, changes)
    await _recollect(session, desk, changes, now - AGAIN_BACK)
    await doubtful.load(session, desk, changes)
    return len(changes)


async def _recollect(session: AsyncSession, desk: Desk, changes: list[Change], recorded_at: datetime) -> None:
    """The demo resident has another telephone number now: a second version to look at."""
    first = next(c for c in changes if c.subject_id == demo_id("person", "resident"))
    stored = await store.lock_many(session, desk.vault, DEMO_COUNTY_CODE, [first.subject_id])
    again = replace(
        first,
        stored=stored[first.subject_id],
        values={"phone": "13805800199", "employer": f"演示渔业合作社{LABEL}"},
        recorded_at=recorded_at,
        day=recorded_at.astimezone(desk.zone).date(),
    )
    await store.write_many(session, desk, [again])


def around(grids: list[DemoGrid]) -> list[DemoGrid]:
    """The demo grid first, then the grids that lie nearest to it."""
    demo = next(grid for grid in grids if grid.code == DEMO_GRID_CODE)
    others = sorted(
        (grid for grid in grids if grid.code != DEMO_GRID_CODE),
        key=lambda grid: (grid.shape.distance(demo.shape), grid.code),
    )
    return [demo, *others[:NEIGHBOURS]]


def subjects_of(grid: DemoGrid, number: int) -> Iterator[DemoSubject]:
    """A building, its dwellings and households, firms, components and a key place of a grid; first of all the estate.

    number: 0 for the demo grid, whose first of each kind has the id of the examples.
    """
    rng = np.random.default_rng(int(grid.code) % 2**32)
    middle = grid.shape.representative_point()
    spot = (round(middle.x, 7), round(middle.y, 7))
    address = f"{grid.community.name}演示路{number * 2 + 1}号"
    if number == 0:
        yield _estate(grid, address, spot)
    building = DemoSubject(
        _id("building", grid, number, 1),
        "building",
        {
            "building_code": f"{grid.code}B01",
            "building_name": f"演示苑{number + 1}幢",
            "estate_name": "演示苑",
            "estate_id": str(DEMO_ESTATE),
            "address": f"{address}{number + 1}幢",
            "building_use": "residential",
            "building_structure": "brick_concrete",
            "built_year": 1998 + number,
            "storey_count": 5,
        },
        _place(grid, spot),
    )
    yield building
    yield from _homes(grid, number, building, f"{address}{number + 1}幢", rng)
    yield from _firms(grid, number, address, spot)
    yield from _things(grid, number, address, spot)


def _estate(grid: DemoGrid, address: str, spot: tuple[float, float]) -> DemoSubject:
    values = {"name": "演示苑", "address": address, "building_count": NEIGHBOURS + 1}
    return DemoSubject(DEMO_ESTATE, "estate", values, _place(grid, spot))


def _homes(
    grid: DemoGrid, number: int, building: DemoSubject, address: str, rng: np.random.Generator
) -> Iterator[DemoSubject]:
    person = 0
    for home in range(DWELLINGS):
        room = f"{home // 2 + 1}0{home % 2 + 1}"
        dwelling_id = _id("dwelling", grid, number, home + 1)
        is_let = home % 4 == 3
        yield DemoSubject(
            dwelling_id,
            "dwelling",
            {
                "house_code": f"{grid.code}B01{room}",
                "building_id": str(building.id),
                "address": f"{address}{room}室",
                "floor": home // 2 + 1,
                "room": room,
                "house_use": "rented" if is_let else "self_occupied",
                "occupancy_state": "occupied",
                "area_m2": 60 + 5 * home,
            },
            building.place,
        )
        size = HOUSEHOLD_SIZES[home % len(HOUSEHOLD_SIZES)]
        surname = SURNAMES[int(rng.integers(len(SURNAMES)))]
        household_id = _id("household", grid, number, home + 1)
        members = [
            _person(grid, number, person + n, surname, is_let, rng, f"{address}{room}室") for n in range(size)
        ]
        yield DemoSubject(
            household_id,
            "household",
            {
                "head_name": members[0].values["name"],
                "head_id": str(members[0].id),
                "dwelling_id": str(dwelling_id),
                "address": f"{address}{room}室",
                "member_count": size,
            },
            building.place,
        )
        for member in members:
            linked = {"dwelling_id": str(dwelling_id), "household_id": str(household_id)}
            yield replace(member, values={**member.values, **linked}, place=building.place)
        person += size


def _person(
    grid: DemoGrid,
    number: int,
    person: int,
    surname: str,
    is_floating: bool,
    rng: np.random.Generator,
    address: str,
) -> DemoSubject:
    nth = number * DWELLINGS * 3 + person  # no two were born on one day: so no two numbers are the same
    born = date(1940, 1, 1) + timedelta(days=nth * 7_919 % 29_000)
    gender = int(rng.integers(1, 3))
    first_17 = f"{DEMO_COUNTY_CODE}{born:%Y%m%d}{997 if gender == 1 else 998}"
    name = surname + "".join(GIVEN[int(each)] for each in rng.integers(len(GIVEN), size=2)) + LABEL
    values = {
        "name": name,
        "id_number": first_17 + identity_numbers.check_character(first_17),
        "gender": str(gender),
        "birth_date": born.isoformat(),
        "phone": f"1380580{number}{person:03d}",
        "residence_address": address,
    }
    more = {"inflow_reason": "01"} if is_floating else {"residence_consistency": "01"}
    return DemoSubject(
        _id("person", grid, number, person + 1),
        "resident_floating" if is_floating else "resident_registered",
        values | more,
        _place(grid, None),
    )


def _firms(grid: DemoGrid, number: int, address: str, spot: tuple[float, float]) -> Iterator[DemoSubject]:
    for at, (name, kind) in enumerate(FIRMS):
        first_17 = f"92{DEMO_COUNTY_CODE}MADEM{number:02d}{at:02d}"
        yield DemoSubject(
            _id("organization", grid, number, at + 1),
            "organization",
            {
                "name": f"演示{number + 1}号{name}{LABEL}",
                "credit_code": first_17 + credit_codes.check_character(first_17),
                "organization_kind": kind,
                "address": f"{address}之{at + 1}",
                "legal_representative_name": f"{SURNAMES[at]}演示{LABEL}",
                "legal_representative_phone": f"1380581{number}{at:03d}",
                "employee_count": 3 + at,
            },
            _place(grid, (spot[0] + (at + 2) * 8 * _METRE, spot[1])),
        )


def _things(grid: DemoGrid, number: int, address: str, spot: tuple[float, float]) -> Iterator[DemoSubject]:
    for at, (name, major, minor) in enumerate(COMPONENTS):
        yield DemoSubject(
            _id("component", grid, number, at + 1),
            "component",
            {
                "component_code": f"{DEMO_COUNTY_CODE}{major}{minor}{number * 10 + at + 1:06d}",
                "name": name,
                "component_major": major,
                "component_minor": minor,
                "component_state": "01",
                "address": f"{address}旁",
            },
            _place(grid, (spot[0], spot[1] + (at + 2) * 8 * _METRE)),
        )
    name, category = PLACES[number % len(PLACES)]
    yield DemoSubject(
        _id("place", grid, number, 1),
        "key_place",
        {
            "place_code": f"{grid.code}P01",
            "name": f"演示{name}{LABEL}",
            "key_place_category": category,
            "organization_id": str(_id("organization", grid, number, 1)),
            "address": address,
            "manager_name": f"{SURNAMES[number]}演示{LABEL}",
            "manager_phone": f"1380582{number}000",
        },
        _place(grid, (spot[0] - 30 * _METRE, spot[1])),
    )


def _id(kind: str, grid: DemoGrid, number: int, nth: int) -> UUID:
    if number == 0 and nth == 1:
        return demo_id(kind, "resident" if kind in ("person", "household", "dwelling") else "1")
    return demo_id(kind, f"{grid.code}/{nth}")


def _place(grid: DemoGrid, spot: tuple[float, float] | None) -> Place:
    return Place(demo_id("area", grid.community.code), demo_id("grid", grid.code), spot)


def _change(
    each: DemoSubject,
    kind: str,
    fields: Mapping[str, FormField],
    author_id: UUID,
    recorded_at: datetime,
    zone: ZoneInfo,
) -> Change:
    return Change(
        subject_id=each.id,
        kind=kind,
        item_code=each.item_code,
        fields=fields,
        values=each.values,
        recorded_at=recorded_at,
        day=recorded_at.astimezone(zone).date(),
        place=each.place,
        author_id=author_id,
        quality_score=80,
    )
