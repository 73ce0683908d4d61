"""Passwords: Argon2id in a thread, two at a time, so that sign-ins can't eat a process's memory."""

import unicodedata

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.identity.problems import PasswordTooWeak

MIN_CHARS, MAX_CHARS = 10, 128
# OWASP's second recommendation: 19 MiB, two passes, one lane; about 25 ms of one core.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified when the user name is unknown, so that the answer takes as long as for a known one.
_NOBODYS_HASH = _hasher.hash("nobody")
_limiter: list[CapacityLimiter] = []


def require_strong(password: str, username: str) -> None:
    """Raises PasswordTooWeak: too short or long, no letter or no digit, or the user name inside."""
    good = (
        MIN_CHARS <= len(password) <= MAX_CHARS
        and any(c.isalpha() for c in password)
        and any(c.isdigit() for c in password)
        and username.lower() not in password.lower()
    )
    if not good:
        raise PasswordTooWeak


async def hash_password(password: str) -> str:
    """The Argon2id hash (PHC string) of `password`, NFKC-normalised."""
    return await to_thread.run_sync(_hasher.hash, _normal(password), limiter=_threads())


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether `password` has this hash; None (no such account) takes as long and is False."""
    matches = await to_thread.run_sync(
        _matches, password_hash or _NOBODYS_HASH, _normal(password), limiter=_threads()
    )
    return matches and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _threads() -> CapacityLimiter:
    if not _limiter:
        _limiter.append(CapacityLimiter(2))
    return _limiter[0]
