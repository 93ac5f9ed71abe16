"""The platform's own processes: how each is started and how one knows that it answers."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path

from crowdfund.local.ports import HOST
from crowdfund.local.programs import Program, python

QUEUES = ("chain", "payments", "messages", "default")
MAX_OPEN_STREAMS = 8192
# What the fork server imports: the programs, and what more than one of them loads after its start.
SHARED = (
    "app",
    "crowdfund.kernel.events",
    "crowdfund.local.bill_bitts.app",
    "crowdfund.local.bill_bitts.deliveries",
    "crowdfund.local.identity_provider.app",
    "crowdfund.local.mail_catcher.pages",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "granian.cli",
    "granian.server",
    "granian.server.embed",
    "rq",
    "sqlalchemy.dialects.sqlite.pysqlite",
)


@dataclass(frozen=True)
class Answers:
    """A probe: does an HTTP server answer on this port, with anything but a crash?"""

    port: int
    path: str = "/"

    def __call__(self) -> bool:
        """Ask once."""
        connection = HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", self.path, headers={"Connection": "close"})
            return connection.getresponse().status < 500
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def web(port: int, env: Mapping[str, str], *, processes: int = 2) -> Program:
    """Return the web server; WEB_SERVER chooses between granian (default) and gunicorn."""
    chosen = env.get("WEB_SERVER", "granian")
    argv = {"granian": _granian_web, "gunicorn": _gunicorn_web}[chosen](port, processes)
    return Program("web", argv, env, ready=Answers(port, "/health"), ports=(port,))


def _granian_web(port: int, processes: int) -> list[str]:
    return python(
        "granian",
        "app:app",
        interface="wsgi",
        host=HOST,
        port=port,
        workers=processes,
        blocking_threads=4,
        http=1,
        no_ws=True,
        workers_kill_timeout=3,
        respawn_failed_workers=True,
    )


def _gunicorn_web(port: int, processes: int) -> list[str]:
    return python(
        "gunicorn",
        "app:app",
        bind=f"{HOST}:{port}",
        workers=processes,
        threads=4,
        graceful_timeout=3,
    )


def events(port: int, env: Mapping[str, str]) -> Program:
    """Return the event stream server: one process holds thousands of open pages."""
    argv = python(
        "granian",
        "crowdfund.kernel.events:app",
        interface="asgi",
        host=HOST,
        port=port,
        workers=1,
        backlog=MAX_OPEN_STREAMS,
        backpressure=MAX_OPEN_STREAMS,
        http=1,
        no_ws=True,
        workers_kill_timeout=1,
        respawn_failed_workers=True,
    )
    return Program("events", argv, env, ready=Answers(port, "/health"), ports=(port,))


def worker(queue: str, env: Mapping[str, str]) -> Program:
    """Return the worker of one queue."""
    return Program(f"worker-{queue}", [sys.executable, "worker.py", queue], env)


def relay(env: Mapping[str, str]) -> Program:
    """Return the relay: it wakes the workers and runs the schedule."""
    return Program("relay", [sys.executable, "-m", "crowdfund.kernel.relay"], env)


def gateway(port: int, env: Mapping[str, str], *, web_url: str) -> Program:
    """Return the simulator of the payment gateway, which calls our webhook."""
    callback = f"{web_url}/webhooks/neo-payment/"
    argv = python(
        "crowdfund.local.bill_bitts", port=port, callback=callback, shop_url=env["PUBLIC_URL"]
    )
    return Program("gateway", argv, env, ready=Answers(port, "/health"), ports=(port,))


def identity(port: int, env: Mapping[str, str], *, secret_file: Path) -> Program:
    """Return the demo identity provider, at which people sign in to the platform."""
    argv = python(
        "crowdfund.local.identity_provider",
        port=port,
        client=env["OIDC_CLIENT_ID"],
        secret_file=secret_file,
        redirect_uri=f"{env['PUBLIC_URL']}/sign-in/oidc/callback",
    )
    return Program("identity", argv, env, ready=Answers(port), ports=(port,))


def mail(port: int, smtp_port: int, env: Mapping[str, str]) -> Program:
    """Return the mail catcher: SMTP on one port, a page on the other."""
    argv = python("crowdfund.local.mail_catcher", port=port, smtp_port=smtp_port)
    return Program("mail", argv, env, ready=Answers(port), ports=(port, smtp_port))


def clock_panel(port: int, env: Mapping[str, str]) -> Program:
    """Return the page that moves the platform's clock, which holds the chain to it as well."""
    argv = python("crowdfund.local.clock_panel", port=port)
    return Program("clock", argv, env, ready=Answers(port), ports=(port,))


def exists(program: Program) -> bool:
    """Return whether the module that a program runs is part of this checkout."""
    if "-m" not in program.argv:
        return True
    name = program.argv[program.argv.index("-m") + 1]
    found = find_spec(name)
    if found is not None and found.submodule_search_locations is not None:
        found = find_spec(f"{name}.__main__")
    return found is not None
