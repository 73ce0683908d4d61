"""New areas: a body that joins the tree on a day, with its name, its official code and the area above it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from app.areas import closure
from app.areas.models import Area, AreaCode, AreaVersion
from app.areas.problems import ParentNotFitting
from app.areas.tree import PARENT_LEVEL
from app.identity.actor import Actor
from app.identity.scope import require_area
from app.kit import events


@dataclass(frozen=True, slots=True)
class NewArea:
    """An area to be. code: 12 digits; its first six become the permanent home code of a new county."""

    code: str
    code_system: str
    name: str
    level: str
    parent_id: UUID
    valid_from: date


async def found_area(session: AsyncSession, actor: Actor, new: NewArea, *, now: datetime) -> UUID:
    """Adds an area and returns its id.

    Raises NotFound out of scope, ParentNotFitting; the constraint: AreaCodeTaken.
    """
    await require_area(session, actor, new.parent_id)
    parent = (
        await session.execute(select(Area.level, Area.county_code).where(Area.id == new.parent_id))
    ).one()
    if parent.level != PARENT_LEVEL.get(new.level):
        raise ParentNotFitting(expected=PARENT_LEVEL.get(new.level))
    county_code = new.code[:6] if new.level == "county" else parent.county_code
    area = Area(id=uuid7(), county_code=county_code, level=new.level)
    session.add(area)
    await session.flush()  # its name and code refer to it
    valid = Range(new.valid_from, None)
    session.add(AreaVersion(id=uuid7(), area_id=area.id, parent_id=new.parent_id, name=new.name, valid=valid))
    session.add(
        AreaCode(id=uuid7(), area_id=area.id, code_system=new.code_system, code=new.code, valid=valid)
    )
    await session.flush()  # the closure and whoever looks for the code read it
    await closure.attach(session, area.id, new.parent_id)
    await events.record(
        session,
        actor.event_actor,
        "area.founded",
        ("area", area.id),
        {"code": new.code, "level": new.level, "valid_from": new.valid_from.isoformat()},
        county_code=county_code,
        area_id=area.id,
        now=now,
    )
    return area.id
