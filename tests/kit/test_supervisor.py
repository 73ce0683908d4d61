"""The supervisor: who dies is started again, and the order of stopping is kept."""

import os
import signal
import sys
from pathlib import Path

import pytest

from app.kit.listening import PortTakenError, open_sockets
from app.kit.processes import is_alive, wait_until
from app.kit.supervisor import GivenUpError, Member, StopRequest, Supervisor

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import pathlib, signal, sys, time; signal.signal(15, signal.SIG_IGN); pathlib.Path(sys.argv[1]).touch();"
    "time.sleep(60)",
]


def member(name: str, command: list[str] = SLEEPER, **options: float) -> Member:
    return Member(name, command, dict(os.environ), **options)


def pid_of(each: Member) -> int:
    assert each.process is not None
    return each.process.pid


def test_who_dies_is_started_again_and_the_reason_is_told() -> None:
    said: list[str] = []
    api = member("API")
    supervisor = Supervisor([api], said.append)
    supervisor.start()
    first = pid_of(api)
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: api.ended() is not None, 5)
    supervisor.watch_once()
    assert pid_of(api) != first
    assert said == ["The API ended (signal SIGKILL); starting it again."]
    supervisor.stop()


def test_who_keeps_dying_at_its_start_ends_the_service() -> None:
    api = member("API", [sys.executable, "-c", "raise SystemExit(7)"])
    supervisor = Supervisor([api], lambda _: None)
    supervisor.start()
    for _ in range(2):
        assert wait_until(lambda: api.ended() is not None, 5)
        supervisor.watch_once()
    assert wait_until(lambda: api.ended() is not None, 5)
    with pytest.raises(GivenUpError, match=r"API ended 3 times at its start \(exit code 7\)"):
        supervisor.watch_once()


def test_members_are_stopped_one_after_the_other() -> None:
    said: list[str] = []
    members = [member("API"), member("worker")]
    alive_when_told: list[list[bool]] = []

    def listen(text: str) -> None:
        said.append(text)
        alive_when_told.append([is_alive(pid_of(each)) for each in members])

    supervisor = Supervisor(members, listen)
    supervisor.start()
    supervisor.stop()
    assert said == ["Stopping the API …", "Stopping the worker …"]
    assert alive_when_told == [[True, True], [False, True]]
    assert all(each.ended() == -signal.SIGTERM for each in members)


def test_who_ignores_the_request_is_ended_by_force(tmp_path: Path) -> None:
    mark = tmp_path / "up"
    api = member("API", [*STUBBORN, str(mark)], stop_grace_s=0.3)
    supervisor = Supervisor([api], lambda _: None)
    supervisor.start()
    assert wait_until(mark.exists, 5)
    supervisor.stop()
    assert api.ended() == -signal.SIGKILL


def test_members_are_out_of_reach_of_ctrl_c() -> None:
    api = member("API")
    supervisor = Supervisor([api], lambda _: None)
    supervisor.start()
    assert os.getsid(pid_of(api)) == pid_of(api)
    supervisor.stop()


class TestStopRequest:
    def test_the_first_signal_interrupts_and_the_second_only_hurries(self) -> None:
        request = StopRequest()
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        handlers = {number: signal.getsignal(number) for number in numbers}
        try:
            request.listen()
            request.check()
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGTERM)
            assert (request.asked, request.hurry) == (True, False)
            os.kill(os.getpid(), signal.SIGINT)
            assert request.hurry
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def test_one_that_a_finaliser_swallowed_is_noticed(self) -> None:
        supervisor = Supervisor([], lambda _: None, stop_request=StopRequest(asked=True))
        with pytest.raises(KeyboardInterrupt):
            supervisor.watch_once()


class TestListening:
    def test_a_taken_port_is_told_with_a_way_out(self) -> None:
        taken = open_sockets("127.0.0.1", 0, 1)[0]
        port = taken.getsockname()[1]
        with taken, pytest.raises(PortTakenError, match=f"Port {port} .* taken .*WANGGE_PORT="):
            open_sockets("127.0.0.1", port, 1)

    def test_several_processes_share_one_port(self) -> None:
        probe = open_sockets("127.0.0.1", 0, 1)[0]
        port = probe.getsockname()[1]
        probe.close()
        sockets = open_sockets("127.0.0.1", port, 2)
        assert {each.getsockname()[1] for each in sockets} == {port}
        for each in sockets:
            each.close()

    def test_an_address_that_is_not_ours(self) -> None:
        with pytest.raises(PortTakenError, match="WANGGE_HOST"):
            open_sockets("192.0.2.1", 8000, 1)
