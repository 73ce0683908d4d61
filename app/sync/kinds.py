"""Who takes what handhelds send, and who offers what they fetch: the one list of both."""

from collections.abc import Mapping, Sequence

from app.collection.assignments import intake as assignments
from app.collection.assignments.pull import TaskSource
from app.collection.catalogue.pull import CodeTableSource, ItemSource
from app.collection.subjects.pull import SubjectSource
from app.collection.submissions import intake as submissions
from app.collection.submissions.pull import ConflictSource, SubmissionSource
from app.exchange.items import Take
from app.exchange.sources import Source
from app.sync.sources import GridSource, RuleSource
from app.visits import intake as visits
from app.visits.pull import VisitDutySource

TAKERS: Mapping[str, Take] = {
    "submission": submissions.take,
    "visit": visits.take,
    "task_result": assignments.take,
}
"""By kind, in the order in which they take: what a later kind names, an earlier one has stored."""

SOURCES: Sequence[Source] = (
    GridSource(),
    RuleSource(),
    CodeTableSource(),
    ItemSource(),
    TaskSource(),
    VisitDutySource(),
    SubjectSource(),
    SubmissionSource(),
    ConflictSource(),
)
"""In the order of a first load: what is needed to understand the rest comes first."""

DAILY = frozenset({"grid", "rule", "item", "code_table", "task", "visit_duty"})
"""Kinds whose objects change with the date alone, without an event."""
