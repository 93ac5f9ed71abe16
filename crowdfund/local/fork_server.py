"""`python -m crowdfund.local.fork_server FD MODULE …`: import what programs share, then fork them.

Programs that are forked share the memory of everything imported here, and start in milliseconds.
Requests arrive on the socket FD: one JSON object a message, with the file descriptor of a log.

Each program is forked twice and the process in between ends at once, so that the supervisor, which
made itself a subreaper, becomes the parent: it waits for the program and ends it like any other
child, and the program lives on when this server ends.

Only the thread that called fork() lives in the copy, and copied connections would be shared. So
this process never has a second thread, and no socket but FD.
"""

import ctypes
import gc
import json
import os
import runpy
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

READY = b"ready"
LONGEST = 65_536
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
ADOPTED_WITHIN_S = 60.0


@dataclass(frozen=True)
class Job:
    """A program to run: command line after the interpreter, name, death signal and parent."""

    arguments: list[str]
    name: str
    death_signal: int
    parent: int


def main() -> None:
    """Serve until the supervisor closes the socket; in a forked process, run the program."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    preload(sys.argv[2:])
    channel.send(READY)
    job = serve(channel)
    if job is not None:
        run(job.arguments)


def preload(names: Sequence[str]) -> None:
    """Import what programs share, and keep the garbage collector from writing to those pages.

    Raises RuntimeError when an import started a thread.
    """
    gc.disable()
    for name in names:
        import_module(name)
    if "app" in names:
        warm_up()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's alone
    if trim is not None:
        trim(0)
    gc.freeze()
    gc.enable()
    if threading.active_count() > 1 or threads() > 1:
        raise RuntimeError("an import started a thread, so nothing can be forked safely")


def warm_up() -> None:
    """Do once what every program would do at its first request or job; nothing is connected."""
    import_module("sqlalchemy.orm").configure_mappers()
    import_module("app").app.url_map.update()
    # OpenSSL loads its algorithms at the first key: 4 MB in each program that has one.
    import_module("cryptography.hazmat.primitives.asymmetric.rsa").generate_private_key(
        65_537, 2_048
    )


def threads() -> int:
    """Return how many threads this process has, those of native libraries too."""
    return len(os.listdir("/proc/self/task"))


def serve(channel: socket.socket) -> Job | None:
    """Fork a program for each request; returns its job in the new process, None at the end."""
    while True:
        message, files, _flags, _address = socket.recv_fds(channel, LONGEST, 1)
        if not message:
            return None
        job = Job(**json.loads(message))
        between = os.fork()
        if between == 0:
            if os.fork():
                os._exit(0)
            become(job, channel, output=files[0])
            return job
        os.waitpid(between, 0)
        os.close(files[0])


def become(job: Job, channel: socket.socket, *, output: int) -> None:
    """Make this process a child of the supervisor, in its own session, writing to its own log."""
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    until_adopted(job.parent)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, job.death_signal)
    if os.getppid() != job.parent:  # the supervisor died before the line above
        os._exit(1)
    libc.prctl(PR_SET_NAME, job.name.encode()[:15])
    channel.send(str(os.getpid()).encode())
    channel.close()


def until_adopted(parent: int) -> None:
    """Wait until the process in between has ended; end this one if another process adopted it."""
    deadline = time.monotonic() + ADOPTED_WITHIN_S
    while os.getppid() != parent:
        if time.monotonic() > deadline:
            os._exit(1)
        time.sleep(0.001)


def run(arguments: list[str]) -> None:
    """Run `-m module …` or `script.py …` as the interpreter would."""
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
