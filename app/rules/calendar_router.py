"""HTTP of the working calendar."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, UploadFile

from app.identity.dependencies import CurrentActor
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COUNTY
from app.kit.problems import Forbidden, NotFound, problems
from app.kit.schemas import Day
from app.rules import access, views
from app.rules.calendar import load_calendar
from app.rules.calendar_file import read_rows
from app.rules.calendar_import import ImportOrder, import_days
from app.rules.problems import CalendarFileUnreadable, CalendarSpanTooLong, YearNeedsEverywhere
from app.rules.router import AreaQuery, RuleMaker
from app.rules.schemas import CalendarImportRead, CalendarRead, SourceText

router = APIRouter(prefix="/calendar", tags=["rules"])


@router.get(
    "",
    summary="Working days, holidays and sessions · 工作日历",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, CalendarSpanTooLong),
)
async def read_calendar(
    actor: CurrentActor,
    session: SessionDep,
    first: Annotated[
        Day,
        Query(
            alias="from",
            description="First day · 起",
            openapi_examples={"demo": {"summary": "Demo · 演示", "value": "2026-09-28"}},
        ),
    ],
    last: Annotated[
        Day,
        Query(
            alias="to",
            description="Last day, included · 止",
            openapi_examples={"demo": {"summary": "Demo · 演示", "value": "2026-10-11"}},
        ),
    ],
    area_id: AreaQuery = None,
) -> CalendarRead:
    """Days of a year whose official list isn't published yet are `provisional`."""
    place = await access.seen_place(session, actor, area_id)
    return views.days(place.area_id, first, last, await load_calendar(session, place.path))


@router.post(
    "/imports",
    summary="Import a list of holidays and make-up workdays · 导入放假调休安排",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, NotFound, CalendarFileUnreadable, YearNeedsEverywhere),
)
async def import_calendar(
    actor: RuleMaker,
    session: SessionDep,
    now: Now,
    file: Annotated[UploadFile, File(description="CSV: day,kind,name · 文件")],
    source: Annotated[SourceText, Form()],
    area_id: Annotated[
        UUID | None,
        Form(
            description="Where; empty: everywhere, for the system administrator of all areas "
            "· 适用区域,空为全部(仅限辖全部区域的系统管理员)",
            openapi_examples={"demo": {"summary": "Demo · 演示", "value": str(DEMO_COUNTY)}},
        ),
    ] = None,
    publishes_year: Annotated[
        int | None,
        Form(ge=2000, le=2100, description="Year whose official list this is · 该文件公布哪一年的安排"),
    ] = None,
    provisional: Annotated[bool, Form(description="Expected, not yet official · 暂定")] = False,
) -> CalendarImportRead:
    """Every line gets its own result. `kind`: workday, makeup_workday, holiday or closure."""
    await access.decided_path(session, actor, area_id)
    order = ImportOrder(area_id, source, publishes_year, provisional)
    rows = read_rows(await file.read())
    results = await import_days(
        session, actor.event_actor, order, rows, county_code=actor.county_code, now=now
    )
    return views.import_result(results)
