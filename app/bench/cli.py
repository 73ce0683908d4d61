"""`wangge bench`: what the design promises, measured. Exit status 1 when a target is missed."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app.kit.console import clear_errors

bench = typer.Typer(
    no_args_is_help=True, help="Measure what the design promises, beside the machine's raw limits."
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Url = Annotated[
    str | None, typer.Option(help="A running service; else a private one is started and removed.")
]
console = Console(stderr=True)
TRUTH_COLUMNS = (
    "case",
    "sampling_s",
    "noise_m",
    "true_m",
    "ours_m",
    "worst_m",
    "naive_m",
    "error_pct",
    "worst_error_pct",
    "target",
    "ok",
)
"""What fits on a terminal; the JSON has more."""
TRACKS = Path(__file__).parents[2] / "tests" / "data" / "tracks"


def _say(line: str) -> None:
    console.print(line, style="dim")


def _print(rows: list[dict[str, Any]], *, as_json: bool, document: Any, misses: list[str]) -> None:
    if as_json:
        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    else:
        table = Table()
        for name in rows[0]:
            table.add_column(name, justify="left" if isinstance(rows[0][name], str) else "right")
        for row in rows:
            table.add_row(*(_shown(value) for value in row.values()))
        wide = Console()
        wide.width = max(wide.width, 150)  # a file has no width: rows there are better long than folded
        wide.print(table)
    for miss in misses:
        console.print(f"missed: {miss}", style="red")
    if misses:
        raise typer.Exit(1)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}".rstrip("0").rstrip(".")


def _figures(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"figure": name, "value": value} for name, value in document.items()]


@bench.command()
def ingest(
    as_json: AsJson = False,
    url: Url = None,
    walkers: Annotated[int, typer.Option(min=1, max=400, help="Handhelds that send.")] = 120,
    days: Annotated[int, typer.Option(min=1, max=44, help="Service days of each.")] = 5,
    processes: Annotated[int, typer.Option(min=1, max=16, help="API processes of the private service.")] = 2,
) -> None:
    """Batches of 60 fixes over HTTP, acknowledged after commit, every rule on, until the folder has caught up."""
    from app.bench import ingest as benchmark

    with clear_errors():
        result = benchmark.run(url=url, walkers=walkers, days=days, api_processes=processes, say=_say)
    _print(_figures(result.as_json()), as_json=as_json, document=result.as_json(), misses=result.misses)


@bench.command()
def sync(
    as_json: AsJson = False,
    pushes: Annotated[int, typer.Option(min=10, help="Pushes.")] = 400,
    items: Annotated[int, typer.Option(min=1, max=500, help="Items of a push.")] = 20,
    walkers: Annotated[int, typer.Option(min=2, max=400, help="Handhelds.")] = 40,
    seconds: Annotated[int, typer.Option(min=1, max=60, help="How long to pull.")] = 5,
    processes: Annotated[int, typer.Option(min=1, max=16, help="API processes of the private service.")] = 2,
) -> None:
    """New residents pushed, nothing new pulled, and the first load of a grid with 1,000 people."""
    from app.bench import sync as benchmark

    with clear_errors():
        result = benchmark.run(
            pushes=pushes, items=items, walkers=walkers, seconds=seconds, api_processes=processes, say=_say
        )
    _print(_figures(result.as_json()), as_json=as_json, document=result.as_json(), misses=result.misses)


@bench.command()
def refold(as_json: AsJson = False) -> None:
    """A full day of 2,880 fixes read, folded and stored again; a day's backlog in order and shuffled."""
    from app.bench import refold as benchmark

    with clear_errors():
        result = benchmark.run()
    _print(_figures(result.as_json()), as_json=as_json, document=result.as_json(), misses=result.misses)


@bench.command()
def growth(
    as_json: AsJson = False,
    fixes: Annotated[int, typer.Option(min=2_000_000, help="Fixes stored in the end.")] = 100_000_000,
) -> None:
    """One upload of 60 fixes when a million fixes are stored and when a hundred million are; takes minutes."""
    from app.bench import growth as benchmark

    with clear_errors():
        result = benchmark.run(fixes, _say)
    _print(_figures(result.as_json()), as_json=as_json, document=result.as_json(), misses=result.misses)


@bench.command()
def month(
    as_json: AsJson = False,
    inspectors: Annotated[
        int, typer.Option(min=100, help="Inspectors; the target shrinks with their number.")
    ] = 20_000,
) -> None:
    """A month of 20,000 inspectors judged and rolled up to all levels, then sealed and verified; takes minutes."""
    from app.bench import month as benchmark

    with clear_errors():
        result = benchmark.run(inspectors, _say)
    _print(_figures(result.as_json()), as_json=as_json, document=result.as_json(), misses=result.misses)


@bench.command()
def truth(
    as_json: AsJson = False,
    seeds: Annotated[int, typer.Option(min=1, max=200, help="Simulated days of each case.")] = 20,
    tracks: Annotated[
        Path, typer.Option(help="Folder with the recorded walks DC_*.gpx and MC_*.gpx.")
    ] = TRACKS,
) -> None:
    """Walkers, riders, ferries and idle phones with known paths: our metres beside the truth and the naive sum."""
    from app.bench import truth as benchmark

    missing = benchmark.recorded_missing(tracks)
    if missing:
        _say(missing)
    cases = list(track(benchmark.truth_cases(seeds, tracks), description="Folding days …", console=console))
    rows = [case.as_row() for case in cases]
    shown = [{name: row[name] for name in TRUTH_COLUMNS} for row in rows]
    misses = [f"{case.case} at {case.sampling_s} s: {case.target}" for case in cases if case.ok is False]
    _print(shown, as_json=as_json, document=rows, misses=misses)
