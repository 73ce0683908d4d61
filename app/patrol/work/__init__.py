"""Time that a visit or a submission proves by itself: it counts as online and as patrol without any fix.

`credits` (what domains above hand over, and take back) → `models`; `reader` (what a patrol day is folded from)
and `bounds` (how much of an interval counts, pure). The interval is kept as it was claimed; what counts of it
is decided when the day is folded: inside its windows on duty, and no longer than the rules of that day allow.
"""
