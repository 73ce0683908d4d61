"""Changes of the division tree: names, places in the tree and codes, always from a day on."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.areas import closure
from app.areas.models import Area, AreaCode, AreaVersion
from app.areas.problems import AreaVersionExists, ParentNotFitting
from app.areas.schemas import AreaChange, AreaCodeGive
from app.identity.actor import Actor
from app.identity.scope import require_area, visible_to
from app.kit import events
from app.kit.problems import Forbidden, NotFound

PARENT_LEVEL = {"county": "city", "township": "county", "community": "township"}


async def change_area(
    session: AsyncSession, actor: Actor, area_id: UUID, body: AreaChange, *, today: date, now: datetime
) -> None:
    """Gives an area another name, another area above, or both, from a day on; its id and keys stay.

    The scope of accounts follows the tree of `today`: a change in the past or today takes effect at once, a
    later one when the worker meets its day. Raises NotFound, Forbidden (one's own area), AreaVersionExists,
    ParentNotFitting.
    """
    area = await _locked_area(session, actor, area_id)
    version = await session.scalar(
        select(AreaVersion).where(AreaVersion.area_id == area.id, AreaVersion.valid.contains(body.valid_from))
    )
    if version is None:
        raise NotFound
    parent_id = version.parent_id
    if body.parent_id is not None:
        await _require_parent(session, actor, area, body.parent_id)
        parent_id = body.parent_id
    valid = await _cut(session, AreaVersion, version, body.valid_from)
    session.add(
        AreaVersion(
            id=uuid7(), area_id=area.id, parent_id=parent_id, name=body.name or version.name, valid=valid
        )
    )
    await session.flush()  # the closure below reads it
    await closure.rebuild(session, today)
    data = body.model_dump(mode="json", exclude_none=True)
    await _record(session, actor, area, "area.changed", data, now)


async def give_code(
    session: AsyncSession, actor: Actor, area_id: UUID, body: AreaCodeGive, *, now: datetime
) -> None:
    """Gives an area another code of a system from a day on; the code before ends there.

    Raises NotFound, Forbidden (one's own area), AreaVersionExists; the constraint: AreaCodeTaken.
    """
    area = await _locked_area(session, actor, area_id)
    code = await session.scalar(
        select(AreaCode).where(
            AreaCode.area_id == area.id,
            AreaCode.code_system == body.code_system,
            AreaCode.valid.contains(body.valid_from),
        )
    )
    valid = Range(body.valid_from, None)
    if code is not None:
        valid = await _cut(session, AreaCode, code, body.valid_from)
    session.add(
        AreaCode(id=uuid7(), area_id=area.id, code_system=body.code_system, code=body.code, valid=valid)
    )
    await _record(session, actor, area, "area.code_given", body.model_dump(mode="json"), now)


async def _locked_area(session: AsyncSession, actor: Actor, area_id: UUID) -> Area:
    area = await session.scalar(
        select(Area).where(Area.id == area_id, visible_to(actor, Area)).with_for_update()
    )
    if area is None:
        raise NotFound
    if area.id == actor.area_id:  # whoever is above decides
        raise Forbidden
    return area


async def _require_parent(session: AsyncSession, actor: Actor, area: Area, parent_id: UUID) -> None:
    """The parent is in scope and exactly one level up, so that no loop can arise."""
    await require_area(session, actor, parent_id)
    expected = PARENT_LEVEL.get(area.level)
    level = await session.scalar(select(Area.level).where(Area.id == parent_id))
    if level != expected:
        raise ParentNotFitting(expected=expected)


async def _cut(
    session: AsyncSession, model: type[AreaVersion] | type[AreaCode], row: Any, day: date
) -> Range[date]:
    """Ends `row` on `day` and returns the time from `day` on that it loses."""
    if row.valid.lower == day:
        raise AreaVersionExists(valid_from=day)
    valid = Range(day, row.valid.upper)
    await session.execute(
        update(model).where(model.id == row.id).values(valid=func.daterange(func.lower(model.valid), day))
    )
    return valid


async def _record(
    session: AsyncSession, actor: Actor, area: Area, type_: str, data: dict[str, Any], now: datetime
) -> None:
    await events.record(
        session,
        actor.event_actor,
        type_,
        ("area", area.id),
        data,
        county_code=area.county_code,
        area_id=area.id,
        now=now,
    )
