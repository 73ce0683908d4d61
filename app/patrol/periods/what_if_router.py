"""What-ifs over HTTP: a period under proposed rules beside the period as it stands; nothing is stored."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field

from app.identity.actor import SUPERVISORS, Actor
from app.identity.dependencies import require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COMMUNITY
from app.kit.pagination import BadCursor
from app.kit.problems import Forbidden, NotFound, problems
from app.kit.schemas import Input, Output
from app.patrol.periods import what_ifs
from app.patrol.periods.problems import NotForWhatIf, PeriodNotFound, WhatIfTooWide
from app.patrol.periods.router import DEMO_PERIOD, MomentDep
from app.patrol.periods.schemas import DayStatus, FiguresRead, Level, figures_read
from app.patrol.periods.what_ifs import Question, WhatIf
from app.rules.problems import UnknownParameter, ValueNotAllowed

router = APIRouter(tags=["periods"])
Answerable = Annotated[Actor, Depends(require(*SUPERVISORS))]


class WhatIfCreate(Input):
    """A period, an area and the values to try."""

    period_id: Annotated[UUID, Field(description="Period · 统计期", examples=[str(DEMO_PERIOD)])]
    area_id: Annotated[
        UUID | None,
        Field(description="Area; your own if empty · 区划,默认本辖区", examples=[str(DEMO_COMMUNITY)]),
    ] = None
    level: Annotated[
        Level | None,
        Field(description="What to list; the next level if empty · 列出哪一级,默认下一级", examples=["grid"]),
    ] = None
    values: Annotated[
        dict[str, Any],
        Field(
            min_length=1,
            max_length=20,
            description="Parameter key → proposed value · 规则参数 → 拟定值",
            examples=[{"patrol.day.distance_min_m": 2500}],
        ),
    ]
    limit: Annotated[
        int, Field(ge=1, le=500, description="Most subjects in one answer · 每页最多", examples=[100])
    ] = 100
    cursor: Annotated[
        str | None,
        Field(max_length=500, description="`next` of the page before · 上一页的 next", examples=[None]),
    ] = None


class SidesRead(Output):
    """One subject's figures as they stand, and under the proposed values."""

    now: Annotated[FiguresRead, Field(description="As it stands · 现行规则")]
    proposed: Annotated[FiguresRead, Field(description="Under the proposed values · 拟定规则")]


class StatusChangeRead(Output):
    """Days whose judgement would be another."""

    before: Annotated[DayStatus, Field(description="As judged · 原判定")]
    after: Annotated[DayStatus, Field(description="Under the proposed values · 拟定规则下")]
    days: Annotated[int, Field(description="Inspector-days · 人日")]


class WhatIfRead(Output):
    """A period under proposed rules, beside the period as it stands. Nothing of it is stored."""

    area: SidesRead
    items: list[SidesRead]
    next: Annotated[str | None, Field(description="Cursor of the next page, or null · 下一页游标")]
    changes: Annotated[list[StatusChangeRead], Field(description="Days that change · 判定会变化的人日")]
    folded_days: Annotated[int, Field(description="Days folded again for this · 为此重新计算的人日")]
    frozen_days: Annotated[
        int,
        Field(
            description="Days whose fixes are gone: taken as they are · 轨迹已按期清理、按原数字计入的人日"
        ),
    ]


@router.post(
    "/what-ifs",
    summary="A period under another rule · 规则试算",
    responses=problems(
        *SIGN_IN_PROBLEMS,
        Forbidden,
        PeriodNotFound,
        NotFound,
        UnknownParameter,
        ValueNotAllowed,
        NotForWhatIf,
        WhatIfTooWide,
        BadCursor,
    ),
)
async def try_rules(body: WhatIfCreate, actor: Answerable, session: SessionDep, at: MomentDep) -> WhatIfRead:
    """Figures side by side, and how many days would be judged otherwise; nothing is written.

    Judging thresholds (`patrol.day.…`, `patrol.policy`) and targets (`patrol.period.…`) take any period; parameters of
    the fold (`patrol.fold.…`, `duty.…`) have days folded again, so many and no more. Looking at persons leaves an
    event.

    并列给出现行与拟定规则下的数字及判定变化的人日,不写入任何数据;改动轨迹计算参数时人日数有上限;查看个人数字会留痕。
    """
    asked = Question(body.period_id, body.area_id, body.level, body.values, body.cursor, body.limit)
    return _read(await what_ifs.answer(session, actor, asked, at=at))


def _read(found: WhatIf) -> WhatIfRead:
    return WhatIfRead(
        area=_sides(found.period.id, found.area),
        items=[_sides(found.period.id, item) for item in found.items],
        next=found.next,
        changes=[StatusChangeRead.model_validate(change) for change in found.changes],
        folded_days=found.folded_days,
        frozen_days=found.frozen_days,
    )


def _sides(period_id: UUID, sides: dict[str, Any]) -> SidesRead:
    return SidesRead(
        now=figures_read(period_id, sides["now"]), proposed=figures_read(period_id, sides["proposed"])
    )
