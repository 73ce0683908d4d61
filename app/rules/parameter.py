"""A typed parameter of the rule book: declared in code, valued per area and effective date."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

T = TypeVar("T")
MAX_EXACT_FLOAT = 2**53
"""Whole numbers up to here survive JSON readers that know only floats."""


class ValueRefusedError(ValueError):
    """A value that a parameter can't take. `zh` and `en` say why, without quoting the value."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, kw_only=True)
class Parameter(Generic[T]):
    """What a rule is called, what it may be, what it is unless somebody decides otherwise, and why.

    key      dotted, the last part names the unit where there is one: `patrol.day.patrol_min_s`
    unit     for people: "s", "m", "h", "m²"; empty for shares, choices and texts
    source   the document and place that the default comes from: "Daishan 2018, 二(五)"
    """

    key: str
    default: T
    zh: str
    en: str
    source: str
    unit: str = ""

    kind: ClassVar[str]

    def parse(self, raw: Any) -> T:
        """The value that the JSON `raw` means. Raises ValueRefusedError when it doesn't fit."""
        raise NotImplementedError

    def dump(self, value: T) -> Any:
        """`value` as JSON; `parse` reads it back."""
        return value

    def bounds(self) -> Mapping[str, Any]:
        """Limits for the catalogue, as a JSON Schema would name them."""
        return {}


@dataclass(frozen=True, kw_only=True)
class Flag(Parameter[bool]):
    """Yes or no."""

    kind: ClassVar[str] = "flag"

    def parse(self, raw: Any) -> bool:
        if not isinstance(raw, bool):
            raise ValueRefusedError("须为 true 或 false", "must be true or false")
        return raw


def _within(value: float, minimum: float, maximum: float) -> None:
    if not minimum <= value <= maximum:
        raise ValueRefusedError(
            f"须在 {minimum:g} 与 {maximum:g} 之间", f"must lie between {minimum:g} and {maximum:g}"
        )


@dataclass(frozen=True, kw_only=True)
class Whole(Parameter[int]):
    """A whole number within bounds, both included."""

    minimum: int
    maximum: int
    kind: ClassVar[str] = "integer"

    def parse(self, raw: Any) -> int:
        if isinstance(raw, float) and raw.is_integer() and abs(raw) <= MAX_EXACT_FLOAT:
            raw = int(raw)
        if not isinstance(raw, int) or isinstance(raw, bool):
            raise ValueRefusedError("须为整数", "must be a whole number")
        _within(raw, self.minimum, self.maximum)
        return raw

    def bounds(self) -> Mapping[str, Any]:
        return {"minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True, kw_only=True)
class Number(Parameter[float]):
    """A finite number within bounds, both included."""

    minimum: float
    maximum: float
    kind: ClassVar[str] = "number"

    def parse(self, raw: Any) -> float:
        if not isinstance(raw, int | float) or isinstance(raw, bool):
            raise ValueRefusedError("须为数字", "must be a number")
        if isinstance(raw, float) and not math.isfinite(raw):
            raise ValueRefusedError("须为有限数字", "must be a finite number")
        _within(raw, self.minimum, self.maximum)
        return float(raw)

    def bounds(self) -> Mapping[str, Any]:
        return {"minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True, kw_only=True)
class Choice(Parameter[str]):
    """One of a few codes, each with its Chinese label."""

    choices: Mapping[str, str]
    kind: ClassVar[str] = "choice"

    def parse(self, raw: Any) -> str:
        if not isinstance(raw, str) or raw not in self.choices:
            names = ", ".join(self.choices)
            raise ValueRefusedError(f"须为以下之一:{names}", f"must be one of: {names}")
        return raw

    def bounds(self) -> Mapping[str, Any]:
        return {"choices": dict(self.choices)}


@dataclass(frozen=True, kw_only=True)
class Text(Parameter[str]):
    """A line of text; empty where nothing is on file."""

    max_length: int = 200
    kind: ClassVar[str] = "text"

    def parse(self, raw: Any) -> str:
        if not isinstance(raw, str):
            raise ValueRefusedError("须为文本", "must be a text")
        line = raw.strip()
        if len(line) > self.max_length:
            raise ValueRefusedError(f"最多 {self.max_length} 个字符", f"at most {self.max_length} characters")
        if not (line.isprintable() or not line):
            raise ValueRefusedError("含不可见字符", "contains characters that cannot be shown")
        return line

    def bounds(self) -> Mapping[str, Any]:
        return {"max_length": self.max_length}


@dataclass(frozen=True, kw_only=True)
class Release(Parameter[str]):
    """A version of the handheld's app, three numbers: `1.4.0`."""

    kind: ClassVar[str] = "release"

    def parse(self, raw: Any) -> str:
        parts = raw.split(".") if isinstance(raw, str) else []
        if len(parts) != 3 or not all(p.isascii() and p.isdigit() and len(p) <= 5 for p in parts):
            raise ValueRefusedError("须为三段数字版本号,如 1.4.0", "must be three numbers such as 1.4.0")
        return ".".join(str(int(p)) for p in parts)
