"""Choose ports: the ones people know first, a free one where those are taken.

A port that was chosen belongs to this installation until it is closed: a lock file on this machine
says so to the others. Looking whether a port is free is not enough. Two that look in the same
second would both take it, and our web servers would even share it (they listen with SO_REUSEPORT).
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from crowdfund.local.errors import StackError

PREFERRED: Mapping[str, int] = {
    "web": 5000,
    "events": 5001,
    "chain": 8545,
    "gateway": 8600,
    "identity": 8700,
    "mail": 8025,
    "smtp": 1025,
    "clock": 8026,
}
HOST = "127.0.0.1"
NAME = "localhost"  # what people open: a passkey belongs to a name, never to an address
# Not the temporary folder of this person or shell: all installations must meet in one place.
LOCKS = Path("/tmp/crowdfund-ports")  # noqa: S108 - locks only; nothing is read from it


class Held:
    """Ports that belong to this installation until `close`, or until its process ends."""

    def __init__(self, locks: Path = LOCKS) -> None:
        self._locks = locks
        self._files: dict[int, IO[bytes]] = {}

    def choose(
        self, remembered: Path, *, preferred: Mapping[str, int] = PREFERRED
    ) -> dict[str, int]:
        """Return a held port per name: the one of last time, else the preferred, else a free one.

        The choice is written to `remembered`, so that addresses stay the same from start to start.
        """
        before = _read(remembered)
        chosen = {
            name: self._first((before.get(name, wanted), wanted))
            for name, wanted in preferred.items()
        }
        remembered.write_text(json.dumps(chosen, indent=1))
        return chosen

    def choose_free(self, names: Iterable[str] = PREFERRED) -> dict[str, int]:
        """Return held ports that nobody knows in advance, for tests that run side by side."""
        return {name: self._first(()) for name in names}

    def take_all(self, chosen: Mapping[str, int]) -> dict[str, int]:
        """Hold just these ports; raises StackError when one is taken."""
        for name, port in chosen.items():
            if not self.take(port):
                raise StackError(f"Port {port}, chosen for {name}, is used by another program.")
        return dict(chosen)

    def take(self, port: int) -> bool:
        """Hold a port; False if another installation holds it or a process listens there."""
        if port in self._files:
            return False
        file = self._open(port)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        if not is_free(port):
            file.close()
            return False
        self._files[port] = file
        return True

    def close(self) -> None:
        """Let all ports go."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _first(self, wanted: Iterable[int]) -> int:
        for port in wanted:
            if port and self.take(port):
                return port
        while True:
            port = free_port()
            if self.take(port):
                return port

    def _open(self, port: int) -> IO[bytes]:
        """Open the lock file of a port; one that another person made is good enough to read."""
        try:
            self._locks.mkdir(exist_ok=True)
            if self._locks.stat().st_uid == os.getuid():
                self._locks.chmod(0o1777)
            path = self._locks / str(port)
            if not path.exists():
                made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)
                os.fchmod(made, 0o644)  # whatever the umask: others must be able to open it
                os.close(made)
            return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        except OSError as error:
            raise StackError(
                f"The lock of port {port} cannot be opened: {error}. "
                f"Remove {self._locks} and try again."
            ) from None


def is_free(port: int) -> bool:
    """Return whether a server could listen here; a listener on any address counts as taken."""
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


def free_port() -> int:
    """Return a port that is free at this moment; nobody holds it."""
    with socket.socket() as server:
        server.bind((HOST, 0))
        port: int = server.getsockname()[1]
    return port


def _read(path: Path) -> dict[str, int]:
    try:
        before = {str(name): int(port) for name, port in json.loads(path.read_text()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
    return {name: port for name, port in before.items() if 0 < port < 65_536}
