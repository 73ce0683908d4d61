"""What breaks a client between two versions of an OpenAPI document.

Bodies that we read must not ask for more or take less; answers that we give must not lose or change anything.
"""

from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def breaking_changes(old: Document, new: Document) -> list[str]:
    """One line for each change that breaks a client of `old`."""
    return list(_Comparison(old, new).changes())


class _Comparison:
    def __init__(self, old: Document, new: Document) -> None:
        self.old, self.new = old, new

    def changes(self) -> Iterator[str]:
        for path, item in self.old["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                where = f"{method.upper()} {path}"
                after = self.new["paths"].get(path, {}).get(method)
                if after is None:
                    yield f"{where}: removed"
                else:
                    yield from self._operation(where, item[method], after)

    def _operation(self, where: str, old: Document, new: Document) -> Iterator[str]:
        yield from self._parameters(where, old, new)
        yield from self._body(where, old.get("requestBody"), new.get("requestBody"))
        if new.get("security") and not old.get("security"):
            yield f"{where}: asks for a login now"
        for status, response in old.get("responses", {}).items():
            if not status.startswith("2"):
                continue
            after = new.get("responses", {}).get(status)
            if after is None:
                yield f"{where}: no longer answers {status}"
                continue
            for media_type, content in response.get("content", {}).items():
                there = after.get("content", {}).get(media_type)
                if there is None:
                    yield f"{where}: {status} no longer as {media_type}"
                else:
                    yield from self._schema(f"{where} → {status}", content, there, is_input=False)

    def _parameters(self, where: str, old: Document, new: Document) -> Iterator[str]:
        before = {(p["in"], p["name"]): p for p in old.get("parameters", [])}
        after = {(p["in"], p["name"]): p for p in new.get("parameters", [])}
        for key, parameter in after.items():
            was = before.get(key)
            if parameter.get("required") and not (was or {}).get("required"):
                yield f"{where}: parameter {key[1]} is required now"
            if was:
                yield from self._schema(f"{where} ?{key[1]}", was, parameter, is_input=True)
        for key in before.keys() - after.keys():
            yield f"{where}: parameter {key[1]} removed"

    def _body(self, where: str, old: Document | None, new: Document | None) -> Iterator[str]:
        if new and new.get("required") and not (old or {}).get("required"):
            yield f"{where}: a body is required now"
        for media_type, content in (old or {}).get("content", {}).items():
            after = (new or {}).get("content", {}).get(media_type)
            if after is None:
                yield f"{where}: body no longer taken as {media_type}"
            else:
                yield from self._schema(f"{where} ←", content, after, is_input=True)

    def _schema(self, where: str, old: Document, new: Document, *, is_input: bool) -> Iterator[str]:
        yield from self._compare(where, old.get("schema", {}), new.get("schema", {}), is_input, ())

    def _compare(
        self, where: str, old: Document, new: Document, is_input: bool, seen: tuple[str, ...]
    ) -> Iterator[str]:
        reference = f"{old.get('$ref')} {new.get('$ref')}"
        if "$ref" in old and reference in seen:
            return
        seen = (*seen, reference)
        old, new = _resolve(self.old, old), _resolve(self.new, new)
        if kinds := _kinds(self.old, old) ^ _kinds(self.new, new):
            gone = _kinds(self.old, old) & kinds if is_input else _kinds(self.new, new) & kinds
            if gone:
                verb = "no longer takes" if is_input else "may now be"
                yield f"{where}: {verb} {', '.join(sorted(gone))}"
        yield from _enum(where, old, new, is_input)
        yield from self._properties(where, old, new, is_input, seen)
        if "items" in old and "items" in new:
            yield from self._compare(f"{where}[]", old["items"], new["items"], is_input, seen)
        for was, now in zip(_branches(old), _branches(new), strict=False):
            yield from self._compare(where, was, now, is_input, seen)

    def _properties(
        self, where: str, old: Document, new: Document, is_input: bool, seen: tuple[str, ...]
    ) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, schema in before.items():
            if name not in after:
                if not is_input or new.get("additionalProperties") is False:
                    yield f"{where}: field {name} removed"
                continue
            yield from self._compare(f"{where}.{name}", schema, after[name], is_input, seen)
        was_required, is_required = set(old.get("required", [])), set(new.get("required", []))
        if is_input:
            for name in sorted(is_required - was_required):
                yield f"{where}: field {name} is required now"
        else:
            for name in sorted((was_required - is_required) & after.keys()):
                yield f"{where}: field {name} may be missing now"


def _resolve(document: Document, schema: Document) -> Document:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _branches(schema: Document) -> list[Document]:
    return [*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])]


def _kinds(document: Document, schema: Document) -> set[str]:
    """Names of the JSON types that the schema allows; empty when it says nothing."""
    schema = _resolve(document, schema)
    declared = schema.get("type")
    kinds = {declared} if isinstance(declared, str) else set(declared or ())
    for branch in _branches(schema):
        kinds |= _kinds(document, branch)
    return kinds | {"integer"} if "number" in kinds else kinds


def _enum(where: str, old: Document, new: Document, is_input: bool) -> Iterator[str]:
    if "enum" not in old and "enum" not in new:
        return
    if is_input and "enum" in new:
        lost = set(old.get("enum") or new["enum"]) - set(new["enum"])
        if lost or "enum" not in old:
            yield f"{where}: no longer takes {', '.join(map(str, sorted(lost))) or 'any value'}"
    if not is_input and "enum" in old and "enum" not in new:
        yield f"{where}: may now be any value"
