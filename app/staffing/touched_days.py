"""Which service days a change of an appointment matters to. Pure."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import Range

Piece = tuple[datetime, datetime | None]
Days = tuple[date, date | None]


def touched_days(before: Range[datetime] | None, after: Range[datetime], zone: ZoneInfo) -> list[Days]:
    """First and last service day (None: without end) of every stretch in which the two terms differ.

    From the day before, because a night shift that began then may run into it.
    """
    return [
        (start.astimezone(zone).date() - timedelta(days=1), end.astimezone(zone).date() if end else None)
        for start, end in _pieces(before, after)
    ]


def _pieces(before: Range[datetime] | None, after: Range[datetime]) -> list[Piece]:
    if before is None or not before.overlaps(after):
        return [(term.lower, term.upper) for term in (before, after) if term is not None and term.lower]
    pieces: list[Piece] = []
    starts = sorted(term.lower for term in (before, after) if term.lower)
    if starts[0] != starts[-1]:
        pieces.append((starts[0], starts[-1]))
    if before.upper != after.upper:
        ends = sorted(term.upper for term in (before, after) if term.upper)
        pieces.append((ends[0], ends[1] if len(ends) == 2 else None))
    return pieces
