"""What goes in and out of bulk plans."""

from datetime import date, datetime, time
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from app.kit.ids import DEMO_INSPECTOR, DEMO_SPARE_INSPECTOR
from app.kit.schemas import Day, Input, Output

DAYS_MAX = 400
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
DAY_RULE_TEXT = "`working_days` 工作日(按工作日历), `weekdays` 指定星期, `every_day` 每天"
OUTCOME_TEXT = "`planned` 已排, `duplicate` 已有相同班次, `rejected` 未排,见 problem"


class SessionInput(Input):
    """One stretch of every chosen day."""

    starts: Annotated[str, Field(pattern=CLOCK, description="Local time · 开始", examples=["08:00"])]
    ends: Annotated[
        str,
        Field(
            pattern=CLOCK, description="Local time; not after `starts`: next day · 结束", examples=["12:00"]
        ),
    ]
    kind: Annotated[
        str, Field(pattern="^[a-z_]{1,20}$", description="Code of a day kind · 日类型", examples=["work"])
    ] = "work"

    @property
    def clock(self) -> tuple[time, time]:
        """Both as times."""
        return time.fromisoformat(self.starts), time.fromisoformat(self.ends)


class RosterCreate(Input):
    """Who, which days, and the pattern of each."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "inspector_ids": [str(DEMO_INSPECTOR), str(DEMO_SPARE_INSPECTOR)],
                "first": "2027-05-03",
                "last": "2027-05-14",
                "days": "working_days",
                "sessions": [
                    {"starts": "08:00", "ends": "12:00", "kind": "work"},
                    {"starts": "14:00", "ends": "17:30", "kind": "work"},
                ],
            }
        }
    )

    inspector_ids: Annotated[
        list[UUID], Field(min_length=1, max_length=2000, description="Inspectors · 网格员")
    ]
    first: Annotated[Day, Field(description="First day · 起")]
    last: Annotated[Day, Field(description="Last day, included · 止")]
    days: Annotated[Literal["working_days", "weekdays", "every_day"], Field(description=DAY_RULE_TEXT)] = (
        "working_days"
    )
    weekdays: Annotated[
        list[Annotated[int, Field(ge=1, le=7)]],
        Field(max_length=7, description="1 Monday to 7 Sunday, for `weekdays` · 星期"),
    ] = []  # noqa: RUF012 - pydantic copies defaults
    sessions: Annotated[
        list[SessionInput], Field(min_length=1, max_length=6, description="Stretches of each day · 每日时段")
    ]

    @model_validator(mode="after")
    def _in_order(self) -> "RosterCreate":
        if not 0 <= (self.last - self.first).days < DAYS_MAX:
            raise ValueError(f"first must not follow last, and at most {DAYS_MAX} days")
        if self.days == "weekdays" and not self.weekdays:
            raise ValueError("weekdays names at least one day")
        return self


class RosterItem(Output):
    """What became of one shift."""

    inspector_id: Annotated[UUID, Field(description="Inspector · 网格员")]
    service_day: Annotated[date, Field(description="Day · 日期")]
    starts_at: Annotated[datetime, Field(description="Start · 开始")]
    ends_at: Annotated[datetime, Field(description="End · 结束")]
    kind: Annotated[str, Field(description="Code of a day kind · 日类型")]
    outcome: Annotated[Literal["planned", "duplicate", "rejected"], Field(description=OUTCOME_TEXT)]
    shift_id: Annotated[UUID | None, Field(description="The shift, planned now or before · 班次")]
    problem: Annotated[str | None, Field(description="Code of the problem when rejected · 未排原因")]


class RosterRead(Output):
    """The outcome, shift by shift in the order of inspectors and starts."""

    planned: Annotated[int, Field(description="New shifts · 新排")]
    duplicate: Annotated[int, Field(description="There before · 已有")]
    rejected: Annotated[int, Field(description="Refused · 未排")]
    items: Annotated[list[RosterItem], Field(description="Each shift · 逐班结果")]
