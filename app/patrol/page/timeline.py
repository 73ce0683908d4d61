"""The day as bars over a clock: on duty, on line, in the own grid, gaps and stays. SVG. Pure."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from app.patrol.page.content import DayPage
from app.patrol.page.markup import Markup, joined, tag
from app.patrol.page.words import seconds_of

WIDTH_MM, HEIGHT_MM = 186.0, 26.0
LEFT_MM = 17.0
ROWS = ("在岗", "在线", "网格内", "中断停留")
ROW_MM, BAR_MM, TOP_MM = 5.0, 3.8, 5.0
PRESENT = ("moving", "stationary", "vehicle")
NUMBERS = "①②③④⑤"
"""Gaps on the bar and in the table carry the same number."""

Span = tuple[datetime, datetime]


def interruptions(page: DayPage) -> list[dict[str, Any]]:
    """Gaps, and time on line without a place (they have no `edge`)."""
    return [*page.facts, *page.explanation["unplaced"]]


def numbered_gaps(page: DayPage) -> list[tuple[str, dict[str, Any]]]:
    """The longest interruptions with their numbers, in the order of the day."""
    longest = sorted(interruptions(page), key=lambda g: (-g["duration_s"], g["start_at"]))[: len(NUMBERS)]
    return list(zip(NUMBERS, sorted(longest, key=lambda g: g["start_at"]), strict=False))


def timeline(page: DayPage) -> Markup:
    """The bars, with the hours of the zone above them."""
    start, end = _window(page)
    hours = _Hours(start, end)
    duty = _spans(page.explanation["duty"])
    online = _without(duty, _spans(page.facts))
    inside = [
        _span(s)
        for s in page.explanation["segments"]
        if s["verdict"] in PRESENT and s["in_grid_share"] >= 0.5
    ]
    drawn = [
        _clock(hours, page),
        _bars(hours, 0, duty, fill="#fff", stroke="#000", stroke_width=0.3),
        _bars(hours, 1, online, fill="#999"),
        _bars(hours, 2, _joined(_both(inside, online)), fill="#222"),
        _gaps(hours, page),
        _stays(hours, page),
        *(
            tag("text", name, x=0, y=f"{TOP_MM + i * ROW_MM + 3.2:.1f}", class_="label")
            for i, name in enumerate(ROWS)
        ),
    ]
    return tag(
        "svg",
        _hatching(),
        joined(drawn),
        viewBox=f"0 0 {WIDTH_MM} {HEIGHT_MM}",
        xmlns="http://www.w3.org/2000/svg",
        class_="timeline",
    )


class _Hours:
    """Instants as millimetres."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.start, self.end = start, end
        self._scale = (WIDTH_MM - LEFT_MM - 6) / (end - start).total_seconds()

    def x(self, at: datetime) -> float:
        """Millimetres from the left, within the bar."""
        return LEFT_MM + (min(max(at, self.start), self.end) - self.start).total_seconds() * self._scale


def _window(page: DayPage) -> Span:
    """Whole hours around duty; the day itself where there is none. Never more than two days."""
    spans = _spans(page.explanation["duty"])
    midnight = datetime.combine(page.day, time(0), page.tz)
    if not spans:
        return midnight, midnight + timedelta(days=1)
    first, last = min(s[0] for s in spans), max(s[1] for s in spans)
    start = first.astimezone(page.tz).replace(minute=0, second=0, microsecond=0)
    end = (last + timedelta(hours=1, seconds=-1)).astimezone(page.tz)
    end = end.replace(minute=0, second=0, microsecond=0)
    return start, min(end, start + timedelta(days=2))


def _span(part: dict[str, Any]) -> Span:
    return datetime.fromisoformat(part["start_at"]), datetime.fromisoformat(part["end_at"])


def _spans(parts: Sequence[dict[str, Any]]) -> list[Span]:
    return sorted(_span(p) for p in parts)


def _without(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    left: list[Span] = []
    for start, end in spans:
        at = start
        for low, high in holes:
            if high <= at or low >= end:
                continue
            if low > at:
                left.append((at, low))
            at = max(at, high)
        if at < end:
            left.append((at, end))
    return left


def _both(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """The times in both; each list sorted and `others` disjoint."""
    return [(max(a, c), min(b, d)) for a, b in some for c, d in others if max(a, c) < min(b, d)]


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Neighbours less than a minute apart as one: fewer bars, the same picture."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start - found[-1][1] <= timedelta(minutes=1):
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _bars(hours: _Hours, index: int, spans: Sequence[Span], **look: object) -> Markup:
    y = TOP_MM + index * ROW_MM
    return joined(
        tag(
            "rect",
            x=f"{hours.x(start):.2f}",
            y=f"{y:.1f}",
            width=f"{max(hours.x(end) - hours.x(start), 0.15):.2f}",
            height=BAR_MM,
            **look,
        )
        for start, end in spans
    )


def _clock(hours: _Hours, page: DayPage) -> Markup:
    """A thin line and a number at each hour, or at every second or fourth when there are many; midnight stands out."""
    count = round((hours.end - hours.start).total_seconds() / 3600)
    step = next(s for s in (1, 2, 4, 6, 12) if count / s <= 24)
    marks = []
    for n in range(0, count + 1):
        at = (hours.start + timedelta(hours=n)).astimezone(page.tz)
        is_midnight = at.hour == 0 and 0 < n < count
        x = f"{hours.x(at):.2f}"
        look = (
            {"stroke": "#000", "stroke_width": 0.4}
            if is_midnight
            else {"stroke": "#bbb", "stroke_width": 0.15}
        )
        marks.append(tag("path", d=f"M{x} {TOP_MM - 0.8}V{TOP_MM + 4 * ROW_MM - 1}", **look))
        if at.hour % step == 0:
            told = at.strftime("%H:%M" if count <= 12 else "%H")
            marks.append(tag("text", f"次日 {told}" if is_midnight else told, x=x, y=3.4, class_="hour"))
    return joined(marks)


def _gaps(hours: _Hours, page: DayPage) -> Markup:
    y = TOP_MM + 3 * ROW_MM
    blind = _spans(page.explanation["unplaced"])
    bars = _bars(hours, 3, _spans(page.facts), fill="url(#hatch)", stroke="#000", stroke_width=0.2)
    open_bars = _bars(
        hours, 3, blind, fill="#fff", stroke="#000", stroke_width=0.2, stroke_dasharray="0.6 0.5"
    )
    numbers = [
        tag("text", number, x=f"{(hours.x(a) + hours.x(b)) / 2:.1f}", y=f"{y + 3.2:.1f}", class_="number")
        for number, gap in numbered_gaps(page)
        for a, b in [_span(gap)]
    ]
    return joined([bars, open_bars, *numbers])


def _stays(hours: _Hours, page: DayPage) -> Markup:
    """Stays of five minutes and more as lines with round ends."""
    y = TOP_MM + 3 * ROW_MM + BAR_MM / 2
    long = [_span(s) for s in page.explanation["stays"] if seconds_of(s) >= 300]
    return joined(
        tag(
            "path",
            d=f"M{hours.x(a):.2f} {y:.1f}H{max(hours.x(b), hours.x(a) + 0.1):.2f}",
            stroke="#000",
            stroke_width=1.1,
            stroke_linecap="round",
        )
        for a, b in long
    )


def _hatching() -> Markup:
    stripe = tag("path", d="M0 1.2L1.2 0", stroke="#000", stroke_width=0.18)
    return tag(
        "defs",
        tag(
            "pattern",
            tag("rect", width=1.2, height=1.2, fill="#fff"),
            stripe,
            id="hatch",
            width=1.2,
            height=1.2,
            patternUnits="userSpaceOnUse",
        ),
    )
