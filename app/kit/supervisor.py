"""Keeps the processes of a service running and stops them in order.

Each runs in a session of its own, so that Ctrl-C reaches the supervisor alone and the order is kept. One that
dies is started again; one that keeps dying at its start ends the service, for nobody would read the message.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.kit.processes import SUPERVISOR_VARIABLE

POLL_S = 0.2
EARLY_S = 10.0
EARLY_DEATHS_MAX = 3
Say = Callable[[str], None]


class GivenUpError(Exception):
    """A process ended too often right after its start."""


@dataclass
class StopRequest:
    """Whether somebody asked to stop, by Ctrl-C, SIGTERM or closing the terminal; twice means: at once."""

    asked: bool = False
    hurry: bool = False

    def listen(self) -> None:
        """Takes the signals over. The first one raises KeyboardInterrupt, so that whatever waits is left."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._take)

    def check(self) -> None:
        """Raises KeyboardInterrupt if asked: one raised inside a finaliser is swallowed by Python."""
        if self.asked:
            raise KeyboardInterrupt

    def _take(self, _number: int, _frame: object) -> None:
        self.hurry = self.asked
        self.asked = True
        if not self.hurry:  # never a second exception, which would leave the stopping half done
            raise KeyboardInterrupt


@dataclass
class Member:
    """A process to keep running. `stop_grace_s`: how long it may finish what it does after SIGTERM."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    pass_fds: Sequence[int] = ()
    stop_grace_s: float = 20.0
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    early_deaths: int = 0

    def start(self) -> None:
        """Starts the process."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            env={**self.environment, SUPERVISOR_VARIABLE: str(os.getpid())},
            pass_fds=self.pass_fds,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def ended(self) -> int | None:
        """Exit code once the process has ended, negative for a signal."""
        return self.process.poll() if self.process else None


@dataclass
class Supervisor:
    """`members` are started in the given order and stopped in it. `check` is called in every round."""

    members: Sequence[Member]
    say: Say
    check: Callable[[], None] = lambda: None
    stop_request: StopRequest = field(default_factory=StopRequest)

    def start(self) -> None:
        """Starts all members."""
        for member in self.members:
            member.start()

    def watch_once(self) -> None:
        """Starts again who died. Raises GivenUpError when it's no use, KeyboardInterrupt when asked to stop."""
        self.stop_request.check()
        self.check()
        for member in self.members:
            code = member.ended()
            if code is None:
                continue
            # kill -9 comes from outside (somebody, or a system out of memory) and tells nothing about the start
            early = time.monotonic() - member.started_at < EARLY_S and code != -signal.SIGKILL
            member.early_deaths = member.early_deaths + 1 if early else 0
            if member.early_deaths >= EARLY_DEATHS_MAX:
                raise GivenUpError(
                    f"The {member.name} ended {EARLY_DEATHS_MAX} times at its start ({_how(code)})."
                )
            self.say(f"The {member.name} ended ({_how(code)}); starting it again.")
            member.start()

    def watch(self) -> None:
        """Watches until KeyboardInterrupt."""
        while True:
            self.watch_once()
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Stops the members one after the other: SIGTERM, SIGKILL after the grace or at a second signal."""
        for member in self.members:
            if member.process is None or member.ended() is not None:
                continue
            self.say(f"Stopping the {member.name} …")
            member.process.terminate()
            end = time.monotonic() + member.stop_grace_s
            while member.ended() is None and time.monotonic() < end and not self.stop_request.hurry:
                time.sleep(0.05)
            if member.ended() is None:
                self.say(f"The {member.name} doesn't stop; ending it by force.")
                member.process.kill()
                member.process.wait()


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
