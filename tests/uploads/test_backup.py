"""Photos and files go into a backup and come back from it."""

import tarfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
from pydantic import SecretStr

from app.commands.stored_files import PREFIX, add_files, place_files
from app.kit.backup_file import BackupFile, writing
from app.settings import Settings
from app.uploads.store import Folder, file_key
from tests.factories.identity import MASTER_KEY

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)


async def keep(url: str, store: Folder, content: bytes, *, thumbnail: bytes | None = None) -> str:
    """Content in the store and its row."""
    import hashlib

    digest = hashlib.sha256(content).digest()
    key = file_key("330921", digest, uuid4(), NOW)
    await store.keep_bytes(key, content)
    if thumbnail is not None:
        await store.keep_bytes(f"{key}.jpg", thumbnail)
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO stored_file VALUES ('330921', %s, %s, %s, 'image/jpeg', %s, %s, now())",
            [
                digest,
                key,
                len(content),
                "made" if thumbnail is not None else "pending",
                f"{key}.jpg" if thumbnail is not None else None,
            ],
        )
    return key


async def test_files_that_the_database_names_go_in_and_come_back(fresh_url: str, tmp_path: Path) -> None:
    here = Settings(data_dir=tmp_path / "here")
    there = Settings(data_dir=tmp_path / "there")
    store = Folder(tmp_path / "here/files")
    one = await keep(fresh_url, store, b"one" * 5000, thumbnail=b"small")
    other = await keep(fresh_url, store, b"other")
    await store.keep_bytes("330921/ab/nobodys", b"not named by any row")
    with writing(tmp_path / "a.backup") as file, psycopg.connect(fresh_url) as source:
        assert add_files(source, file, here) == 3
    backup = BackupFile(tmp_path / "a.backup")
    backup.check()
    assert sorted(name for name, _ in backup.members(PREFIX)) == sorted(
        PREFIX + key for key in (one, f"{one}.jpg", other)
    )
    assert place_files(backup, there) == 3
    assert (tmp_path / "there/files" / one).read_bytes() == b"one" * 5000
    assert (tmp_path / "there/files" / f"{one}.jpg").read_bytes() == b"small"
    assert (tmp_path / "there/files" / other).stat().st_mode & 0o777 == 0o600


async def test_a_file_that_is_lost_does_not_cost_the_backup(fresh_url: str, tmp_path: Path) -> None:
    store = Folder(tmp_path / "files")
    lost, kept = await keep(fresh_url, store, b"lost"), await keep(fresh_url, store, b"kept")
    await store.delete(lost)
    with writing(tmp_path / "a.backup") as file, psycopg.connect(fresh_url) as source:
        assert add_files(source, file, Settings(data_dir=tmp_path)) == 1
    assert [name for name, _ in BackupFile(tmp_path / "a.backup").members(PREFIX)] == [PREFIX + kept]


async def test_a_bucket_is_left_to_its_own_copies(fresh_url: str, tmp_path: Path) -> None:
    await keep(fresh_url, Folder(tmp_path / "files"), b"somewhere else")
    bucket = Settings(
        file_store="s3://photos",
        file_store_access_key="key",
        file_store_secret_key=SecretStr(MASTER_KEY),
        file_store_endpoint="http://127.0.0.1:1",
    )
    with writing(tmp_path / "a.backup") as file, psycopg.connect(fresh_url) as source:
        assert add_files(source, file, bucket) == 0


def test_a_member_that_would_lie_elsewhere_is_passed_over(tmp_path: Path) -> None:
    with writing(tmp_path / "a.backup") as file:
        file.add(PREFIX + "../../escaped", b"x")
        file.add(PREFIX + "330921/ab/" + "ab" * 16 + "-0123456789ab-18f", b"y")
    assert place_files(BackupFile(tmp_path / "a.backup"), Settings(data_dir=tmp_path / "there")) == 1
    assert not list(tmp_path.rglob("escaped"))
    with tarfile.open(tmp_path / "a.backup") as archive:
        assert len(archive.getnames()) == 2
