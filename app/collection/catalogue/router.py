"""HTTP of the catalogue."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, status

from app.collection.catalogue import code_tables, queries, service
from app.collection.catalogue.examples import DEMO_ITEM_CODE, DEMO_TABLE_CODE
from app.collection.catalogue.problems import (
    CodesRefused,
    CodeTableUnchanged,
    FormRefused,
    FormUnchanged,
    ItemCodeTaken,
    VersionTaken,
)
from app.collection.catalogue.schemas import (
    CheckCreate,
    CheckRead,
    CodeTableCreate,
    CodeTableDetailRead,
    CodeTableRead,
    FormCreate,
    FormRead,
    ItemCreate,
    ItemDetailRead,
    ItemRead,
)
from app.identity.actor import Actor, Role
from app.identity.dependencies import CurrentActor, Today, require
from app.identity.problems import SIGN_IN_PROBLEMS
from app.identity.scope import area_path, require_area
from app.kit.clock import Now
from app.kit.db import SessionDep
from app.kit.ids import DEMO_COMMUNITY
from app.kit.pagination import BadCursor, Cursor, Limit, Page
from app.kit.problems import Forbidden, NotFound, problems

router = APIRouter(prefix="/catalogue", tags=["catalogue"])

Publisher = Annotated[Actor, Depends(require(Role.COUNTY))]
AreaAsked = Annotated[
    UUID | None,
    Query(
        description="Admitted here? One's own area if empty · 查询准入的区划",
        openapi_examples={"demo": {"summary": "Demo community · 演示社区", "value": str(DEMO_COMMUNITY)}},
    ),
]
ItemCode = Annotated[
    str,
    Path(
        max_length=64,
        description="Code of an item · 事项代码",
        openapi_examples={"own": {"summary": "避险转移登记", "value": DEMO_ITEM_CODE}},
    ),
]
TableCode = Annotated[
    str,
    Path(
        pattern=r"^[a-z][a-z0-9_]{1,63}$",
        description="Code of a table · 代码表",
        openapi_examples={"own": {"summary": "避险安置点", "value": DEMO_TABLE_CODE}},
    ),
]
Version = Annotated[
    int,
    Path(
        ge=1,
        le=1_000_000,
        description="Version · 版本",
        openapi_examples={"first": {"summary": "First · 第一版", "value": 1}},
    ),
]
READING = problems(*SIGN_IN_PROBLEMS, NotFound)


@router.get(
    "/items",
    summary="List collection items · 采集事项列表",
    responses=problems(*SIGN_IN_PROBLEMS, NotFound, BadCursor),
)
async def list_items(
    actor: CurrentActor,
    session: SessionDep,
    today: Today,
    now: Now,
    area_id: AreaAsked = None,
    subject_kind: Annotated[
        Literal[
            "person", "household", "dwelling", "building", "organization", "component", "article", "place"
        ]
        | None,
        Query(description="Only about these · 采集对象"),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ItemRead]:
    """What can be collected, and whether it is admitted in an area now."""
    place = await _place(session, actor, area_id)
    items, following = await queries.list_items(
        session, actor.county_code, subject_kind=subject_kind, cursor=cursor, limit=limit
    )
    shown = await service.show_items(
        session, items, county_code=actor.county_code, path=place, today=today, now=now
    )
    return Page(items=[ItemRead.model_validate(each, extra="ignore") for each in shown], next=following)


@router.post(
    "/items",
    status_code=status.HTTP_201_CREATED,
    summary="Add an item of one's county · 新增本县采集事项",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, ItemCodeTaken),
)
async def add_item(
    body: ItemCreate, actor: Publisher, session: SessionDep, today: Today, now: Now
) -> ItemDetailRead:
    """By the county. Nobody collects it before its form is published and an affair admits it."""
    item = await service.add_item(session, actor, body, now=now)
    return await _detail(session, actor, item.code, None, today, now)


@router.get("/items/{item_code}", summary="One collection item · 采集事项详情", responses=READING)
async def get_item(
    item_code: ItemCode,
    actor: CurrentActor,
    session: SessionDep,
    today: Today,
    now: Now,
    area_id: AreaAsked = None,
) -> ItemDetailRead:
    """With its form versions and the affairs that admit it."""
    return await _detail(session, actor, item_code, area_id, today, now)


@router.get("/items/{item_code}/forms/{version}", summary="A form version · 表单版本", responses=READING)
async def get_form(
    item_code: ItemCode, version: Version, actor: CurrentActor, session: SessionDep
) -> FormRead:
    """The JSON Schema that a record follows; docs/forms.md explains its annotations."""
    return FormRead(**await service.get_form(session, actor.county_code, item_code, version))


@router.post(
    "/items/{item_code}/forms",
    status_code=status.HTTP_201_CREATED,
    summary="Publish a form version · 发布表单版本",
    responses=problems(*SIGN_IN_PROBLEMS, Forbidden, NotFound, VersionTaken, FormRefused, FormUnchanged),
)
async def publish_form(
    item_code: ItemCode, body: FormCreate, actor: Publisher, session: SessionDep, today: Today, now: Now
) -> FormRead:
    """By the county, for itself. The version before is accepted for the rule's days after."""
    version = await service.publish_form(session, actor, item_code, body, today=today, now=now)
    return FormRead(**await service.get_form(session, actor.county_code, item_code, version))


@router.post(
    "/items/{item_code}/forms/{version}/checks",
    summary="Try values on a form · 校验填写内容",
    responses=READING,
)
async def check_values(
    item_code: ItemCode,
    version: Version,
    body: CheckCreate,
    actor: CurrentActor,
    session: SessionDep,
    today: Today,
    now: Now,
) -> CheckRead:
    """Says what a submission would be told about its fields; nothing is stored or logged."""
    said = await service.check_values(
        session,
        actor.county_code,
        item_code,
        version,
        body.fields,
        only_changes=body.only_changes,
        today=today,
        now=now,
    )
    return CheckRead(**said)


@router.get("/code-tables", summary="List code tables · 代码表列表", responses=problems(*SIGN_IN_PROBLEMS))
async def list_tables(actor: CurrentActor, session: SessionDep) -> list[CodeTableRead]:
    """The newest version of each, by code: some sixty, so in one answer."""
    tables = await code_tables.list_tables(session, actor.county_code)
    return [CodeTableRead(**table) for table in tables]


@router.get("/code-tables/{table_code}", summary="A code table · 代码表详情", responses=READING)
async def get_table(
    table_code: TableCode,
    actor: CurrentActor,
    session: SessionDep,
    version: Annotated[
        int | None, Query(ge=1, le=1_000_000, description="The newest if empty · 版本,缺省为最新")
    ] = None,
) -> CodeTableDetailRead:
    """With its codes, in order."""
    found = await code_tables.get_table(session, actor.county_code, table_code, version)
    return CodeTableDetailRead.model_validate(found)


@router.post(
    "/code-tables/{table_code}/versions",
    status_code=status.HTTP_201_CREATED,
    summary="Publish a code table version · 发布代码表版本",
    responses=problems(
        *SIGN_IN_PROBLEMS, Forbidden, NotFound, VersionTaken, CodesRefused, CodeTableUnchanged
    ),
)
async def publish_table(
    table_code: TableCode,
    body: CodeTableCreate,
    actor: Publisher,
    session: SessionDep,
    today: Today,
    now: Now,
) -> CodeTableDetailRead:
    """By the county, for itself: all codes of the table. Codes left out are accepted for the rule's days."""
    version = await code_tables.publish_table(session, actor, table_code, body, today=today, now=now)
    found = await code_tables.get_table(session, actor.county_code, table_code, version)
    return CodeTableDetailRead.model_validate(found)


async def _detail(
    session: SessionDep, actor: Actor, item_code: str, area_id: UUID | None, today: Today, now: Now
) -> ItemDetailRead:
    place = await _place(session, actor, area_id)
    item = await queries.get_item(session, actor.county_code, item_code)
    shown = await service.show_items(
        session, [item], county_code=actor.county_code, path=place, today=today, now=now
    )
    return ItemDetailRead.model_validate(shown[0])


async def _place(session: SessionDep, actor: Actor, area_id: UUID | None) -> list[UUID]:
    """The path of the area that is asked about. Raises NotFound outside the actor's area."""
    if area_id is not None:
        await require_area(session, actor, area_id)
    return await area_path(session, area_id or actor.area_id)
