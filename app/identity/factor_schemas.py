"""What goes in and out of the second factor."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.identity.totp import DIGITS, RECOVERY
from app.kit.schemas import Input, Output

Code = Annotated[
    str,
    Field(
        pattern=rf"^([0-9]{{{DIGITS}}}|{RECOVERY})$",
        description="Six digits of the authenticator, or a recovery code · 动态口令或备用码",
        examples=["123456"],
    ),
]
Reason = Annotated[
    str, Field(min_length=2, max_length=200, description="Why; goes into the event log · 原因")
]


class TotpBegin(Input):
    """A new authenticator; who has one already proves it with its code."""

    model_config = ConfigDict(json_schema_extra={"example": {}})

    code: Code | None = None


class TotpEnrolmentRead(Output):
    """A new secret, shown this once."""

    secret: Annotated[str, Field(description="Base32, to type into an authenticator · 密钥")]
    otpauth_uri: Annotated[str, Field(description="To show as a QR code · 二维码内容")]


class TotpConfirm(Input):
    """Proof that the authenticator works."""

    model_config = ConfigDict(json_schema_extra={"example": {"code": "123456"}})

    code: Annotated[
        str,
        Field(pattern=rf"^[0-9]{{{DIGITS}}}$", description="Six digits of the new authenticator · 动态口令"),
    ]


class TotpConfirmed(Output):
    """The second factor is active."""

    recovery_codes: Annotated[
        list[str], Field(description="Each stands in for a code once; shown this once · 备用码")
    ]


class TotpRead(Output):
    """How my second factor stands."""

    state: Annotated[
        Literal["none", "pending", "active"],
        Field(description="none 未绑定, pending 待确认, active 已启用"),
    ]
    required: Annotated[bool, Field(description="Your role needs one · 是否必须")]
    active_since: Annotated[datetime | None, Field(description="Since when · 启用时间")]
    recovery_codes_left: Annotated[int, Field(description="Unused recovery codes · 剩余备用码")]


class ReasonIn(Input):
    """Why something is done to another's account."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "手机遗失,本人当面申请"}})

    reason: Reason
