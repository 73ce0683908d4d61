"""What can be wrong with a value, in both languages. Never quotes the value. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from jsonschema_rs import ValidationError

from app.collection.catalogue import credit_codes, identity_numbers
from app.collection.catalogue.form_fields import FormField

FIRST_DATE, LAST_DATE = date(1850, 1, 1), date(2100, 12, 31)
"""Dates outside are slips of the finger."""
FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class FieldError:
    """A fault of one field. `pointer`: JSON pointer into the record's fields (`/id_number`, `/tags/2`)."""

    pointer: str
    code: str
    zh: str
    en: str

    def told(self) -> dict[str, str]:
        """As a problem's `errors` list has it."""
        return {"pointer": self.pointer, "code": self.code, "zh": self.zh, "en": self.en}


def unknown_field(name: str) -> FieldError:
    """A field that the form doesn't have; a name that is none is not repeated."""
    shown = f"/{name}" if FIELD_NAME.fullmatch(name) else ""
    return FieldError(shown, "unknown_field", "表单无此字段", "the form has no such field")


def missing(declared: FormField) -> FieldError:
    """A required field without a value."""
    return _error(declared, "required", "必填", "is required")


def schema_error(declared: FormField, error: ValidationError) -> FieldError:
    """What the schema says about a value, in words that people understand."""
    keyword = error.kind.name
    limit = error.kind.as_dict().get("limit")
    if keyword == "enum" and declared.code_table is not None:
        return _error(
            declared,
            "not_in_code_table",
            f"不是代码表 {declared.code_table} 中的代码",
            f"is not a code of the table {declared.code_table}",
            error.instance_path,
        )
    code, zh, en = SCHEMA_WORDS.get(keyword, ("invalid_value", "不符合要求", "does not fit"))
    return _error(declared, code, zh.format(limit=limit), en.format(limit=limit), error.instance_path)


SCHEMA_WORDS = {
    "type": ("wrong_type", "类型不符", "has the wrong type"),
    "minLength": ("too_short", "至少 {limit} 个字符", "must have at least {limit} characters"),
    "maxLength": ("too_long", "最多 {limit} 个字符", "may have at most {limit} characters"),
    "pattern": ("wrong_pattern", "格式不符", "does not have the form that is asked for"),
    "format": ("wrong_format", "格式不符", "does not have the format that is asked for"),
    "minimum": ("too_small", "不得小于 {limit}", "must be at least {limit}"),
    "maximum": ("too_large", "不得大于 {limit}", "must be at most {limit}"),
    "maxItems": ("too_many", "最多 {limit} 项", "may have at most {limit} entries"),
    "uniqueItems": ("repeated", "有重复项", "has repeated entries"),
    "multipleOf": ("too_fine", "精度不符", "is finer than asked for"),
}
"""JSON Schema keyword → code, Chinese, English."""


def hard_errors(declared: FormField, value: Any, today: date) -> Iterator[FieldError]:
    """What no schema can say: check digits, dates that cannot be."""
    if any("\0" in text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)):
        yield _error(declared, "wrong_pattern", "含有空字符", "contains a NUL character")
        return
    if declared.date_rule is not None:
        yield from _date_errors(declared, value, today)
    checker = CHECKERS.get(declared.key or declared.personal or "")
    fault = checker(value, today) if checker is not None else None
    if fault is not None:
        code, zh, en = KEY_WORDS[fault]
        yield _error(declared, code, zh, en)


def _date_errors(declared: FormField, value: str, today: date) -> Iterator[FieldError]:
    try:
        day = date.fromisoformat(value)
    except ValueError:  # the year 0000, which JSON Schema knows and Python doesn't
        day = date.min
    if not FIRST_DATE <= day <= LAST_DATE:
        yield _error(declared, "implausible_date", "日期不合常理", "is not a plausible date")
    elif declared.date_rule == "past" and day > today:
        yield _error(declared, "future_date", "不得晚于今天", "must not lie in the future")


CHECKERS: Mapping[str, Callable[[str, date], str | None]] = {
    "id_number": identity_numbers.fault_of,
    "credit_code": lambda code, _today: credit_codes.fault_of(code),
}
"""By `x-key`, or by `x-personal` where the field is no key: another person's number has a check digit, too."""
KEY_WORDS = {
    "length": ("wrong_length", "应为 18 位", "must have 18 characters"),
    "characters": ("wrong_characters", "含有不允许的字符", "contains characters that are not allowed"),
    "date": ("wrong_birth_date", "号码中的出生日期不存在", "contains a birth date that does not exist"),
    "future": ("future_birth_date", "号码中的出生日期晚于今天", "contains a birth date in the future"),
    "checksum": ("wrong_checksum", "校验码不符", "fails its check digit"),
}

NORMALIZERS: Mapping[str, Callable[[str], str]] = {
    "id_number": identity_numbers.normalized,
    "credit_code": credit_codes.normalized,
    "phone": lambda number: unicodedata.normalize("NFKC", number).strip(),
}
"""Chinese input methods type full-width digits: what is compared is half-width."""


def normalized(declared: FormField | None, value: Any) -> Any:
    """A value as it is stored and compared."""
    if isinstance(value, list):
        return [normalized(declared, each) for each in value]
    if not isinstance(value, str):
        return value
    if declared is None:
        return value.strip()
    if declared.key is not None:
        return normalized_key(declared.key, value)
    return NORMALIZERS.get(declared.personal or declared.role or "", str.strip)(value)


def normalized_key(key_kind: str, value: str) -> str:
    """The one spelling of a natural key, whoever compares it."""
    known = NORMALIZERS.get(key_kind)
    if known is not None:
        return known(value)
    return "".join(unicodedata.normalize("NFKC", value).split()).upper()


def warnings(fields: Mapping[str, FormField], values: Mapping[str, Any]) -> Iterator[FieldError]:
    """Doubts about a record without errors."""
    by_role: dict[str, str] = {declared.role: name for name, declared in fields.items() if declared.role}
    for name, declared in fields.items():
        number = values.get(name)
        if declared.key != "id_number" or not isinstance(number, str):
            continue
        read = identity_numbers.read(number)
        if not read.has_known_region:
            yield _error(declared, "unknown_region", "地区码未知,请核对", "begins with an unknown region")
        for role, said in (("birth_date", read.birth_date.isoformat()), ("gender", read.gender)):
            beside = by_role.get(role)
            if beside is not None and values.get(beside) not in (None, said):
                yield _error(
                    fields[beside], f"{role}_differs", "与身份号码不一致", "differs from the identity number"
                )


def _error(
    declared: FormField, code: str, zh: str, en: str, path: list[str | int] | None = None
) -> FieldError:
    pointer = "/" + "/".join(str(part) for part in (path or [declared.name]))
    return FieldError(pointer, code, f"{declared.title_zh}:{zh}", f"{declared.title_en}: {en}")
