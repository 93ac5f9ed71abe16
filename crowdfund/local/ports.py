"""Choose ports: the ones people know first, a free one where those are taken."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path

PREFERRED: Mapping[str, int] = {
    "web": 5000,
    "events": 5001,
    "chain": 8545,
    "gateway": 8600,
    "identity": 8700,
    "mail": 8025,
    "smtp": 1025,
}
HOST = "127.0.0.1"
NAME = "localhost"  # what people open: a passkey belongs to a name, never to an address


def is_free(port: int) -> bool:
    """Tell whether a server could listen here; a listener on any address counts as taken."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        if probe.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(remembered: Path, *, preferred: Mapping[str, int] = PREFERRED) -> dict[str, int]:
    """Return a port per name: the one of last time, else the preferred, else a free one.

    The choice is written to `remembered`, so that addresses stay the same from start to start.
    """
    before = _read(remembered)
    chosen: dict[str, int] = {}
    for name, wanted in preferred.items():
        for port in (before.get(name, wanted), wanted):
            if port and port not in chosen.values() and is_free(port):
                chosen[name] = port
                break
        else:
            chosen[name] = free_port(exclude=set(chosen.values()))
    remembered.write_text(json.dumps(chosen, indent=1))
    return chosen


def choose_free(names: Mapping[str, int] = PREFERRED) -> dict[str, int]:
    """Return ports that nobody knows in advance, for tests that run side by side."""
    chosen: dict[str, int] = {}
    for name in names:
        chosen[name] = free_port(exclude=set(chosen.values()))
    return chosen


def free_port(*, exclude: set[int] = frozenset()) -> int:  # type: ignore[assignment]
    """Return a port that is free now and is not in `exclude`."""
    while True:
        with socket.socket() as server:
            server.bind((HOST, 0))
            port: int = server.getsockname()[1]
        if port not in exclude:
            return port


def _read(path: Path) -> dict[str, int]:
    try:
        return {str(name): int(port) for name, port in json.loads(path.read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return {}
