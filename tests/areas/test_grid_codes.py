import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from app.areas.grid_codes import GRID_CODE, CodesExhaustedError, grid_code, next_code, numbering_order

COMMUNITY = "330921100001"


@given(st.sets(st.integers(1, 998)))
def test_the_next_code_was_never_given(sequences: set[int]) -> None:
    given_codes = [grid_code(COMMUNITY, s) for s in sequences]
    code = next_code(COMMUNITY, given_codes)
    assert code not in given_codes
    assert GRID_CODE.fullmatch(code)
    assert code.startswith(COMMUNITY)
    assert code > max(given_codes, default="")


def test_codes_of_other_communities_do_not_count() -> None:
    assert next_code(COMMUNITY, ["330921100002007"]) == "330921100001001"


def test_after_999_there_is_no_code() -> None:
    with pytest.raises(CodesExhaustedError):
        next_code(COMMUNITY, [f"{COMMUNITY}999"])


@pytest.mark.parametrize("community", ["", "33092110000", "3309211000011", "030921100001", "33092110000x"])
def test_only_twelve_digits_make_a_community(community: str) -> None:
    with pytest.raises(ValueError, match="not a community code"):
        grid_code(community, 1)


def test_numbers_run_west_to_east_in_rows_from_north_to_south() -> None:
    cells = {
        (row, column): box(column, -row, column + 1, -row + 1) for row in range(3) for column in range(3)
    }
    shuffled = sorted(cells, key=lambda k: (k[1] * 7 + k[0] * 3) % 5)
    order = numbering_order([cells[k] for k in shuffled])
    assert [shuffled[i] for i in order] == sorted(cells)


def test_a_slight_shift_north_does_not_jump_the_queue() -> None:
    row = [box(x, 0.01 * (x % 2), x + 1, 1) for x in range(3)]
    below = [box(x, -1, x + 1, 0) for x in range(3)]
    assert numbering_order(row + below) == [0, 1, 2, 3, 4, 5]


def test_nothing_to_number() -> None:
    assert numbering_order([]) == []
    assert numbering_order([box(0, 0, 1, 1)]) == [0]
