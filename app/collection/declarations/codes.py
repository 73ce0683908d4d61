"""Query codes, declaration tokens and the sheets that forms are filled on. Pure, but for the keys it is given."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from uuid import UUID

from app.kit.clock import from_ms, to_ms
from app.kit.crypto import Vault

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing in it is mistaken for something else on paper or by phone."""
CODE_CHARS = 12
MISREAD = str.maketrans("OIL", "011", "- \u3000")
TOKEN_CHARS = 26
CODE_PURPOSE, SHEET_PURPOSE = "declaration.code", "declaration.sheet"
MAC_BYTES = 16
EPOCH_BYTES = 8


def spelled(number: bytes, chars: int) -> str:
    """The leading bits of `number` (≥ chars · 5 bits) in the alphabet."""
    bits = int.from_bytes(number) >> (len(number) * 8 - chars * 5)
    return "".join(ALPHABET[bits >> 5 * n & 31] for n in reversed(range(chars)))


def query_codes(vault: Vault, declaration_id: UUID) -> list[str]:
    """The query code of a declaration under every key, the current one first: told again, never stored."""
    return [spelled(mac, CODE_CHARS) for mac in vault.digests(CODE_PURPOSE, declaration_id.bytes)]


def grouped(code: str) -> str:
    """As it is shown: 7K3M-9QXA-02DF."""
    return "-".join(code[n : n + 4] for n in range(0, len(code), 4))


def read_code(typed: str) -> str | None:
    """The code that somebody typed, None when it can't be one. O is zero, I and L are one, dashes are nothing."""
    code = typed.strip().upper().translate(MISREAD)
    return code if len(code) == CODE_CHARS and all(char in ALPHABET for char in code) else None


def code_digest(code: str) -> bytes:
    """As a code is stored: 60 random bits need no key, and a rotation of keys loses none."""
    return hashlib.sha256(f"wangge/{CODE_PURPOSE}/{code}".encode()).digest()


def new_sheet(vault: Vault, place: str, sheet_id: UUID, now: datetime) -> str:
    """The hidden field of a form for `place` (token and item): only who opened the form here has one."""
    head = sheet_id.bytes + to_ms(now).to_bytes(EPOCH_BYTES)
    mac = vault.digest(SHEET_PURPOSE, head + place.encode())[:MAC_BYTES]
    return urlsafe_b64encode(head + mac).decode()


def read_sheet(vault: Vault, place: str, sheet: str, now: datetime, lifetime: timedelta) -> UUID | None:
    """The id of a sheet that was made here for `place` less than `lifetime` ago, else None."""
    try:
        raw = urlsafe_b64decode(sheet.encode("ascii"))
    except (ValueError, UnicodeEncodeError):
        return None
    head, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    known = [each[:MAC_BYTES] for each in vault.digests(SHEET_PURPOSE, head + place.encode())]
    if len(head) != 16 + EPOCH_BYTES or not any(hmac.compare_digest(mac, each) for each in known):
        return None
    opened = from_ms(int.from_bytes(head[16:]))
    return UUID(bytes=head[:16]) if opened <= now < opened + lifetime else None
