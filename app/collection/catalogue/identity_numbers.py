"""Citizen identity numbers (公民身份号码, GB 11643): length, date and check digit are hard, the region is not.

Pure. A number whose county code is younger than its holder is real: divisions were renumbered after people
were born, so a region never refuses anybody.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

Fault = Literal["length", "date", "future", "checksum"]

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
PROVINCES = frozenset(
    str(code)
    for span in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83), (91, 91))
    for code in range(span[0], span[1] + 1)
)
"""First two digits, GB/T 2260; 81 to 83 residence permits of Hong Kong, Macau and Taiwan residents, 91 of
foreign permanent residents (general knowledge, so only a warning)."""
OLDEST_BIRTH = date(1850, 1, 1)


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """What a number says of its holder. `division`: 6 digits, where it was first issued."""

    division: str
    birth_date: date
    gender: Literal["1", "2"]
    """GB/T 2261.1: 1 male, 2 female."""

    @property
    def has_known_region(self) -> bool:
        """Whether the first two digits are those of a province; false is worth a question, nothing more."""
        return self.division[:2] in PROVINCES


def normalized(text: str) -> str:
    """As it is compared and stored: half-width, no blanks, X in capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def check_character(first_17: str) -> str:
    """The 18th character, ISO 7064 MOD 11-2. `first_17`: 17 digits."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, first_17, strict=True))
    return CHECK_CHARACTERS[total % 11]


def fault_of(number: str, today: date) -> Fault | None:
    """What is wrong with a normalized number, None when it stands. today: nobody is born later."""
    if len(number) != 18 or not _is_digits(number[:17]) or not (_is_digits(number[17]) or number[17] == "X"):
        return "length"
    born = _date_of(number[6:14])
    if born is None or born < OLDEST_BIRTH:
        return "date"
    if born > today:
        return "future"
    if check_character(number[:17]) != number[17]:
        return "checksum"
    return None


def read(number: str) -> IdentityNumber:
    """What a number without fault says. Raises ValueError for one whose date is none."""
    born = _date_of(number[6:14])
    if born is None:
        raise ValueError("not an identity number")
    return IdentityNumber(number[:6], born, "1" if int(number[16]) % 2 else "2")


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _date_of(eight: str) -> date | None:
    try:
        return date(int(eight[:4]), int(eight[4:6]), int(eight[6:]))
    except ValueError:
        return None
