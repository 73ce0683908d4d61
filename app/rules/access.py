"""Who may see and decide which rules. With the router the only part of `rules` that knows about people."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import ADMINISTRATORS, Actor, Role
from app.identity.scope import AreaClosure, area_path, holds_everything, require_area
from app.kit.problems import Forbidden
from app.rules.models import RuleValue


@dataclass(frozen=True, slots=True)
class Place:
    """An area the actor may ask about, and the ids from it to the root."""

    area_id: UUID
    path: list[UUID]


async def seen_place(session: AsyncSession, actor: Actor, area_id: UUID | None) -> Place:
    """The area asked for, or the actor's own. Raises NotFound outside his area."""
    asked = area_id if area_id is not None else actor.area_id
    await require_area(session, actor, asked)
    return Place(asked, await area_path(session, asked))


SECURITY_KEYS = ("sign_in.",)
"""Rules of sign-in are the security administrator's, and he decides no others (docs/decisions/0012)."""


def require_decider(actor: Actor, parameter_key: str) -> None:
    """Raises Forbidden unless the parameter is one that the actor's role decides."""
    if parameter_key.startswith(SECURITY_KEYS) is not (actor.role is Role.SECURITY_ADMIN):
        raise Forbidden


async def decided_path(session: AsyncSession, actor: Actor, area_id: UUID | None) -> list[UUID]:
    """The path of an area that the actor wants to decide for; empty for everywhere.

    Raises NotFound outside his area. For everywhere decides only an administrator whose area holds all there
    is, so that no county decides for another; anyone else gets Forbidden.
    """
    if area_id is None:
        if actor.role not in ADMINISTRATORS or not await holds_everything(session, actor):
            raise Forbidden
        return []
    return (await seen_place(session, actor, area_id)).path


def first_day_allowed(actor: Actor, today: date) -> date | None:
    """Only a system administrator, who sets a county up, may let a rule begin in the past."""
    return None if actor.role is Role.SYSTEM_ADMIN else today


def concerning(actor: Actor) -> ColumnElement[bool]:
    """Decisions of the actor's area, of the areas above it that bind him, and of those inside it."""
    above = select(AreaClosure.ancestor_id).where(AreaClosure.area_id == actor.area_id)
    inside = select(AreaClosure.area_id).where(AreaClosure.ancestor_id == actor.area_id)
    return or_(RuleValue.area_id.in_(above), RuleValue.area_id.in_(inside))
