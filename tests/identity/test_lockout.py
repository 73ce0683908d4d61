"""Lockout by name and address: a stranger locks out himself, and nobody else."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.identity.actor import Role
from app.identity.factor_models import KnownAddress
from app.identity.lockout import network_of
from app.identity.models import AttemptGuard
from app.identity.tasks import purge_known_addresses
from app.kit.serving import uvicorn_settings
from app.settings import Settings
from tests.factories import identity as make
from tests.identity.conftest import Clock, World

TOKEN = "/api/v1/auth/token"
OFFICE, HOME, ATTACKER = "10.1.1.5", "10.2.2.6", "203.0.113.9"


class Doors:
    """Clients of one application at different addresses."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def token(self, address: str, username: str, password: str = make.PASSWORD) -> int:
        transport = httpx.ASGITransport(self.app, client=(address, 50000), raise_app_exceptions=False)
        form = {"grant_type": "password", "username": username, "password": password}
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return (await client.post(TOKEN, data=form)).status_code

    async def fail(self, address: str, username: str, times: int) -> list[int]:
        return [await self.token(address, username, "wrong") for _ in range(times)]


@pytest.fixture
def doors(app: FastAPI) -> Doors:
    return Doors(app)


class TestOneAddress:
    async def test_five_failures_lock_the_name_there_and_nowhere_else(
        self, doors: Doors, world: World
    ) -> None:
        assert await doors.fail(ATTACKER, "inspector-one", 6) == [401] * 5 + [429]
        assert await doors.token(ATTACKER, "inspector-one") == 429
        assert await doors.token(OFFICE, "inspector-one") == 200

    async def test_another_name_at_the_address_goes_on(self, doors: Doors, world: World) -> None:
        await doors.fail(OFFICE, "inspector-one", 6)
        assert await doors.token(OFFICE, world.supervisor.username) == 200

    async def test_a_success_elsewhere_does_not_open_the_lock(self, doors: Doors, world: World) -> None:
        await doors.fail(ATTACKER, "inspector-one", 5)
        assert await doors.token(OFFICE, "inspector-one") == 200
        assert await doors.token(ATTACKER, "inspector-one") == 429


class TestManyAddresses:
    async def spread(self, doors: Doors, username: str, failures: int) -> None:
        """Four at each address, so that no single one is locked."""
        for n in range(failures):
            assert await doors.token(f"198.51.100.{n // 4}", username, "wrong") == 401

    async def test_locks_the_name_for_strangers_and_not_where_it_signs_in(
        self, doors: Doors, world: World, clock: Clock
    ) -> None:
        assert await doors.token(OFFICE, "inspector-one") == 200
        await self.spread(doors, "inspector-one", 30)
        assert await doors.token(HOME, "inspector-one") == 429
        assert await doors.token(OFFICE, "inspector-one") == 200
        assert await doors.token(HOME, world.supervisor.username) == 200
        clock.forward(seconds=901)
        assert await doors.token(HOME, "inspector-one") == 200

    async def test_one_less_locks_nothing(self, doors: Doors, world: World) -> None:
        await self.spread(doors, "inspector-one", 29)
        assert await doors.token(HOME, "inspector-one") == 200

    async def test_an_unknown_name_behaves_alike(self, doors: Doors, world: World) -> None:
        await self.spread(doors, "nobody-at-all", 30)
        assert await doors.token(HOME, "nobody-at-all") == 429

    async def test_a_known_address_is_forgotten_after_thirty_days(
        self, doors: Doors, world: World, clock: Clock
    ) -> None:
        assert await doors.token(OFFICE, "inspector-one") == 200
        clock.forward(days=31)
        await self.spread(doors, "inspector-one", 30)
        assert await doors.token(OFFICE, "inspector-one") == 429

    async def test_failures_of_half_an_hour_do_not_add_up(
        self, doors: Doors, world: World, clock: Clock
    ) -> None:
        for n in range(40):  # one a minute, and the count starts anew after fifteen
            assert await doors.token(f"198.51.100.{n}", "inspector-one", "wrong") == 401
            clock.forward(seconds=61)
        assert await doors.token(HOME, "inspector-one") == 200

    async def test_a_known_address_still_has_its_own_lock(self, doors: Doors, world: World) -> None:
        assert await doors.token(OFFICE, "inspector-one") == 200
        assert await doors.fail(OFFICE, "inspector-one", 6) == [401] * 5 + [429]


class TestManyNames:
    async def test_an_address_that_tries_everybody_is_locked_for_whom_it_is_new(
        self, doors: Doors, world: World
    ) -> None:
        assert await doors.token(ATTACKER, "inspector-one") == 200
        for n in range(200):
            assert await doors.token(ATTACKER, f"name-{n}", "wrong") == 401
        assert await doors.token(ATTACKER, world.supervisor.username) == 429
        assert await doors.token(ATTACKER, "inspector-one") == 200, "he has signed in from there before"
        assert await doors.token(OFFICE, world.supervisor.username) == 200


class TestWhatIsStored:
    async def test_no_address_in_the_clear(self, doors: Doors, world: World, session: AsyncSession) -> None:
        await doors.token(OFFICE, "inspector-one")
        await doors.fail(OFFICE, "inspector-one", 1)
        stored = await session.scalars(select(KnownAddress.address_hash))
        assert not any(OFFICE.encode() in each for each in stored)
        keys = (await session.scalars(select(AttemptGuard.key))).all()
        assert keys
        assert not any(OFFICE.encode() in each for each in keys)

    async def test_old_addresses_are_purged(
        self, doors: Doors, world: World, session: AsyncSession, clock: Clock
    ) -> None:
        await doors.token(OFFICE, "inspector-one")
        count = select(func.count()).select_from(KnownAddress)
        clock.forward(days=399)
        await purge_known_addresses(session, now=clock.now)
        assert await session.scalar(count) == 1
        clock.forward(days=2)
        await purge_known_addresses(session, now=clock.now)
        assert await session.scalar(count) == 0


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("10.1.1.5", "10.1.1.5"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("::ffff:10.1.1.5", "10.1.1.5"),
        ("testclient", "testclient"),
        (None, "unknown"),
        ("", "unknown"),
    ],
)
def test_what_counts_as_one_address(host: str | None, counted: str) -> None:
    assert network_of(host) == counted


class TestProxies:
    """Only the proxies that are named are believed about where a request comes from."""

    @pytest.fixture
    async def behind(self, app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
        found = uvicorn_settings("10.0.0.0/8")
        assert found["proxy_headers"] is True
        wrapped = ProxyHeadersMiddleware(app, found["forwarded_allow_ips"])  # type: ignore[arg-type]
        transport = httpx.ASGITransport(wrapped, client=("10.0.0.1", 1))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client

    async def test_a_trusted_proxy_tells_the_client(self, behind: httpx.AsyncClient, world: World) -> None:
        wrong = {"grant_type": "password", "username": "inspector-one", "password": "wrong"}
        right = {**wrong, "password": make.PASSWORD}
        for n in range(6):
            # what the attacker wrote himself stands further left, and is not believed
            headers = {"X-Forwarded-For": f"192.0.2.{n}, {ATTACKER}"}
            answer = await behind.post(TOKEN, data=wrong, headers=headers)
        assert answer.status_code == 429
        elsewhere = await behind.post(TOKEN, data=right, headers={"X-Forwarded-For": OFFICE})
        assert elsewhere.status_code == 200

    def test_by_default_nobody_is(self) -> None:
        assert uvicorn_settings() | {"proxy_headers": False, "forwarded_allow_ips": ""} == uvicorn_settings()
        assert Settings(trusted_proxies="").trusted_proxies is None

    @pytest.mark.parametrize("text", ["proxy.example", "10.0.0.1/8", "*", "10.0.0.1;10.0.0.2"])
    def test_what_is_no_address_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="trusted_proxies"):
            Settings(trusted_proxies=text)

    def test_addresses_and_networks(self) -> None:
        assert Settings(trusted_proxies="10.0.0.1, 10.1.0.0/16").trusted_proxies == "10.0.0.1, 10.1.0.0/16"


class Reference:
    """The lockout, slow and obvious: every failure kept."""

    def __init__(self) -> None:
        self.known: set[tuple[str, str]] = set()
        self.locks: dict[tuple[str, ...], int] = {}
        self.counts: dict[tuple[str, ...], tuple[int, int, int]] = {}

    def keys(self, name: str, address: str) -> list[tuple[tuple[str, ...], int]]:
        own = [(("own", name, address), 5)]
        return (
            own if (name, address) in self.known else [*own, (("name", name), 30), (("place", address), 200)]
        )

    def answer(self, now_s: int, name: str, address: str, right: bool) -> int:
        keys = self.keys(name, address)
        if any(self.locks.get(key, -1) > now_s for key, _ in keys):
            return 429
        if right:
            self.known.add((name, address))
            self.counts.pop(("own", name, address), None)
            self.locks.pop(("own", name, address), None)
            return 200
        for key, limit in keys:
            count, since, last = self.counts.get(key, (0, now_s, now_s))
            oldest = last if key[0] == "own" else since
            if key in self.locks or oldest < now_s - 900:
                count, since = 0, now_s
            self.counts[key] = (count + 1, since, now_s)
            if count + 1 >= limit:
                self.locks[key] = now_s + 900
            else:
                self.locks.pop(key, None)
        return 401


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tries=st.lists(
        st.tuples(
            st.sampled_from([1, 60, 500, 901]),
            st.sampled_from(["a", "b"]),
            st.sampled_from([OFFICE, ATTACKER]),
            st.sampled_from([True, False, False, False, False, False]),
        ),
        max_size=30,
    )
)
async def test_answers_as_a_slow_reference_would(
    tries: list[tuple[int, str, str, bool]], app: FastAPI, session: AsyncSession, clock: Clock, world: World
) -> None:
    async with session.begin_nested() as savepoint:
        names = {}
        for each in ("a", "b"):
            names[each] = (await make.account(session, world.ours.town, Role.COMMUNITY)).username
        await session.flush()
        doors, expected, now_s = Doors(app), Reference(), 0
        for pause_s, name, address, right in tries:
            clock.forward(seconds=pause_s)
            now_s += pause_s
            got = await doors.token(address, names[name], make.PASSWORD if right else "wrong")
            assert got == expected.answer(now_s, name, address, right)
        await savepoint.rollback()
