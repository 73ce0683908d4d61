"""Looking at subjects: masked, in scope, in all directions."""

from uuid import uuid4

import pytest

from tests.collection_subjects.conftest import ID_NUMBER, Town
from tests.factories import subjects as make


def _names(response: object) -> list[str]:
    return [item["name"] for item in response.json()["items"]]  # type: ignore[attr-defined]


class TestOne:
    @pytest.mark.requirement("S0-26")
    @pytest.mark.requirement("S4-18")
    async def test_masked_with_life_cycle_and_etag(self, town: Town) -> None:
        answer = await town.get(f"/subjects/{town.zhang.id}")
        assert answer.status_code == 200
        assert answer.headers["ETag"] == '"1"'
        body = answer.json()
        assert (body["name"], body["address"]) == ("张**", "安澜路12号3幢***")
        assert body["fields"] == {
            "name": "张**",
            "id_number": "330921********1236",
            "phone": "138****5678",
            "address": "安澜路12号3幢***",
            "birth_date": "1990-01-01",
            "categories": ["floating"],
            "nation": "01",
            "dwelling_id": str(town.dwelling.id),
        }
        assert body["masked_fields"] == ["address", "id_number", "name", "phone"]
        assert [(s["state"], s["since"], s["until"]) for s in body["states"]] == [
            ("arrived", "2026-11-20", None)
        ]
        assert body["allowed_states"] == ["died", "left", "moved"]
        for secret in ("三丰", ID_NUMBER, "13812345678", "501", "吃药", "health"):
            assert secret not in answer.text

    async def test_that_there_is_a_sensitive_field_is_told_by_rule(self, town: Town) -> None:
        told = {
            who: (await town.get(f"/subjects/{town.zhang.id}", who)).json()["sensitive_fields"]
            for who in ("inspector", "community", "township")
        }
        assert told == {"inspector": [], "community": [], "township": ["health"]}

    @pytest.mark.parametrize("path", ["", "/versions", "/links", "/network"])
    async def test_who_may_not(self, town: Town, path: str) -> None:
        url = f"/subjects/{town.zhang.id}{path}"
        foreign = await town.get(url, "foreigner")
        assert (foreign.status_code, foreign.json()["code"]) == (404, "subject_not_found")
        assert (await town.get(url, "department")).status_code == 403
        assert (await town.client.get(f"/api/v1{url}")).status_code == 401
        assert (await town.get(f"/subjects/{uuid4()}{path}")).status_code == 404

    async def test_versions_are_masked_and_paged(self, town: Town) -> None:
        async with town.database.transaction() as session:
            stored = (await make.locked(session, town.zhang.id))[town.zhang.id]
            await make.write(
                session, make.change("person", {"phone": "13987654321", "nation": None}, stored=stored)
            )
        first = (await town.get(f"/subjects/{town.zhang.id}/versions", limit=1)).json()
        assert first["items"][0]["changed"][:2] == ["address", "birth_date"]
        second = (await town.get(f"/subjects/{town.zhang.id}/versions", limit=1, cursor=first["next"])).json()
        [version] = second["items"]
        assert (version["version"], version["changed"]) == (2, ["nation", "phone"])
        assert version["fields"] == {"nation": None, "phone": "139****4321"}
        assert second["next"] is None


class TestLinks:
    @pytest.mark.requirement("S3-10")
    async def test_from_person_to_dwelling_to_people(self, town: Town) -> None:
        links = (await town.get(f"/subjects/{town.zhang.id}/links", kind="lives_in", direction="out")).json()
        [home] = [link["subject"]["id"] for link in links["items"]]
        assert home == str(town.dwelling.id)
        people = (await town.get(f"/subjects/{home}/links", kind="lives_in", direction="in")).json()
        assert {link["subject"]["name"] for link in people["items"]} == {"张**", "李**"}
        building = (await town.get(f"/subjects/{home}/links", kind="part_of")).json()["items"]
        assert [(b["subject"]["kind"], b["direction"]) for b in building] == [("building", "out")]

    async def test_ended_links_on_a_day_and_all(self, town: Town) -> None:
        async with town.database.transaction() as session:
            stored = (await make.locked(session, town.zhang.id))[town.zhang.id]
            moved = make.change("person", {"dwelling_id": str(town.next_door.id)}, stored=stored)
            await make.write(session, moved)
        path = f"/subjects/{town.zhang.id}/links"

        async def homes(**query: object) -> list[str]:
            found = (await town.get(path, kind="lives_in", **query)).json()["items"]
            return [link["subject"]["id"] for link in found]

        assert await homes(at="2026-11-19") == []
        assert await homes() == [str(town.next_door.id)]
        assert set(await homes(with_ended=True)) == {str(town.dwelling.id), str(town.next_door.id)}
        one = (await town.get(path, with_ended=True, limit=1)).json()
        rest = (await town.get(path, with_ended=True, limit=5, cursor=one["next"])).json()
        assert len(one["items"]) == 1
        assert len(rest["items"]) == 2

    @pytest.mark.requirement("S2-32")
    async def test_walk_from_person_to_neighbours_and_building(self, town: Town) -> None:
        found = (await town.get(f"/subjects/{town.li.id}/network", steps=2)).json()
        reached = {node["subject"]["id"]: node["steps"] for node in found["nodes"]}
        assert reached == {
            str(town.li.id): 0,
            str(town.zhang.id): 1,
            str(town.dwelling.id): 1,
            str(town.building.id): 2,
        }
        assert {(e["kind"], e["from_id"], e["to_id"]) for e in found["links"]} == {
            ("lives_in", str(town.li.id), str(town.dwelling.id)),
            ("lives_in", str(town.zhang.id), str(town.dwelling.id)),
            ("family_of", str(town.li.id), str(town.zhang.id)),
            ("part_of", str(town.dwelling.id), str(town.building.id)),
        }
        assert found["is_truncated"] is False
        farther = (await town.get(f"/subjects/{town.li.id}/network", steps=3)).json()
        assert str(town.next_door.id) in {node["subject"]["id"] for node in farther["nodes"]}
        few = (await town.get(f"/subjects/{town.li.id}/network", steps=3, limit=2)).json()
        assert (len(few["nodes"]), few["is_truncated"]) == (2, True)

    async def test_the_rule_stops_a_walk(self, town: Town) -> None:
        async with town.database.transaction() as session:
            from tests.factories.patrol import decide

            await decide(session, town.county.county, "subjects.walk_steps_max", 1)
        found = (await town.get(f"/subjects/{town.li.id}/network", steps=6)).json()
        assert max(node["steps"] for node in found["nodes"]) == 1


class TestSearch:
    @pytest.mark.requirement("S3-13")
    async def test_each_condition(self, town: Town) -> None:
        cases: list[tuple[dict[str, object], set[object]]] = [
            ({"name": "三丰"}, {town.zhang.id, town.li.id}),
            ({"name": " 张 三"}, {town.zhang.id}),
            ({"name": "渔具"}, {town.firm.id}),
            ({"name": "丰三"}, set()),
            ({"address": "3幢501"}, {town.zhang.id, town.dwelling.id}),
            ({"key": {"kind": "id_number", "value": ID_NUMBER}}, {town.zhang.id}),
            ({"key": {"kind": "phone", "value": "+86 138-1234-5678"}}, {town.zhang.id}),
            ({"key": {"kind": "phone", "value": "0580-4477001"}}, {town.firm.id}),
            ({"key": {"kind": "credit_code", "value": "9133-0921 ma00000001"}}, {town.firm.id}),
            ({"key": {"kind": "building_code", "value": "B3"}}, {town.building.id}),
            ({"tags": ["floating"]}, {town.zhang.id}),
            ({"kind": "dwelling"}, {town.dwelling.id, town.next_door.id}),
            ({"kind": "dwelling", "address": "502室"}, {town.next_door.id}),
            ({"item_code": "key_place"}, set()),
            ({"state": "registered"}, {town.firm.id}),
            ({"grid_id": str(town.other_grid)}, set()),
            ({"area_id": str(town.county.community), "kind": "organization"}, {town.firm.id}),
            ({"area_id": str(town.foreign.county)}, set()),
            ({"box": [122.004, 30.004, 122.006, 30.006], "kind": "building"}, {town.building.id}),
            ({"box": [122.006, 30.004, 122.007, 30.006]}, set()),
        ]
        for body, expected in cases:
            answer = await town.post("/subjects/searches", body)
            assert answer.status_code == 200, answer.text
            assert {item["id"] for item in answer.json()["items"]} == {str(e) for e in expected}, body
            assert "三丰" not in answer.text

    async def test_pages_are_full_although_few_candidates_fit(self, town: Town) -> None:
        async with town.database.transaction() as session:
            for number in range(5):
                await make.subject(session, "place", town.county.community, {"name": f"海鲜大排档{number}"})
                # holds both bigrams of 海鲜 and 排档, but not the text that is looked for
                await make.subject(
                    session, "place", town.county.community, {"name": f"排档大海鲜大排{number}"}
                )
        cursor, seen = None, []
        while True:
            body = {"name": "海鲜大排档", "limit": 2, "cursor": cursor}
            page = (await town.post("/subjects/searches", body)).json()
            seen.append(len(page["items"]))
            cursor = page["next"]
            if cursor is None:
                break
        assert seen == [2, 2, 1]

    async def test_only_in_scope(self, town: Town) -> None:
        body = {"name": "码头"}
        assert _names(await town.post("/subjects/searches", body)) == []
        assert _names(await town.post("/subjects/searches", {"name": "三丰"}, "foreigner")) == []
        assert (await town.post("/subjects/searches", body, "department")).status_code == 403
        assert (await town.client.post("/api/v1/subjects/searches", json=body)).status_code == 401

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({}, "search_unbounded"),
            ({"with_merged": True}, "search_unbounded"),
            ({"name": "张"}, "search_too_short"),
            ({"address": "·号 "}, "search_too_short"),
            ({"box": [123, 30, 122, 31]}, "box_reversed"),
            ({"kind": "person", "cursor": "nonsense"}, "bad_cursor"),
            ({"kind": "ship"}, "invalid"),
            ({"name": "a\0b"}, "invalid"),
        ],
    )
    async def test_bad_searches(self, town: Town, body: dict[str, object], code: str) -> None:
        answer = await town.post("/subjects/searches", body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
