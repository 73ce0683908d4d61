"""Time-based one-time codes (RFC 6238): SHA-1, six digits, 30 seconds, one step of tolerance. Pure.

The codes are `cryptography`'s; the steps are ours, since refusing a replay needs to know which step a code fits.
"""

import base64
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_S, DIGITS, TOLERANCE_STEPS = 30, 6, 1
ALGORITHM = SHA1()  # noqa: S303 - what every authenticator speaks; HMAC does not lean on collisions
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
    """The code of a step."""
    return _generator(secret).generate(step).decode()


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
    key = base64.b32decode(secret)
    return TOTP(key, DIGITS, ALGORITHM, STEP_S).get_provisioning_uri(username, ISSUER)


def _generator(secret: str) -> HOTP:
    return HOTP(base64.b32decode(secret), DIGITS, ALGORITHM)
