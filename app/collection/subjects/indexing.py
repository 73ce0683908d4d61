"""What subjects are found by: blind indexes of keys, keyed and open bigrams. No I/O.

A personal name is found by HMACs of its bigrams, so that the database never holds a readable part of it;
docs/decisions/0020 says what the frequencies still tell. Open names and addresses use the same index unkeyed.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from app.collection.catalogue.field_checks import normalized_key
from app.kit.crypto import Vault

NAME_PURPOSE = "subject.name_tokens"
ADDRESS_PURPOSE = "subject.address_tokens"
PHONE, NAME_AND_BIRTH, NAME = "phone", "name_and_birth", "name"
MARKS = frozenset({PHONE, NAME_AND_BIRTH, NAME})
"""Kinds of keys that many subjects may share: searched by, and a sign of duplicates."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """What the keyed indexes of a subject are made from; kept sealed in its row.

    keys      natural keys and marks by the field that holds them: (kind, normalised value)
    name      personal name, None where the name is open or unknown
    address   personal address, likewise
    birth     ISO date of birth
    open_name open name of a kind that is compared by name, None for persons
    """

    keys: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    name: str | None = None
    address: str | None = None
    birth: str | None = None
    open_name: str | None = None

    def all_keys(self) -> set[tuple[str, str]]:
        """(kind, value) of every natural key and mark."""
        found = set(self.keys.values())
        if self.name and self.birth:
            found.add((NAME_AND_BIRTH, f"{folded(self.name)}/{self.birth}"))
        if self.open_name:
            found.add((NAME, folded(self.open_name)))
        return found

    def is_empty(self) -> bool:
        """Whether there is nothing that a key rotation would have to renew."""
        return not (self.keys or self.name or self.address or self.open_name)

    def dump(self) -> dict[str, Any]:
        """As JSON; `load` reads it back."""
        return {
            "keys": {name: list(key) for name, key in self.keys.items()},
            "name": self.name,
            "address": self.address,
            "birth": self.birth,
            "open_name": self.open_name,
        }

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> "Indexed":
        """What `dump` made."""
        keys = {name: (key[0], key[1]) for name, key in raw["keys"].items()}
        return cls(keys, raw["name"], raw["address"], raw["birth"], raw["open_name"])


def folded(text: str) -> str:
    """Text as it is compared: NFKC, lower case, letters and digits only (张·三 ＡＢ → 张三ab)."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())


def bigrams(text: str) -> set[str]:
    """Pairs of neighbouring characters of the folded text; a text of one character is its own pair."""
    plain = folded(text)
    return {plain[i : i + 2] for i in range(len(plain) - 1)} or ({plain} if plain else set())


def open_tokens(text: str) -> list[int]:
    """Bigrams as signed 32-bit numbers, sorted."""
    return sorted({_signed(crc32(pair.encode())) for pair in bigrams(text)})


def keyed_tokens(vault: Vault, purpose: str, text: str) -> list[int]:
    """Bigrams as signed 32-bit numbers of their HMAC under the current key, sorted."""
    return sorted({_signed(_number(vault.digest(purpose, pair.encode()))) for pair in bigrams(text)})


def keyed_searches(vault: Vault, purpose: str, text: str) -> list[list[int]]:
    """`keyed_tokens` under every key, for a search while a rotation is under way."""
    per_pair = [vault.digests(purpose, pair.encode()) for pair in sorted(bigrams(text))]
    return [sorted({_signed(_number(d)) for d in under_key}) for under_key in zip(*per_pair, strict=True)]


def key_digest(vault: Vault, kind: str, value: str) -> str:
    """Blind index of a key under the current key."""
    return vault.blind_index(value, f"subject_key.{kind}")


def key_digests(vault: Vault, kind: str, value: str) -> list[str]:
    """Blind indexes of a key under every key."""
    return vault.blind_indexes(value, f"subject_key.{kind}")


def normalised_key(kind: str, value: Any) -> str:
    """A natural key in its one spelling, half-width."""
    return normalized_key(kind, str(value))


def normalised_phone(value: Any) -> str:
    """Digits of a phone number without the country code."""
    digits = "".join(c for c in unicodedata.normalize("NFKC", str(value)) if c.isascii() and c.isdigit())
    return digits.removeprefix("0086") if digits.startswith("0086") else _without_86(digits)


def as_texts(value: Any) -> Iterable[str]:
    """The texts of a value that may be one or a list."""
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]


def _without_86(digits: str) -> str:
    return digits[2:] if digits.startswith("86") and len(digits) == 13 else digits


def _number(digest: bytes) -> int:
    return int.from_bytes(digest[:4])


def _signed(number: int) -> int:
    return number - (1 << 32) if number >= 1 << 31 else number
