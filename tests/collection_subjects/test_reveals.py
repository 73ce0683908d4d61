"""Personal data in plain: who, what for, and that it is known."""

import pytest

from tests.collection_subjects.conftest import ID_NUMBER, Town

ASKED = {"fields": ["phone"], "purpose": "visit", "note": "电话预约上门"}


class TestReveal:
    async def test_plain_values_once_and_an_event_without_them(self, town: Town) -> None:
        path = f"/subjects/{town.zhang.id}/reveals"
        answer = await town.post(path, ASKED)
        assert answer.status_code == 200, answer.text
        assert answer.json()["fields"] == {"phone": "13812345678"}
        everything = await town.post(path, ASKED | {"fields": None}, "township")
        assert everything.json()["fields"] == {
            "address": "安澜路12号3幢501室",
            "health": "吃药",
            "id_number": ID_NUMBER,
            "name": "张三丰",
            "phone": "13812345678",
        }
        events = await town.events("subject.revealed")
        assert [(e["fields"], e["purpose"]) for e in events] == [
            (["phone"], "visit"),
            (["address", "health", "id_number", "name", "phone"], "visit"),
        ]
        assert all("note" not in e for e in events)
        assert await town.rows("SELECT note, fields FROM subject_reveal ORDER BY revealed_at LIMIT 1") == [
            ("电话预约上门", ["phone"])
        ]

    async def test_an_inspector_in_his_own_grid_only(self, town: Town) -> None:
        path = f"/subjects/{town.zhang.id}/reveals"
        assert (await town.post(path, ASKED, "inspector")).status_code == 200
        refused = await town.post(path, ASKED, "colleague")
        assert (refused.status_code, refused.json()["code"]) == (403, "reveal_not_allowed")
        assert len(await town.events("subject.revealed")) == 1

    async def test_sensitive_fields_do_not_exist_for_who_may_not_see_them(self, town: Town) -> None:
        path = f"/subjects/{town.zhang.id}/reveals"
        for who in ("inspector", "community"):
            refused = await town.post(path, ASKED | {"fields": ["health"]}, who)
            assert (refused.status_code, refused.json()["code"]) == (422, "field_unknown")
            everything = (await town.post(path, ASKED | {"fields": None}, who)).json()["fields"]
            assert "health" not in everything
        allowed = await town.post(path, ASKED | {"fields": ["health"]}, "township")
        assert allowed.json()["fields"] == {"health": "吃药"}

    async def test_a_rule_narrows_who_may(self, town: Town) -> None:
        from tests.factories.patrol import decide

        async with town.database.transaction() as session:
            await decide(session, town.county.county, "subjects.revealed_to", "township")
        path = f"/subjects/{town.zhang.id}/reveals"
        assert (await town.post(path, ASKED, "community")).json()["code"] == "reveal_not_allowed"
        assert (await town.post(path, ASKED, "township")).status_code == 200

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (ASKED | {"fields": ["nation"]}, 422, "field_unknown"),
            (ASKED | {"fields": []}, 422, "invalid"),
            (ASKED | {"note": " "}, 422, "invalid"),
            (ASKED | {"purpose": "curiosity"}, 422, "invalid"),
        ],
    )
    async def test_bad_requests(self, town: Town, body: dict[str, object], status: int, code: str) -> None:
        answer = await town.post(f"/subjects/{town.zhang.id}/reveals", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert await town.events("subject.revealed") == []

    async def test_who_may_not(self, town: Town) -> None:
        path = f"/subjects/{town.zhang.id}/reveals"
        assert (await town.post(path, ASKED, "foreigner")).json()["code"] == "subject_not_found"
        assert (await town.post(path, ASKED, "department")).status_code == 403
        assert (await town.client.post(f"/api/v1{path}", json=ASKED)).status_code == 401
