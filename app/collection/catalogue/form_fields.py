"""What a form says about its fields, read from the annotations of its JSON Schema (docs/forms.md). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

Personal = Literal["name", "id_number", "phone", "address", "text"]
"""How a sealed value is masked."""
KeyKind = Literal[
    "id_number",
    "document_number",
    "credit_code",
    "registration_number",
    "building_code",
    "dwelling_code",
    "household_number",
    "component_code",
    "article_code",
    "place_code",
]
"""Natural keys: two subjects of a kind with the same one are the same."""
Role = Literal["name", "address", "phone", "tags", "birth_date", "gender", "category"]
"""What subjects are searched and counted by, whatever the field is called."""
Link = Literal["lives_in", "owns", "rents", "works_at", "family_of", "part_of", "belongs_to", "involved_in"]
"""The value is the id of another subject; the record's subject is linked to it."""
DateRule = Literal["past", "any"]

PERSONAL, KEY_KINDS, ROLES, LINKS, DATE_RULES = (
    get_args(each) for each in (Personal, KeyKind, Role, Link, DateRule)
)
DEFAULT_WEIGHT = 1


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form.

    type        JSON type; a field of type `array` is a list of texts
    personal    sealed and masked; None: open
    sensitive   gated and outside exports, sealed as well (requirements A.7)
    code_table  its value (or each of its values) is a code of this table
    date_rule   None for what is no date
    weight      how much a filled field adds to the quality of a record
    declared    asked of who declares himself, beside what is required and says who and where he is
    """

    name: str
    title_zh: str
    title_en: str
    type: str
    is_required: bool
    personal: Personal | None
    sensitive: bool
    key: KeyKind | None
    role: Role | None
    link: Link | None
    code_table: str | None
    date_rule: DateRule | None
    weight: int
    declared: bool = False

    @property
    def is_sealed(self) -> bool:
        """Whether the value is stored encrypted."""
        return self.personal is not None or self.sensitive


def fields_of(schema: Mapping[str, Any]) -> dict[str, FormField]:
    """The fields of a checked form schema, in its order."""
    required = frozenset(schema.get("required", ()))
    return {name: _field(name, declared, name in required) for name, declared in schema["properties"].items()}


def code_table_of(declared: Mapping[str, Any]) -> str | None:
    """The code table of a property: its own, or that of a list's members."""
    found = declared.get("x-code-table") or declared.get("items", {}).get("x-code-table")
    return cast("str | None", found)


def _field(name: str, declared: Mapping[str, Any], is_required: bool) -> FormField:
    is_date = declared.get("format") == "date"
    return FormField(
        name=name,
        title_zh=declared["title"],
        title_en=declared["x-title-en"],
        type=declared["type"],
        is_required=is_required,
        personal=declared.get("x-personal"),
        sensitive=declared.get("x-sensitive", False),
        key=declared.get("x-key"),
        role=declared.get("x-role"),
        link=declared.get("x-link"),
        code_table=code_table_of(declared),
        date_rule=declared.get("x-date", "any") if is_date else None,
        weight=declared.get("x-quality", DEFAULT_WEIGHT),
        declared=declared.get("x-declared", False),
    )
