"""What this process keeps of the rule book and the calendar, for as long as their stamps stay the same."""

from collections import OrderedDict
from typing import Generic, Literal, TypeVar
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import driver_connection
from app.rules.models import Edition

STAMPS = "SELECT book, stamp FROM rule_book"
BookName = Literal["rules", "calendar"]
T = TypeVar("T")


class EditionCache(Generic[T]):
    """The last few editions by stamp. Several, because tests and restores switch between databases."""

    def __init__(self, size: int = 4) -> None:
        self._size = size
        self._kept: OrderedDict[UUID, T] = OrderedDict()

    def get(self, stamp: UUID) -> T | None:
        """The edition with `stamp`, if it is kept."""
        return self._kept.get(stamp)

    def keep(self, stamp: UUID, edition: T) -> T:
        """Keeps `edition` and returns it; the oldest goes."""
        self._kept[stamp] = edition
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return edition


async def current_stamps(session: AsyncSession) -> tuple[UUID, UUID]:
    """Stamps of the rules and of the calendar: one cheap query, enough to know that nothing changed."""
    connection = await driver_connection(session)  # asked with every group of uploads
    found = dict(await (await connection.execute(STAMPS, binary=True)).fetchall())
    return found["rules"], found["calendar"]


async def new_edition(session: AsyncSession, book: BookName) -> int:
    """Begins the next edition and returns its number; writers of a book wait for each other here."""
    statement = (
        update(Edition)
        .where(Edition.book == book)
        .values(version=Edition.version + 1, stamp=func.gen_random_uuid())
        .returning(Edition.version)
    )
    return (await session.execute(statement)).scalar_one()
