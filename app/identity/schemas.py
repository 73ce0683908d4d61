"""What goes in and out of sign-in and accounts."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.identity.actor import ROLE_LABELS, Role
from app.kit.ids import DEMO_COMMUNITY, DEMO_COUNTY_CODE, DEMO_DEVICE, DEMO_INSPECTOR
from app.kit.schemas import Input, Output

USERNAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$"
Username = Annotated[
    str,
    Field(
        pattern=USERNAME,
        description="Letters, digits, `.`, `_`, `-`; case does not matter · 用户名",
        examples=["wangge-new"],
    ),
]
Password = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        description="At least 10 characters with letters and digits · 密码",
        examples=["Fishing-boat-7"],
        json_schema_extra={"format": "password"},
    ),
]
DisplayName = Annotated[str, Field(min_length=1, max_length=60, description="Name of the person · 姓名")]
Phone = Annotated[str, Field(pattern=r"^1[0-9]{10}$", description="Mobile number · 手机号")]
RoleField = Annotated[
    Role,
    Field(description="Role · 角色:" + ", ".join(f"`{role}` {label}" for role, label in ROLE_LABELS.items())),
]


class TokenForm(BaseModel):
    """The OAuth 2.0 form; what other clients add (scope, client_secret) is ignored."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "example": {"grant_type": "password", "username": "inspector", "password": "Wangge-330921"}
        },
    )

    grant_type: Annotated[
        Literal["password", "refresh_token"], Field(description="`password` or `refresh_token` · 授权方式")
    ]
    username: Annotated[str | None, Field(max_length=64, description="For `password` · 用户名")] = None
    password: Annotated[
        str | None,
        Field(
            max_length=160,
            description="For `password`; one-time code appended where there is one · 密码,后接动态口令",
            json_schema_extra={"format": "password"},
        ),
    ] = None
    refresh_token: Annotated[
        str | None, Field(max_length=256, description="For `refresh_token` · 刷新令牌")
    ] = None
    client_id: Annotated[
        str | None,
        Field(
            max_length=64,
            description="Id of the app's installation; a login keeps to the one it began with · 应用安装标识",
        ),
    ] = None


class TokenRead(Output):
    """A token pair (RFC 6749, 5.1)."""

    access_token: Annotated[str, Field(description="For `Authorization: Bearer …` · 访问令牌")]
    token_type: Annotated[Literal["bearer"], Field(description="Always bearer · 令牌类型")]
    expires_in: Annotated[int, Field(description="Seconds the access token lives · 访问令牌有效秒数")]
    refresh_token: Annotated[str, Field(description="Good for the next pair, once · 刷新令牌")]
    limited_to: Annotated[
        Literal["totp_enrolment"] | None,
        Field(description="What alone this login may do; null: everything of its role · 仅限用途"),
    ]


class PasswordChangeIn(Input):
    """A change of one's own password."""

    model_config = ConfigDict(
        str_strip_whitespace=False,
        json_schema_extra={"example": {"old_password": "Wangge-330921", "new_password": "Wangge-330921"}},
    )

    old_password: Password
    new_password: Password


class PasswordReset(Input):
    """A password set by an administrator."""

    model_config = ConfigDict(
        str_strip_whitespace=False, json_schema_extra={"example": {"password": "Fishing-boat-7"}}
    )

    password: Password


class AccountCreate(Input):
    """A new account."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "username": "wangge-new",
                "password": "Fishing-boat-7",
                "role": "inspector",
                "area_id": str(DEMO_COMMUNITY),
                "display_name": "张小渔",
                "phone": "13800005678",
            }
        }
    )

    username: Username
    password: Password
    role: RoleField
    area_id: Annotated[UUID, Field(description="Place in the area tree that bounds what is seen · 所属区域")]
    display_name: DisplayName
    phone: Phone | None = None


class AccountPatch(Input):
    """A change of an account; what isn't named stays."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"display_name": "张小渔", "phone": "13800005678"}}
    )

    display_name: DisplayName | None = None
    area_id: Annotated[UUID | None, Field(description="New place, in the same county · 新的所属区域")] = None
    phone: Annotated[
        Phone | Literal[""] | None, Field(description='New mobile number, `""` removes it · 手机号')
    ] = None
    enabled: Annotated[bool | None, Field(description="false ends every login at once · 停用后立即下线")] = (
        None
    )


class PhoneSearch(Input):
    """A phone number to look for."""

    model_config = ConfigDict(json_schema_extra={"example": {"phone": "13800005678"}})

    phone: Phone


class AccountRead(Output):
    """An account as others see it; the phone number is masked."""

    id: Annotated[UUID, Field(description="Account · 账号", examples=[str(DEMO_INSPECTOR)])]
    username: Annotated[str, Field(description="User name · 用户名")]
    role: RoleField
    role_label: Annotated[str, Field(description="Role in Chinese · 角色名称")]
    area_id: Annotated[
        UUID, Field(description="Place in the area tree · 所属区域", examples=[str(DEMO_COMMUNITY)])
    ]
    county_code: Annotated[str, Field(description="Home county · 所属区县", examples=[DEMO_COUNTY_CODE])]
    display_name: Annotated[str, Field(description="Name of the person · 姓名")]
    phone: Annotated[str | None, Field(description="Masked · 手机号(脱敏)", examples=["138****5678"])]
    enabled: Annotated[bool, Field(description="Not disabled · 是否启用")]
    approved_at: Annotated[
        datetime | None,
        Field(description="Another administrator approved it; until then no sign-in · 审批时间"),
    ]
    created_at: Annotated[datetime, Field(description="When it was made · 创建时间")]
    version: Annotated[int, Field(description="For If-Match · 版本")]


class MyDevice(Output):
    """The handheld of this login."""

    id: Annotated[UUID, Field(description="Handheld · 终端", examples=[str(DEMO_DEVICE)])]
    serial_no: Annotated[str, Field(description="Serial number · 序列号")]
    state: Annotated[str, Field(description="State · 状态")]
    bound_since: Annotated[
        datetime | None, Field(description="Yours since; null: not yours now · 绑定起始时间")
    ]
    notice_version: Annotated[str, Field(description="Notice in force · 现行告知书版本")]
    notice_acknowledged_at: Annotated[
        datetime | None, Field(description="When you acknowledged it; null: still to do · 确认时间")
    ]


class MeRead(Output):
    """Who is signed in."""

    account_id: Annotated[UUID, Field(description="Account · 账号", examples=[str(DEMO_INSPECTOR)])]
    display_name: Annotated[str, Field(description="Name · 姓名")]
    role: RoleField
    role_label: Annotated[str, Field(description="Role in Chinese · 角色名称")]
    area_id: Annotated[
        UUID, Field(description="Place in the area tree · 所属区域", examples=[str(DEMO_COMMUNITY)])
    ]
    county_code: Annotated[str, Field(description="Home county · 所属区县", examples=[DEMO_COUNTY_CODE])]
    device: Annotated[MyDevice | None, Field(description="The handheld of this login · 当前终端")]


class JwksRead(Output):
    """A JSON Web Key Set (RFC 7517)."""

    keys: Annotated[list[dict[str, Any]], Field(description="Public keys, ES256 · 公钥")]


class RotationCreate(Input):
    """A change of the signing key."""

    model_config = ConfigDict(json_schema_extra={"example": {"at_once": False}})

    at_once: Annotated[
        bool,
        Field(
            description="true when a key leaked: old tokens end within a minute · 密钥泄露时立即作废旧密钥"
        ),
    ] = False


class RotationRead(Output):
    """The new signing key."""

    kid: Annotated[str, Field(description="Its `kid` · 密钥标识")]
    active_from: Annotated[datetime, Field(description="It signs from then on · 启用时间")]
