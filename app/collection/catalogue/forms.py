"""A form: which fields a record may have, and what is wrong with the values of one. Pure.

A form is made once for each version and its code tables, and kept by the process (`usable`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from jsonschema_rs import Draft202012Validator, RegexOptions

from app.collection.catalogue import field_checks
from app.collection.catalogue.field_checks import FieldError
from app.collection.catalogue.form_fields import FormField, code_table_of, fields_of

__all__ = ["FieldError", "Form", "FormField", "make_form"]


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A form version as it is used, with the codes that are accepted today.

    fields  by name, in the form's order
    """

    id: UUID
    item_id: UUID
    item_code: str
    version: int
    subject_kind: str | None
    fields: Mapping[str, FormField]
    _validator: Draft202012Validator = field(repr=False)

    def normalized(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values as they are stored and compared: texts trimmed, keys in their one spelling."""
        return {name: field_checks.normalized(self.fields.get(name), value) for name, value in values.items()}

    def errors(
        self, values: Mapping[str, Any], *, today: date, only_changes: bool = False
    ) -> list[FieldError]:
        """What is wrong with a record, field by field; empty when it is good. Never quotes a value.

        values        normalized; null means without a value
        today         service day; nobody is born later
        only_changes  the values are the changed fields of a record that exists: what is absent is unchanged
        """
        return [*self._unknown(values), *self._missing(values, only_changes), *self._wrong(values, today)]

    def warnings(self, values: Mapping[str, Any]) -> list[FieldError]:
        """What deserves a question, but refuses nothing: an unknown region, a birth date beside the number's."""
        return list(field_checks.warnings(self.fields, values))

    def _unknown(self, values: Mapping[str, Any]) -> Iterator[FieldError]:
        for name in values:
            if name not in self.fields:
                yield field_checks.unknown_field(name)

    def _missing(self, values: Mapping[str, Any], only_changes: bool) -> Iterator[FieldError]:
        for name, declared in self.fields.items():
            absent_is_wrong = declared.is_required and not only_changes
            if (name in values or absent_is_wrong) and declared.is_required and _is_empty(values.get(name)):
                yield field_checks.missing(declared)

    def _wrong(self, values: Mapping[str, Any], today: date) -> Iterator[FieldError]:
        present = {n: v for n, v in values.items() if v is not None and n in self.fields}
        faulty = set()
        for error in self._validator.iter_errors(present):
            if not error.instance_path:
                continue  # of the whole object: the fields have been looked at one by one
            name = str(error.instance_path[0])
            if name in faulty or (self.fields[name].is_required and _is_empty(present[name])):
                continue
            faulty.add(name)
            yield field_checks.schema_error(self.fields[name], error)
        for name, value in present.items():
            if name not in faulty:
                yield from field_checks.hard_errors(self.fields[name], value, today)


def make_form(
    form_id: UUID,
    item_id: UUID,
    item_code: str,
    version: int,
    subject_kind: str | None,
    schema: Mapping[str, Any],
    codes: Mapping[str, frozenset[str]],
) -> Form:
    """The form of a checked schema. codes: by table, those that are accepted. Raises KeyError without them."""
    properties = {
        name: _with_codes(declared, codes) | {"title": declared["title"]}
        for name, declared in schema["properties"].items()
    }
    validator = Draft202012Validator(
        {"type": "object", "properties": properties},
        validate_formats=True,
        pattern_options=RegexOptions(),  # linear time: a county's pattern can't stall the service
        mask="…",
        offline=True,
    )
    return Form(form_id, item_id, item_code, version, subject_kind, fields_of(schema), validator)


def _with_codes(declared: Mapping[str, Any], codes: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    table = code_table_of(declared)
    if table is None:
        return dict(declared)
    allowed = {"enum": sorted(codes[table])}
    if declared["type"] == "array":
        return {**declared, "items": {**declared.get("items", {}), **allowed}}
    return {**declared, **allowed}


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [])
