"""Puts the people of the demo, their handhelds, bindings and appointments into the tables."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.demo.copying import copy_rows
from app.demo.people import DEVICE_MODEL, DemoAccount, DemoDevice, inspector_id
from app.identity.activation import PURPOSE, activation_message
from app.identity.device_models import ActivationCode, DeviceState
from app.identity.notices import get_current_notice
from app.kit.crypto import Vault
from app.kit.ids import (
    DEMO_ACTIVATION_CODE,
    DEMO_COUNTY_CODE,
    DEMO_COUNTY_SUPERVISOR,
    DEMO_PENDING_ACCOUNT,
    DEMO_SPARE_DEVICE,
    DEMO_SPARE_INSPECTOR,
    demo_id,
)

CODE_VALID = timedelta(days=365)


async def load_accounts(
    session: AsyncSession, accounts: Sequence[DemoAccount], password_hash: str, since: datetime
) -> None:
    """All accounts, enabled, with the same password."""
    columns = "id county_code area_id username password_hash password_changed_at role display_name"
    await copy_rows(
        session,
        "account",
        (*columns.split(), "enabled", "version", "created_at", "approved_at", "made_by"),
        (
            (
                a.id,
                f"{a.area_code[:4]}00" if a.area_code.endswith("00000000") else a.area_code[:6],
                demo_id("area", a.area_code),
                a.username,
                password_hash,
                since,
                a.role.value,
                a.display_name,
                True,
                1,
                since,
                None if a.id == DEMO_PENDING_ACCOUNT else since,
                demo_id("account", "system_admin") if a.id == DEMO_PENDING_ACCOUNT else None,
            )
            for a in accounts
        ),
    )


async def load_devices(session: AsyncSession, devices: Sequence[DemoDevice], since: datetime) -> None:
    """All handhelds: active, but for the spare one."""
    columns = "county_code id area_id serial_no model android_version app_version capabilities state"
    await copy_rows(
        session,
        "device",
        (*columns.split(), "registered_at", "activated_at"),
        (
            (
                DEMO_COUNTY_CODE,
                d.id,
                demo_id("area", d.community_code),
                d.serial_no,
                DEVICE_MODEL,
                "14",
                "1.0.0",
                "{beidou,camera,gnss}",
                (DeviceState.REGISTERED if d.id == DEMO_SPARE_DEVICE else DeviceState.ACTIVE).value,
                since,
                None if d.id == DEMO_SPARE_DEVICE else since,
            )
            for d in devices
        ),
    )


async def load_service(
    session: AsyncSession, grid_codes: Sequence[str], since: datetime, today: date
) -> None:
    """Who serves which grid with which handheld since `since`, and that they acknowledged the notice."""
    valid = f"[{since.isoformat()},)"
    await copy_rows(
        session,
        "device_binding",
        ("county_code", "id", "device_id", "inspector_id", "valid"),
        (
            (DEMO_COUNTY_CODE, demo_id("binding", code), demo_id("device", code), inspector_id(code), valid)
            for code in grid_codes
        ),
    )
    await copy_rows(
        session,
        "appointment",
        ("county_code", "id", "inspector_id", "grid_id", "role", "valid", "version"),
        (
            (
                DEMO_COUNTY_CODE,
                demo_id("appointment", code),
                inspector_id(code),
                demo_id("grid", code),
                "full_time",
                valid,
                1,
            )
            for code in grid_codes
        ),
    )
    notice = await get_current_notice(session, today)
    await copy_rows(
        session,
        "notice_acknowledgement",
        ("county_code", "inspector_id", "device_id", "notice_version", "acknowledged_at"),
        (
            (DEMO_COUNTY_CODE, inspector_id(code), demo_id("device", code), notice.version, since)
            for code in grid_codes
        ),
    )


async def load_activation_code(session: AsyncSession, master_key: str, now: datetime) -> None:
    """The well-known code of the spare handheld, so that the activation example works once."""
    digest = Vault.parse(master_key).digest(
        PURPOSE, activation_message(DEMO_SPARE_DEVICE, DEMO_ACTIVATION_CODE)
    )
    session.add(
        ActivationCode(
            county_code=DEMO_COUNTY_CODE,
            id=demo_id("activation_code", "spare"),
            device_id=DEMO_SPARE_DEVICE,
            inspector_id=DEMO_SPARE_INSPECTOR,
            code_hash=digest,
            issued_by=DEMO_COUNTY_SUPERVISOR,
            issued_at=now,
            expires_at=now + CODE_VALID,
        )
    )
