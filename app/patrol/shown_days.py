"""A patrol day as the endpoints show it: folded as it stands, or as it was frozen before its fixes went."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor
from app.patrol import days, tracks
from app.patrol.appeals.standing import day_standing
from app.patrol.day_reader import DayKey
from app.patrol.folder import FoldedDay
from app.patrol.integrity.service import signals_of_day
from app.patrol.retention.frozen_days import find_frozen_day


class ShownDay(Protocol):
    """What can be asked of a day, whichever it is."""

    @property
    def key(self) -> DayKey:
        """Whose day, and which."""

    @property
    def area_id(self) -> UUID:
        """Where it counts."""

    @property
    def status(self) -> str:
        """Of its figures."""

    def document(self, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """Everything `day_schemas.DayRead` promises, but for `standing`."""

    def explanation(self, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """Everything `day_schemas.ExplanationRead` promises, but for `standing`."""

    def geojson(self, *, with_points: bool) -> dict[str, Any]:
        """The track as a FeatureCollection."""

    def gpx(self, name: str) -> str:
        """The track as GPX 1.1."""


@dataclass(frozen=True, slots=True)
class LiveDay:
    """A day that is folded from its fixes whenever it is shown."""

    day: FoldedDay

    @property
    def key(self) -> DayKey:
        """Whose day, and which."""
        return self.day.key

    @property
    def area_id(self) -> UUID:
        """Where it counts."""
        return self.day.area_id

    @property
    def status(self) -> str:
        """Of its figures."""
        status: str = self.day.figures["status"]
        return status

    def document(self, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """As `ShownDay`."""
        return days.day_document(self.day, now=now, zone=zone) | {"frozen": None}

    def explanation(self, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """As `ShownDay`."""
        return days.explanation(self.day, now=now, zone=zone) | {"frozen": None}

    def geojson(self, *, with_points: bool) -> dict[str, Any]:
        """As `ShownDay`."""
        return tracks.as_geojson(self.day.fold, with_points=with_points)

    def gpx(self, name: str) -> str:
        """As `ShownDay`."""
        return tracks.as_gpx(self.day.fold, name)


async def show_day(
    session: AsyncSession, actor: Actor, inspector_id: UUID, day: date, *, now: datetime, zone: ZoneInfo
) -> ShownDay:
    """The day as it stands now, or as it was frozen. Raises DayNotFound as `days.get_day`."""
    key = await days.day_key(session, actor, inspector_id, day)
    frozen = await find_frozen_day(session, key)
    if frozen is None:
        return LiveDay(await days.get_day(session, actor, inspector_id, day, now=now, zone=zone))
    await days.require_day_area(session, actor, key, frozen.area_id)
    return frozen


async def tell_day(session: AsyncSession, day: ShownDay, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Everything `day_schemas.DayRead` promises."""
    standing = await day_standing(session, *day.key, status=day.status, zone=zone)
    return day.document(now=now, zone=zone) | {"standing": standing}


async def explain_day(
    session: AsyncSession, actor: Actor, day: ShownDay, *, now: datetime, zone: ZoneInfo
) -> dict[str, Any]:
    """Everything `day_schemas.ExplanationRead` promises."""
    standing = await day_standing(session, *day.key, status=day.status, zone=zone)
    is_subject = actor.account_id == day.key.inspector_id
    signals = await signals_of_day(session, day.key, zone, for_subject=is_subject)
    return day.explanation(now=now, zone=zone) | {"standing": standing, "signals": signals}
