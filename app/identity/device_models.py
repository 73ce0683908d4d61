"""Tables of handhelds: registry, who holds which when, activation codes, the notice and who read it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Base


class DeviceState(StrEnum):
    """Where a handheld stands."""

    REGISTERED = "registered"
    ACTIVE = "active"
    REVOKED = "revoked"
    LOST = "lost"


DEVICE_STATE_LABELS: dict[DeviceState, str] = {
    DeviceState.REGISTERED: "已登记",
    DeviceState.ACTIVE: "已激活",
    DeviceState.REVOKED: "已停用",
    DeviceState.LOST: "已挂失",
}
"""Chinese label of every state."""


class Ownership(StrEnum):
    """Whose a handheld is: issued by the authority, or the inspector's own phone with the app (S4-28)."""

    ISSUED = "issued"
    OWN = "own"


OWNERSHIP_LABELS: dict[Ownership, str] = {Ownership.ISSUED: "配发", Ownership.OWN: "自有手机"}
"""Chinese label of both."""

STATE_LIST = ", ".join(f"'{state.value}'" for state in DeviceState)


class Device(Base):
    """A handheld. `revoked_at` is set while it is revoked or lost, and only then."""

    __tablename__ = "device"
    __table_args__ = (
        UniqueConstraint("county_code", "serial_no"),
        CheckConstraint(f"state IN ({STATE_LIST})", name="state"),
        CheckConstraint("(state IN ('revoked', 'lost')) = (revoked_at IS NOT NULL)", name="revoked"),
        CheckConstraint("ownership IN ('issued', 'own')", name="ownership"),
        Index("ix_device_area_id", "area_id"),
        Index("ix_device_serial_no", "serial_no"),
    )

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("area.id"))
    serial_no: Mapped[str] = mapped_column(String(40, collation="C"))
    model: Mapped[str] = mapped_column(String(80))
    android_version: Mapped[str | None] = mapped_column(String(20, collation="C"))
    app_version: Mapped[str | None] = mapped_column(String(20, collation="C"))
    capabilities: Mapped[list[str]] = mapped_column(ARRAY(Text))
    state: Mapped[str] = mapped_column(String(12, collation="C"))
    ownership: Mapped[str] = mapped_column(
        String(10, collation="C"), default=Ownership.ISSUED, server_default=text("'issued'")
    )
    registered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    activated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class DeviceBinding(Base):
    """Who holds a handheld during `valid`: one inspector a device, one device an inspector at a time.

    `returns_to` is set while it is lent: whom it goes back to.
    """

    __tablename__ = "device_binding"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "device_id"], ["device.county_code", "device.id"]),
        ExcludeConstraint(
            ("county_code", "="), ("device_id", "="), ("valid", "&&"), name="ex_device_binding_device"
        ),
        ExcludeConstraint(
            ("county_code", "="), ("inspector_id", "="), ("valid", "&&"), name="ex_device_binding_inspector"
        ),
        CheckConstraint("NOT isempty(valid) AND NOT lower_inf(valid)", name="valid"),
    )

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    device_id: Mapped[UUID]
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    valid: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    returns_to: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))


class ActivationCode(Base):
    """A one-time code that binds a device to an inspector; only its keyed hash is kept.

    `answer` is what the first use was answered, locked with code and installation id: a handheld that
    lost the answer asks again and gets it.
    """

    __tablename__ = "activation_code"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "device_id"], ["device.county_code", "device.id"]),
        Index("ix_activation_code_county_code_device_id", "county_code", "device_id"),
    )

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    device_id: Mapped[UUID]
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    issued_by: Mapped[UUID]
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    voided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)


class Notice(Base):
    """A dated version of the notice (告知书) on what the handheld records and why.

    A county's own notice comes before the general one, which has no `county_code`.
    """

    __tablename__ = "notice"

    version: Mapped[str] = mapped_column(String(20, collation="C"), primary_key=True)
    county_code: Mapped[str | None] = mapped_column(String(6, collation="C"))
    effective_from: Mapped[date] = mapped_column(Date)
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)


class NoticeAcknowledgement(Base):
    """Who acknowledged which version, on which handheld, when."""

    __tablename__ = "notice_acknowledgement"
    __table_args__ = (
        ForeignKeyConstraint(["county_code", "device_id"], ["device.county_code", "device.id"]),
    )

    county_code: Mapped[str] = mapped_column(String(6, collation="C"), primary_key=True)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    notice_version: Mapped[str] = mapped_column(ForeignKey("notice.version"), primary_key=True)
    acknowledged_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
