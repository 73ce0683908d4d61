"""Access tokens verified before: checking a signature costs 0.1 ms, finding it here a microsecond."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.identity.actor import Role

MAX_TOKENS = 20_000


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified access token says."""

    account_id: UUID
    role: Role
    county_code: str
    area_id: UUID
    device_id: UUID | None
    login_id: UUID
    token_id: str
    kid: str
    expires_at: datetime


class VerifiedTokens:
    """Claims by the hash of their token; the least recently used leave first."""

    def __init__(self, max_tokens: int = MAX_TOKENS) -> None:
        self._claims: dict[bytes, Claims] = {}
        self._max_tokens = max_tokens

    def find(self, token: str) -> Claims | None:
        """The claims of a token seen before; whether they still hold is the caller's question."""
        key = _key(token)
        claims = self._claims.pop(key, None)
        if claims is not None:
            self._claims[key] = claims  # to the end: most recently used
        return claims

    def keep(self, token: str, claims: Claims) -> None:
        """Remembers a token that has just been verified."""
        if len(self._claims) >= self._max_tokens:
            del self._claims[next(iter(self._claims))]
        self._claims[_key(token)] = claims

    def drop(self, token: str) -> None:
        """Forgets a token that has expired."""
        self._claims.pop(_key(token), None)

    def __len__(self) -> int:
        return len(self._claims)


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
