"""A file system of its own for a private database, small enough to be filled: tmpfs, which only root may mount."""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from app.kit.cluster_home import find_home, make_home

SIZE_MB = 1024
BALLAST = "ballast"
WAL_MAX_MB = 192
CHUNKS = (1 << 20, 1 << 12)


def why_not() -> str | None:
    """Why no file system can be mounted here; None when it can."""
    if os.geteuid() != 0:
        return "only root may mount a file system"
    if shutil.which("mount") is None:
        return "there is no mount program"
    return None


def small_disk(refused: Callable[[str], None]) -> Callable[[Path], AbstractContextManager[object]]:
    """What `private_service` runs its database in; `refused` hears why it runs on the ordinary disk instead."""

    @contextmanager
    def around(data_dir: Path) -> Iterator[None]:
        home = make_home(data_dir)
        options = f"size={SIZE_MB}m,mode=700,uid={home.user.uid},gid={home.user.gid}"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "wangge-small-disk", str(home.path)],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            refused(done.stderr.strip() or "mount failed")
            yield
            return
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", str(home.path)], check=False, capture_output=True)
            shutil.rmtree(home.path, ignore_errors=True)

    return around


def fill(data_dir: Path) -> int:
    """Writes a file beside the database until nothing more fits; returns how many bytes went in this time."""
    home = find_home(data_dir)
    assert home is not None  # noqa: S101 - its database runs
    written = 0
    with (home.path / BALLAST).open("ab", buffering=0) as ballast:
        for size in CHUNKS:
            block = b"\0" * size
            with suppress_full():
                while True:
                    written += ballast.write(block) or 0
    return written


def clear(data_dir: Path) -> None:
    """Takes the file away."""
    home = find_home(data_dir)
    if home is not None:
        (home.path / BALLAST).unlink(missing_ok=True)


@contextmanager
def suppress_full() -> Iterator[None]:
    """Ends quietly when the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
