"""`wangge simulate --offline-day` end to end: a shift without signal arrives once, whole and checked."""

from tests.fleet.test_simulate import simulate


def test_a_shift_without_signal_arrives_once_whole_and_checked() -> None:
    code, report, said = simulate("--offline-day", "--handhelds", "4", "--chaos", "1", "--seed", "2")
    assert (code, report.get("findings")) == (0, {}), (report, said)
    assert report["ok"]
    assert report["handhelds"] == 4
    assert sum(report["kills"].values()) == 1
    assert report["link"]["lost_before"] > 0 < report["link"]["lost_after"]
    checked = report["checked"]
    assert checked["receipts of items"] == report["items"] > 40
    assert checked["conflicts"] == 2
    assert checked["photos"] == report["photos"] == 20
    assert checked["old and fresh handhelds"] == 4


def test_what_cannot_be_asked_for_together_is_told() -> None:
    for arguments in (("--offline-day", "--live"), ("--offline-day", "--url", "http://x")):
        code, _, said = simulate(*arguments)
        assert code == 2
        assert "Traceback" not in said
