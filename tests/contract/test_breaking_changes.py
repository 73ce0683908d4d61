"""What counts as breaking a client, and what doesn't."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from app.kit.contract import breaking_changes

Document = dict[str, Any]
ANSWER = {
    "description": "",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Day"}}},
}
DOCUMENT: Document = {
    "paths": {
        "/days/{id}": {
            "get": {
                "parameters": [
                    {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}},
                    {"in": "query", "name": "unit", "schema": {"type": "string", "enum": ["m", "km"]}},
                ],
                "responses": {"200": ANSWER, "404": {"description": ""}},
            },
            "put": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DayUpdate"}}},
                },
                "responses": {"200": ANSWER},
            },
        }
    },
    "components": {
        "schemas": {
            "Day": {
                "type": "object",
                "required": ["distance_m", "parts"],
                "properties": {
                    "distance_m": {"type": "integer"},
                    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Day"}},
                },
            },
            "DayUpdate": {
                "type": "object",
                "additionalProperties": False,
                "required": ["note"],
                "properties": {"note": {"type": "string"}, "kind": {"type": "string", "enum": ["a", "b"]}},
            },
        }
    },
}
Change = Callable[[Document], object]


def get(document: Document) -> Document:
    return document["paths"]["/days/{id}"]["get"]


def schema(document: Document, name: str) -> Document:
    return document["components"]["schemas"][name]


BREAKING: dict[str, tuple[Change, str]] = {
    "operation removed": (lambda d: d["paths"]["/days/{id}"].pop("put"), "PUT /days/{id}: removed"),
    "path removed": (lambda d: d["paths"].clear(), "removed"),
    "answer removed": (lambda d: get(d)["responses"].pop("200"), "no longer answers 200"),
    "media type": (lambda d: get(d)["responses"].__setitem__("200", {"content": {}}), "application/json"),
    "field removed": (lambda d: schema(d, "Day")["properties"].pop("note"), "field note removed"),
    "field optional": (
        lambda d: schema(d, "Day")["required"].remove("distance_m"),
        "distance_m may be missing",
    ),
    "field retyped": (
        lambda d: schema(d, "Day")["properties"]["distance_m"].update(type="string"),
        "distance_m: may now be string",
    ),
    "field null": (
        lambda d: schema(d, "Day")["properties"].update(distance_m={"type": ["integer", "null"]}),
        "distance_m: may now be null",
    ),
    "parameter required": (lambda d: get(d)["parameters"][1].update(required=True), "unit is required now"),
    "parameter removed": (lambda d: get(d)["parameters"].pop(), "parameter unit removed"),
    "parameter value": (
        lambda d: get(d)["parameters"][1]["schema"]["enum"].remove("km"),
        "no longer takes km",
    ),
    "input required": (lambda d: schema(d, "DayUpdate")["required"].append("kind"), "kind is required now"),
    "input removed": (lambda d: schema(d, "DayUpdate")["properties"].pop("kind"), "field kind removed"),
    "input value": (
        lambda d: schema(d, "DayUpdate")["properties"]["kind"]["enum"].remove("b"),
        "no longer takes b",
    ),
    "login": (lambda d: get(d).update(security=[{"oauth2": []}]), "asks for a login"),
}

HARMLESS: dict[str, Change] = {
    "nothing": lambda d: None,
    "new path": lambda d: d["paths"].update({"/new": {"get": {"responses": {}}}}),
    "new field in an answer": lambda d: schema(d, "Day")["properties"].update(more={"type": "string"}),
    "new optional input": lambda d: schema(d, "DayUpdate")["properties"].update(more={"type": "string"}),
    "input no longer required": lambda d: schema(d, "DayUpdate")["required"].clear(),
    "input takes more types": lambda d: schema(d, "DayUpdate")["properties"]["note"].update(
        type=["string", "null"]
    ),
    "description": lambda d: get(d).update(summary="new words"),
    "new problem": lambda d: get(d)["responses"].update({"409": {"description": ""}}),
}


@pytest.mark.parametrize("name", BREAKING)
def test_breaks_a_client(name: str) -> None:
    change, words = BREAKING[name]
    new = copy.deepcopy(DOCUMENT)
    change(new)
    assert any(words in line for line in breaking_changes(DOCUMENT, new)), breaking_changes(DOCUMENT, new)


@pytest.mark.parametrize("name", HARMLESS)
def test_is_harmless(name: str) -> None:
    new = copy.deepcopy(DOCUMENT)
    HARMLESS[name](new)
    assert breaking_changes(DOCUMENT, new) == []
