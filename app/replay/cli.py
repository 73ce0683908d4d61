"""`wangge replay`: recorded walks sent to the running service as a handheld would send them."""

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import Progress as Bar

from app.handheld.activated import Handheld
from app.handheld.api import Refused, Unreachable
from app.kit.clock import utc_now
from app.kit.console import say
from app.replay import report
from app.replay.batches import CoordSys
from app.replay.office import Office, UnknownThere
from app.replay.readers import read_walk
from app.replay.replaying import Outcome, Progress, Replay, Wanted
from app.replay.timing import DayUnusable
from app.replay.walk import EARLIEST, Walk, WalkUnreadable, joined, paced
from app.settings import Settings, get_settings

EXPECTED = (WalkUnreadable, DayUnusable, UnknownThere, Refused, Unreachable)
PACED_SAMPLING_S = 5.0
DEMO_SUPERVISOR = "county"
TIMEOUT_S = 30.0
PIPED_COLUMNS = 110


@dataclass(frozen=True, slots=True)
class _Reading:
    """How files become walks."""

    same_day: bool
    pace_mps: float | None
    sampling_s: float | None
    may_shift: bool


def replay(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="GPX, GeoJSON, PLT or CSV files.")],
    relocate: Annotated[
        bool,
        typer.Option("--relocate", help="Move the walk, in its true size, into a grid and onto a past day."),
    ] = False,
    as_: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="INSPECTOR",
            help="Who walks: user name, account id or grid code. By default the demo inspector, or with "
            "--relocate whoever serves the grid that the walk fits into.",
        ),
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DAY",
            help="The day, 2026-11-20. By default with --relocate the last working day that is over and free.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object; several walks as {days: [...]}.")
    ] = False,
    same_day: Annotated[
        bool,
        typer.Option("--same-day", help="All files are parts of one day; else each gets a day of its own."),
    ] = False,
    add: Annotated[
        bool, typer.Option("--add", help="Put the walk on the day even when another walk is there already.")
    ] = False,
    sampling: Annotated[
        float | None, typer.Option(min=0.1, max=3600, help="At most one fix every so many seconds.")
    ] = None,
    pace: Annotated[
        float | None,
        typer.Option(min=0.1, max=50, help="Metres a second, for files without times: walks their line."),
    ] = None,
    coord_sys: Annotated[
        str, typer.Option(metavar="wgs84|cgcs2000|gcj02|bd09", help="What the coordinates of the files are.")
    ] = "wgs84",
    url: Annotated[
        str | None, typer.Option(help="The service; by default the one on this machine.", show_default=False)
    ] = None,
    supervisor: Annotated[
        str,
        typer.Option(envvar="WANGGE_REPLAY_SUPERVISOR", help="Account that issues the activation code."),
    ] = DEMO_SUPERVISOR,
    password: Annotated[
        str | None,
        typer.Option(
            envvar="WANGGE_REPLAY_PASSWORD",
            help="The supervisor's password; by default the demo's.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Replay recorded walks as an activated handheld; see how the day is judged.

    Replaying the same file again changes nothing. Several files become walks
    on several days, each before the last.

    Exits with 0 when every fix was stored and the day was judged, be it pass
    or fail; with 1 when fixes were refused (they are listed), the day is
    missing, or a file or the service makes it impossible.
    """
    settings = get_settings()
    reading = _Reading(same_day, pace, sampling, may_shift=relocate or on is not None)
    with _clear_errors():
        if coord_sys not in CoordSys.__args__:  # type: ignore[attr-defined]
            raise WalkUnreadable(f"--coord-sys {coord_sys} is none of {', '.join(CoordSys.__args__)}")  # type: ignore[attr-defined]
        walks = _read(files, reading, settings)
        wanted = Wanted(relocate, as_, on.date() if on else None, add, coord_sys)  # type: ignore[arg-type]
        account = supervisor, password or _demo_password()
        outcomes = asyncio.run(_replay_all(walks, wanted, url or local_url(settings), account, settings))
    _print(outcomes, as_json, settings)
    raise typer.Exit(1 if any(outcome.faults for outcome in outcomes) else 0)


def _read(files: Sequence[Path], reading: _Reading, settings: Settings) -> list[Walk]:
    walks = []
    for path in files:
        walk = read_walk(path, settings.zone)
        if walk.at_ms is None and reading.pace_mps is not None:
            if not reading.may_shift:
                raise WalkUnreadable(
                    f"{path}: it carries no times; besides --pace it needs --on or --relocate"
                )
            walk = paced(walk, reading.pace_mps, reading.sampling_s or PACED_SAMPLING_S, EARLIEST)
        elif reading.sampling_s is not None:
            walk = walk.thinned(reading.sampling_s)
        walk.times_ms  # noqa: B018 - says what to do where there are none
        walks.append(walk)
    return [joined(walks)] if reading.same_day else walks


async def _replay_all(
    walks: Sequence[Walk], wanted: Wanted, url: str, account: tuple[str, str], settings: Settings
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False) as client:
        office = Office(client)
        await _require_service(client)
        await office.sign_in(*account)
        player = Replay(office, Handheld(client), wanted, zone=settings.zone, now=utc_now(), say=say)
        placed = await player.prepare(walks)
        shifts = wanted.relocate or wanted.day is not None
        for walk, spot in placed:
            before = outcomes[-1].service_day if outcomes and shifts else None
            with _progress(walk) as progress:
                outcomes.append(await player.replay(walk, spot, progress, before))
    return outcomes


async def _require_service(client: httpx.AsyncClient) -> None:
    """A service that isn't there at all is told at once instead of after all retries."""
    try:
        await client.get("/health/live")
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise Unreachable(
            f"no service answers at {client.base_url} ({error}); start it with scripts/run, or name it with --url"
        ) from error


@contextmanager
def _progress(walk: Walk) -> Iterator[Progress]:
    if not sys.stderr.isatty():
        say(f"Sending {len(walk)} fixes of {walk.name} …")
        yield lambda _done, _total: None
        return
    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"Sending {walk.name}", total=len(walk))
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print(outcomes: Sequence[Outcome], as_json: bool, settings: Settings) -> None:
    if as_json:
        documents = [report.document(outcome) for outcome in outcomes]
        whole = (
            documents[0]
            if len(documents) == 1
            else {"ok": all(d["ok"] for d in documents), "days": documents}
        )
        typer.echo(json.dumps(whole, ensure_ascii=False, indent=1))
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_COLUMNS)
    for outcome in outcomes:
        report.show(outcome, console, settings.zone)


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except EXPECTED as error:
        say(f"wangge replay: {error}")
        raise typer.Exit(1) from error


def local_url(settings: Settings) -> str:
    """Where the service of these settings listens, as seen from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{host}:{settings.port}"


def _demo_password() -> str:
    from app.demo.loader import DEMO_PASSWORD  # imports the whole demo: only this default needs it

    return DEMO_PASSWORD
