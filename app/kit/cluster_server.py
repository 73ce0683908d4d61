"""PostgreSQL's programs: which version, initdb, the server's settings and its command line."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from app.kit.cluster_home import ClusterError, ClusterHome

DEBIAN_ROOT = Path("/usr/lib/postgresql")
MIN_MAJOR = 15
LOG_MAX_BYTES = 20 << 20
INSTALL_HINT = "install it (Debian: postgresql-15 and postgresql-15-postgis-3), or set WANGGE_DATABASE_URL"


def programs(major: int | None = None) -> Path:
    """Folder of PostgreSQL's programs: the version asked for, else the newest that has PostGIS."""
    candidates = sorted(
        ((int(p.parent.parent.name), p.parent) for p in DEBIAN_ROOT.glob("[0-9]*/bin/postgres")), reverse=True
    )
    if not candidates and (elsewhere := shutil.which("pg_config")):
        candidates = [_ask_pg_config(elsewhere)]
    for version, folder in candidates:
        if major in (None, version) and version >= MIN_MAJOR and _has_postgis(folder):
            return folder
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {MIN_MAJOR} or newer"
    raise ClusterError(f"{wanted} with PostGIS isn't installed: {INSTALL_HINT}.")


def client_program(name: str, server_major: int) -> Path:
    """One of PostgreSQL's client programs that suits the server: of its own version, else of a newer one.

    Raises ClusterError.
    """
    found = {int(p.parent.parent.name): p for p in DEBIAN_ROOT.glob(f"[0-9]*/bin/{name}")}
    suited = [version for version in sorted(found) if version >= server_major]
    if suited:
        return found[suited[0]]
    if elsewhere := shutil.which(name):  # if it is too old for the server, it says so itself
        return Path(elsewhere)
    raise ClusterError(f"{name} {server_major} isn't installed (Debian: postgresql-client-{server_major}).")


def initialise(home: ClusterHome, role: str) -> None:
    """Makes the data directory: aside first, then renamed, so that an interruption leaves nothing half."""
    unfinished = home.path / "data.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    made = _run(
        home,
        [
            programs() / "initdb",
            f"--pgdata={unfinished}",
            f"--username={role}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=trust",
            "--data-checksums",
            "--no-instructions",
        ],
    )
    if made.returncode:
        raise ClusterError(f"initdb failed:\n{made.stderr.strip() or made.stdout.strip()}")
    with (unfinished / "postgresql.conf").open("a") as configuration:
        configuration.write("\n# Wangge: sized once for this machine; change freely, or use ALTER SYSTEM\n")
        configuration.writelines(f"{name} = {value}\n" for name, value in settings().items())
    if home.data.exists():  # an empty or foreign folder; PG_VERSION is missing
        home.data.rename(home.path / f"data.unreadable-{os.getpid()}")
    unfinished.rename(home.data)


def settings() -> dict[str, str]:
    """Settings for a small machine that also runs the API, sized by its memory."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return {
        "synchronous_commit": "on",  # what is acknowledged is on disk
        "max_connections": "100",
        "shared_buffers": f"{min(max(memory_mb // 8, 128), 1024)}MB",
        "effective_cache_size": f"{max(memory_mb // 2, 512)}MB",
        "work_mem": "8MB",
        "maintenance_work_mem": "128MB",
        "wal_compression": "lz4",
        "min_wal_size": "256MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",  # compiling costs more than our short statements take
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_line_prefix": "'%m [%p] '",
        # a failing statement and the DETAIL of a violated constraint would carry personal data into the log
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }


def launch(home: ClusterHome, port: int, *, durable: bool) -> subprocess.Popen[bytes]:
    """Starts the server in a session of its own, its output in the home's log."""
    major = int((home.data / "PG_VERSION").read_text().strip())
    options = {
        "listen_addresses": "",
        "port": str(port),
        "unix_socket_directories": str(home.prepare_sockets()).replace(",", "\\,"),
        "unix_socket_permissions": "0700",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    command = [str(programs(major) / "postgres"), "-D", str(home.data)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    if home.log.exists() and home.log.stat().st_size > LOG_MAX_BYTES:
        home.log.replace(home.log.with_suffix(".log.old"))
    with home.log.open("ab") as log:
        server: subprocess.Popen[bytes] = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **_place(home)
        )
    return server


def _run(home: ClusterHome, command: list[Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, **_place(home))


def _place(home: ClusterHome) -> dict[str, Any]:
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(home.path)}
    return {"cwd": home.path, "env": environment, **home.user.popen_arguments()}


def _has_postgis(folder: Path) -> bool:
    if folder.is_relative_to(DEBIAN_ROOT):
        return Path(f"/usr/share/postgresql/{folder.parent.name}/extension/postgis.control").exists()
    answer = subprocess.run([folder / "pg_config", "--sharedir"], check=True, capture_output=True, text=True)
    return (Path(answer.stdout.strip()) / "extension/postgis.control").exists()


def _ask_pg_config(program: str) -> tuple[int, Path]:
    ask = [
        subprocess.run([program, o], check=True, capture_output=True, text=True)
        for o in ("--version", "--bindir")
    ]
    version, folder = (answer.stdout.strip() for answer in ask)
    return int(version.split()[1].split(".")[0]), Path(folder)
