"""Bases of everything that goes in and out."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
"""A date from outside. The ends of Python's calendar would overflow as instants in another zone."""
FIRST_INSTANT, LAST_INSTANT = datetime(2000, 1, 2, tzinfo=UTC), datetime(2100, 12, 30, tzinfo=UTC)
VISIBLE = r"^[^\x00-\x1f\x7f]+$"
"""Text of one line: no control characters."""
HALF_PAIR = re.compile("[\ud800-\udfff]")


def _at_the_door(instant: datetime) -> datetime:
    """UTC and whole milliseconds, as every time is stored and answered."""
    return instant.astimezone(UTC).replace(microsecond=instant.microsecond // 1000 * 1000)


Instant = Annotated[AwareDatetime, Field(ge=FIRST_INSTANT, le=LAST_INSTANT), AfterValidator(_at_the_door)]
"""An instant from outside, with its offset."""


class Input(BaseModel):
    """A request body: unknown fields are refused, so that a typing error is not a silent loss."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        """PostgreSQL stores no NUL, and half a surrogate pair is no text: refused here, the answer names the field."""
        if isinstance(value, str) and "\0" in value:
            raise ValueError("a NUL character · 含有空字符")
        if isinstance(value, dict | list) and not is_text(value):
            raise ValueError("text that is no Unicode · 含有无效字符")
        return value


def is_text(value: Any) -> bool:
    """Whether every text in a JSON value, however deep, can be written as UTF-8: JSON can spell half a pair."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            left += each
        elif isinstance(each, str) and not each.isascii() and HALF_PAIR.search(each):
            return False
    return True


class Output(BaseModel):
    """An answer: built from rows or dataclasses; fields have no defaults, so none is forgotten."""

    model_config = ConfigDict(from_attributes=True, allow_inf_nan=False)
