"""The file of a backup: whole or not there, and any change of it is found."""

import io
import stat
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kit import backup_file, key_copy
from app.kit.backup_file import BackupError, BackupFile
from tests.factories.identity import MASTER_KEY

BIG = bytes(range(256)) * 9000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "one.backup"
    with backup_file.writing(path) as file:
        file.add_stream("database.dump", io.BytesIO(BIG))
        file.add("manifest.json", b"{}")
    return path


def read_all(path: Path, name: str) -> bytes:
    parts: list[bytes] = []
    BackupFile(path).copy(name, parts.append)
    return b"".join(parts)


class TestWriting:
    def test_what_went_in_comes_out(self, path: Path) -> None:
        BackupFile(path).check()
        assert read_all(path, "database.dump") == BIG
        assert BackupFile(path).read("manifest.json") == b"{}"
        assert BackupFile(path).read("nothing") is None

    def test_any_tar_opens_it(self, path: Path) -> None:
        with tarfile.open(path) as archive:
            assert archive.getnames() == ["database.dump", "manifest.json"]

    def test_only_the_owner_reads_it(self, path: Path) -> None:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_failure_leaves_nothing(self, tmp_path: Path) -> None:
        def fail() -> None:
            with backup_file.writing(tmp_path / "half.backup") as file:
                file.add("manifest.json", b"{}")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert list(tmp_path.iterdir()) == []

    def test_never_over_another(self, path: Path) -> None:
        before = path.read_bytes()
        with pytest.raises(FileExistsError), backup_file.writing(path) as file:
            file.add("manifest.json", b"other")
        assert path.read_bytes() == before

    def test_nor_over_one_that_came_meanwhile(self, tmp_path: Path) -> None:
        path = tmp_path / "one.backup"

        def write() -> None:
            with backup_file.writing(path) as file:
                file.add("manifest.json", b"{}")
                path.write_bytes(b"theirs")

        with pytest.raises(FileExistsError):
            write()
        assert path.read_bytes() == b"theirs"
        assert list(tmp_path.iterdir()) == [path]


class TestDamage:
    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(data=st.data())
    def test_one_changed_bit_anywhere_is_found(self, path: Path, data: st.DataObject) -> None:
        content = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= 1 << data.draw(st.integers(0, 7))
        damaged = path.with_name("damaged")
        damaged.write_bytes(content)
        with pytest.raises(BackupError):
            BackupFile(damaged).check()

    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(share=st.floats(0, 1, exclude_max=True))
    def test_one_cut_short_is_found(self, path: Path, share: float) -> None:
        content = path.read_bytes()
        cut = path.with_name("cut")
        cut.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(BackupError, match="cut short"):
            BackupFile(cut).check()

    def test_something_appended_is_found(self, path: Path) -> None:
        path.write_bytes(path.read_bytes() + b"x")
        with pytest.raises(BackupError):
            BackupFile(path).check()

    def test_another_file_is_no_backup(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"PGDMP" * 100)
        with pytest.raises(BackupError, match="is no backup"):
            BackupFile(tmp_path / "x").check()


class TestKeyCopy:
    def test_opens_with_its_passphrase_only(self) -> None:
        locked = key_copy.locked_with("correct horse battery", MASTER_KEY)
        assert MASTER_KEY.encode() not in locked
        assert key_copy.opened_with("correct horse battery", locked) == MASTER_KEY
        assert key_copy.opened_with("correct horse batterz", locked) is None
        assert key_copy.opened_with("correct horse battery", locked[:-1]) is None

    def test_a_short_passphrase_is_refused(self) -> None:
        with pytest.raises(ValueError, match="12 characters"):
            key_copy.locked_with("short", MASTER_KEY)

    def test_fingerprints_tell_keys_apart(self) -> None:
        other = MASTER_KEY[::-1]
        rotated = key_copy.fingerprints(f"k2:{other},k1:{MASTER_KEY}")
        assert rotated[1] == key_copy.fingerprints(MASTER_KEY)[0]
        assert len(set(rotated)) == 2
