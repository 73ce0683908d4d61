"""What a form may say: a small part of JSON Schema 2020-12 with our annotations (docs/forms.md). Pure.

A form is a flat object: texts, numbers, flags, dates, ids and lists of texts. What it can't say can't go wrong
on a handheld.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError
from jsonschema_rs import meta as metaschema

from app.collection.catalogue.form_fields import (
    DATE_RULES,
    KEY_KINDS,
    LINKS,
    PERSONAL,
    ROLES,
    code_table_of,
    fields_of,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_FIELDS = 200
MOST_BYTES = 200_000
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
FORM_KEYWORDS = frozenset(
    {"$schema", "title", "x-title-en", "x-source", "x-notice", "x-basis"}
    | {"type", "required", "properties", "additionalProperties"}
)
FIELD_KEYWORDS = frozenset(
    {"type", "title", "description", "format", "pattern", "minLength", "maxLength", "minimum", "maximum"}
    | {"multipleOf", "items", "maxItems", "uniqueItems"}
)
ITEM_KEYWORDS = frozenset({"type", "format", "pattern", "minLength", "maxLength", "x-code-table"})
ANNOTATIONS: Mapping[str, Collection[str] | None] = {
    "x-title-en": None,
    "x-code-table": None,
    "x-personal": PERSONAL,
    "x-sensitive": None,
    "x-key": KEY_KINDS,
    "x-role": ROLES,
    "x-link": LINKS,
    "x-date": DATE_RULES,
    "x-quality": None,
    "x-declared": None,
}
"""What a field may be annotated with, and the values where only some are known."""
TYPES = frozenset({"string", "integer", "number", "boolean", "array"})
FORMATS = frozenset({"date", "uuid"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a form. `pointer`: JSON pointer into the schema."""

    pointer: str
    code: str
    zh: str
    en: str

    def told(self) -> dict[str, str]:
        """As a problem's `errors` list has it."""
        return {"pointer": self.pointer, "code": self.code, "zh": self.zh, "en": self.en}


def faults_of(schema: Mapping[str, Any], tables: Collection[str]) -> list[Fault]:
    """Everything that is wrong with a form's schema; empty when it may be published.

    tables: codes of the code tables that exist.
    """
    broken = _metaschema_fault(schema)
    if broken is not None:
        return [broken]
    return [*_form_faults(schema), *_field_faults(schema, tables)]


def breaks(
    schema: Mapping[str, Any], previous: Mapping[str, Any], removed: Collection[str]
) -> Iterator[Fault]:
    """What would break for who used the version before: names are stable, and mean the same.

    removed: fields that are given up on purpose.
    """
    before, after = fields_of(previous), fields_of(schema)
    for name in before.keys() - after.keys() - set(removed):
        yield Fault(
            f"/properties/{name}",
            "field_lost",
            "上一版的字段不见了;如确需删除,请列入 removed",
            "a field of the version before is gone; list it in `removed` if that is meant",
        )
    for name in sorted(set(removed)):
        if name in after or name not in before:
            yield Fault(
                f"/removed/{name}",
                "not_removed",
                "removed 中的字段仍在表单里,或上一版没有",
                "listed in `removed`, but still there, or never was",
            )
    for name in sorted(before.keys() & after.keys()):
        old, new = before[name], after[name]
        if (old.type, old.key, old.link) != (new.type, new.key, new.link):
            yield Fault(
                f"/properties/{name}",
                "meaning_changed",
                "同名字段的类型、自然键或关联不得改变,请换用新字段名",
                "a field that keeps its name keeps type, key and link; use a new name",
            )
        if old.is_sealed and not new.is_sealed:
            yield Fault(
                f"/properties/{name}",
                "unsealed",
                "已加密的个人信息字段不得改为公开",
                "what is sealed as personal stays sealed",
            )


def _metaschema_fault(schema: Mapping[str, Any]) -> Fault | None:
    try:
        metaschema.validate({"$schema": DIALECT, **schema})
        Draft202012Validator(dict(schema), offline=True, pattern_options=RegexOptions())
    except (ValidationError, ValueError) as error:
        path = getattr(error, "instance_path", [])
        return Fault(
            "".join(f"/{part}" for part in path),
            "not_a_schema",
            "不是有效的 JSON Schema 2020-12,或正则表达式不受支持",
            "is no JSON Schema 2020-12, or a pattern that is not supported",
        )
    return None


def _form_faults(schema: Mapping[str, Any]) -> Iterator[Fault]:
    if schema.get("$schema", DIALECT) != DIALECT:
        yield Fault("/$schema", "wrong_dialect", "须为 JSON Schema 2020-12", "must be JSON Schema 2020-12")
    for keyword in schema.keys() - FORM_KEYWORDS:
        yield _unknown_keyword("", keyword)
    if schema.get("type") != "object":
        yield Fault("/type", "wrong_type", "表单须为 object", "a form is an object")
    if schema.get("additionalProperties") is not False:
        yield Fault(
            "/additionalProperties",
            "open_form",
            "须为 false:表单之外的内容不得采集",
            "must be false: nothing outside the form is collected",
        )
    properties = schema.get("properties", {})
    if not 1 <= len(properties) <= MOST_FIELDS:
        yield Fault(
            "/properties",
            "wrong_number_of_fields",
            f"须有 1 至 {MOST_FIELDS} 个字段",
            f"must have 1 to {MOST_FIELDS} fields",
        )
    for name in schema.get("required", ()):
        if name not in properties:
            yield Fault("/required", "unknown_field", "必填字段不存在", "requires a field that isn't there")


def _field_faults(schema: Mapping[str, Any], tables: Collection[str]) -> Iterator[Fault]:
    roles: dict[str, str] = {}
    for name, declared in schema.get("properties", {}).items():
        at = f"/properties/{name}"
        if not NAME.fullmatch(name):
            yield Fault(at, "wrong_name", "字段名须为小写英文、数字和下划线", "names are a-z, 0-9 and _")
        if not isinstance(declared, dict):
            yield Fault(at, "wrong_type", "字段须为 object", "a field is an object")
            continue
        yield from _keyword_faults(at, declared)
        yield from _annotation_faults(at, declared)
        yield from _fit_faults(at, declared, tables)
        role = declared.get("x-role")
        if isinstance(role, str) and roles.setdefault(role, name) != name:
            yield Fault(f"{at}/x-role", "role_taken", "同一角色已有字段", "another field has this role")


def _keyword_faults(at: str, declared: Mapping[str, Any]) -> Iterator[Fault]:
    for keyword in declared.keys() - FIELD_KEYWORDS - ANNOTATIONS.keys():
        yield _unknown_keyword(at, keyword)
    items = declared.get("items", {})
    if not isinstance(items, dict):
        yield Fault(f"{at}/items", "wrong_type", "须为 object", "must be an object")
    else:
        for keyword in items.keys() - ITEM_KEYWORDS:
            yield _unknown_keyword(f"{at}/items", keyword)
    for title in ("title", "x-title-en"):
        if not isinstance(declared.get(title), str) or not declared[title].strip():
            yield Fault(f"{at}/{title}", "no_title", "缺少中英文名称", "needs a title in both languages")


def _annotation_faults(at: str, declared: Mapping[str, Any]) -> Iterator[Fault]:
    for keyword, known in ANNOTATIONS.items():
        value = declared.get(keyword)
        if known is not None and keyword in declared and value not in known:
            yield Fault(
                f"{at}/{keyword}",
                "unknown_value",
                f"须为以下之一:{', '.join(known)}",
                f"must be one of: {', '.join(known)}",
            )
    for flag in ("x-sensitive", "x-declared"):
        if not isinstance(declared.get(flag, False), bool):
            yield Fault(f"{at}/{flag}", "wrong_type", "须为 true 或 false", "must be true or false")
    if declared.get("x-declared") is True and (declared.get("x-sensitive") or "x-link" in declared):
        yield Fault(
            f"{at}/x-declared",
            "not_declarable",
            "敏感字段和关联字段不得由本人申报",
            "sensitive fields and links are never asked of a declarant",
        )
    weight = declared.get("x-quality", 1)
    if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= 100:
        yield Fault(f"{at}/x-quality", "wrong_type", "须为 0 至 100 的整数", "must be a whole number to 100")


def _fit_faults(at: str, declared: Mapping[str, Any], tables: Collection[str]) -> Iterator[Fault]:
    kind, items = declared.get("type"), declared.get("items", {})
    if not isinstance(kind, str) or kind not in TYPES:
        yield Fault(f"{at}/type", "wrong_type", f"须为 {', '.join(sorted(TYPES))}", "has no type of ours")
        return
    holder = items if kind == "array" and isinstance(items, dict) else declared
    if kind == "array" and holder.get("type") != "string":
        yield Fault(f"{at}/items", "wrong_type", "列表只能是文本列表", "a list is a list of texts")
    if holder.get("format", "date") not in FORMATS:
        yield Fault(f"{at}/format", "unknown_value", "须为 date 或 uuid", "must be date or uuid")
    is_text = kind in ("string", "array")
    for keyword in ("x-personal", "x-key", "x-link", "x-date", "x-code-table"):
        if keyword in declared and not is_text:
            yield Fault(f"{at}/{keyword}", "wrong_type", "只能用于文本字段", "is for texts only")
    if "x-link" in declared and holder.get("format") != "uuid":
        yield Fault(f"{at}/format", "wrong_type", "关联字段须为 uuid", "a link is a uuid")
    if "x-key" in declared and kind != "string":
        yield Fault(f"{at}/x-key", "wrong_type", "自然键须为单个文本", "a key is one text")
    if kind == "string" and not _is_bounded(declared):
        yield Fault(
            f"{at}/maxLength",
            "unbounded",
            "文本须有 maxLength、pattern、format、代码表或自然键",
            "a text needs maxLength, pattern, format, a code table or a key",
        )
    table = code_table_of({**declared, "items": holder if kind == "array" else {}})
    if table is not None and table not in tables:
        yield Fault(f"{at}/x-code-table", "unknown_code_table", "代码表不存在", "no such code table")


def _is_bounded(declared: Mapping[str, Any]) -> bool:
    given = ("maxLength", "pattern", "format", "x-code-table", "x-key")
    return any(keyword in declared for keyword in given) or declared.get("x-personal") == "id_number"


def _unknown_keyword(at: str, keyword: str) -> Fault:
    return Fault(
        f"{at}/{keyword[:64]}", "unknown_keyword", "表单语言没有此项", "is no part of the form language"
    )
