"""HTTP of ledgers and look-ups."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from app.collection.ledgers import answers, service
from app.collection.ledgers.declared import LEDGERS
from app.collection.ledgers.problems import FilterUnknown, NameNeeded, TooManyFound, UnknownLedger
from app.collection.ledgers.schemas import (
    BuildingGapRead,
    Code,
    CompletenessRead,
    DwellingGapRead,
    FiltersIn,
    LedgerPageRead,
    LedgersRead,
    LedgerTotalsRead,
    LookUpIn,
    LookUpRead,
    PresenceRead,
)
from app.identity.actor import SUPERVISORS, Actor, Role
from app.identity.dependencies import Today, VaultDep, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_BUILDING, DEMO_COMMUNITY
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems
from app.kit.schemas import Instant

router = APIRouter(tags=["ledgers"])
Reader = Annotated[Actor, Depends(require(Role.INSPECTOR, *SUPERVISORS))]
LedgerCode = Annotated[
    str,
    Path(
        max_length=60,
        description="Code of a ledger · 台账代码",
        openapi_examples={"demo": {"summary": "Demo · 演示", "value": "residents"}},
    ),
]
AreaQuery = Annotated[
    UUID | None,
    Query(
        description="This area and all below it; one's own if empty · 区域,默认本辖区",
        openapi_examples={"demo": {"summary": "Demo · 演示", "value": str(DEMO_COMMUNITY)}},
    ),
]
Language = Annotated[Literal["zh", "en"], Query(description="Language of labels · 标签语言")]
READING = (*SIGN_IN_PROBLEMS, Forbidden, NotFound)


async def filters(
    grid_id: Annotated[UUID | None, Query(description="Only in this grid · 网格")] = None,
    tag: Annotated[Code | None, Query(description="Only with this service tag · 服务对象标签")] = None,
    presence: Annotated[
        PresenceRead, Query(description="present 在册 · closed 已离开、注销、拆除等 · all 全部")
    ] = "present",
    quality_below: Annotated[
        int | None, Query(ge=0, le=100, description="Only records of a lower quality · 质量分低于")
    ] = None,
    since: Annotated[Instant | None, Query(description="Documents recorded since · 采集时间起")] = None,
    until: Annotated[Instant | None, Query(description="Documents recorded before · 采集时间止")] = None,
    where: Annotated[
        list[Annotated[str, Query(pattern=r"^[a-z0-9_]{1,64}:[A-Za-z0-9_]{1,64}$")]] | None,
        Query(max_length=10, description="`column:code`, a filter of the ledger · 按列筛选"),
    ] = None,
) -> FiltersIn:
    """What a list is narrowed by, from the query."""
    values = dict(each.split(":", 1) for each in where or ())
    return FiltersIn(
        grid_id=grid_id,
        tag=tag,
        presence=presence,
        quality_below=quality_below,
        values=values,
        since=since,
        until=until,
    )


Filters = Annotated[FiltersIn, Depends(filters)]


@router.get("/ledgers", summary="All ledgers · 台账目录", responses=problems(*SIGN_IN_PROBLEMS, Forbidden))
async def list_ledgers(actor: Reader) -> LedgersRead:
    """Each is a question to what is collected anyway, never data of its own · 台账即查询,不另行填报"""
    return LedgersRead(items=[answers.ledger_read(ledger) for ledger in LEDGERS.values()])


@router.get(
    "/ledgers/{code}",
    summary="Rows of a ledger · 台账内容",
    responses=problems(*READING, UnknownLedger, FilterUnknown, BadCursor),
)
async def read_ledger(
    code: LedgerCode,
    filters: Filters,
    actor: Reader,
    session: SessionDep,
    vault: VaultDep,
    today: Today,
    area_id: AreaQuery = None,
    language: Language = "zh",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> LedgerPageRead:
    """As it stands now; personal data masked · 实时查询,个人信息脱敏"""
    page = await service.read_ledger(
        session,
        actor,
        code,
        filters.asked(area_id),
        vault=vault,
        language=language,
        day=today,
        cursor=cursor,
        limit=limit,
    )
    return answers.ledger_page(page)


@router.get(
    "/ledgers/{code}/totals",
    summary="Rows of a ledger by area · 台账分区域统计",
    responses=problems(*READING, UnknownLedger, FilterUnknown),
)
async def total_ledger(
    code: LedgerCode,
    filters: Filters,
    actor: Reader,
    session: SessionDep,
    vault: VaultDep,
    today: Today,
    now: Now,
    area_id: AreaQuery = None,
) -> LedgerTotalsRead:
    """Of each area directly below the one asked about · 按下级区域"""
    asked = filters.asked(area_id)
    rows, areas = await service.total_ledger(session, actor, code, asked, vault=vault, day=today)
    return answers.ledger_totals(code, area_id or actor.area_id, rows, areas, now)


@router.get(
    "/completeness",
    summary="No building, household or person missed · 不漏幢不漏户不漏人",
    responses=problems(*READING),
)
async def read_completeness(
    actor: Reader, session: SessionDep, today: Today, area_id: AreaQuery = None
) -> CompletenessRead:
    """Declared households against recorded dwellings against people who live in them, by area."""
    rows = await service.find_missing(session, actor, area_id, today)
    return answers.completeness_read(area_id or actor.area_id, rows)


@router.get(
    "/completeness/buildings",
    summary="What is missing, building by building · 缺漏楼幢",
    responses=problems(*READING, BadCursor),
)
async def list_missing_buildings(
    actor: Reader,
    session: SessionDep,
    area_id: AreaQuery = None,
    only_gaps: Annotated[bool, Query(description="Leave out what is complete · 只列有缺漏的")] = True,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[BuildingGapRead]:
    """By id; the dwellings behind the numbers: `GET /completeness/dwellings`."""
    rows, following = await service.list_missing_buildings(
        session, actor, area_id, only_gaps=only_gaps, cursor=cursor, limit=limit
    )
    return Page(items=[BuildingGapRead.model_validate(row) for row in rows], next=following)


@router.get(
    "/completeness/dwellings",
    summary="Dwellings without people or building · 缺漏房屋",
    responses=problems(*READING, BadCursor),
)
async def list_missing_dwellings(
    actor: Reader,
    session: SessionDep,
    area_id: AreaQuery = None,
    building_id: Annotated[
        UUID | None,
        Query(
            description="Only of this building · 楼幢",
            openapi_examples={"demo": {"summary": "Demo · 演示", "value": str(DEMO_BUILDING)}},
        ),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[DwellingGapRead]:
    """In use and nobody recorded in them, or of no building; by id."""
    rows, following = await service.list_missing_dwellings(
        session, actor, area_id, building_id=building_id, cursor=cursor, limit=limit
    )
    return Page(items=[DwellingGapRead.model_validate(row) for row in rows], next=following)


@router.post(
    "/look-ups",
    summary="The three questions answered at once · 一口清",
    responses=problems(*READING, NameNeeded, TooManyFound, BadCursor),
)
async def look_up(
    body: LookUpIn,
    actor: Reader,
    session: SessionDep,
    vault: VaultDep,
    today: Today,
    now: Now,
    language: Language = "zh",
) -> LookUpRead:
    """Where residents live, by name; who is vulnerable or on the list of key persons; whom one can count on.

    Names stand in the body, never in the address; the question leaves an event · 查询留痕
    """
    found = await service.look_up(session, actor, vault=vault, day=today, now=now, **body.model_dump())
    return answers.look_up_read(body.topic, found, language)
