"""Work as the day's explanation tells it: what counted, and one plain sentence. Pure."""

from collections.abc import Sequence

from app.patrol import intervals
from app.patrol.check_sentences import Sentence, duration
from app.patrol.day_inputs import DayInputs, WorkInterval

KINDS = {"visit": ("走访", "visit"), "submission": ("采集", "submission")}
"""What each kind is called."""


def counted_work(inputs: DayInputs) -> tuple[WorkInterval, ...]:
    """The parts of the day's work that lie in its windows on duty, by time; what lies outside is left out.

    Parts of different visits may overlap; the day's figures count such time once.
    """
    windows = intervals.union(intervals.spans([(d.start_ms, d.end_ms) for d in inputs.duty]))
    return tuple(
        sorted(
            WorkInterval(start, end, each.kind, each.id)
            for each in set(inputs.work)
            for start, end in intervals.clip(
                intervals.spans([(each.start_ms, each.end_ms)]), windows
            ).tolist()
        )
    )


def work_sentences(work: Sequence[WorkInterval]) -> list[Sentence]:
    """ "走访 2 次、采集 5 次,共 50 分钟,计入在线和巡查时长"; nothing for a day without."""
    if not work:
        return []
    counts = {kind: len({w.id for w in work if w.kind == kind}) for kind in KINDS}
    spans = intervals.union(intervals.spans([(w.start_ms, w.end_ms) for w in work]))
    total_s = intervals.length_ms(spans) / 1000
    zh = "、".join(f"{KINDS[kind][0]} {n} 次" for kind, n in counts.items() if n)
    en = " and ".join(f"{n} {KINDS[kind][1]}{'s' * (n > 1)}" for kind, n in counts.items() if n)
    long_zh, long_en = duration(total_s)
    return [
        Sentence(
            "work",
            f"{zh},共 {long_zh},计入在线和巡查时长",
            f"{en}, {long_en} in all, count as online and patrol time",
            {"visits": counts["visit"], "submissions": counts["submission"], "duration_s": total_s},
        )
    ]
