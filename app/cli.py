"""The `wangge` command: every subcommand in one line, the work elsewhere."""

import importlib
import importlib.util
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperGroup

from app.kit.console import clear_errors, say
from app.settings import get_settings

OTHERS = {
    "account": "app.commands.account",
    "audit": "app.audit.cli",
    "backup": "app.commands.backup",
    "bench": "app.bench.cli",
    "calendar": "app.commands.calendar",
    "configuration": "app.commands.configuration",
    "db": "app.commands.database",
    "jobs": "app.commands.jobs",
    "reencrypt": "app.commands.reencrypt",
    "rejudge": "app.commands.rejudge",
    "replay": "app.replay.cli",
    "restore": "app.commands.restore",
    "retention": "app.patrol.retention.cli",
    "simulate": "app.fleet.cli",
}


class LazyGroup(TyperGroup):
    """Adds the commands of OTHERS, each imported when it's asked for: an API process shall not load a bench.

    The module's attribute of the command's name is a Typer app, or the function of a single command.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all commands, in the order of the help text."""
        there = [name for name, module in OTHERS.items() if importlib.util.find_spec(module)]
        return [*super().list_commands(ctx), *there]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        if cmd_name not in OTHERS or not importlib.util.find_spec(OTHERS[cmd_name]):
            return super().get_command(ctx, cmd_name)
        part = getattr(importlib.import_module(OTHERS[cmd_name]), cmd_name)
        if isinstance(part, typer.Typer):
            command: Any = typer.main.get_group(part)
        else:
            single = typer.Typer(add_completion=False)
            single.command(cmd_name)(part)
            command = typer.main.get_command(single)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its panels show locals, which may hold secrets and personal data
    help="Wangge 网格: run the service, feed it walks, measure it.",
)


@app.command()
def up(
    live: Annotated[
        bool, typer.Option("--live", help="Keep 40 handhelds of the demo county walking in real time.")
    ] = False,
) -> None:
    """Run everything: database, migrations, demo county, API, worker; Ctrl-C stops it."""
    from app.commands import up as command

    with clear_errors():
        command.run(get_settings(), live=live)


@app.command()
def serve(
    fd: Annotated[int | None, typer.Option(help="Listening socket inherited from `wangge up`.")] = None,
) -> None:
    """Run one API process against WANGGE_DATABASE_URL."""
    from app.kit import serving as command

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


def main() -> None:
    """Entry point of the `wangge` command."""
    app()
