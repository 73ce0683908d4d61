"""What absences and exemptions have in common: bounds, kinds, and the days that they touch."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.scope import area_path
from app.rules import service as rules
from app.rules.parameter import Whole
from app.staffing.models import DayKind
from app.staffing.problems import AwayKind, AwayKindOfArea, AwayKindPersonal, AwayTime, UnknownDayKind

WHOLE = 1.0


def touched_by(during: Range[datetime], zone: ZoneInfo) -> tuple[date, date]:
    """First and last service day that may look different.

    A night shift may have begun the day before, and presses around a shift open windows of its neighbours.
    """
    begins, ends = bounds_of(during)
    return (
        begins.astimezone(zone).date() - timedelta(days=2),
        ends.astimezone(zone).date() + timedelta(days=1),
    )


def bounds_of(during: Range[datetime]) -> tuple[datetime, datetime]:
    """Both ends of a stretch that the database keeps bounded."""
    if during.lower is None or during.upper is None:
        raise ValueError("the database forbids an endless stretch")
    return during.lower, during.upper


async def require_bounded(
    session: AsyncSession, area_id: UUID, begins: datetime, ends: datetime, longest: Whole, *, day: date
) -> None:
    """Raises AwayTime unless it ends after it begins, within the days that `longest` allows in `area_id`."""
    applied = await rules.resolve(session, await area_path(session, area_id), day)
    if not timedelta(0) < ends - begins <= timedelta(days=applied[longest]):
        raise AwayTime(longest_days=applied[longest])


async def require_kind(session: AsyncSession, code: str, *, personal: bool) -> None:
    """Raises UnknownDayKind, AwayKind for a kind that asks for a whole day, or AwayKindOfArea and AwayKindPersonal.

    personal: the kind must be one person's own, otherwise an area's.
    """
    kind = await session.get(DayKind, code)
    if kind is None:
        raise UnknownDayKind
    if kind.prorate >= WHOLE:
        raise AwayKind
    if kind.personal is not personal:
        fitting = select(DayKind.code).where(DayKind.personal.is_(personal), DayKind.prorate < WHOLE)
        kinds = list(await session.scalars(fitting.order_by(DayKind.code)))
        raise (AwayKindOfArea if personal else AwayKindPersonal)(kind=code, allowed_kinds=kinds)
