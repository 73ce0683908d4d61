"""The only place that reads the time. Everything below the routers gets `now` as an argument."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def utc_now() -> datetime:
    """The present instant, aware, UTC."""
    return datetime.now(UTC)


async def _request_now() -> datetime:
    # a coroutine, because FastAPI sends plain functions to a thread
    return utc_now()


Now = Annotated[datetime, Depends(_request_now)]
"""A router's `now` argument."""


def to_ms(instant: datetime) -> int:
    """Unix milliseconds of an aware instant. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime is not an instant")
    return (instant - EPOCH) // MILLISECOND


def from_ms(unix_ms: int) -> datetime:
    """The aware UTC instant of Unix milliseconds."""
    return EPOCH + timedelta(milliseconds=unix_ms)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which `day` begins in `zone`, UTC."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)
