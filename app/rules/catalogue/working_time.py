"""Working sessions and the hour at which a deadline's day ends."""

from app.rules.parameter import Choice
from app.rules.sessions import Timetable, TimetableParameter

TIMETABLE = TimetableParameter(
    key="calendar.timetable",
    default=Timetable.of(["08:30-11:30", "14:00-17:30"]),
    zh="工作时段(可按季节)",
    en="Working sessions, by season where they change",
    source="usual hours of Zhejiang's county offices; requirements A.6 Q2: close of business 17:30",
)
DEADLINE_CLOSE = Choice(
    key="calendar.deadline_close",
    default="close_of_business",
    choices={"close_of_business": "当日下班时", "midnight": "当日24:00"},
    zh="期限在最后一日的何时届满",
    en="When on its last day a deadline ends",
    source="requirements A.6 Q2; Civil Code art. 203: with business hours, when business closes",
)
