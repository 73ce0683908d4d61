"""Ledgers, completeness and look-ups against counts made by hand, person by person, over random communities."""

import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.collection_ledgers.conftest import Desks
from tests.factories.ledgers import Town

TAGS = ("party_member", "low_income", "disabled", "volunteer", "retired")
VULNERABLE = {"low_income", "disabled"}
BACKBONE = {"party_member", "volunteer"}
PERSON_ITEMS = ("resident_registered", "resident_left_behind", "resident_floating", "resident_foreign")


@dataclass(eq=False, repr=False)
class Thing:
    """A subject as the test knows it; `into`: what it was merged into; `to`: where its link leads."""

    id: UUID
    values: dict[str, Any]
    item: str
    is_present: bool
    to: "Thing | None" = None
    into: "Thing | None" = None
    absorbed: list["Thing"] = field(default_factory=list)

    @property
    def root(self) -> "Thing":
        return self.into.root if self.into else self

    @property
    def counts(self) -> bool:
        return self.into is None and self.is_present

    @property
    def group(self) -> list["Thing"]:
        return [self, *(deeper for each in self.absorbed for deeper in each.group)]

    @property
    def targets(self) -> list["Thing"]:
        """What the links of it and of what it absorbed lead to, the latest last."""
        return [each.to.root for each in sorted(self.group, key=lambda t: t.values["nth"]) if each.to]


@dataclass(repr=False)
class Scene:
    buildings: list[Thing]
    dwellings: list[Thing]
    people: list[Thing]


async def merge(place: Town, dice: random.Random, things: list[Thing]) -> None:
    for loser in dice.sample(things, len(things) // 3):
        winner = dice.choice(things).root
        if winner is not loser and loser.into is None and winner not in loser.group:
            loser.into = winner
            winner.absorbed.append(loser)
            statement = text("UPDATE subject SET merged_into = :winner WHERE id = :loser")
            await place.session.execute(statement, {"winner": winner.id, "loser": loser.id})


async def scene_of(place: Town, dice: random.Random) -> Scene:
    """Buildings with dwellings with people, some in the neighbouring community, some gone, some merged."""
    nth = iter(range(1000))

    async def add(item: str, values: dict[str, Any], gone: str, to: Thing | None, link: str) -> Thing:
        values = {name: value for name, value in values.items() if value is not None}
        linked = {link: str(to.id)} if to else {}
        area = dice.choice([place.community, place.other])
        is_present = dice.random() > 0.15
        state = None if is_present else gone
        id_ = await place.add(item, values | linked, area=area, state=state)
        return Thing(id_, values | {"nth": next(nth), "area": area}, item, is_present, to)

    scene = Scene([], [], [])
    for n in range(6):
        values = {"building_name": f"{n}幢", "household_count": dice.choice([None, 0, 2, 5])}
        scene.buildings.append(await add("building", values, "demolished", None, ""))
    for n in range(14):
        values = {"address": f"{n}室", "house_use": dice.choice(["self_occupied", "rented", "vacant"])}
        item = dice.choice(["dwelling", "dwelling", "rental_dwelling"])
        home = dice.choice([*scene.buildings, None])
        scene.dwellings.append(await add(item, values, "demolished", home, "building_id"))
    for n in range(24):
        values = {
            "name": f"张{'一二三四五六七八九十百千'[n % 12]}",
            "gender": "1",
            "residence_consistency": dice.choice([None, "01", "02"]),
            "lodging_type": dice.choice([None, "01", "02"]),
            "tags": dice.sample(TAGS, dice.choice([0, 0, 1, 2])) or None,
        }
        home = dice.choice([*scene.dwellings, None])
        scene.people.append(await add(dice.choice(PERSON_ITEMS), values, "left", home, "dwelling_id"))
    for things in (scene.buildings, scene.dwellings, scene.people):
        await merge(place, dice, things)
    return scene


@pytest.fixture(params=range(4))
async def scene(request: pytest.FixtureRequest, place: Town) -> Scene:
    return await scene_of(place, random.Random(request.param))


async def ids(desks: Desks, code: str, **params: Any) -> set[str]:
    answer = await desks.ask("township", "GET", f"/ledgers/{code}", params={"limit": 500} | params)
    return {row["id"] for row in answer.json()["items"]}


def by_hand(people: list[Thing], fits: Any) -> set[str]:
    return {str(each.id) for each in people if each.counts and fits(each)}


@pytest.mark.requirement("S2-23", "S2-25", "S2-27")
async def test_residents_and_their_sub_ledgers(desks: Desks, scene: Scene) -> None:
    def is_let(home: Thing) -> bool:
        return home.item == "rental_dwelling" or home.values["house_use"] == "rented"

    expected = {
        "residents": lambda p: True,
        "residents_permanent": lambda p: p.item in PERSON_ITEMS[:2] or p.values.get("residence_consistency"),
        "residents_outside": lambda p: p.item in PERSON_ITEMS[2:],
        "residents_registered_here": lambda p: p.values.get("residence_consistency") == "01",
        "residents_registered_elsewhere": lambda p: p.values.get("residence_consistency") == "02",
        "tenants": lambda p: p.values.get("lodging_type") == "02" or any(map(is_let, p.targets)),
        "special_groups": lambda p: p.values.get("tags"),
    }
    for code, fits in expected.items():
        assert await ids(desks, code) == by_hand(scene.people, fits), code
        totals = (await desks.ask("township", "GET", f"/ledgers/{code}/totals")).json()
        assert totals["rows"] == len(by_hand(scene.people, fits)), code
    for tag in TAGS:
        wanted = by_hand(scene.people, lambda p, tag=tag: tag in p.values.get("tags", ()))
        assert await ids(desks, "special_groups", tag=tag) == wanted


@pytest.mark.requirement("S2-23")
async def test_columns_of_links(desks: Desks, place: Town, scene: Scene) -> None:
    answer = await desks.ask("township", "GET", "/ledgers/residents", params={"limit": 500})
    shown = {row["id"]: row["cells"]["dwelling_address"] for row in answer.json()["items"]}
    homes = {
        str(p.id): p.targets[-1].values["address"] if p.targets else None for p in scene.people if p.counts
    }
    assert shown == homes
    answer = await desks.ask("township", "GET", "/ledgers/buildings", params={"limit": 500})
    shown = {row["id"]: row["cells"]["dwellings_recorded"] for row in answer.json()["items"]}
    assert shown == {
        str(b.id): sum(b in d.targets for d in scene.dwellings if d.into is None)
        for b in scene.buildings
        if b.counts
    }


@pytest.mark.requirement("S2-24")
async def test_completeness(desks: Desks, place: Town, scene: Scene) -> None:
    dwellings = [d for d in scene.dwellings if d.counts]
    people = [p for p in scene.people if p.counts]
    lived_in = {p.targets[-1].id for p in people if p.targets}
    in_use = {d.id for d in dwellings if d.values["house_use"] != "vacant"}
    answer = (await desks.ask("township", "GET", "/completeness")).json()
    for area, shown in (
        (None, answer["total"]),
        *((UUID(each["area_id"]), each) for each in answer["areas"]),
    ):

        def here(things: list[Thing], area: UUID | None = area) -> list[Thing]:
            return [t for t in things if t.counts and area in (None, t.values["area"])]

        buildings = here(scene.buildings)
        recorded = {b.id: sum(d.targets[-1:] == [b] for d in dwellings) for b in buildings}
        declared = {b.id: b.values.get("household_count") or 0 for b in buildings}
        expected = {
            "buildings": len(buildings),
            "buildings_without_dwellings": sum(not many for many in recorded.values()),
            "households_declared": sum(declared.values()),
            "dwellings": len(here(dwellings)),
            "dwellings_missing": sum(max(declared[b] - recorded[b], 0) for b in declared),
            "dwellings_without_people": sum(d.id in in_use - lived_in for d in here(dwellings)),
            "dwellings_without_building": sum(not d.targets for d in here(dwellings)),
            "people": sum(bool(p.targets) for p in here(people)),
            "people_without_dwelling": sum(not p.targets for p in here(people)),
        }
        assert {name: shown[name] for name in expected} == expected, shown["name"]
    found = (await desks.ask("township", "GET", "/completeness/dwellings", params={"limit": 500})).json()
    gaps = {str(d.id) for d in dwellings if d.id in in_use - lived_in or not d.targets}
    assert {row["id"] for row in found["items"]} == gaps


@pytest.mark.requirement("S2-26")
async def test_units(desks: Desks, place: Town) -> None:
    dice = random.Random(1)
    expected = {}
    for n in range(12):
        values = {
            "name": f"单位{n}",
            "organization_kind": "enterprise",
            "employee_count": dice.randint(0, 300),
        }
        if dice.random() < 0.5:
            values |= {"party_organization": "党支部", "party_member_count": dice.randint(1, 40)}
        area = dice.choice([place.community, place.other])
        gone = dice.random() < 0.2
        await place.add("organization", values, area=area, state="deregistered" if gone else None)
        if not gone and area == place.community:
            wanted = ("name", "employee_count", "party_organization", "party_member_count")
            expected[f"单位{n}"] = [values.get(name) for name in wanted]
    answer = await desks.ask("community", "GET", "/ledgers/organizations")
    rows = [row["cells"] for row in answer.json()["items"]]
    shown = ("name", "employee_count", "party_organization", "party_member_count")
    assert {row["name"]: [row[name] for name in shown] for row in rows} == expected


@pytest.mark.requirement("S2-28")
async def test_look_ups(desks: Desks, place: Town, scene: Scene) -> None:
    async def look(**body: Any) -> set[str]:
        answer = await desks.ask("township", "POST", "/look-ups", json={"limit": 500} | body)
        return {row["id"] for row in answer.json()["items"]}

    def tagged(tags: set[str]) -> set[str]:
        return by_hand(scene.people, lambda p: tags & set(p.values.get("tags", ())))

    assert await look(topic="vulnerable") == tagged(VULNERABLE)
    assert await look(topic="backbone") == tagged(BACKBONE)
    for name in ("张一", "张十", "张无"):
        assert await look(topic="residents", name=name) == by_hand(
            scene.people, lambda p, name=name: p.values["name"] == name
        )
