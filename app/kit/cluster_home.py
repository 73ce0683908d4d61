"""Where the embedded cluster lives, and which account of the system owns it.

As an ordinary user it lives in the data directory. initdb refuses root, so root hands it to a system user:
in the data directory if that user can get there, else under /var/lib/wangge with a pointer left behind.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.kit.processes import SystemUser

POINTER_NAME = "cluster.path"
HOME_NAME = "postgres"
SYSTEM_ROOT = Path("/var/lib/wangge")
SYSTEM_USERS = ("postgres", "wangge")
# sockaddr_un holds 107 bytes; the file's own name ".s.PGSQL.5432.lock" takes part of them
SOCKET_DIR_MAX_BYTES = 82


class ClusterError(Exception):
    """The embedded cluster can't be used; the text tells the person at the keyboard what to do."""


@dataclass(frozen=True, slots=True)
class ClusterHome:
    """Folder of one cluster, 0700, and its owner."""

    path: Path
    user: SystemUser

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.path / "postgres.log"

    @property
    def sockets(self) -> Path:
        """Folder of the socket: inside the home unless its path is too long for a socket."""
        inside = self.path / "socket"
        if len(os.fsencode(inside)) <= SOCKET_DIR_MAX_BYTES:
            return inside
        return Path("/tmp") / f"wangge-{hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]}"  # noqa: S108

    def prepare_sockets(self) -> Path:
        """The socket folder, made if missing. Raises ClusterError when it is somebody else's."""
        make_private(self.sockets, self.user)
        found = self.sockets.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.user.uid or found.st_mode & 0o077:
            raise ClusterError(
                f"{self.sockets} isn't a private folder of {self.user.name}; remove it and try again"
            )
        return self.sockets


def find_home(data_dir: Path) -> ClusterHome | None:
    """The cluster that `data_dir` has, or None. Raises ClusterError when it is lost or someone else's."""
    path = data_dir / HOME_NAME
    pointer = data_dir / POINTER_NAME
    if pointer.exists():
        path = Path(pointer.read_text().strip())
        if not path.is_dir():
            raise ClusterError(
                f"the database of {data_dir} lived in {path}, which is gone. Restore that folder, or delete "
                f"{pointer} to begin with an empty database."
            )
    elif not path.is_dir():
        return None
    owner = _system_user(path.stat().st_uid)
    if owner.uid == 0:  # a run as root ended between making the folder and handing it over
        return ClusterHome(path, _hand_over(path)) if os.geteuid() == 0 else _refuse(path, owner)
    if os.geteuid() not in (0, owner.uid):
        _refuse(path, owner)
    return ClusterHome(path, owner)


def make_home(data_dir: Path) -> ClusterHome:
    """A home for a new cluster of `data_dir`."""
    if os.geteuid() != 0:
        user = _system_user(os.geteuid())
        path = data_dir / HOME_NAME
        make_private(path, user)
        return ClusterHome(path, user)
    user = _server_user()
    inside = data_dir / HOME_NAME
    if can_reach(user, data_dir):
        try:
            make_private(inside, user)
        except OSError:  # a shared folder that knows no owners
            shutil.rmtree(inside, ignore_errors=True)
        else:
            return ClusterHome(inside, user)
    SYSTEM_ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
    path = SYSTEM_ROOT / secrets.token_hex(6)
    make_private(path, user)
    (data_dir / POINTER_NAME).write_text(f"{path}\n")
    return ClusterHome(path, user)


def remove_home(data_dir: Path, home: ClusterHome) -> None:
    """Deletes a stopped cluster and the pointer to it."""
    if home.sockets.parent != home.path:
        shutil.rmtree(home.sockets, ignore_errors=True)
    shutil.rmtree(home.path, ignore_errors=True)
    (data_dir / POINTER_NAME).unlink(missing_ok=True)


def make_private(path: Path, user: SystemUser) -> None:
    """A folder that only `user` (and root) can enter; one that exists is left as it is."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return
    if user.uid != os.geteuid():
        os.chown(path, user.uid, user.gid)


def _refuse(path: Path, owner: SystemUser) -> ClusterHome:
    raise ClusterError(
        f"{path} belongs to {owner.name}: run this as {owner.name} or as root, or choose another directory "
        "with WANGGE_DATA_DIR."
    )


def _hand_over(path: Path) -> SystemUser:
    user = _server_user()
    for folder, _, files in os.walk(path):
        for each in (folder, *(os.path.join(folder, name) for name in files)):
            os.chown(each, user.uid, user.gid, follow_symlinks=False)
    return user


def can_reach(user: SystemUser, directory: Path) -> bool:
    """Whether the user may enter the directory, through all the folders above it."""
    answer = subprocess.run(["test", "-x", str(directory)], check=False, cwd="/", **user.popen_arguments())
    return answer.returncode == 0


def _server_user() -> SystemUser:
    for name in SYSTEM_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    name = SYSTEM_USERS[-1]
    subprocess.run(
        ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
        check=True,
    )
    entry = pwd.getpwnam(name)
    return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _system_user(uid: int) -> SystemUser:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:  # a container that runs with a bare number
        return SystemUser(str(uid), uid, os.getegid())
    return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
