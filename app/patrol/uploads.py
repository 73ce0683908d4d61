"""A handheld's own questions: its receipts and its configuration."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.identity.device_models import Device
from app.identity.scope import area_path
from app.kit.problems import NotFound
from app.patrol.batches import ReceiptRow
from app.patrol.models import BatchReceipt
from app.patrol.problems import DeviceNeeded
from app.patrol.results import result_of
from app.patrol.upload_schemas import HandheldConfigRead, ReceiptRead
from app.patrol.wire import FIXES_MAX
from app.rules import service as rules
from app.rules.catalogue import ingest


async def list_receipts(session: AsyncSession, actor: Actor, batch_ids: Sequence[UUID]) -> list[ReceiptRead]:
    """The receipts of the actor's own device among `batch_ids`, by batch id. Raises DeviceNeeded."""
    if actor.device_id is None:
        raise DeviceNeeded
    statement = (
        select(BatchReceipt.__table__)
        .where(
            BatchReceipt.county_code == actor.county_code,
            BatchReceipt.batch_id.in_(batch_ids),
            BatchReceipt.device_id == actor.device_id,
        )
        .order_by(BatchReceipt.batch_id)
    )
    return [_read(row) for row in (await session.execute(statement)).all()]


async def get_receipt(session: AsyncSession, actor: Actor, batch_id: UUID) -> ReceiptRead:
    """One receipt of the actor's own device. Raises NotFound: then the batch must be sent again."""
    found = await list_receipts(session, actor, [batch_id])
    if not found:
        raise NotFound
    return found[0]


def _read(row: Row[Any]) -> ReceiptRead:
    return ReceiptRead(
        batch_id=row.batch_id,
        received_at=row.received_at,
        digest=row.digest.hex(),
        **msgspec.to_builtins(result_of(ReceiptRow(**row._mapping))),
    )


async def get_config(
    session: AsyncSession, actor: Actor, *, today: date, body_max_bytes: int
) -> HandheldConfigRead:
    """What the rule book says today where the handheld is registered. Raises DeviceNeeded."""
    if actor.device_id is None:
        raise DeviceNeeded
    device = (Device.county_code == actor.county_code) & (Device.id == actor.device_id)
    area_id = (await session.scalars(select(Device.area_id).where(device))).one()
    found = await rules.resolve(session, await area_path(session, area_id), today)
    return HandheldConfigRead(
        config_version=found.version,
        sampling_s=found[ingest.SAMPLING_S],
        heartbeat_s=found[ingest.HEARTBEAT_S],
        next_upload_after_s=found[ingest.NEXT_UPLOAD_AFTER_S],
        fixes_max=FIXES_MAX,
        body_max_bytes=body_max_bytes,
        too_old_days=found[ingest.TOO_OLD_DAYS],
        off_duty_keep_days=found[ingest.OFF_DUTY_KEEP_DAYS],
        future_tolerance_s=found[ingest.FUTURE_TOLERANCE_S],
        min_app_version=found[ingest.MIN_APP_VERSION],
        policy=rules.patrol_policy(found),
    )
