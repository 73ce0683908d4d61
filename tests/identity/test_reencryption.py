from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity import logins, second_factor, totp
from app.identity.accounts import PHONE, phone_of
from app.identity.actor import Role
from app.identity.dependencies import keyring_cache_of
from app.identity.keyring import KeyringCache
from app.identity.models import Account, SigningKey
from app.identity.sealed import SEALED_COLUMNS
from app.kit.crypto import Vault
from app.kit.db import Database
from app.kit.reencryption import reencrypt_some
from tests.factories import identity as make
from tests.identity.conftest import World

NEW_KEY = "another-master-key-for-tests-only-2"


async def test_after_a_key_rotation_everything_moves_to_the_new_key(
    database: Database, app: FastAPI, session: AsyncSession, world: World
) -> None:
    await keyring_cache_of(app).current(make.now())
    for n in range(3):
        await make.account(session, world.ours.town, Role.COMMUNITY, phone=f"1390000000{n}")
    owner = logins.actor_of(world.supervisor)
    begun = await second_factor.begin(session, owner, vault=make.vault(), now=make.now())
    first = totp.code_of(begun.secret, totp.step_at(make.now()))
    today = make.now().date()
    await second_factor.confirm(session, owner, first, vault=make.vault(), now=make.now(), today=today)
    await second_factor.begin(session, owner, vault=make.vault(), now=make.now())
    await session.flush()
    both, new = Vault.parse(f"k2:{NEW_KEY},k1:{make.MASTER_KEY}"), Vault.parse(f"k2:{NEW_KEY}")
    moved = [await reencrypt_some(session, both, column, limit=3) for column in SEALED_COLUMNS]
    moved += [await reencrypt_some(session, both, column, limit=3) for column in SEALED_COLUMNS]
    assert moved == [3, 1, 1, 1, 1, 0, 0, 0]
    with_phone = (
        select(Account).where(Account.phone_sealed.is_not(None)).execution_options(populate_existing=True)
    )
    accounts = (await session.scalars(with_phone)).all()
    assert sorted(str(phone_of(a, new)) for a in accounts)[0] == "13812345678"
    found = select(Account.id).where(Account.phone_index == new.blind_index("13812345678", PHONE))
    assert (await session.scalars(found)).all() == [world.inspector.id]
    factor = await second_factor.find_factor(session, world.supervisor.id, new)
    assert factor is not None
    assert factor.secret == begun.secret
    assert (await session.scalars(select(SigningKey.private_sealed))).one().startswith("aesgcm:k2:")
    assert (await KeyringCache(database, new).current(make.now())).pairs
