"""What goes in and out of the catalogue."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.collection.catalogue.examples import DEMO_TABLE_VERSION, NEXT_FORM
from app.kit.schemas import VISIBLE, Input, Output

SubjectKindRead = Annotated[
    Literal["person", "household", "dwelling", "building", "organization", "component", "article", "place"]
    | None,
    Field(
        description="What a record is about; null: about no subject · person 人 · household 户 · dwelling 房屋 · "
        "building 楼栋 · organization 单位 · component 部件 · article 物品 · place 场所"
    ),
]
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=VISIBLE)
]
Source = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=VISIBLE)
]
OwnCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
ValueCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class ItemCreate(Input):
    """An item of a county's own. It has no form yet, and nobody may collect it before an affair admits it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "moored_boat",
                "subject_kind": "place",
                "name_zh": "停泊渔船",
                "name_en": "Moored fishing boat",
                "cycle_days": 30,
                "source": "县海洋与渔业局工作要求",
            }
        }
    )

    code: Annotated[
        OwnCode,
        Field(description="Becomes `x330921_moored_boat`: the county's own · 本县代码,存储时加县码前缀"),
    ]
    subject_kind: SubjectKindRead = None
    name_zh: Annotated[Title, Field(description="Chinese name · 中文名称")]
    name_en: Annotated[Title, Field(description="English name · 英文名称")]
    cycle_days: Annotated[
        int | None,
        Field(ge=1, le=3650, description="Collection cycle in days; null: the rule's · 采集周期(天)"),
    ] = None
    source: Annotated[Source, Field(description="Why it is collected · 来源依据")]


class AdmittedRead(Output):
    """Where and how long an item is admitted."""

    affair_id: Annotated[UUID, Field(description="By which affair · 准入事项")]
    area_id: Annotated[UUID, Field(description="Where, with everything below · 适用区划")]
    since: Annotated[datetime, Field(description="From · 起")]
    until: Annotated[datetime | None, Field(description="Until, exclusive; null: no end · 止")]


class ItemRead(Output):
    """An item as it stands in the county."""

    id: Annotated[UUID, Field(description="Id · 编号")]
    code: Annotated[str, Field(description="Code · 事项代码")]
    name_zh: Annotated[str, Field(description="Chinese name · 中文名称")]
    name_en: Annotated[str, Field(description="English name · 英文名称")]
    subject_kind: SubjectKindRead
    is_own: Annotated[bool, Field(description="Added by the county · 本县自定义")]
    cycle_days: Annotated[
        int | None, Field(description="Collection cycle in days; null where there is no subject · 采集周期")
    ]
    source: Annotated[str, Field(description="Where its fields come from · 来源")]
    newest_version: Annotated[int | None, Field(description="Newest form; null: none yet · 最新表单版本")]
    is_admitted: Annotated[bool, Field(description="May be collected in the area asked for, now · 现可采集")]
    admitted_until: Annotated[
        datetime | None, Field(description="Null: not admitted, or without an end · 准入截止")
    ]


class VersionRead(Output):
    """A form version in a list."""

    version: Annotated[int, Field(description="Version · 版本")]
    published_at: Annotated[datetime, Field(description="When · 发布时刻")]
    accepted_until: Annotated[
        datetime | None, Field(description="For records made before then; null: the newest · 受理截止")
    ]


class ItemDetailRead(ItemRead):
    """An item with its forms and admissions."""

    versions: Annotated[list[VersionRead], Field(description="The newest last · 表单版本")]
    admissions: Annotated[list[AdmittedRead], Field(description="Past, present and coming · 准入记录")]


class FormCreate(Input):
    """A new version of an item's form; docs/forms.md tells what a form may say."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"based_on": 1, "json_schema": NEXT_FORM, "removed": []}}
    )

    based_on: Annotated[
        int | None, Field(description="Version that this one replaces; null: it is the first · 所替代的版本")
    ]
    json_schema: Annotated[dict[str, Any], Field(description="JSON Schema 2020-12 · 表单定义")]
    removed: Annotated[
        list[FieldName],
        Field(
            default_factory=list, max_length=200, description="Fields given up on purpose · 有意删除的字段"
        ),
    ]


class FormRead(VersionRead):
    """A form version."""

    id: Annotated[UUID, Field(description="Id · 编号")]
    item_code: Annotated[str, Field(description="Item · 事项代码")]
    is_own: Annotated[bool, Field(description="Published by the county · 本县发布")]
    removed: Annotated[list[str], Field(description="Fields of the version before it gave up · 删除的字段")]
    json_schema: Annotated[dict[str, Any], Field(description="JSON Schema 2020-12 · 表单定义")]


class CheckCreate(Input):
    """Values to try on a form. They are neither stored nor logged."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"fields": {"moved_on": "2026-11-20", "shelter": "gaoting_school", "person_count": 12}}
        }
    )

    fields: Annotated[dict[str, Any], Field(description="Field values by name · 字段值")]
    only_changes: Annotated[bool, Field(description="What is absent is unchanged · 仅校验所给字段")] = False


class FieldErrorRead(Output):
    """A fault or a doubt."""

    pointer: Annotated[str, Field(description="JSON pointer to the field · 字段位置")]
    code: Annotated[str, Field(description="Never changes · 固定代码")]
    zh: Annotated[str, Field(description="In Chinese · 中文说明")]
    en: Annotated[str, Field(description="In English · 英文说明")]


class CheckRead(Output):
    """What a form says about values."""

    errors: Annotated[list[FieldErrorRead], Field(description="Refuse the record · 错误")]
    warnings: Annotated[list[FieldErrorRead], Field(description="Deserve a question · 提醒")]


class ValueCreate(Input):
    """A code of a table."""

    code: Annotated[ValueCode, Field(description="Code · 代码")]
    name_zh: Annotated[Title, Field(description="Chinese name · 中文名称")]
    name_en: Annotated[Title, Field(description="English name · 英文名称")]
    parent: Annotated[ValueCode | None, Field(description="Code of the same table above it · 上级代码")] = (
        None
    )


class CodeTableCreate(Input):
    """A new version of a code table, or the first of a county's own table, with all its codes."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "based_on": DEMO_TABLE_VERSION,
                "name_zh": "避险安置点",
                "name_en": "Shelter",
                "source": "县应急管理局 2026 年修订",
                "values": [
                    {"code": "gaoting_school", "name_zh": "高亭小学", "name_en": "Gaoting school"},
                    {"code": "gymnasium", "name_zh": "县体育馆", "name_en": "Gymnasium"},
                    {"code": "library", "name_zh": "县图书馆", "name_en": "Library"},
                ],
            }
        }
    )

    based_on: Annotated[
        int | None, Field(description="Version that this one replaces; null: it is the first · 所替代的版本")
    ]
    name_zh: Annotated[Title, Field(description="Chinese name · 中文名称")]
    name_en: Annotated[Title, Field(description="English name · 英文名称")]
    source: Annotated[Source, Field(description="Where the codes come from · 来源")]
    values: Annotated[list[ValueCreate], Field(min_length=1, max_length=5000, description="In order · 代码")]


class CodeTableRead(VersionRead):
    """A code table's version without its codes."""

    id: Annotated[UUID, Field(description="Id · 编号")]
    code: Annotated[str, Field(description="Table · 代码表")]
    name_zh: Annotated[str, Field(description="Chinese name · 中文名称")]
    name_en: Annotated[str, Field(description="English name · 英文名称")]
    source: Annotated[str, Field(description="Where the codes come from · 来源")]
    is_own: Annotated[bool, Field(description="Published by the county · 本县发布")]


class ValueRead(Output):
    """A code of a table."""

    code: Annotated[str, Field(description="Code · 代码")]
    name_zh: Annotated[str, Field(description="Chinese name · 中文名称")]
    name_en: Annotated[str, Field(description="English name · 英文名称")]
    parent: Annotated[str | None, Field(description="Code above it · 上级代码")]


class CodeTableDetailRead(CodeTableRead):
    """A code table's version."""

    values: Annotated[list[ValueRead], Field(description="In order · 代码")]
