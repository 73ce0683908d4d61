"""What parameters accept, and that the catalogue and the fold agree."""

import math
from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.patrol.fold_rules import FoldRules
from app.rules.book import RuleBook
from app.rules.catalogue import PARAMETERS, fold, judging
from app.rules.catalogue.working_time import TIMETABLE
from app.rules.parameter import Choice, Flag, Number, Release, Text, ValueRefusedError, Whole

COMMON: dict[str, Any] = {"zh": "测试", "en": "test", "source": "test"}
WHOLE = Whole(key="w", default=5, minimum=0, maximum=10, **COMMON)
NUMBER = Number(key="n", default=0.5, minimum=0, maximum=1, **COMMON)
FLAG = Flag(key="f", default=True, **COMMON)
CHOICE = Choice(key="c", default="a", choices={"a": "甲", "b": "乙"}, **COMMON)
TEXT = Text(key="t", default="", max_length=5, **COMMON)
RELEASE = Release(key="r", default="1.0.0", **COMMON)

HOURS = ["08:30-11:30"]


class TestParsing:
    @pytest.mark.parametrize(
        ("parameter", "raw", "value"),
        [
            (WHOLE, 10, 10),
            (WHOLE, 3.0, 3),
            (NUMBER, 1, 1.0),
            (FLAG, False, False),
            (CHOICE, "b", "b"),
            (TEXT, " 岱 ", "岱"),
            (RELEASE, "01.2.30", "1.2.30"),
        ],
    )
    def test_accepts(self, parameter: Any, raw: Any, value: Any) -> None:
        parsed = parameter.parse(raw)
        assert parsed == value
        assert type(parsed) is type(value)

    @pytest.mark.parametrize(
        ("parameter", "raw"),
        [
            (WHOLE, 11),
            (WHOLE, -1),
            (WHOLE, 2.5),
            (WHOLE, True),
            (WHOLE, "5"),
            (WHOLE, 1e300),
            (NUMBER, math.nan),
            (NUMBER, math.inf),
            (NUMBER, False),
            (NUMBER, 10**400),
            (FLAG, 1),
            (CHOICE, "c"),
            (CHOICE, ["a"]),
            (TEXT, "a\nb"),
            (TEXT, "a\0"),
            (TEXT, "abcdef"),
            (TEXT, None),
            (RELEASE, "1.0"),
            (RELEASE, "1.0.x"),
            (RELEASE, 1),
        ],
    )
    def test_refuses(self, parameter: Any, raw: Any) -> None:
        with pytest.raises(ValueRefusedError):
            parameter.parse(raw)

    @given(st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ))  # fmt: skip
    def test_any_json_is_taken_or_refused(self, raw: Any) -> None:
        for parameter in PARAMETERS.values():
            try:
                value = parameter.parse(raw)
            except ValueRefusedError:
                continue
            assert parameter.parse(parameter.dump(value)) == value


class TestTimetable:
    @pytest.mark.parametrize(
        "raw",
        [
            {},
            {"sessions": []},
            {"sessions": ["11:30-08:30"]},
            {"sessions": ["14:00-17:30", "08:30-11:30"]},
            {"sessions": ["08:30-12:00", "11:00-17:30"]},
            {"sessions": ["8:30-11:30"]},
            {"sessions": ["08:30-25:00"]},
            {"sessions": HOURS, "seasons": [{"from": "02-30", "until": "03-01", "sessions": HOURS}]},
            {"sessions": HOURS, "seasons": [{"from": "W01-1", "until": "03-01", "sessions": HOURS}]},
            {"sessions": HOURS, "seasons": [{"from": "01-01", "until": "03-01"}]},
            {"sessions": ["08:30-11:30"], "season": []},
            ["08:30-11:30"],
        ],
    )  # fmt: skip
    def test_refuses(self, raw: Any) -> None:
        with pytest.raises(ValueRefusedError):
            TIMETABLE.parse(raw)

    def test_round_trip(self) -> None:
        raw = {
            "sessions": ["08:30-11:30", "14:00-17:30"],
            "seasons": [{"from": "06-01", "until": "09-30", "sessions": ["08:00-11:00", "15:00-24:00"]}],
        }
        assert TIMETABLE.dump(TIMETABLE.parse(raw)) == raw


class TestCatalogue:
    def test_every_parameter_is_described_in_both_languages_with_a_source(self) -> None:
        for parameter in PARAMETERS.values():
            assert parameter.zh
            assert parameter.en
            assert parameter.source, parameter.key

    def test_fold_rules_and_catalogue_agree(self) -> None:
        declared = {key: p.default for key, p in PARAMETERS.items() if key.startswith(f"{fold.PREFIX}.")}
        defaults = FoldRules()
        assert declared == {f"{fold.PREFIX}.{f.name}": getattr(defaults, f.name) for f in fields(FoldRules)}
        assert RuleBook([]).resolve([], date(2026, 1, 1)).fill(FoldRules, fold.PREFIX) == defaults

    def test_defaults_are_those_of_the_document(self) -> None:
        rules = RuleBook([]).resolve([], date(2026, 1, 1))
        assert rules[judging.PATROL_MIN_S] == rules[judging.PERIOD_ONLINE_MIN_S] == 4 * 3600
        assert rules[judging.DISTANCE_MIN_M] == rules[judging.PERIOD_DISTANCE_MIN_M] == 3000
        assert rules[judging.ONLINE_SHARE_MIN] == rules[judging.PERIOD_ONLINE_RATE_MIN] == 0.6
