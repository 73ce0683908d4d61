"""Identity numbers and credit codes, against published examples and the standards' arithmetic done slowly."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.collection.catalogue import credit_codes, identity_numbers

TODAY = date(2026, 11, 22)
BIRTHS = st.dates(identity_numbers.OLDEST_BIRTH, TODAY)


def slow_identity_check(first_17: str) -> str:
    """ISO 7064 MOD 11-2 by its definition: the character that makes the weighted sum congruent to 1 mod 11."""
    for value, character in enumerate("0123456789X"):
        total = value
        for place, digit in enumerate(reversed(first_17), start=2):
            total += int(digit) * 2 ** (place - 1)
        if total % 11 == 1:
            return character
    raise AssertionError


def slow_credit_check(first_17: str) -> str:
    """GB 32100 by its definition: the weighted sum with the check character's value is divisible by 31."""
    for value, character in enumerate(credit_codes.ALPHABET):
        total = value + sum(credit_codes.ALPHABET.index(c) * 3**place for place, c in enumerate(first_17))
        if total % 31 == 0:
            return character
    raise AssertionError


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Numbers without fault."""
    division = draw(st.integers(100000, 999999))
    first = f"{division}{draw(BIRTHS):%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return first + slow_identity_check(first)


class TestIdentityNumbers:
    @pytest.mark.parametrize(
        "number",
        [
            "11010519491231002X",  # the standard's own example
            "440524188001010014",  # the standard's second one, born 1880
            "330921196001010011",  # a county code younger than its holder
            "440304197501010019",
        ],
    )
    def test_published_ones_stand(self, number: str) -> None:
        assert identity_numbers.fault_of(number, TODAY) is None

    @pytest.mark.parametrize(
        ("number", "fault"),
        [
            ("110105194912310021", "checksum"),
            ("11010519491331002X", "date"),
            ("110105194902290020", "date"),
            ("11010518491231002X", "date"),
            ("11010520261123000X", "future"),
            ("1101051949123100", "length"),
            ("11010519491231002Y", "length"),
            ("１1010519491231002X", "length"),
            ("", "length"),
        ],
    )
    def test_faults_are_named(self, number: str, fault: str) -> None:
        assert identity_numbers.fault_of(number, TODAY) == fault

    @given(numbers())
    def test_made_by_the_definition_they_stand_and_tell_their_holder(self, number: str) -> None:
        assert identity_numbers.fault_of(number, TODAY) is None
        said = identity_numbers.read(number)
        assert (said.division, f"{said.birth_date:%Y%m%d}") == (number[:6], number[6:14])
        assert said.gender == ("1" if number[16] in "13579" else "2")

    @given(numbers(), st.integers(0, 17), st.integers(1, 9))
    def test_one_wrong_digit_never_passes(self, number: str, place: int, by: int) -> None:
        value = 10 if number[place] == "X" else int(number[place])
        wrong = number[:place] + str((value + by) % 10) + number[place + 1 :]
        if wrong != number:
            assert identity_numbers.fault_of(wrong, TODAY) is not None

    @given(numbers(), st.integers(0, 16))
    def test_two_neighbours_exchanged_never_pass(self, number: str, place: int) -> None:
        wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        if wrong != number:
            assert identity_numbers.fault_of(wrong, TODAY) is not None

    @given(BIRTHS)
    def test_nobody_is_born_later_than_today(self, born: date) -> None:
        first = f"330921{born:%Y%m%d}001"
        number = first + slow_identity_check(first)
        assert identity_numbers.fault_of(number, born) is None
        if born > identity_numbers.OLDEST_BIRTH:
            assert identity_numbers.fault_of(number, born - timedelta(days=1)) == "future"

    def test_an_unknown_region_refuses_nobody(self) -> None:
        first = "99000019900101001"
        number = first + slow_identity_check(first)
        assert identity_numbers.fault_of(number, TODAY) is None
        assert not identity_numbers.read(number).has_known_region
        assert identity_numbers.read("11010519491231002X").has_known_region


class TestCreditCodes:
    @pytest.mark.parametrize("code", ["91110000600037341L", "91310110666007217T"])
    def test_published_ones_stand(self, code: str) -> None:
        assert credit_codes.fault_of(code) is None

    @pytest.mark.parametrize(
        ("code", "fault"),
        [
            ("91110000600037342L", "checksum"),
            ("9111000060003734IL", "characters"),
            ("91A10000600037341L", "characters"),
            ("91110000600037341l", "characters"),
            ("9111000060003734", "length"),
            ("", "length"),
        ],
    )
    def test_faults_are_named(self, code: str, fault: str) -> None:
        assert credit_codes.fault_of(code) == fault

    @given(st.text(credit_codes.ALPHABET, min_size=17, max_size=17))
    def test_check_characters_are_those_of_the_definition(self, first: str) -> None:
        assert credit_codes.check_character(first) == slow_credit_check(first)

    @given(st.integers(0, 17), st.integers(1, 30))
    def test_one_wrong_character_never_passes(self, place: int, by: int) -> None:
        code = "91110000600037341L"
        value = credit_codes.ALPHABET.index(code[place])
        wrong = code[:place] + credit_codes.ALPHABET[(value + by) % 31] + code[place + 1 :]
        assert credit_codes.fault_of(wrong) is not None

    def test_one_spelling(self) -> None:
        assert credit_codes.normalized(" 91110000-60003734-1l ") == "91110000600037341L"
        assert identity_numbers.normalized(" 110105 19491231 002x ") == "11010519491231002X"
