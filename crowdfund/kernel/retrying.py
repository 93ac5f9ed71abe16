"""Run a request a second time when the database undid the first run in favour of another one.

A deadlock is nobody's mistake: the database ends one of two transactions, and that one succeeds
when it is done again. The whole request runs again from its first byte in a new transaction.
"""

import random
import time
from collections.abc import Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO

from flask import Flask

from crowdfund.kernel import db
from crowdfund.kernel.db import Fault
from crowdfund.kernel.i18n import _, _l

PAUSE_S = (0.05, 0.15)
IN_MEMORY = 256 * 1024
_KEY = "crowdfund.rerun"
Start = Callable[..., Any]
_SENTENCES = {
    Fault.LOST: _l(
        "Our database does not answer at the moment. Nothing was saved by this request. "
        "Try again in a few seconds."
    ),
    Fault.CONFLICT: _l(
        "Someone else changed this at the same moment. Nothing was saved by this request. "
        "Try again."
    ),
    Fault.BUSY: _l(
        "Many changes are being saved at the moment. Nothing was saved by this request. "
        "Try again in a few seconds."
    ),
    Fault.FULL: _l(
        "We cannot save anything at the moment. Nothing was saved by this request. Try again later."
    ),
}


def init_app(app: Flask) -> None:
    """Wrap an app so that its requests may run a second time."""
    app.wsgi_app = Rerunning(app.wsgi_app)  # type: ignore[method-assign]


def sentence(fault: Fault, *, in_commit: bool) -> str:
    """Return what a person reads about a fault of the database."""
    if fault is Fault.LOST and in_commit:
        return _(
            "Our database stopped answering while this was being saved. We cannot tell whether it "
            "was saved: look before you try again."
        )
    return str(_SENTENCES[fault])


class Rerunning:
    """WSGI middleware: runs a request again, once, when its first run has asked for that."""

    def __init__(self, wsgi_app: Callable[[dict[str, Any], Start], Iterable[bytes]]) -> None:
        self._app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer a request; what the first run answered is dropped if there is a second one."""
        body = environ["wsgi.input"] = Recorded(environ["wsgi.input"])
        run = environ[_KEY] = _Run()
        started: list[Any] = []
        answer = self._app(environ, lambda *args: started.append(args))
        if not run.wanted_again:
            start_response(*started[0])
            return answer
        if hasattr(answer, "close"):
            answer.close()
        body.rewind()
        run.is_last = True
        # The other transaction waits for the same lock and should have it first.
        time.sleep(random.uniform(*PAUSE_S))  # noqa: S311 - nothing secret
        return self._app(environ, start_response)


class _Run:
    """What is known of a request's run."""

    def __init__(self) -> None:
        self.is_last = False
        self.wanted_again = False


class Recorded:
    """The body of a request, stored while it is read, so that it can be read a second time."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._stored: SpooledTemporaryFile[bytes] | None = None
        self._left = 0  # how much of what was stored is still to be read in the second run

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, first those that were stored."""
        if self._left and self._stored is not None:
            data = self._stored.read(min(size, self._left) if size >= 0 else self._left)
            self._left -= len(data)
            return data
        data = self._source.read(size)
        if data:
            if self._stored is None:
                self._stored = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - lives as long as the request
            self._stored.write(data)
        return data

    def rewind(self) -> None:
        """Begin again with the first byte; what was not read yet follows."""
        if self._stored is not None:
            self._left = self._stored.tell()
            self._stored.seek(0)


def run_again(environ: dict[str, Any], fault: Fault, *, is_safe: bool) -> bool:
    """Ask for a second run of a request; return whether there will be one.

    A conflict was rolled back by the database as a whole. A lost connection can have lost the
    answer to a commit, so only a request that writes nothing is done again after that. What a
    request has committed apart from its transaction would be done twice.
    """
    run = environ.get(_KEY)
    if run is None or run.is_last or db.has_committed():
        return False
    run.wanted_again = fault is Fault.CONFLICT or (fault is Fault.LOST and is_safe)
    return bool(run.wanted_again)
