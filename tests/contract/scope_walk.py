"""Requests made from the OpenAPI document alone, and what an answer may not contain. No domain is named here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

SAMPLE_FILE = ("calendar.csv", b"day,kind,name\n", "text/csv")
CLIENT_MADE = frozenset({"batch_id", "batch_ids", "press_id"})
"""Ids that handhelds make: each county has its own, so the same one elsewhere is no trespass."""


class NoExampleError(Exception):
    """The document gives nothing to try a parameter or a body with."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document."""

    verb: str
    path: str
    spec: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As people call it."""
        return f"{self.verb} {self.path}"

    @property
    def secured(self) -> bool:
        """Whether it asks for a token."""
        return bool(self.spec.get("security"))


@dataclass(frozen=True, slots=True)
class Trial:
    """A request to send, and the values of it that could name a row."""

    verb: str
    url: str
    params: dict[str, Any]
    headers: dict[str, str]
    body: dict[str, Any]
    named: frozenset[str]

    async def send(self, client: httpx.AsyncClient, headers: Mapping[str, str]) -> httpx.Response:
        """The answer to it."""
        return await client.request(
            self.verb, self.url, params=self.params, headers={**self.headers, **headers}, **self.body
        )


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation, in the order of the document."""
    return [
        Operation(verb.upper(), path, spec)
        for path, item in document["paths"].items()
        for verb, spec in item.items()
        if verb in {"get", "put", "post", "delete", "patch", "head", "options"}
    ]


def trial(operation: Operation, document: Mapping[str, Any], samples: Mapping[str, Any]) -> Trial:
    """The request that the document's own examples describe; `samples` by parameter name come before them.

    Raises NoExampleError: a new route must say how to try it, else nobody knows whether it keeps its scope.
    """
    url, params, headers = operation.path, {}, {}
    named: set[str] = set()
    for parameter in operation.spec.get("parameters", []):
        name = parameter["name"]
        value = samples.get(name, _example(parameter))
        if value is None:
            if parameter.get("required"):
                raise NoExampleError(f"{operation.name}: parameter {name}")
            continue
        if parameter["in"] == "path":
            url = url.replace("{" + name + "}", str(value))
            named.add(str(value))
        elif parameter["in"] == "query":
            params[name] = value
            named.add(str(value))
        elif parameter["in"] == "header" and parameter.get("required"):
            headers[name] = str(value)
    if any(p["name"].lower() == "if-match" for p in operation.spec.get("parameters", [])):
        headers["If-Match"] = '"1"'
    content = operation.spec.get("requestBody", {}).get("content", {})
    body, said = _body(operation, content, document)
    return Trial(operation.verb, url, params, headers, body, frozenset(named | said))


def leaks(answer: httpx.Response, ours: frozenset[str], sent: frozenset[str]) -> set[str]:
    """What the answer says of ours that the request didn't say itself."""
    text = answer.text
    return {word for word in ours - sent if word in text}


LISTS = ("items", "features", "receipts", "results")
"""Where answers keep their rows."""


def says_nothing(answer: httpx.Response) -> bool:
    """An answer without content: no body, an empty list, or a list of items refused as foreign each by itself."""
    if not answer.content:
        return True
    try:
        body = answer.json()
    except ValueError:
        return False
    if isinstance(body, dict):
        body = next((body[name] for name in LISTS if name in body), body)
    return isinstance(body, list) and all(_refused(row) for row in body)


def _refused(row: Any) -> bool:
    """Whether a row of a push's answer says 403 or 404, and nothing else."""
    problem = row.get("problem") if isinstance(row, dict) else None
    return isinstance(problem, dict) and problem["status"] in (403, 404) and not row["told"]


def _example(parameter: Mapping[str, Any]) -> Any:
    for place in (parameter, parameter.get("schema", {})):
        examples = place.get("examples")
        if isinstance(examples, dict):
            return next(iter(examples.values()))["value"]
        if examples:
            return examples[0]
        if "example" in place:
            return place["example"]
    return None


def _body(
    operation: Operation, content: Mapping[str, Any], document: Mapping[str, Any]
) -> tuple[dict[str, Any], set[str]]:
    if not content:
        return {}, set()
    kind, media = next(iter(content.items()))
    if kind.startswith("multipart/"):
        return {"files": {"file": SAMPLE_FILE}}, set()
    schema = _resolved(media.get("schema", {}), document)
    found = _example(media) or _example({"schema": schema}) or _composed(schema, operation)
    if kind == "application/json":
        return {"json": found}, {str(v) for v in _values(found)}
    return {"data": found}, set()


def _composed(schema: Mapping[str, Any], operation: Operation) -> dict[str, Any]:
    """A body from the examples of its fields. Raises NoExampleError for a required field without one."""
    found = {}
    for name, field in schema.get("properties", {}).items():
        if "examples" in field:
            found[name] = field["examples"][0]
        elif name in schema.get("required", ()):
            raise NoExampleError(f"{operation.name}: field {name}")
    return found


def _resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    return document["components"]["schemas"][reference.rsplit("/", 1)[1]] if reference else schema


def _values(content: Any) -> Iterator[Any]:
    if isinstance(content, dict):
        for name, value in content.items():
            if name not in CLIENT_MADE:
                yield from _values(value)
    elif isinstance(content, list):
        for value in content:
            yield from _values(value)
    elif content is not None:
        yield content
