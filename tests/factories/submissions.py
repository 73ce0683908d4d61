"""Items of the kind `submission`, and a door to hand them in."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.submissions.intake import take
from app.exchange.items import Desk, Item, Result
from app.exchange.receiving import receive
from app.identity.actor import Actor
from app.identity.models import Account
from tests.factories import identity

ZONE = ZoneInfo("Asia/Shanghai")
HERE = {"lon": 122.005, "lat": 30.005, "accuracy_m": 8.0}
"""Inside the grid of `patrol.beat`."""
BEYOND = {"lon": 122.055, "lat": 30.005, "accuracy_m": 8.0}
"""In no grid of it."""


def id_number(n: int, birth: str = "19800101") -> str:
    """A valid identity number of Daishan."""
    body = f"330921{birth}{n:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
PERSON = {"name": "张三丰", "gender": "1", "residence_consistency": "01"}


def resident(**more: Any) -> dict[str, Any]:
    """Fields of a registered resident."""
    return {**PERSON, **more}


def body(fields: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Members of a submission: a new registered resident unless told otherwise."""
    return {
        "item_code": "resident_registered",
        "form_version": 1,
        "fields": resident() if fields is None else fields,
        **more,
    }


def item(at: datetime, fields: dict[str, Any] | None = None, *, id: UUID | None = None, **more: Any) -> Item:
    """An item recorded at `at`."""
    item_id, sent = id or uuid4(), body(fields, **more)
    content = json.dumps(sent, default=str, sort_keys=True) + str(item_id)
    return Item(item_id, "submission", at, json.loads(json.dumps(sent, default=str)), _digest(content))


def _digest(content: str) -> bytes:
    return hashlib.sha256(content.encode()).digest()


def actor_of(account: Account, device_id: UUID | None = None) -> Actor:
    """The account as a request has it."""
    return Actor(account.id, account.county_code, account.role, account.area_id, device_id, "王海生")


@dataclass
class Counter:
    """Somebody's way in: `at` is when he records, the server sees it an hour later."""

    session: AsyncSession
    actor: Actor
    at: datetime
    told: dict[UUID, Result] = field(default_factory=dict)

    @property
    def desk(self) -> Desk:
        return Desk(self.actor, identity.vault(), ZONE, self.at + timedelta(hours=1))

    def item(self, fields: dict[str, Any] | None = None, *, minute: int = 0, **more: Any) -> Item:
        """An item of his, recorded some minutes later."""
        return item(self.at + timedelta(minutes=minute), fields, **more)

    async def push(self, *items: Item) -> list[Result]:
        """Hands items in."""
        answered = await receive(self.session, self.desk, items, {"submission": take})
        return [result for _, result in answered]

    async def send(self, fields: dict[str, Any] | None = None, **more: Any) -> Result:
        """Hands one item in."""
        (result,) = await self.push(self.item(fields, **more))
        return result

    async def edit(
        self, subject_id: UUID | str, base: int | None, fields: dict[str, Any], **more: Any
    ) -> Result:
        """Hands an edit in."""
        return await self.send(fields, subject_id=str(subject_id), base_version=base, **more)


async def rows(session: AsyncSession, query: str, **asked: Any) -> list[Any]:
    """Rows of a query."""
    return list((await session.execute(text(query), asked)).all())


async def event_types(session: AsyncSession, *subject: str) -> list[str]:
    """Types of the events about subjects of these types, in order."""
    found = await session.execute(
        text("SELECT type FROM event WHERE subject_type = ANY(:types) ORDER BY ord"), {"types": list(subject)}
    )
    return [row.type for row in found]
