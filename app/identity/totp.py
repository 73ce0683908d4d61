"""Time-based one-time codes (RFC 6238): SHA-1, six digits, 30 seconds, one step of tolerance. Pure.

On `hmac` of the standard library: a library answers whether a code fits, but refusing a replay needs the step
that it fits. Proven with the vectors of the RFC.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_S, DIGITS, TOLERANCE_STEPS = 30, 6, 1
SECRET_BYTES = 20
"""As long as the hash (RFC 4226, 4)."""
ISSUER = "Wangge"
NEVER = -1
"""The `last_step` of an authenticator that was never used."""
APPENDED_CODE = re.compile(rf"(.*)([0-9]{{{DIGITS}}})", re.DOTALL | re.ASCII)
RECOVERY = r"[a-z2-7]{5}-[a-z2-7]{5}"
APPENDED_RECOVERY = re.compile(rf"(.*)({RECOVERY})", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into the password field by somebody with a second factor, taken apart."""

    password: str
    code: str | None


def take_apart(text: str) -> Typed:
    """The password and the code appended to it: six digits, or a recovery code."""
    for pattern in (APPENDED_RECOVERY, APPENDED_CODE):
        if match := pattern.fullmatch(text):
            return Typed(match[1], match[2].lower())
    return Typed(text, None)


def new_secret() -> str:
    """A new secret in base32, as authenticators take it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def new_recovery_codes(count: int) -> list[str]:
    """`count` different codes of 50 random bits: `abcde-fgh23`."""
    found: set[str] = set()
    while len(found) < count:
        text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
        found.add(f"{text[:5]}-{text[5:10]}")
    return sorted(found)


def step_at(instant: datetime) -> int:
    """The 30-second step that `instant` lies in, counted from 1970."""
    return int(instant.timestamp()) // STEP_S


def code_of(secret: str, step: int) -> str:
    """The code of a step (RFC 4226, 5.3: dynamic truncation)."""
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The step near `now` and after `last_step` that `code` belongs to, the newest first; None when it has none.

    Every candidate is compared, however early one fits, so that the time taken tells nothing.
    """
    here = step_at(now)
    found = None
    for step in range(here - TOLERANCE_STEPS, here + TOLERANCE_STEPS + 1):
        fits = hmac.compare_digest(code_of(secret, max(step, 0)).encode(), code.encode())
        if fits and step > last_step:
            found = step
    return found


def otpauth_uri(secret: str, username: str) -> str:
    """What an authenticator reads from a QR code (Google's Key URI Format)."""
    label = quote(f"{ISSUER}:{username}")
    query = urlencode({"secret": secret, "issuer": ISSUER, "digits": DIGITS, "period": STEP_S})
    return f"otpauth://totp/{label}?{query}"
