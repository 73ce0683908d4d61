"""Field encryption: named algorithm and key, bound to its place, several keys at once."""

from typing import ClassVar
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit import crypto
from app.kit.crypto import SealError, Vault, lock, unlock

OLD, NEW = "old-master-key-of-32-characters-!!", "new-master-key-of-32-characters-!!"
COLUMN = "account.phone"


def vault(text: str = f"k1:{OLD}") -> Vault:
    return Vault.parse(text)


@given(st.text(max_size=200))
def test_what_is_sealed_opens_again(plain: str) -> None:
    row = uuid4()
    assert vault().decrypt(vault().encrypt(plain, COLUMN, row), COLUMN, row) == plain


def test_a_sealed_value_names_algorithm_and_key_and_never_repeats() -> None:
    row = uuid4()
    first, second = vault().encrypt("13812345678", COLUMN, row), vault().encrypt("13812345678", COLUMN, row)
    assert first.startswith("aesgcm:k1:")
    assert "13812345678" not in first
    assert first != second


def test_a_value_moved_to_another_row_or_column_does_not_open() -> None:
    row = uuid4()
    sealed = vault().encrypt("13812345678", COLUMN, row)
    for column, place in ((COLUMN, uuid4()), ("account.other", row)):
        with pytest.raises(SealError, match="wrong key, wrong place or changed"):
            vault().decrypt(sealed, column, place)


def test_every_changed_byte_is_noticed() -> None:
    row = uuid4()
    sealed = vault().encrypt("13812345678", COLUMN, row)
    head, body = sealed[:10], sealed[10:]
    for position in range(len(body) - 1):  # the last character has unused bits
        other = "A" if body[position] != "A" else "B"
        with pytest.raises(SealError):
            vault().decrypt(head + body[:position] + other + body[position + 1 :], COLUMN, row)


@pytest.mark.parametrize(
    "text", ["", "plain", "aesgcm:k9:AAAA", "sm4:k1:AAAA", "aesgcm:k1:", "aesgcm:k1:é", "a:b:c:d"]
)
def test_what_no_known_key_sealed_is_a_clear_error(text: str) -> None:
    with pytest.raises(SealError, match=r"account\.phone"):
        vault().decrypt(text, COLUMN, uuid4())


def test_another_master_key_does_not_open() -> None:
    row = uuid4()
    with pytest.raises(SealError):
        vault(f"k1:{NEW}").decrypt(vault().encrypt("x", COLUMN, row), COLUMN, row)


class TestRotation:
    def test_new_writes_use_the_current_key_and_old_values_still_open(self) -> None:
        row, rotated = uuid4(), vault(f"k2:{NEW},k1:{OLD}")
        old = vault().encrypt("13812345678", COLUMN, row)
        assert rotated.decrypt(old, COLUMN, row) == "13812345678"
        assert not rotated.is_current(old)
        fresh = rotated.reencrypt(old, COLUMN, row)
        assert fresh.startswith("aesgcm:k2:")
        assert vault(f"k2:{NEW}").decrypt(fresh, COLUMN, row) == "13812345678"
        assert rotated.reencrypt(fresh, COLUMN, row) == fresh

    def test_a_search_finds_values_indexed_under_either_key(self) -> None:
        rotated = vault(f"k2:{NEW},k1:{OLD}")
        old = vault().blind_index("13812345678", COLUMN)
        assert old in rotated.blind_indexes("13812345678", COLUMN)
        assert rotated.blind_index("13812345678", COLUMN) in rotated.blind_indexes("13812345678", COLUMN)
        assert rotated.blind_index("13812345678", COLUMN).startswith("hmacsha256:k2:")

    def test_digests_put_the_current_key_first(self) -> None:
        rotated = vault(f"k2:{NEW},k1:{OLD}")
        assert rotated.digests("p", b"m") == [rotated.digest("p", b"m"), vault().digest("p", b"m")]


def test_a_blind_index_repeats_and_depends_on_the_column() -> None:
    assert vault().blind_index("a", COLUMN) == vault().blind_index("a", COLUMN)
    assert vault().blind_index("a", COLUMN) != vault().blind_index("a", "person.phone")
    assert vault().blind_index("a", COLUMN) != vault().blind_index("b", COLUMN)


@pytest.mark.parametrize("text", ["short", f"k1:{OLD},k2:short", f"k1:{OLD},k1:{NEW}"])
def test_weak_or_ambiguous_master_keys_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"master key|characters"):
        Vault.parse(text)


def test_a_plain_secret_is_key_one_even_with_commas_and_colons() -> None:
    secret = "a secret, with: commas, that is long enough"
    assert Vault.parse(secret).encrypt("x", COLUMN, uuid4()).startswith("aesgcm:k1:")


def test_a_second_provider_fits_the_same_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    class Reversing:
        name: ClassVar[str] = "reversing"
        key_bytes: ClassVar[int] = 16

        def seal(self, key: bytes, plain: bytes, associated: bytes) -> bytes:
            assert len(key) == 16
            return plain[::-1]

        def open(self, key: bytes, sealed: bytes, associated: bytes) -> bytes:
            return sealed[::-1]

    monkeypatch.setattr(crypto, "_ciphers", dict(crypto._ciphers))
    crypto.register_cipher(Reversing())
    row = uuid4()
    old = vault().encrypt("abc", COLUMN, row)
    second = Vault({"k1": OLD.encode()}, current="k1", cipher="reversing")
    assert second.encrypt("abc", COLUMN, row).startswith("reversing:k1:")
    assert second.decrypt(second.encrypt("abc", COLUMN, row), COLUMN, row) == "abc"
    assert second.decrypt(old, COLUMN, row) == "abc"
    assert not second.is_current(old)


def test_only_the_holder_of_the_secret_unlocks() -> None:
    locked = lock(b"s" * 32, b"answer", "purpose")
    assert unlock(b"s" * 32, locked, "purpose") == b"answer"
    for secret, purpose in ((b"t" * 32, "purpose"), (b"s" * 32, "other")):
        with pytest.raises(SealError):
            unlock(secret, locked, purpose)
    with pytest.raises(SealError):
        unlock(b"s" * 32, b"", "purpose")
