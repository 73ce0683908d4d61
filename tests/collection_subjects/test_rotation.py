"""After a change of the master key everything is found under the new one alone."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.collection.subjects import indexing, store
from app.collection.subjects.rotation import SEALED_COLUMNS
from app.kit.crypto import Vault
from app.kit.reencryption import reencrypt_some
from tests.collection_subjects.conftest import ID_NUMBER, ZHANG
from tests.factories import identity
from tests.factories import subjects as make

NEW_KEY = "another-master-key-for-tests-and-nothing"


async def test_values_keys_and_names_move_to_the_new_key(session: AsyncSession) -> None:
    county = await identity.county(session, make.COUNTY)
    person = await make.subject(session, "person", county.community, ZHANG)
    firm = await make.subject(
        session, "organization", county.community, {"name": "渔具厂", "credit_code": "91330921MA00000001"}
    )
    await make.write(session, make.change("person", {"phone": "13900000000"}, stored=person))
    both = Vault.parse(f"k2:{NEW_KEY},k1:{identity.MASTER_KEY}")
    new = Vault.parse(f"k2:{NEW_KEY}")
    keys = [("id_number", ID_NUMBER), ("credit_code", "91330921MA00000001")]
    during = await store.find_by_keys(session, both, make.COUNTY, keys)
    assert during == {keys[0]: person.id, keys[1]: firm.id}
    assert await store.find_by_keys(session, new, make.COUNTY, keys) == {}
    moved = [await reencrypt_some(session, both, column) for column in SEALED_COLUMNS]
    assert moved == [2, 2]
    assert [await reencrypt_some(session, both, column) for column in SEALED_COLUMNS] == [0, 0]
    assert await store.find_by_keys(session, new, make.COUNTY, keys) == during
    found = await store.lock_many(session, new, make.COUNTY, [person.id, firm.id])
    assert found[person.id].values == {**ZHANG, "phone": "13900000000"}
    tokens = dict((await session.execute(text("SELECT id, name_tokens FROM subject"))).all())
    assert tokens[person.id] == indexing.keyed_tokens(new, indexing.NAME_PURPOSE, "张三丰")
    assert tokens[firm.id] == indexing.open_tokens("渔具厂")
    digests = list(await session.scalars(text("SELECT digest FROM subject_key")))
    assert digests
    assert all(":k2:" in digest for digest in digests)
