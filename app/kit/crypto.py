"""Field encryption and blind indexes behind one interface; every stored value names algorithm and key.

A sealed value reads `aesgcm:k1:<base64url>`, a blind index `hmacsha256:k1:<base64url>`. SM4 and SM3 are a
second provider of the same two interfaces: `register_cipher`, `register_index`.
"""

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import ClassVar, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MIN_MASTER_CHARS = 32
_FIRST_KEY_ID = "k1"


class SealError(Exception):
    """A sealed value can't be opened: it was changed, moved to another row or column, or its key is gone."""


class Cipher(Protocol):
    """Authenticated encryption under one algorithm."""

    name: ClassVar[str]
    key_bytes: ClassVar[int]

    def seal(self, key: bytes, plain: bytes, associated: bytes) -> bytes:
        """Nonce and ciphertext with its tag."""

    def open(self, key: bytes, sealed: bytes, associated: bytes) -> bytes:
        """The plain bytes. Raises SealError."""


class IndexFunction(Protocol):
    """A keyed hash under one algorithm."""

    name: ClassVar[str]
    key_bytes: ClassVar[int]

    def digest(self, key: bytes, message: bytes) -> bytes:
        """The keyed hash of `message`."""


class AesGcm:
    """AES-256-GCM with a random 96-bit nonce before the ciphertext."""

    name: ClassVar[str] = "aesgcm"
    key_bytes: ClassVar[int] = 32
    nonce_bytes: ClassVar[int] = 12

    def seal(self, key: bytes, plain: bytes, associated: bytes) -> bytes:
        nonce = os.urandom(self.nonce_bytes)
        return nonce + AESGCM(key).encrypt(nonce, plain, associated)

    def open(self, key: bytes, sealed: bytes, associated: bytes) -> bytes:
        try:
            return AESGCM(key).decrypt(sealed[: self.nonce_bytes], sealed[self.nonce_bytes :], associated)
        except (InvalidTag, ValueError) as error:
            raise SealError("wrong key, wrong place or changed content") from error


class HmacSha256:
    """HMAC-SHA-256."""

    name: ClassVar[str] = "hmacsha256"
    key_bytes: ClassVar[int] = 32

    def digest(self, key: bytes, message: bytes) -> bytes:
        return hmac.new(key, message, hashlib.sha256).digest()


_ciphers: dict[str, Cipher] = {}
_index_functions: dict[str, IndexFunction] = {}


def register_cipher(cipher: Cipher) -> None:
    """Adds an algorithm by its name; sealed values that name it can be opened from now on."""
    _ciphers[cipher.name] = cipher


def register_index(function: IndexFunction) -> None:
    """Adds a keyed hash by its name."""
    _index_functions[function.name] = function


register_cipher(AesGcm())
register_index(HmacSha256())


class Vault:
    """All keys of a process, derived from the master keys by purpose and key id (HKDF-SHA-256).

    `masters`: master secrets by key id; `current` seals what is written, the others still open what was.
    """

    def __init__(
        self,
        masters: Mapping[str, bytes],
        *,
        current: str,
        cipher: str = AesGcm.name,
        index: str = HmacSha256.name,
    ) -> None:
        if current not in masters:
            raise ValueError(f"the current key {current} is not among the master keys")
        self._masters = dict(masters)
        self._derived: dict[tuple[str, str, int], bytes] = {}
        self.current, self.cipher, self.index = current, cipher, index

    @classmethod
    def parse(cls, text: str) -> "Vault":
        """From the setting: one secret, or `k2:<secret>,k1:<secret>` with the current key first.

        Raises ValueError for a secret of fewer than 32 characters or a repeated key id.
        """
        parts = [part.strip() for part in text.split(",")]
        named = [part.partition(":") for part in parts]
        if not all(sep and key_id.startswith("k") and key_id[1:].isdigit() for key_id, sep, _ in named):
            named = [(_FIRST_KEY_ID, ":", text)]
        masters = {key_id: secret.encode() for key_id, _, secret in named}
        if len(masters) < len(named):
            raise ValueError("the master key names a key id twice")
        if any(len(secret) < MIN_MASTER_CHARS for secret in masters.values()):
            raise ValueError(f"every master key needs at least {MIN_MASTER_CHARS} characters")
        return cls(masters, current=named[0][0])

    def encrypt(self, plain: str, column: str, row_id: UUID) -> str:
        """`plain` sealed under the current key for the column `table.column` of the row `row_id`."""
        cipher = _ciphers[self.cipher]
        key = self._key(f"field:{cipher.name}", self.current, cipher.key_bytes)
        sealed = cipher.seal(key, plain.encode(), _place(column, row_id))
        return f"{cipher.name}:{self.current}:{_encode(sealed)}"

    def decrypt(self, sealed: str, column: str, row_id: UUID) -> str:
        """What `encrypt` sealed. Raises SealError, naming column and row but never content."""
        try:
            name, key_id, body = sealed.split(":")
            cipher = _ciphers[name]
            key = self._key(f"field:{cipher.name}", key_id, cipher.key_bytes)
            return cipher.open(key, _decode(body), _place(column, row_id)).decode()
        except (KeyError, ValueError) as error:
            raise SealError(f"{column} of {row_id}: not sealed by a known algorithm and key") from error
        except SealError as error:
            raise SealError(f"{column} of {row_id}: {error}") from error

    def is_current(self, named: str) -> bool:
        """Whether a sealed value or a blind index was made with the current algorithm and key."""
        return named.startswith((f"{self.cipher}:{self.current}:", f"{self.index}:{self.current}:"))

    def reencrypt(self, sealed: str, column: str, row_id: UUID) -> str:
        """The same content under the current key; the same value when it is current already."""
        if self.is_current(sealed):
            return sealed
        return self.encrypt(self.decrypt(sealed, column, row_id), column, row_id)

    def blind_index(self, value: str, column: str) -> str:
        """Keyed hash under the current key by which `value` (normalised by the caller) is found."""
        return self._index(value, column, self.current)

    def blind_indexes(self, value: str, column: str) -> list[str]:
        """`blind_index` under every key, for a search while a rotation is under way."""
        return [self._index(value, column, key_id) for key_id in self._masters]

    def digest(self, purpose: str, message: bytes) -> bytes:
        """HMAC-SHA-256 (32 bytes) of `message` under the current key of `purpose`."""
        return self.digests(purpose, message)[0]

    def digests(self, purpose: str, message: bytes) -> list[bytes]:
        """`digest` under every key, the current one first."""
        ids = [self.current, *(key_id for key_id in self._masters if key_id != self.current)]
        return [HmacSha256().digest(self._key(f"digest:{purpose}", key_id, 32), message) for key_id in ids]

    def _index(self, value: str, column: str, key_id: str) -> str:
        function = _index_functions[self.index]
        key = self._key(f"index:{function.name}:{column}", key_id, function.key_bytes)
        return f"{function.name}:{key_id}:{_encode(function.digest(key, value.encode()))}"

    def _key(self, purpose: str, key_id: str, length: int) -> bytes:
        found = self._derived.get((purpose, key_id, length))
        if found is None:
            info = f"wangge/1/{purpose}/{key_id}".encode()
            found = HKDF(SHA256(), length, None, info).derive(self._masters[key_id])
            self._derived[purpose, key_id, length] = found
        return found


def lock(secret: bytes, plain: bytes, purpose: str) -> bytes:
    """`plain` sealed under a key that only the holder of `secret` (≥ 16 random bytes) can make again."""
    return AesGcm().seal(_key_from(secret, purpose), plain, purpose.encode())


def unlock(secret: bytes, locked: bytes, purpose: str) -> bytes:
    """What `lock` sealed. Raises SealError."""
    return AesGcm().open(_key_from(secret, purpose), locked, purpose.encode())


def _key_from(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), AesGcm.key_bytes, None, f"wangge/1/lock:{purpose}".encode()).derive(secret)


def _place(column: str, row_id: UUID) -> bytes:
    return f"{column}/{row_id}".encode()


def _encode(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def _decode(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))
