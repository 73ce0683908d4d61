"""Settings with a database that answers: the server named in the environment, else the embedded cluster."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from app.kit import metrics, run_lock
from app.kit.cluster import Cluster
from app.kit.secrets import master_key
from app.settings import Settings

Say = Callable[[str], None]


def prepare_data_dir(settings: Settings) -> Path:
    """The data directory as an absolute path, made if missing."""
    data_dir = settings.data_dir.absolute()
    data_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
    return data_dir


def with_embedded_defaults(settings: Settings, url: str) -> Settings:
    """Settings of a process on the embedded cluster at `url`; its secrets come from the data directory.

    The demo county's passwords are allowed here and nowhere else, unless WANGGE_DEMO_PASSWORDS says no.
    """
    changes: dict[str, object] = {"database_url": url, "data_dir": settings.data_dir.absolute()}
    if settings.master_key is None:
        changes["master_key"] = SecretStr(master_key(settings.data_dir.absolute()))
    if "demo_passwords" not in settings.model_fields_set:
        changes["demo_passwords"] = True
    return settings.model_copy(update=changes)


@contextmanager
def database_of(settings: Settings, *, say: Say) -> Iterator[Settings]:
    """Settings whose database answers. The embedded cluster is used if it runs, else started for the block.

    Raises ClusterError, AlreadyRunningError.
    """
    if settings.database_url:
        yield settings
        return
    data_dir = prepare_data_dir(settings)
    cluster = Cluster(data_dir, say=say)
    if cluster.running_pid():
        yield with_embedded_defaults(settings, cluster.start())
        return
    with run_lock.hold(data_dir):
        try:
            yield with_embedded_defaults(settings, cluster.start())
        finally:
            cluster.stop()


def environment_of(settings: Settings) -> dict[str, str]:
    """Environment for the processes of a service that shall have the same settings, and share their metrics.

    One API process keeps its metrics in memory, which is a little faster.
    """
    variables = {**os.environ, "WANGGE_DATA_DIR": str(settings.data_dir.absolute())}
    if settings.database_url:
        variables["WANGGE_DATABASE_URL"] = settings.database_url
    if settings.master_key:
        variables["WANGGE_MASTER_KEY"] = settings.master_key.get_secret_value()
    variables["WANGGE_DEMO_PASSWORDS"] = str(settings.demo_passwords).lower()
    if settings.api_processes > 1:
        variables[metrics.SHARED_VARIABLE] = str(
            metrics.shared_folder(prepare_data_dir(settings) / "metrics")
        )
    return variables
