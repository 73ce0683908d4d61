"""What proves a visit."""

import pytest

from app.visits.proof import ProofRules, Seen, doubt_about, proven_by

NEAR = ProofRules("near", near_m=200, max_accuracy_m=100)
GRID = ProofRules("grid", near_m=200, max_accuracy_m=100)


@pytest.mark.parametrize(
    ("seen", "rules", "doubt"),
    [
        (None, NEAR, "no_position"),
        (Seen(101, 0.0, True), NEAR, "inaccurate"),
        (Seen(100, 200.0, None), NEAR, None),
        (Seen(None, 200.1, True), NEAR, "too_far"),
        (Seen(None, None, True), NEAR, None),
        (Seen(None, None, False), NEAR, "outside_grid"),
        (Seen(None, None, None), NEAR, "place_unknown"),
        (Seen(None, 900.0, True), GRID, None),
        (Seen(None, 10.0, False), GRID, "outside_grid"),
        (Seen(None, 10.0, None), GRID, None),
        (Seen(None, 201.0, None), GRID, "too_far"),
        (Seen(None, None, None), GRID, "place_unknown"),
    ],
)
def test_a_position_proves_a_visit_near_the_subject_or_in_its_grid(
    seen: Seen | None, rules: ProofRules, doubt: str | None
) -> None:
    assert doubt_about(seen, rules) == doubt


def test_the_first_proof_that_holds_is_named() -> None:
    assert proven_by(None, photo=True, signature=True) == "position"
    assert proven_by("too_far", photo=True, signature=True) == "photo"
    assert proven_by("no_position", photo=False, signature=True) == "signature"
    assert proven_by("no_position", photo=False, signature=False) == "none"
    assert proven_by("too_late", photo=True, signature=True) == "none"
