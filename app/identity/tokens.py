"""Access tokens: ES256 by python-jose, algorithm pinned, times compared with the `now` that is passed in."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from jose import jwt
from jose.exceptions import JOSEError
from uuid6 import uuid7

from app.identity.actor import Actor, Role
from app.identity.keyring import ALGORITHM, Keyring
from app.identity.verified import Claims
from app.kit.problems import TokenExpired, Unauthenticated

ISSUER = "wangge"
AUDIENCE = "wangge-api"
MAX_CHARS = 2048
CLOCK_TOLERANCE = timedelta(seconds=60)
"""An `iat` this far ahead is another server's clock, not a forgery."""
SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
# Times are compared here with `now`; the library would read the clock, even where only `require_exp` is set.
OPTIONS = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "require_aud": True,
    "require_iss": True,
    "require_sub": True,
    "require_jti": True,
}


class UnknownSigningKey(Unauthenticated):
    """The token names a key that this process doesn't know (yet)."""


def issue_access_token(actor: Actor, keyring: Keyring, *, ttl_s: int, now: datetime) -> str:
    """A signed token for `actor`, good for `ttl_s` seconds."""
    pair = keyring.signing(now)
    issued_s = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": issued_s,
        "exp": issued_s + ttl_s,
        "jti": uuid7().hex,
        "sub": str(actor.account_id),
        "role": actor.role.value,
        "county": actor.county_code,
        "area": str(actor.area_id),
        "dev": str(actor.device_id) if actor.device_id else None,
        "sid": str(actor.login_id),
    }
    token: str = jwt.encode(claims, pair.private, ALGORITHM, headers={"kid": pair.kid})
    return token


def verify_access_token(token: str, keyring: Keyring, now: datetime) -> Claims:
    """The claims of `token`, without touching the database; a token seen before costs a hash.

    Raises UnknownSigningKey (reload the keyring and try once more), TokenExpired, or Unauthenticated for
    everything that isn't one of our tokens, byte for byte.
    """
    known = keyring.verified.find(token)
    if known is not None and keyring.verifying(known.kid, now) is not None:
        if known.expires_at <= now:
            keyring.verified.drop(token)
            raise TokenExpired
        return known
    claims = _verify(token, keyring, now)
    keyring.verified.keep(token, claims)
    return claims


def _verify(token: str, keyring: Keyring, now: datetime) -> Claims:
    if len(token) > MAX_CHARS or not SHAPE.fullmatch(token) or not _canonical(token.rpartition(".")[2]):
        raise Unauthenticated
    try:
        header = jwt.get_unverified_header(token)
        kid = header.get("kid")
        if header.get("alg") != ALGORITHM or not isinstance(kid, str):
            raise Unauthenticated
        pair = keyring.verifying(kid, now)
        if pair is None:
            raise UnknownSigningKey
        content = jwt.decode(
            token, pair.public, algorithms=[ALGORITHM], options=OPTIONS, audience=AUDIENCE, issuer=ISSUER
        )
        claims, issued_at = _claims(content, kid)
    except (JOSEError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise Unauthenticated from error
    if claims.expires_at <= now:
        raise TokenExpired
    if issued_at > now + CLOCK_TOLERANCE:
        raise Unauthenticated
    return claims


def _claims(content: dict[str, Any], kid: str) -> tuple[Claims, datetime]:
    claims = Claims(
        account_id=UUID(content["sub"]),
        role=Role(content["role"]),
        county_code=str(content["county"]),
        area_id=UUID(content["area"]),
        device_id=UUID(content["dev"]) if content["dev"] else None,
        login_id=UUID(content["sid"]),
        token_id=str(content["jti"]),
        kid=kid,
        expires_at=datetime.fromtimestamp(content["exp"], UTC),
    )
    return claims, datetime.fromtimestamp(content["iat"], UTC)


def _canonical(signature: str) -> bool:
    """Whether the text is the one spelling of its bytes: the last character carries four unused bits."""
    return urlsafe_b64encode(urlsafe_b64decode(signature + "==")).decode().rstrip("=") == signature
