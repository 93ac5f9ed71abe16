"""Application contexts for threads: each has a database session of its own."""

from collections.abc import Callable
from typing import TypeVar

from flask.globals import app_ctx

T = TypeVar("T")


def carried(function: Callable[[], T]) -> Callable[[], T]:
    """Return the function for another thread, in a fresh context of the current application."""
    app = app_ctx.app

    def run() -> T:
        with app.app_context():
            return function()

    return run
