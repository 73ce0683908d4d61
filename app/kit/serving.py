"""One API process."""

import gc
import socket
from typing import Any

import uvicorn

from app.kit.header_guard import GuardedProtocol
from app.kit.listening import open_sockets
from app.kit.processes import die_with_supervisor
from app.settings import Settings

KEEP_ALIVE_S = 75  # longer than a handheld's pause between two uploads in a burst
GRACE_S = 15


def run(settings: Settings, fd: int | None) -> None:
    """Serves until SIGTERM, on the socket the supervisor opened (`fd`) or on one of its own."""
    die_with_supervisor()
    listener = (
        socket.socket(fileno=fd) if fd is not None else open_sockets(settings.host, settings.port, 1)[0]
    )
    config = uvicorn.Config(
        "app.main:create_app_from_environment", factory=True, **uvicorn_settings(settings.trusted_proxies)
    )
    serve(config, listener)


def serve(config: uvicorn.Config, listener: socket.socket) -> None:
    """Loads the application and serves it until SIGTERM."""
    config.load()
    _calm_collector()
    uvicorn.Server(config).run(sockets=[listener])


def _calm_collector() -> None:
    """What was imported stays: the garbage collector need not look at it after every few hundred objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def uvicorn_settings(trusted_proxies: str | None = None) -> dict[str, Any]:
    """How every server of ours runs, also the one that a benchmark compares with.

    Nobody's word about where a request comes from is believed but that of `trusted_proxies`.
    """
    return {
        "proxy_headers": trusted_proxies is not None,
        "forwarded_allow_ips": trusted_proxies or "",
        "loop": "uvloop",
        "http": GuardedProtocol,
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_keep_alive": KEEP_ALIVE_S,
        "timeout_graceful_shutdown": GRACE_S,
    }
