"""Talking to the person at the keyboard: progress on stderr, errors as one clear line and exit code 1."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError

from app.kit.backup_file import BackupError
from app.kit.cluster_home import ClusterError
from app.kit.listening import PortTakenError
from app.kit.run_lock import AlreadyRunningError
from app.kit.supervisor import GivenUpError

EXPECTED = (
    BackupError,
    ClusterError,
    AlreadyRunningError,
    PortTakenError,
    GivenUpError,
    PermissionError,
)


def say(text: str) -> None:
    """One line of progress; stdout stays free for results."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turns what a user can mend into its message; anything else keeps its traceback."""
    try:
        yield
    except EXPECTED as error:
        say(f"wangge: {error}")
        raise typer.Exit(1) from error
    except ValidationError as error:
        for each in error.errors():
            name = "_".join(str(part) for part in each["loc"]).upper()
            say(f"wangge: {f'WANGGE_{name}: ' if name else ''}{each['msg']}")
        raise typer.Exit(1) from error
