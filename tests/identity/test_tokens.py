"""Access tokens: only ours, byte for byte, of the right key, for the right audience, in time."""

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fastapi import FastAPI
from jose import jwt
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.actor import Actor, Role, system_actor
from app.identity.dependencies import keyring_cache_of
from app.identity.keyring import LEAD_S, RELOAD_AFTER_UNKNOWN_S, Keyring, KeyringCache, rotate_signing_key
from app.identity.logins import TokenPair
from app.identity.models import SigningKey
from app.identity.tokens import UnknownSigningKey, issue_access_token, verify_access_token
from app.identity.verified import Claims, VerifiedTokens
from app.kit.db import Database
from app.kit.problems import TokenExpired, Unauthenticated
from tests.factories import identity as make
from tests.identity.conftest import Clock, World, event_types

ME = "/api/v1/me"


def encode(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def other_key() -> str:
    private = ec.generate_private_key(ec.SECP256R1())
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
async def pair(app: FastAPI, session: AsyncSession, world: World, clock: Clock) -> TokenPair:
    return await make.login(app, session, world.inspector, at=clock.now)


@pytest.fixture
async def keyring(app: FastAPI, pair: TokenPair, clock: Clock) -> Keyring:
    return await keyring_cache_of(app).current(clock.now)


class TestForgeries:
    async def refused(self, client: httpx.AsyncClient, token: str) -> str:
        answer = await client.get(ME, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, f"accepted {token}"
        assert answer.headers["content-type"] == "application/problem+json"
        return str(answer.json()["code"])

    async def test_alg_none(self, client: httpx.AsyncClient, pair: TokenPair) -> None:
        _, payload, signature = pair.access_token.split(".")
        for alg in ("none", "None", "NONE", ""):
            forged = encode({**jwt.get_unverified_header(pair.access_token), "alg": alg})
            for tail in ("", signature):
                assert await self.refused(client, f"{forged}.{payload}.{tail}") == "unauthenticated"

    async def test_another_key_under_our_kid(self, client: httpx.AsyncClient, pair: TokenPair) -> None:
        claims, header = (
            jwt.get_unverified_claims(pair.access_token),
            jwt.get_unverified_header(pair.access_token),
        )
        forged = jwt.encode(claims, other_key(), "ES256", headers={"kid": header["kid"]})
        assert await self.refused(client, forged) == "unauthenticated"

    async def test_the_public_key_used_as_an_hmac_secret(
        self, client: httpx.AsyncClient, pair: TokenPair, keyring: Keyring
    ) -> None:
        header = jwt.get_unverified_header(pair.access_token)
        public = next(iter(keyring.pairs.values())).public.prepared_key
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        claims = jwt.get_unverified_claims(pair.access_token)
        forged = jwt.encode(claims, der.hex(), "HS256", headers={"kid": header["kid"]})
        assert await self.refused(client, forged) == "unauthenticated"

    @pytest.mark.parametrize(
        "change",
        [
            {"aud": "other-api"},
            {"iss": "somebody"},
            {"sub": "not-a-uuid"},
            {"sub": 5},
            {"role": "emperor"},
            {"exp": "tomorrow"},
            {"exp": 10**30},
            {"exp": None},
            {"iat": 4102444800},
            {"sid": None},
            {"dev": 7},
        ],
    )
    async def test_claims_that_we_do_not_issue(
        self, client: httpx.AsyncClient, pair: TokenPair, keyring: Keyring, change: dict[str, Any]
    ) -> None:
        key = next(iter(keyring.pairs.values()))
        claims = {**jwt.get_unverified_claims(pair.access_token), **change}
        forged = jwt.encode(claims, key.private, "ES256", headers={"kid": key.kid})
        assert await self.refused(client, forged) == "unauthenticated"

    @pytest.mark.parametrize(
        "claim", ["aud", "iss", "exp", "iat", "sub", "jti", "sid", "role", "area", "county"]
    )
    async def test_a_missing_claim(
        self, client: httpx.AsyncClient, pair: TokenPair, keyring: Keyring, claim: str
    ) -> None:
        key = next(iter(keyring.pairs.values()))
        claims = jwt.get_unverified_claims(pair.access_token)
        del claims[claim]
        forged = jwt.encode(claims, key.private, "ES256", headers={"kid": key.kid})
        assert await self.refused(client, forged) == "unauthenticated"

    async def test_every_changed_character(self, pair: TokenPair, keyring: Keyring, clock: Clock) -> None:
        token = pair.access_token
        for position, character in enumerate(token):
            other = "A" if character != "A" else "B"
            changed = token[:position] + other + token[position + 1 :]
            with pytest.raises(Unauthenticated):
                verify_access_token(changed, keyring, clock.now)

    async def test_another_spelling_of_the_same_signature(
        self, pair: TokenPair, keyring: Keyring, clock: Clock
    ) -> None:
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        last = alphabet.index(pair.access_token[-1])
        for twin in range(last + 1, last + 16):
            with pytest.raises(Unauthenticated):
                verify_access_token(pair.access_token[:-1] + alphabet[twin], keyring, clock.now)
        for noise in ("!", "=", "\n", " ", "é"):
            with pytest.raises(Unauthenticated):
                verify_access_token(pair.access_token + noise, keyring, clock.now)

    @pytest.mark.parametrize("token", ["x", "a.b.c", "." * 5, "a" * 100_000, "..", "eyJ9.e30." + "A" * 86])
    async def test_rubbish(self, client: httpx.AsyncClient, token: str) -> None:
        assert await self.refused(client, token) == "unauthenticated"

    async def test_no_error_text_says_what_was_wrong_with_it(
        self, client: httpx.AsyncClient, pair: TokenPair
    ) -> None:
        answer = await client.get(ME, headers={"Authorization": f"Bearer {pair.access_token[:-4]}AAAA"})
        assert answer.json()["detail"] == Unauthenticated.en


class TestTimes:
    async def test_an_expired_token_says_so(
        self, client: httpx.AsyncClient, pair: TokenPair, clock: Clock
    ) -> None:
        clock.forward(seconds=1799)
        assert (await client.get(ME, headers=make.bearer(pair))).status_code == 200
        clock.forward(seconds=2)
        answer = await client.get(ME, headers=make.bearer(pair))
        assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")

    async def test_only_the_clock_that_is_passed_in_counts(
        self, app: FastAPI, session: AsyncSession, world: World, clock: Clock, keyring: Keyring
    ) -> None:
        for days in (-20, 20):
            then = clock.now + timedelta(days=days)
            token = (await make.login(app, session, world.inspector, at=then)).access_token
            assert verify_access_token(token, keyring, then).account_id == world.inspector.id
            fresh = Keyring(list(keyring.pairs.values()), VerifiedTokens())
            with pytest.raises(TokenExpired):
                verify_access_token(token, fresh, then + timedelta(seconds=1801))
            with pytest.raises(Unauthenticated):
                verify_access_token(token, fresh, then - timedelta(seconds=61))

    async def test_a_remembered_token_expires_too(
        self, pair: TokenPair, keyring: Keyring, clock: Clock
    ) -> None:
        assert verify_access_token(pair.access_token, keyring, clock.now) is verify_access_token(
            pair.access_token, keyring, clock.now
        )
        with pytest.raises(TokenExpired):
            verify_access_token(pair.access_token, keyring, clock.now + timedelta(seconds=1801))
        assert len(keyring.verified) == 0


def test_the_memory_of_verified_tokens_is_bounded_and_keeps_the_recently_used(clock: Clock) -> None:
    memory = VerifiedTokens(max_tokens=2)
    claims = Claims(uuid4(), Role.COUNTY, "330921", uuid4(), None, uuid4(), "j", "k", clock.now)
    memory.keep("a", claims)
    memory.keep("b", claims)
    memory.find("a")
    memory.keep("c", claims)
    assert (len(memory), memory.find("b"), memory.find("a")) == (2, None, claims)


class TestKeys:
    def actor(self, world: World) -> Actor:
        account = world.inspector
        return Actor(account.id, "330921", Role.INSPECTOR, account.area_id, None, "x", uuid4())

    async def test_others_verify_with_the_published_keys(
        self, client: httpx.AsyncClient, pair: TokenPair
    ) -> None:
        for path in ("/.well-known/jwks.json", "/api/v1/.well-known/jwks.json"):
            keys = (await client.get(path)).json()["keys"]
            assert "d" not in keys[0]
            claims = jwt.decode(pair.access_token, keys[0], algorithms=["ES256"], audience="wangge-api")
            assert claims["iss"] == "wangge"
            assert jwt.get_unverified_header(pair.access_token)["kid"] == keys[0]["kid"]

    async def test_the_private_key_is_sealed_by_the_master_key(
        self, session: AsyncSession, pair: TokenPair
    ) -> None:
        row = (await session.scalars(select(SigningKey))).one()
        assert row.private_sealed.startswith("aesgcm:k1:")
        assert "PRIVATE KEY" not in row.private_sealed

    async def test_rotation_signs_with_the_new_key_later_and_keeps_old_tokens(
        self, client: httpx.AsyncClient, app: FastAPI, pair: TokenPair, clock: Clock, as_security_admin: dict[str, str],
        session: AsyncSession, world: World,
    ) -> None:  # fmt: skip
        answer = await client.post("/api/v1/auth/signing-keys/rotations", json={}, headers=as_security_admin)
        assert answer.status_code == 201, answer.text
        new_kid = answer.json()["kid"]
        keys = (await client.get("/.well-known/jwks.json")).json()["keys"]
        assert [key["kid"] for key in keys][-1] == new_kid
        assert len(keys) == 2
        cache = keyring_cache_of(app)
        clock.forward(seconds=LEAD_S - 1)
        assert (await cache.current(clock.now)).signing(clock.now).kid != new_kid
        clock.forward(seconds=2)
        assert (await cache.current(clock.now)).signing(clock.now).kid == new_kid
        assert (await client.get(ME, headers=make.bearer(pair))).status_code == 200
        fresh = await make.login(app, session, world.inspector, at=clock.now)
        assert jwt.get_unverified_header(fresh.access_token)["kid"] == new_kid
        assert (await client.get(ME, headers=make.bearer(fresh))).status_code == 200
        clock.forward(seconds=1800 + LEAD_S)
        assert len((await client.get("/.well-known/jwks.json")).json()["keys"]) == 1
        from uuid import UUID

        assert await event_types(session, UUID(new_kid)) == ["signing_key.rotated"]

    async def test_a_leaked_key_is_refused_at_once(
        self, client: httpx.AsyncClient, pair: TokenPair, as_security_admin: dict[str, str]
    ) -> None:
        answer = await client.post(
            "/api/v1/auth/signing-keys/rotations", json={"at_once": True}, headers=as_security_admin
        )
        assert answer.status_code == 201
        assert (await client.get(ME, headers=make.bearer(pair))).status_code == 401

    async def test_only_the_security_administrator_rotates(
        self, client: httpx.AsyncClient, as_system_admin: dict[str, str], as_supervisor: dict[str, str]
    ) -> None:
        for headers, status in ((as_system_admin, 403), (as_supervisor, 403), ({}, 401)):
            answer = await client.post("/api/v1/auth/signing-keys/rotations", json={}, headers=headers)
            assert answer.status_code == status

    async def test_another_process_learns_an_unknown_key_but_strangers_cannot_make_it_busy(
        self, database: Database, app: FastAPI, pair: TokenPair, world: World, clock: Clock
    ) -> None:
        other = KeyringCache(database, make.vault())
        known = await other.current(clock.now)
        async with database.transaction() as session:
            await rotate_signing_key(
                session, system_actor("330921"), vault=make.vault(), access_token_ttl_s=60, now=clock.now, at_once=True
            )  # fmt: skip
        keyring_cache_of(app).forget()
        signing = await keyring_cache_of(app).current(clock.now)
        token = issue_access_token(self.actor(world), signing, ttl_s=1800, now=clock.now)
        with pytest.raises(UnknownSigningKey):
            verify_access_token(token, known, clock.now)
        assert await other.after_unknown_key(clock.now) is known, "no reload within seconds"
        later = clock.now + timedelta(seconds=RELOAD_AFTER_UNKNOWN_S)
        assert verify_access_token(token, await other.after_unknown_key(later), later)

    async def test_the_first_key_is_made_once(self, fresh_database: Database, clock: Clock) -> None:
        import asyncio

        caches = [KeyringCache(fresh_database, make.vault()) for _ in range(4)]
        rings = await asyncio.gather(*(cache.current(clock.now) for cache in caches))
        assert len({kid for ring in rings for kid in ring.pairs}) == 1
