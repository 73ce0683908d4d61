"""Which fields of a form people are asked for when they declare themselves, and how a page's texts become values.

Pure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.collection.catalogue.form_fields import FormField
from app.kit import masking

WHO_AND_WHERE = frozenset({"name", "address"})
INTEGER, NUMBER = re.compile(r"-?[0-9]{1,15}"), re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
TRUE = frozenset({"true", "on", "1", "是"})
MASKS = {
    "name": masking.mask_name,
    "id_number": masking.mask_id_number,
    "phone": masking.mask_phone,
    "address": masking.mask_address,
    "text": masking.mask_text,
}


def declared_fields(fields: Mapping[str, FormField]) -> dict[str, FormField]:
    """Those that a declarant fills in, in the form's order; links and sensitive fields never.

    What a form requires, what says who and where somebody is, and what the form marks with `x-declared`; the
    inspector asks for the rest.
    """
    return {name: each for name, each in fields.items() if _is_asked(each)}


def _is_asked(each: FormField) -> bool:
    if each.link is not None or each.sensitive:
        return False
    is_who = each.role in WHO_AND_WHERE or each.key is not None
    return each.is_required or is_who or each.declared


def typed_values(fields: Mapping[str, FormField], texts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The values that a page's texts mean; empty ones are left out, those that mean nothing stay texts.

    A text that is no number stays one, so that the form's own check names the field.
    """
    found: dict[str, Any] = {}
    for name, declared in fields.items():
        given = [text.strip() for text in texts.get(name, ()) if text.strip()]
        if given:
            found[name] = given if declared.type == "array" else _typed(declared.type, given[0])
    return found


def _typed(type_: str, text: str) -> Any:
    if type_ == "boolean":
        return text.lower() in TRUE
    if type_ == "integer" and INTEGER.fullmatch(text):
        return int(text)
    if type_ == "number" and NUMBER.fullmatch(text):
        return float(text)
    return text


def masked(fields: Mapping[str, FormField], values: Mapping[str, Any]) -> dict[str, str]:
    """The personal values as staff see them without a reveal."""
    return {
        name: MASKS[fields[name].personal or "text"](str(value))
        for name, value in values.items()
        if fields[name].is_sealed
    }
