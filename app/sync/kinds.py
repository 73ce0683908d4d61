"""Who takes what handhelds send, and who offers what they fetch: the one list of both."""

from collections.abc import Mapping, Sequence

from app.exchange.items import Take
from app.exchange.sources import Source
from app.sync.sources import GridSource, RuleSource

TAKERS: Mapping[str, Take] = {}
"""By kind, in the order in which they take: what a later kind names, an earlier one has stored."""

SOURCES: Sequence[Source] = (GridSource(), RuleSource())
"""In the order of a first load: what is needed to understand the rest comes first. Append only: cursors count."""

DAILY = frozenset({"grid", "rule"})
"""Kinds whose objects change with the date alone, without an event."""
