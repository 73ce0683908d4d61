"""What is admitted where and when, for those who take or give work; and the log of what was refused."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.affairs.models import Affair, AffairItem
from app.identity.actor import Actor
from app.kit import events
from app.kit.events import NewEvent

CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Admission:
    """An item is admitted in `area_id` and everything below from `since` until `until` (exclusive; None: on)."""

    item_id: UUID
    affair_id: UUID
    area_id: UUID
    since: datetime
    until: datetime | None

    def covers(self, area_path: Collection[UUID], at: datetime) -> bool:
        """Whether it holds at an instant in an area; area_path: ids from the area up to the root."""
        return self.area_id in area_path and self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Work that was refused. `about`: what was sent or asked (`("submission", id)`); reason: a problem's code."""

    about: tuple[str, UUID]
    item_code: str
    form_version: int | None
    area_id: UUID | None
    reason: str


async def admissions_of(
    session: AsyncSession, county_code: str, item_ids: Iterable[UUID]
) -> Mapping[UUID, Sequence[Admission]]:
    """Every admission these items have or had in the county."""
    statement = (
        select(AffairItem.item_id, Affair.id, Affair.area_id, Affair.in_force_from, Affair.in_force_until)
        .join(Affair, (Affair.county_code == AffairItem.county_code) & (Affair.id == AffairItem.affair_id))
        .where(
            AffairItem.county_code == county_code,
            AffairItem.item_id.in_(list(item_ids)),
            Affair.in_force_from.is_not(None),
        )
        .order_by(Affair.in_force_from, Affair.id)
    )
    found: defaultdict[UUID, list[Admission]] = defaultdict(list)
    for item_id, affair_id, area_id, since, until in (await session.execute(statement)).all():
        if since is not None:
            found[item_id].append(Admission(item_id, affair_id, area_id, since, until))
    return found


def is_admitted(admissions: Iterable[Admission], area_path: Collection[UUID], at: datetime) -> bool:
    """Whether any of an item's admissions holds in the area at that instant."""
    return any(each.covers(area_path, at) for each in admissions)


async def record_attempts(
    session: AsyncSession, actor: Actor, attempts: Sequence[Attempt], *, now: datetime
) -> None:
    """Logs refused work in the caller's transaction, which must be one that commits.

    Who takes items calls it for those that are new: a repetition of the same item is no new attempt.
    """
    new = [
        NewEvent(
            "affair.attempt_refused",
            attempt.about,
            {
                "item_code": attempt.item_code if CODE.fullmatch(attempt.item_code) else "?",
                "form_version": attempt.form_version,
                "reason": attempt.reason,
                "role": actor.role,
            },
            attempt.area_id,
        )
        for attempt in attempts
    ]
    await events.record_many(session, actor.event_actor, new, county_code=actor.county_code, now=now)
