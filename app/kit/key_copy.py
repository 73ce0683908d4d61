"""A copy of the master key for a backup: locked with a passphrase, recognised by fingerprints."""

import os

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from app.kit.crypto import SealError, Vault, lock, unlock

MIN_PASSPHRASE_CHARS = 12
_PURPOSE = "backup master key"
_SALT_BYTES = 16
_COST = 2**15  # 32 MiB and a tenth of a second for each guess


def fingerprints(master_key: str) -> list[str]:
    """One for each secret in the setting, the current one first; none tells anything about its secret."""
    return [digest[:8].hex() for digest in Vault.parse(master_key).digests("fingerprint", b"")]


def locked_with(passphrase: str, master_key: str) -> bytes:
    """The key, to be opened with the passphrase only. Raises ValueError when that is too short."""
    if len(passphrase) < MIN_PASSPHRASE_CHARS:
        raise ValueError(f"the passphrase needs at least {MIN_PASSPHRASE_CHARS} characters")
    salt = os.urandom(_SALT_BYTES)
    return salt + lock(_stretched(passphrase, salt), master_key.encode(), _PURPOSE)


def opened_with(passphrase: str, locked: bytes) -> str | None:
    """The key, or None when the passphrase is another."""
    salt, sealed = locked[:_SALT_BYTES], locked[_SALT_BYTES:]
    try:
        return unlock(_stretched(passphrase, salt), sealed, _PURPOSE).decode()
    except SealError:
        return None


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt, 32, _COST, 8, 1).derive(passphrase.encode())
