"""Unified social credit codes (统一社会信用代码, GB 32100): 18 characters, the last one checks the others. Pure."""

import unicodedata
from typing import Literal

Fault = Literal["length", "characters", "checksum"]

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters: no I, O, S, V, Z, which are read as 1, 0, 5, U, 2."""
WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def normalized(text: str) -> str:
    """As it is compared and stored: half-width, no blanks or hyphens, capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).replace("-", "").upper()


def check_character(first_17: str) -> str:
    """The 18th character. `first_17`: characters of ALPHABET. Raises KeyError for others."""
    total = sum(weight * _VALUES[each] for weight, each in zip(WEIGHTS, first_17, strict=True))
    return ALPHABET[-total % 31]


def fault_of(code: str) -> Fault | None:
    """What is wrong with a normalized code, None when it stands.

    Digits 3 to 8 (the registering division) are digits by the standard; which division is not asked.
    """
    if len(code) != 18:
        return "length"
    if any(each not in _VALUES for each in code) or not code[2:8].isdigit():
        return "characters"
    if check_character(code[:17]) != code[17]:
        return "checksum"
    return None
