"""One-time codes: the vectors of the RFC, the window, and that a code is good once."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity import totp

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
STEPS = st.integers(min_value=2, max_value=2**32)


def reference(secret: str, step: int) -> str:
    """RFC 4226, 5.3, spelled out."""
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[19] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


@pytest.mark.parametrize(
    ("unix_s", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_rfc_6238(unix_s: int, code: str) -> None:
    instant = datetime.fromtimestamp(unix_s, UTC)
    assert totp.code_of(RFC_SECRET, totp.step_at(instant)) == code
    assert totp.matching_step(RFC_SECRET, code, instant, totp.NEVER) == unix_s // 30


@given(step=STEPS)
def test_codes_are_those_of_the_rfc(step: int) -> None:
    assert totp.code_of(RFC_SECRET, step) == reference(RFC_SECRET, step)


@given(step=STEPS, offset_s=st.integers(0, 29), drift=st.integers(-4, 4), last=st.integers(-4, 4))
def test_a_code_fits_one_step_around_now_and_after_the_last_one(
    step: int, offset_s: int, drift: int, last: int
) -> None:
    now = datetime.fromtimestamp(step * 30 + offset_s, UTC)
    code = reference(RFC_SECRET, max(step + drift, 0))
    expected = max(
        (s for s in (step - 1, step, step + 1) if reference(RFC_SECRET, s) == code and s > step + last),
        default=None,
    )
    assert totp.matching_step(RFC_SECRET, code, now, step + last) == expected


@given(step=STEPS, tries=st.lists(st.integers(-2, 2), max_size=12))
def test_however_often_it_is_tried_a_code_is_taken_once_and_never_an_older_one(
    step: int, tries: list[int]
) -> None:
    """A clock that goes on and codes tried in any order: the steps that are taken only grow."""
    taken, last = [], totp.NEVER
    for n, drift in enumerate(tries):
        now = datetime.fromtimestamp((step + n // 3) * 30, UTC)
        found = totp.matching_step(RFC_SECRET, totp.code_of(RFC_SECRET, max(step + drift, 0)), now, last)
        if found is not None:
            taken.append(found)
            last = found
    assert taken == sorted(set(taken))


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "12345６", "000000\n"])
def test_what_is_no_code_fits_nothing(code: str) -> None:
    assert totp.matching_step(RFC_SECRET, code, datetime(2026, 11, 22, tzinfo=UTC), totp.NEVER) is None


def test_the_first_minute_of_1970_is_no_crash() -> None:
    assert totp.matching_step(RFC_SECRET, "000000", datetime(1970, 1, 1, tzinfo=UTC), totp.NEVER) is None


@pytest.mark.parametrize(
    ("text", "password", "code"),
    [
        ("Harbour-2026123456", "Harbour-2026", "123456"),
        ("Harbour-2026", "Harbour-2026", None),
        ("123456", "", "123456"),
        ("Harbour-2026abcde-fgh23", "Harbour-2026", "abcde-fgh23"),
        ("Harbour-2026ABCDE-FGH23", "Harbour-2026", "abcde-fgh23"),
        ("Harbour-2026abcde-fgh18", "Harbour-2026abcde-fgh18", None),
        ("a\nb123456", "a\nb", "123456"),
        ("Harbour-2026１２３４５６", "Harbour-2026１２３４５６", None),
        ("", "", None),
    ],
)
def test_taking_apart(text: str, password: str, code: str | None) -> None:
    assert totp.take_apart(text) == totp.Typed(password, code)


@given(password=st.text(max_size=128), step=STEPS)
def test_whatever_the_password_the_code_comes_off(password: str, step: int) -> None:
    code = totp.code_of(RFC_SECRET, step)
    assert totp.take_apart(password + code) == totp.Typed(password, code)


def test_secrets_and_recovery_codes_are_made_of_chance() -> None:
    secrets = {totp.new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert {len(base64.b32decode(each)) for each in secrets} == {20}
    codes = totp.new_recovery_codes(20)
    assert len(set(codes)) == 20
    assert all(totp.take_apart(f"x{code}") == totp.Typed("x", code) for code in codes)


def test_the_uri_is_what_authenticators_read() -> None:
    uri = urlparse(totp.otpauth_uri(RFC_SECRET, "secadmin"))
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/Wangge:secadmin")
    query = {name: values[0] for name, values in parse_qs(uri.query).items()}
    assert query["secret"] == RFC_SECRET
    assert (query["issuer"], query["digits"], query["period"]) == ("Wangge", "6", "30")


def test_a_step_is_half_a_minute() -> None:
    now = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    assert totp.step_at(now + timedelta(seconds=30)) - totp.step_at(now) == 1
