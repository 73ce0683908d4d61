"""Samples are random over seeds and the same for one seed."""

from collections import Counter
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.collection.submissions.drawing import draw

IDS = [UUID(int=n) for n in range(20)]


class TestDraw:
    @given(st.integers(0, 2**62 - 1), st.integers(0, 25), st.randoms())
    def test_the_same_seed_draws_the_same_sample_from_any_order(
        self, seed: int, size: int, random: Any
    ) -> None:
        shuffled = list(IDS)
        random.shuffle(shuffled)
        sample = draw(IDS, seed, size)
        assert draw(shuffled, seed, size) == sample
        assert len(sample) == len(set(sample)) == min(size, 20)
        assert draw(IDS, seed, size + 1)[: len(sample)] == sample

    def test_every_id_is_drawn_as_often_as_any_other(self) -> None:
        drawn = Counter(each for seed in range(2000) for each in draw(IDS, seed, 5))
        assert min(drawn.values()) > 400
        assert max(drawn.values()) < 600
