"""How far the handhelds of an area are in step, and what of theirs still waits: for those who answer for them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Row, and_, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange.models import ItemReceipt
from app.identity.actor import Actor
from app.identity.device_models import Device, DeviceBinding
from app.identity.models import Account
from app.identity.scope import counties_of, visible_to
from app.kit import pagination
from app.kit.events import EventHead
from app.patrol.models import Quarantined
from app.sync.models import HandheldSync
from app.uploads.models import Attachment, Upload

OF_ITEMS = ("revoked_device_items", "item_unreadable", "unknown_kind", "item_failed")


async def list_state(
    session: AsyncSession,
    actor: Actor,
    *,
    silent_min: int | None,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[list[Row[Any]], str | None]:
    """Handhelds in use in the actor's scope, by serial number. silent_min: only those without a pull for so long."""
    head = func.coalesce(EventHead.seq, 0)
    at = cast(now, DateTime(timezone=True))
    holds = and_(
        DeviceBinding.county_code == Device.county_code,
        DeviceBinding.device_id == Device.id,
        DeviceBinding.valid.contains(at),
    )
    synced = and_(HandheldSync.county_code == Device.county_code, HandheldSync.device_id == Device.id)
    statement = (
        select(
            Device.county_code,
            Device.id.label("device_id"),
            Device.serial_no,
            Device.area_id,
            DeviceBinding.inspector_id,
            Account.display_name.label("inspector_name"),
            HandheldSync.pulled_at,
            HandheldSync.pulled_seq,
            head.label("head"),
            # after a restore the feed may end before what was told: then the next pull begins anew
            case(
                (HandheldSync.pulled_seq.is_not(None), func.greatest(head - HandheldSync.pulled_seq, 0))
            ).label("events_behind"),
            HandheldSync.pushed_at,
            _held().label("held_items"),
            _quarantined().label("quarantined_items"),
            _missing_photos().label("missing_photos"),
        )
        .outerjoin(DeviceBinding, holds)
        .outerjoin(Account, Account.id == DeviceBinding.inspector_id)
        .outerjoin(HandheldSync, synced)
        .outerjoin(EventHead, EventHead.county_code == Device.county_code)
        .where(
            Device.county_code.in_(await counties_of(session, actor)),
            visible_to(actor, Device),
            Device.revoked_at.is_(None),
        )
    )
    if silent_min is not None:
        before = now - timedelta(minutes=silent_min)
        statement = statement.where(or_(HandheldSync.pulled_at.is_(None), HandheldSync.pulled_at < before))
    rows = (
        await session.execute(pagination.after(statement, (Device.serial_no, Device.id), cursor, limit))
    ).all()
    return pagination.page(rows, limit, lambda r: (r.serial_no, r.device_id))


def _held() -> ColumnElement[int]:
    return (
        select(func.count())
        .where(
            ItemReceipt.county_code == Device.county_code,
            ItemReceipt.device_id == Device.id,
            ItemReceipt.outcome == "held",
        )
        .correlate(Device)
        .scalar_subquery()
    )


def _quarantined() -> ColumnElement[int]:
    return (
        select(func.count())
        .where(
            Quarantined.county_code == Device.county_code,
            Quarantined.device_id == Device.id,
            Quarantined.outcome.is_(None),
            Quarantined.reason.in_(OF_ITEMS),
        )
        .correlate(Device)
        .scalar_subquery()
    )


def _missing_photos() -> ColumnElement[int]:
    arrived = and_(
        Upload.county_code == Attachment.county_code,
        Upload.id == Attachment.upload_id,
        Upload.state == "complete",
    )
    return (
        select(func.count(Attachment.upload_id.distinct()))
        .outerjoin(Upload, arrived)
        .where(
            Attachment.county_code == Device.county_code,
            Attachment.device_id == Device.id,
            Upload.id.is_(None),
        )
        .correlate(Device)
        .scalar_subquery()
    )
