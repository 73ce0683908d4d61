"""Duplicates are proposed, merges are aliases, a reversal restores everything."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.collection_subjects.conftest import ID_NUMBER, ZHANG, Town
from tests.factories import identity
from tests.factories import subjects as make

EVERYTHING = """
SELECT jsonb_build_object(
  'subject', (SELECT jsonb_agg(to_jsonb(s) - 'revision' - 'updated_at' ORDER BY s.id) FROM subject s),
  'key', (SELECT jsonb_agg(to_jsonb(k) ORDER BY k) FROM subject_key k),
  'version', (SELECT jsonb_agg(to_jsonb(v) ORDER BY v.id) FROM subject_version v),
  'state', (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.id) FROM subject_state t),
  'link', (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.id) FROM subject_link l))
"""


class TestProposals:
    async def _add(self, town: Town, kind: str, values: dict[str, object], **more: object) -> str:
        async with town.database.transaction() as session:
            return str((await make.subject(session, kind, town.county.community, values, **more)).id)

    @pytest.mark.parametrize(
        ("kind", "values", "position", "reason"),
        [
            ("person", {"name": "张三丰", "birth_date": "1990-01-01"}, None, "same_name_and_birth_date"),
            ("person", {"name": "张三风", "phone": "13812345678"}, None, "same_phone_similar_name"),
            ("person", {"name": "张三", "birth_date": "1990-01-01"}, None, None),
            ("person", {"name": "王五六", "phone": "13812345678"}, None, None),
            (
                "person",
                {"name": "张三丰", "birth_date": "1990-01-01", "id_number": "330921199001019996"},
                None,
                None,
            ),
            ("organization", {"name": "岱山渔具 有限公司"}, None, "same_name"),
            ("building", {"name": "海景3幢"}, (122.00505, 30.005), "near_position"),
            ("building", {"name": "海景3幢"}, (122.0052, 30.005), None),
            ("building", {"name": "办公楼"}, (122.00505, 30.005), None),
        ],
    )
    async def test_what_looks_alike_is_proposed(
        self,
        town: Town,
        kind: str,
        values: dict[str, object],
        position: tuple[float, float] | None,
        reason: str | None,
    ) -> None:
        new = await self._add(town, kind, values, position=position)
        items = (await town.get("/duplicates", state="proposed")).json()["items"]
        assert [item["reason"] for item in items] == ([reason] if reason else [])
        for item in items:
            assert new in (item["one"]["id"], item["other"]["id"])
            assert "三" not in (item["one"]["name"] or "")

    async def test_a_dismissed_pair_is_never_proposed_again(self, town: Town) -> None:
        await self._add(town, "person", {"name": "张三丰", "birth_date": "1990-01-01"})
        [item] = (await town.get("/duplicates", state="proposed")).json()["items"]
        path = f"/duplicates/{item['id']}/dismissal"
        assert (await town.post(path, {"reason": "两人"}, "foreigner")).status_code == 404
        assert (await town.post(path, {"reason": "两人"}, "inspector")).status_code == 403
        assert (await town.post(path, {"reason": "两人"})).status_code == 204
        again = await town.post(path, {"reason": "两人"})
        assert (again.status_code, again.json()["code"]) == (409, "duplicate_decided")
        assert len(await town.events("duplicate.dismissed")) == 1
        async with town.database.transaction() as session:
            stored = (await make.locked(session, town.zhang.id))[town.zhang.id]
            away = make.change("person", {"birth_date": "1990-01-02"}, stored=stored)
            back = make.change("person", {"birth_date": "1990-01-01"}, subject_id=stored.id)
            await make.write(session, away)
            await make.write(
                session,
                replace(back, stored=(await make.locked(session, town.zhang.id))[town.zhang.id]),
            )
        assert (await town.get("/duplicates", state="proposed")).json()["items"] == []
        assert (await town.get("/duplicates")).json()["items"][0]["state"] == "dismissed"

    async def test_confirming_merges(self, town: Town) -> None:
        new = await self._add(town, "person", {"name": "张三丰", "birth_date": "1990-01-01"})
        [item] = (await town.get("/duplicates", state="proposed")).json()["items"]
        path = f"/duplicates/{item['id']}/confirmation"
        wrong = await town.post(path, {"winner_id": str(uuid4()), "reason": "同一人"})
        assert wrong.json()["code"] == "merge_ends_differ"
        done = await town.post(path, {"winner_id": str(town.zhang.id), "reason": "同一人"})
        assert done.status_code == 200, done.text
        assert (done.json()["loser_id"], done.json()["proposal_id"]) == (new, item["id"])
        assert (await town.get(f"/subjects/{new}")).json()["merged_into"] == str(town.zhang.id)
        assert (await town.get("/duplicates", state="proposed")).json()["items"] == []


class TestMerging:
    async def _merge(self, town: Town, loser: object, winner: object, who: str = "community") -> object:
        body = {"loser_id": str(loser), "winner_id": str(winner), "reason": "同一人"}
        return await town.post("/merges", body, who)

    async def test_links_versions_and_keys_are_followed(self, town: Town) -> None:
        answer = await self._merge(town, town.zhang.id, town.li.id)
        assert answer.status_code == 201, answer.text  # type: ignore[attr-defined]
        winner = (await town.get(f"/subjects/{town.li.id}")).json()
        assert winner["aliases"] == [str(town.zhang.id)]
        versions = (await town.get(f"/subjects/{town.li.id}/versions")).json()["items"]
        assert {v["subject_id"] for v in versions} == {str(town.zhang.id), str(town.li.id)}
        people = (await town.get(f"/subjects/{town.dwelling.id}/links", direction="in")).json()["items"]
        assert {link["subject"]["id"] for link in people} == {str(town.li.id)}
        assert {link["own_id"] for link in people} == {str(town.dwelling.id)}
        async with town.database.transaction() as session:
            from app.collection.subjects import store

            held = await store.find_by_keys(
                session, identity.vault(), make.COUNTY, [("id_number", ID_NUMBER)]
            )
            locked = (await make.locked(session, town.zhang.id))[town.zhang.id]
        assert set(held.values()) == {town.li.id}
        refused = store.refusal(locked, make.change("person", {}, stored=locked), is_supervisor=True)
        assert refused is not None
        assert refused.extra == {"merged_into": str(town.li.id)}
        found = (await town.post("/subjects/searches", {"name": "张三"})).json()["items"]
        assert found == []
        with_merged = {"name": "张三", "with_merged": True}
        assert len((await town.post("/subjects/searches", with_merged)).json()["items"]) == 1
        assert [e["other_id"] for e in await town.events("subject.merged")] == [str(town.li.id)]
        assert [e["other_id"] for e in await town.events("subject.absorbed")] == [str(town.zhang.id)]

    async def test_refusals(self, town: Town) -> None:
        async def code(loser: object, winner: object, who: str = "community") -> str:
            return str((await self._merge(town, loser, winner, who)).json()["code"])  # type: ignore[attr-defined]

        assert await code(town.zhang.id, town.zhang.id) == "merge_ends_differ"
        assert await code(town.zhang.id, town.firm.id) == "merge_ends_differ"
        assert await code(town.zhang.id, town.elsewhere.id) == "subject_not_found"
        assert await code(town.zhang.id, town.li.id, "foreigner") == "subject_not_found"
        assert await code(town.zhang.id, town.li.id, "inspector") == "forbidden"
        await self._merge(town, town.zhang.id, town.li.id)
        assert await code(town.zhang.id, town.li.id) == "subject_merged"
        assert await code(town.li.id, town.zhang.id) == "subject_merged"
        assert (await town.client.post("/api/v1/merges", json={})).status_code == 401

    async def test_a_reversal_once_by_who_sees_both(self, town: Town) -> None:
        merged = (await self._merge(town, town.zhang.id, town.li.id)).json()  # type: ignore[attr-defined]
        path = f"/merges/{merged['id']}/reversal"
        assert (await town.post(path, {"reason": "两人"}, "foreigner")).status_code == 404
        assert (await town.post(path, {"reason": "两人"})).status_code == 200
        assert (await town.post(path, {"reason": "两人"})).json()["code"] == "merge_reversed"
        assert (await town.get(f"/subjects/{town.zhang.id}")).json()["merged_into"] is None
        listed = (await town.get("/merges", subject_id=str(town.zhang.id))).json()["items"]
        assert [m["reversal_reason"] for m in listed] == ["两人"]
        assert (await town.get("/merges", "foreigner")).json()["items"] == []
        assert len(await town.events("subject.separated")) == 1

    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.sampled_from(["ab", "bc", "ca", "cd", "da", "bd"]), min_size=1, max_size=4))
    async def test_merges_in_any_order_and_reversals_in_another_restore_everything(
        self, town: Town, pairs: list[str]
    ) -> None:
        async with town.database.transaction() as session:
            made = {
                letter: await make.subject(
                    session,
                    "person",
                    town.county.community,
                    {**ZHANG, "id_number": None, "dwelling_id": str(town.next_door.id)},
                )
                for letter in "abcd"
            }
        before = await town.rows(EVERYTHING)
        done = []
        for loser, winner in pairs:
            answer = await self._merge(town, made[loser].id, made[winner].id)
            if answer.status_code == 201:  # type: ignore[attr-defined]
                done.append(answer.json()["id"])  # type: ignore[attr-defined]
        assert await town.rows(EVERYTHING) != before
        for merge_id in sorted(done, key=lambda each: each[-4:]):
            answer = await town.post(f"/merges/{merge_id}/reversal", {"reason": "撤销"})
            assert answer.status_code == 200, answer.text
        assert await town.rows(EVERYTHING) == before
