"""Processes of this machine: who is alive, who works where, how to end one, dying with one's parent.

Linux's /proc is read where it exists; without it (a bare chroot) a process is alive when it takes a signal.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUPERVISOR_VARIABLE = "WANGGE_SUPERVISOR_PID"
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class SystemUser:
    """An account of the operating system that a process runs as."""

    name: str
    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """Arguments of `subprocess` that run a program as this user; only root may become another one."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended but wasn't reaped (a zombie) doesn't."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return not Path("/proc/self").exists()
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def working_in(directory: Path, user: SystemUser) -> list[int]:
    """Pids of the user's live processes whose working directory is `directory`.

    Asked as that user, because root in a container may not look into others' processes.
    """
    pattern = "".join(f"\\{c}" if c in "*?[\\" else c for c in str(directory))
    found = subprocess.run(
        ["find", "/proc", "-mindepth", "2", "-maxdepth", "2", "-name", "cwd", "-lname", pattern],
        check=False,
        capture_output=True,
        cwd="/",
        text=True,
        **user.popen_arguments(),
    )
    pids = [Path(line).parent.name for line in found.stdout.splitlines()]
    return sorted(int(pid) for pid in pids if pid.isdigit() and is_alive(int(pid)))


def send(pid: int, signal_number: int) -> None:
    """Sends a signal; a process that is gone already is fine."""
    try:
        os.kill(pid, signal_number)
    except ProcessLookupError:
        return


def wait_until(condition: Callable[[], bool], timeout_s: float, *, step_s: float = 0.05) -> bool:
    """Waits until the condition holds; False when it doesn't within `timeout_s`."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(step_s)
    return True


def end_all(pids: Sequence[int], *, grace_s: float) -> None:
    """Ends the processes: SIGQUIT first (PostgreSQL's immediate shutdown), SIGKILL after `grace_s`."""
    for number, patience_s in ((signal.SIGQUIT, grace_s), (signal.SIGKILL, 10.0)):
        for pid in pids:
            send(pid, number)
        if wait_until(lambda: not any(is_alive(pid) for pid in pids), patience_s):
            return


def die_with_supervisor() -> None:
    """In a supervised process: SIGTERM comes by itself when the supervisor is killed, so none is orphaned."""
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    if not supervisor or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(supervisor):  # it died before the line above
        raise SystemExit("the supervisor has ended")
