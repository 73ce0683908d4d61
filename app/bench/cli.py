"""`wangge bench`: what the design promises, measured. Exit status 1 when a target is missed."""

from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
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
        Console().print(table)
    for miss in misses:
        console.print(f"missed: {miss}", style="red")
    if misses:
        raise typer.Exit(1)


def _shown(value: Any) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _figures(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"figure": name, "value": value} for name, value in document.items()]


@bench.command()
def ingest(
    as_json: AsJson = False,
    url: Url = None,
    walkers: Annotated[int, typer.Option(min=1, max=400, help="Handhelds that send.")] = 120,
    days: Annotated[int, typer.Option(min=1, max=44, help="Service days of each.")] = 5,
    processes: Annotated[int, typer.Option(min=1, max=16, help="API processes of the private service.")] = 1,
) -> None:
    """Batches of 60 fixes over HTTP, acknowledged after commit, every rule on, until the folder has caught up."""
    from app.bench import ingest as benchmark

    with clear_errors():
        result = benchmark.run(url=url, walkers=walkers, days=days, api_processes=processes, say=_say)
    _print(_figures(result.as_json()), as_json=as_json, document=result.as_json(), misses=result.misses)
