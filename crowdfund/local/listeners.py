"""Who listens on a port: the proof that an answer comes from our own child."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"
CAN_TELL = sys.platform == "linux"


def of_port(port: int) -> set[str]:
    """Return the inodes of all sockets that listen on a port, on any local address."""
    found = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(fields[9])
    return found


def of_group(group: int) -> set[str]:
    """Return the inodes of all sockets that the processes of a group hold."""
    found = set()
    for process in _members(group):
        with suppress(OSError):
            for entry in os.scandir(process / "fd"):
                with suppress(OSError):
                    target = os.readlink(entry.path)
                    if target.startswith("socket:["):
                        found.add(target[8:-1])
    return found


def strangers(port: int, group: int) -> bool:
    """Return whether a process outside a group listens on a port; False if that cannot be known."""
    return CAN_TELL and bool(of_port(port) - of_group(group))


def _members(group: int) -> Iterator[Path]:
    for process in PROC.glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                yield process
