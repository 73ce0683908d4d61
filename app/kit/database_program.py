"""PostgreSQL's own programs (pg_dump, pg_restore) at work on a database, fed or read through a pipe."""

import contextlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy.engine import make_url

from app.kit.backup_file import BackupError


class DatabaseProgram:
    """A context: the running program. Its failure ends the block with BackupError.

    The password goes through the environment: other users of the machine see command lines.
    """

    def __init__(self, command: Sequence[str | Path], url: str, *, feeding: bool = False) -> None:
        parts: dict[str, Any] = dict(conninfo_to_dict(plain_url(url)))
        password = parts.pop("password", None)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WANGGE_")}
        if password:
            environment["PGPASSWORD"] = str(password)
        self._name = Path(command[0]).name
        self._process = subprocess.Popen(
            [*command, f"--dbname={make_conninfo(**parts)}"],
            env=environment,
            stdin=subprocess.PIPE if feeding else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if feeding else subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __enter__(self) -> "subprocess.Popen[bytes]":
        return self._process

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        process = self._process
        if error is not None and not isinstance(error, BrokenPipeError):
            process.kill()
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        said = process.stderr.read().decode(errors="replace") if process.stderr else ""
        code = process.wait()
        if code and (error is None or isinstance(error, BrokenPipeError)):
            raise BackupError(f"{self._name} failed ({code}): {said.strip()[-800:]}")


def plain_url(url: str) -> str:
    """`url` as PostgreSQL's own programs read it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
