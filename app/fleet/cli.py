"""`wangge simulate`: a fleet that tries to break the service, and the proof that it did not."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.fleet import chaos, report, small_disk
from app.fleet.crew import CrewTooSmall
from app.fleet.offline import report as offline_report
from app.fleet.offline.running import OfflineDay, OfflineOutcome
from app.fleet.offline.working import NeverThrough
from app.fleet.options import Options
from app.fleet.simulating import Outcome, ServiceGone, Simulation, Tell
from app.handheld.api import Refused, Unreachable
from app.kit.console import clear_errors, say
from app.kit.private_service import PrivateService, ServiceFailedError, private_service
from app.kit.probe import is_ready
from app.kit.processes import die_with_supervisor
from app.replay.cli import local_url
from app.settings import get_settings

EXPECTED = (CrewTooSmall, Refused, Unreachable, ServiceFailedError, ServiceGone, NeverThrough)
DAY_IN_S = 60.0
OFFLINE_KILLS = 2
SHIFT_S = 9.5 * 3600
LINE_EVERY_S = 5.0
PIPED_COLUMNS = 110


def simulate(
    handhelds: Annotated[int, typer.Option(min=1, max=2000, help="How many.")] = 40,
    days: Annotated[int, typer.Option(min=1, max=40, help="Service days, the last one yesterday.")] = 1,
    speed: Annotated[
        float | None,
        typer.Option(min=1, help="Simulated seconds in a second; by default a shift takes a minute."),
    ] = None,
    as_fast_as_possible: Annotated[
        bool, typer.Option("--as-fast-as-possible", help="No waiting between uploads.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed walks and misbehaves the same.")] = 1,
    kills: Annotated[
        int,
        typer.Option(
            "--chaos",
            min=0,
            metavar="K",
            help="kill -9 API, worker or database K times at random, and fill the disk once.",
        ),
    ] = 0,
    live: Annotated[
        bool,
        typer.Option("--live", help="Walk in real time against a running service until Ctrl-C; no proof."),
    ] = False,
    offline_day: Annotated[
        bool,
        typer.Option(
            "--offline-day",
            help="Record a shift without signal (people, edits by two, photos, fixes), then send all at once "
            "over a link that loses a third of all requests; --chaos 2 unless given.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    url: Annotated[
        str | None,
        typer.Option(
            help="A running service with the demo county; by default a private one, removed afterwards."
        ),
    ] = None,
    api_processes: Annotated[
        int, typer.Option(min=1, max=16, help="API processes of the private service.")
    ] = 1,
    supervisor: Annotated[
        str, typer.Option(envvar="WANGGE_REPLAY_SUPERVISOR", help="Account that issues activation codes.")
    ] = "county",
    password: Annotated[
        str | None,
        typer.Option(
            envvar="WANGGE_REPLAY_PASSWORD", help="Its password; by default the demo's.", show_default=False
        ),
    ] = None,
) -> None:
    """Walk with many handhelds at once: visits, lost signal, killed apps, wrong clocks, duplicates, late and
    shuffled uploads, broken connections, a rush at the end of the shift.

    Exits with 0 when the service then holds exactly what was sent, every fix
    once, and every figure equals a fresh computation; with 1 otherwise.
    """
    if kills and url:
        raise typer.BadParameter("only a private service is killed: leave --url out", param_hint="--chaos")
    if offline_day and (live or url or days != 1):
        raise typer.BadParameter(
            "it is one day with a private service: leave --live, --url and --days out",
            param_hint="--offline-day",
        )
    if speed and as_fast_as_possible:
        raise typer.BadParameter("choose one of --speed and --as-fast-as-possible", param_hint="--speed")
    pace = None if as_fast_as_possible else speed or SHIFT_S / DAY_IN_S
    if live:
        _live(url, handhelds, supervisor, password or _demo_password(), seed)
        return
    options = Options(
        handhelds, days, seed, pace, kills, url, supervisor, password or _demo_password(), api_processes
    )
    signal.signal(signal.SIGTERM, _end)
    with clear_errors(), _clear_errors(), _progress() as tell:
        outcome = _run_offline(options, tell) if offline_day else _run(options, tell)
    _tell_outcome(outcome, as_json)
    raise typer.Exit(0 if outcome.is_good else 1)


def _tell_outcome(outcome: Outcome | OfflineOutcome, as_json: bool) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_COLUMNS)
    if isinstance(outcome, OfflineOutcome):
        told, show = offline_report.document(outcome), partial(offline_report.show, outcome)
    else:
        told, show = report.document(outcome), partial(report.show, outcome)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        show(console)


def _live(url: str | None, handhelds: int, username: str, password: str, seed: int) -> None:
    from app.fleet.live import Live, walk_on

    die_with_supervisor()
    signal.signal(signal.SIGTERM, _end)
    with suppress(KeyboardInterrupt):
        asyncio.run(walk_on(Live(url or local_url(get_settings()), handhelds, username, password, seed)))


def _run(options: Options, tell: Tell) -> Outcome:
    zone = get_settings().zone
    if options.url is not None:
        if not is_ready(options.url):
            raise Unreachable(f"no service is ready at {options.url}; start one with scripts/run")
        return asyncio.run(Simulation(options, options.url, None, zone, tell).run(fills_disk=False))
    why_not = small_disk.why_not() if options.kills else None
    refusals = [why_not] if why_not else []
    wants_small_disk = options.kills > 0 and not why_not
    around = small_disk.small_disk(refusals.append) if wants_small_disk else lambda _: nullcontext()
    tell("starting a private service", 0, 1)
    environment = {"WANGGE_API_PROCESSES": str(options.api_processes), "WANGGE_LOG_LEVEL": "WARNING"}
    with private_service(environment, around=around) as service:
        return asyncio.run(_simulate(options, service, tell, refusals))


def _run_offline(options: Options, tell: Tell) -> OfflineOutcome:
    options = replace(options, kills=options.kills or OFFLINE_KILLS)
    tell("starting a private service", 0, 1)
    environment = {
        "WANGGE_API_PROCESSES": str(options.api_processes),
        "WANGGE_LOG_LEVEL": "WARNING",
    }
    with private_service(environment) as service:
        return asyncio.run(OfflineDay(options, service, get_settings().zone, tell).run())


async def _simulate(options: Options, service: PrivateService, tell: Tell, refusals: list[str]) -> Outcome:
    simulation = Simulation(options, service.base_url, service, get_settings().zone, tell)
    fills_disk = options.kills > 0 and not refusals
    if fills_disk:
        await asyncio.to_thread(chaos.bound_wal, service.database_url)
    if refusals:
        simulation.suffered.disk_full = f"skipped: {refusals[0]}"
    return await simulation.run(fills_disk)


@contextmanager
def _progress() -> Iterator[Tell]:
    """A bar on a terminal, else a line whenever something new begins and every few seconds."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def tell(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield tell


class _Lines:
    """Plain lines, not too many."""

    def __init__(self) -> None:
        self._what, self._told_at = "", 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._what or now - self._told_at > LINE_EVERY_S:
            self._what, self._told_at = what, now
            say(f"{what}: {done} of {total}" if total > 1 else f"{what} …")


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except EXPECTED as error:
        say(f"wangge simulate: {error}")
        raise typer.Exit(1) from error


def _end(_number: int, _frame: object) -> None:
    """SIGTERM: what was started is stopped, and the private service removed."""
    raise SystemExit(128 + signal.SIGTERM)


def _demo_password() -> str:
    from app.demo.loader import DEMO_PASSWORD  # imports the whole demo: only this default needs it

    return DEMO_PASSWORD
