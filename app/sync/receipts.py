"""A sender's question what became of its items."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.exchange import receipts
from app.identity.actor import Actor
from app.sync.schemas import ItemReceiptRead

PATH = "/api/v1/sync/receipts"


async def list_receipts(
    session: AsyncSession, actor: Actor, ids: Sequence[UUID], language: str
) -> list[ItemReceiptRead]:
    """The receipts among `ids` that the actor's account or handheld was given, by id."""
    found = await receipts.find(session, actor.county_code, ids)
    mine = [
        row
        for _, row in sorted(found.items())
        if row.account_id == actor.account_id
        or (row.device_id is not None and row.device_id == actor.device_id)
    ]
    return [
        ItemReceiptRead(
            id=row.item_id,
            kind=row.kind,
            outcome=row.outcome,
            told=row.told,
            problem=None if row.problem is None else receipts.restore(row.problem).body(language, PATH),
            digest=row.digest.hex(),
            received_at=row.received_at,
        )
        for row in mine
    ]
