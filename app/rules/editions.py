"""What this process keeps of rules, calendar, catalogue and areas, for as long as their stamps stay the same."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import Generic, Literal, TypeVar
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db import driver_connection
from app.rules.models import Edition

STAMPS = "SELECT book, stamp FROM rule_book"
HELD = "stamps"
BookName = Literal["rules", "calendar"]
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class EditionCache(Generic[K, T]):
    """The last few editions by what tells them apart, a stamp for the most part.

    Several, because tests and restores switch between databases.
    """

    def __init__(self, size: int = 4) -> None:
        self._size = size
        self._kept: OrderedDict[K, T] = OrderedDict()

    def get(self, stamp: K) -> T | None:
        """The edition with `stamp`, if it is kept."""
        return self._kept.get(stamp)

    def keep(self, stamp: K, edition: T) -> T:
        """Keeps `edition` and returns it; the oldest goes."""
        self._kept[stamp] = edition
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return edition


async def current_stamps(session: AsyncSession) -> Mapping[str, UUID]:
    """The stamp of each book: one cheap query, enough to know that nothing changed.

    Asks only once where `hold_stamps` was called.
    """
    held: Mapping[str, UUID] | None = session.info.get(HELD)
    if held is not None:
        return held
    await session.flush()  # what this transaction is about to write makes a difference, too
    connection = await driver_connection(session)  # asked with every group of uploads
    return dict(await (await connection.execute(STAMPS, binary=True)).fetchall())


async def hold_stamps(session: AsyncSession) -> None:
    """Lets the session keep to the stamps of now: for a short transaction that changes none of the books."""
    session.info[HELD] = await current_stamps(session)


async def new_edition(session: AsyncSession, book: BookName) -> int:
    """Begins the next edition and returns its number; writers of a book wait for each other here."""
    statement = (
        update(Edition)
        .where(Edition.book == book)
        .values(version=Edition.version + 1, stamp=func.gen_random_uuid())
        .returning(Edition.version)
    )
    return (await session.execute(statement)).scalar_one()
