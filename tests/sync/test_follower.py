"""The follower goes on after whatever happens to it: pulls ask the database meanwhile."""

import asyncio
from typing import Any

import pytest

from app.sync import follower
from app.sync.follower import Follower


class Broken:
    """A database that fails in another way each time."""

    def __init__(self) -> None:
        self.errors: list[type[Exception]] = [OSError, ValueError, RuntimeError]
        self.asked = 0

    @property
    def engine(self) -> Any:
        self.asked += 1
        raise self.errors[self.asked % len(self.errors)]


async def test_it_asks_again_after_any_error_and_knows_nothing_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(follower, "AFTER_ERROR_S", 0.001)
    database = Broken()
    following = Follower(database, ["thing"])  # type: ignore[arg-type]
    following.start()
    for _ in range(1000):
        await asyncio.sleep(0.001)
        if database.asked > 6:
            break
    assert database.asked > 6
    assert following.head("330921") is None
    await following.close()
