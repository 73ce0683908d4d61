"""The text of a refresh token: which login, which generation, a secret, and a tag that proves we made it.

The tag tells an old token of ours (the family is in wrong hands: revoke it) from a forgery that merely
names a login (refuse it, and let nobody be logged out by guessing).
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from app.kit.crypto import Vault

SHAPE = re.compile(r"wr1\.([0-9]{6})\.([0-9a-f]{32})\.([0-9]{1,9})\.[A-Za-z0-9_-]{43}\.([A-Za-z0-9_-]{43})")
PURPOSE = "refresh_token"


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A token of ours, taken apart."""

    county_code: str
    login_id: UUID
    generation: int
    text: str

    @property
    def hash(self) -> bytes:
        """What the database keeps of it."""
        return hashlib.sha256(self.text.encode()).digest()

    @property
    def secret(self) -> bytes:
        """Key material for what only the holder of the token may read."""
        return self.text.encode()


def make_refresh_token(county_code: str, login_id: UUID, generation: int, vault: Vault) -> RefreshToken:
    """A new token for the given generation of a login."""
    body = f"wr1.{county_code}.{login_id.hex}.{generation}.{secrets.token_urlsafe(32)}"
    tag = _tag(vault.digest(PURPOSE, body.encode()))
    return RefreshToken(county_code, login_id, generation, f"{body}.{tag}")


def parse_refresh_token(text: str, vault: Vault) -> RefreshToken | None:
    """The token, or None for a text that we didn't make."""
    match = SHAPE.fullmatch(text)
    if match is None:
        return None
    body, _, tag = text.rpartition(".")
    if not any(hmac.compare_digest(tag, _tag(d)) for d in vault.digests(PURPOSE, body.encode())):
        return None
    return RefreshToken(match[1], UUID(match[2]), int(match[3]), text)


def _tag(digest: bytes) -> str:
    return urlsafe_b64encode(digest).decode().rstrip("=")
