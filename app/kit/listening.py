"""The sockets that the API processes accept on, opened by the supervisor.

One for each process, sharing the port: the kernel spreads connections over them, and those that wait in a
socket outlive the process that was to accept them.
"""

import errno
import socket

BACKLOG = 2048


class PortTakenError(Exception):
    """Another program listens there, or the address isn't ours."""


def open_sockets(host: str, port: int, count: int) -> list[socket.socket]:
    """`count` listening sockets on one address. Raises PortTakenError with what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # Alone first: sharing would also succeed beside another service of ours on the same port.
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
        return [_open(family, host, port) for _ in range(count)]
    except OSError as error:
        raise PortTakenError(_explain(error, host, port)) from error


def _open(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program. Stop that one (`ss -ltnp` shows it), "
            f"or choose another port: WANGGE_PORT={port + 1 if port < 65535 else 8000} scripts/run"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights; choose one above 1023 with WANGGE_PORT."
    return f"Can't listen on {host}:{port}: {error.strerror}. Set WANGGE_HOST and WANGGE_PORT."
