"""What goes in and out of the registry of handhelds."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from app.identity.device_models import DEVICE_STATE_LABELS, OWNERSHIP_LABELS, DeviceState, Ownership
from app.identity.schemas import TokenRead
from app.kit.ids import (
    DEMO_ACTIVATION_CODE,
    DEMO_BINDING,
    DEMO_COMMUNITY,
    DEMO_COUNTY_CODE,
    DEMO_DEVICE,
    DEMO_INSPECTOR,
    DEMO_SPARE_INSPECTOR,
    DEMO_SPARE_SERIAL_NO,
)
from app.kit.schemas import FIRST_INSTANT, LAST_INSTANT, Input, Output

SerialNo = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9-]{6,40}$",
        description="Serial number or IMEI, unique in the county · 序列号",
        examples=["WG-330921-900001"],
    ),
]
Capability = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
Capabilities = Annotated[
    list[Capability],
    Field(
        max_length=40, description="What it can do: `gnss`, `beidou`, `camera`, `nfc`, `ocr`, … · 终端能力"
    ),
]
Version = Annotated[str, Field(pattern=r"^[0-9]{1,4}(\.[0-9]{1,5}){0,3}$")]
StateField = Annotated[
    DeviceState,
    Field(
        description="State · 状态:" + ", ".join(f"`{s}` {label}" for s, label in DEVICE_STATE_LABELS.items())
    ),
]
OwnershipField = Annotated[
    Ownership,
    Field(
        description="Whose it is · 归属:"
        + ", ".join(f"`{o}` {label}" for o, label in OWNERSHIP_LABELS.items())
    ),
]
InspectorField = Annotated[
    UUID, Field(description="Inspector (account) · 网格员", examples=[str(DEMO_INSPECTOR)])
]


class DeviceCreate(Input):
    """A handheld to be registered."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "serial_no": "WG-330921-900001",
                "area_id": str(DEMO_COMMUNITY),
                "model": "Honor X5b",
                "android_version": "14",
                "app_version": "1.0.0",
                "capabilities": ["gnss", "beidou", "camera"],
            }
        }
    )

    serial_no: SerialNo
    area_id: Annotated[UUID, Field(description="Place that keeps it · 所属区域")]
    model: Annotated[str, Field(min_length=1, max_length=80, description="Maker and model · 型号")]
    android_version: Annotated[Version | None, Field(description="Android version · 系统版本")] = None
    app_version: Annotated[Version | None, Field(description="Version of the app · 应用版本")] = None
    capabilities: Capabilities = []  # noqa: RUF012 - pydantic copies defaults
    ownership: OwnershipField = Ownership.ISSUED


class DeviceRead(Output):
    """A handheld in the registry."""

    id: Annotated[UUID, Field(description="Handheld · 终端", examples=[str(DEMO_DEVICE)])]
    county_code: Annotated[str, Field(description="Home county · 所属区县", examples=[DEMO_COUNTY_CODE])]
    area_id: Annotated[
        UUID, Field(description="Place that keeps it · 所属区域", examples=[str(DEMO_COMMUNITY)])
    ]
    serial_no: Annotated[str, Field(description="Serial number · 序列号")]
    model: Annotated[str, Field(description="Maker and model · 型号")]
    android_version: Annotated[str | None, Field(description="Android version · 系统版本")]
    app_version: Annotated[str | None, Field(description="Version of the app · 应用版本")]
    capabilities: Annotated[list[str], Field(description="What it can do · 终端能力")]
    shortfalls: Annotated[
        list[str],
        Field(description="Where it misses the county's standard, e.g. `capability:camera` · 未达技术标准项"),
    ]
    ownership: OwnershipField
    state: StateField
    state_label: Annotated[str, Field(description="State in Chinese · 状态名称")]
    registered_at: Annotated[datetime, Field(description="When it was registered · 登记时间")]
    activated_at: Annotated[datetime | None, Field(description="Last activation · 最近激活时间")]
    revoked_at: Annotated[datetime | None, Field(description="Revoked or lost since · 停用时间")]


class BindingRead(Output):
    """Who held a handheld from when until when."""

    id: Annotated[UUID, Field(description="Binding · 绑定", examples=[str(DEMO_BINDING)])]
    device_id: Annotated[UUID, Field(description="Handheld · 终端", examples=[str(DEMO_DEVICE)])]
    inspector_id: InspectorField
    valid_from: Annotated[datetime, Field(description="From, inclusive · 起")]
    valid_to: Annotated[datetime | None, Field(description="Until, exclusive; null: still · 止")]
    returns_to: Annotated[UUID | None, Field(description="Whom it goes back to when it is lent · 归还对象")]


class ActivationCodeCreate(Input):
    """For whom a code is issued."""

    model_config = ConfigDict(json_schema_extra={"example": {"inspector_id": str(DEMO_INSPECTOR)}})

    inspector_id: InspectorField


class ActivationCodeRead(Output):
    """A one-time code; it is shown this once."""

    id: Annotated[UUID, Field(description="Code's id · 激活码标识")]
    code: Annotated[str, Field(description="Eight digits, to be typed on the handheld · 激活码")]
    device_id: Annotated[UUID, Field(description="Handheld · 终端", examples=[str(DEMO_DEVICE)])]
    inspector_id: InspectorField
    expires_at: Annotated[datetime, Field(description="Good until · 有效期至")]


class ActivationCreate(Input):
    """What the handheld sends after its user has read the notice and typed the code."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "serial_no": DEMO_SPARE_SERIAL_NO,
                "code": DEMO_ACTIVATION_CODE,
                "installation_id": "b1e7c2f4-5a0d-4c53-9f7e-2d9b6a3c1e00",
                "android_version": "14",
                "app_version": "1.0.0",
                "capabilities": ["gnss", "beidou", "camera"],
                "notice_version": "2026-1",
            }
        }
    )

    serial_no: SerialNo
    code: Annotated[str, Field(pattern=r"^[0-9]{8}$", description="Activation code · 激活码")]
    installation_id: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9-]{16,64}$",
            description="Random id that the app made when it was installed; keep it · 应用安装标识",
        ),
    ]
    android_version: Annotated[Version, Field(description="Android version · 系统版本")]
    app_version: Annotated[Version, Field(description="Version of the app · 应用版本")]
    capabilities: Capabilities
    notice_version: Annotated[
        str, Field(max_length=20, description="The notice that its user acknowledged · 已确认的告知书版本")
    ]


class ActivationRead(TokenRead):
    """The handheld's identity and its tokens."""

    county_code: Annotated[str, Field(description="Home county · 所属区县")]
    device_id: Annotated[UUID, Field(description="Handheld · 终端")]
    inspector_id: InspectorField
    binding_id: Annotated[UUID, Field(description="Binding · 绑定")]


class HandoverCreate(Input):
    """To whom a handheld goes."""

    model_config = ConfigDict(json_schema_extra={"example": {"inspector_id": str(DEMO_INSPECTOR)}})

    inspector_id: InspectorField
    at: Annotated[
        AwareDatetime | None, Field(description="When it changed hands, not in the future; now · 交接时间")
    ] = None


class HandoverRead(Output):
    """The new binding, and the code with which the new holder activates the handheld."""

    binding: BindingRead
    activation_code: ActivationCodeRead


class LoanCreate(Input):
    """To whom a handheld is lent, and until when."""

    model_config = ConfigDict(json_schema_extra={"example": {"inspector_id": str(DEMO_SPARE_INSPECTOR)}})

    inspector_id: InspectorField
    until: Annotated[
        AwareDatetime | None,
        Field(
            ge=FIRST_INSTANT,
            le=LAST_INSTANT,
            description="When it is due back; as long as the rule allows if empty · 应还时间",
        ),
    ] = None
    at: Annotated[
        AwareDatetime | None,
        Field(description="When it changed hands, not in the future; now · 借出时间"),
    ] = None


class ReturnCreate(Input):
    """When a lent handheld came back."""

    model_config = ConfigDict(json_schema_extra={"example": {}})

    at: Annotated[
        AwareDatetime | None,
        Field(description="When it changed hands, not in the future; now · 归还时间"),
    ] = None


class RevocationCreate(Input):
    """Why a handheld is taken out of use."""

    model_config = ConfigDict(json_schema_extra={"example": {"state": "lost", "reason": "落水丢失"}})

    state: Annotated[
        Literal[DeviceState.REVOKED, DeviceState.LOST], Field(description="`revoked` 停用, `lost` 挂失")
    ]
    reason: Annotated[str, Field(min_length=1, max_length=200, description="Why, without names · 原因")]


class NoticeCreate(Input):
    """A new version of the notice."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": "2027-1",
                "effective_from": "2027-01-01",
                "zh": "手持终端个人信息处理告知书(2027年第1版)……",
                "en": "Notice on personal data handled by this handheld (2027, first version) …",
            }
        }
    )

    version: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{1,3}$", description="Year and number · 版本")]
    effective_from: Annotated[date, Field(description="First day in force, today or later · 生效日期")]
    zh: Annotated[str, Field(min_length=20, max_length=20_000, description="Chinese text · 中文正文")]
    en: Annotated[str, Field(min_length=20, max_length=20_000, description="English text · 英文正文")]


class NoticeRead(Output):
    """A version of the notice."""

    version: Annotated[str, Field(description="Name it in the activation · 版本")]
    county_code: Annotated[str | None, Field(description="County; null: everywhere · 适用区县")]
    effective_from: Annotated[date, Field(description="First day in force · 生效日期")]
    zh: Annotated[str, Field(description="Chinese text · 中文正文")]
    en: Annotated[str, Field(description="English text · 英文正文")]
