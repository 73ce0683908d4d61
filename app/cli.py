"""The `wangge` command: every subcommand in one line, the work elsewhere."""

import importlib
import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from app.commands.database import db
from app.kit.console import clear_errors, say
from app.settings import get_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its panels show locals, which may hold secrets and personal data
    help="Wangge 网格: run the service, feed it walks, measure it.",
)
app.add_typer(db, name="db")


@app.command()
def up() -> None:
    """Run everything: database, migrations, demo county, API, worker; Ctrl-C stops it."""
    from app.commands import up as command

    with clear_errors():
        command.run(get_settings())


@app.command()
def serve(
    fd: Annotated[int | None, typer.Option(help="Listening socket inherited from `wangge up`.")] = None,
) -> None:
    """Run one API process against WANGGE_DATABASE_URL."""
    from app.commands import serve as command

    with clear_errors():
        command.run(get_settings(), fd)


@app.command()
def worker() -> None:
    """Run the jobs of every domain against WANGGE_DATABASE_URL."""
    from app.kit.processes import die_with_supervisor
    from app.worker import main as run_worker

    die_with_supervisor()
    with clear_errors():
        run_worker()


@app.command()
def demo() -> None:
    """Load the demo county unless it is there already, and print its accounts."""
    from app.commands import demo as command
    from app.kit.embedded import database_of

    with clear_errors(), database_of(get_settings(), say=say) as settings:
        command.load_once(settings, say)
        for line in command.account_lines():
            typer.echo(line)


@app.command()
def openapi(
    check: Annotated[
        bool,
        typer.Option("--check", help="Change nothing; fail when the file is stale or a client would break."),
    ] = False,
    release: Annotated[
        bool, typer.Option("--release", help="Also make it the contract that later versions must keep.")
    ] = False,
) -> None:
    """Export the OpenAPI document to openapi/openapi.json."""
    from app.commands import openapi as command

    problems = command.check() if check else command.export(release=release)
    for problem in problems:
        say(problem)
    raise typer.Exit(1 if problems else 0)


@app.command()
def requirements(
    json: Annotated[bool, typer.Option("--json", help="One JSON object: ID to its passing tests.")] = False,
    record: Annotated[
        Path | None,
        typer.Option(help="A record written by a test run; by default the last one of scripts/test."),
    ] = None,
) -> None:
    """Show which requirements of the source documents have passing tests."""
    from app.commands import requirements as command

    with clear_errors():
        raise typer.Exit(command.show(as_json=json, record=record))


def _mount(module: str, name: str, attribute: str) -> None:
    """Adds a domain's own commands: a Typer app as a group, a function as one command."""
    part = getattr(importlib.import_module(module), attribute)
    if isinstance(part, typer.Typer):
        app.add_typer(part, name=name)
    else:
        app.command(name)(part)


for _module, _name, _attribute in (
    ("app.replay.cli", "replay", "replay"),
    ("app.bench.cli", "bench", "bench"),
    ("app.audit.cli", "audit", "audit"),
):
    if importlib.util.find_spec(_module):
        _mount(_module, _name, _attribute)


def main() -> None:
    """Entry point of the `wangge` command."""
    app()
