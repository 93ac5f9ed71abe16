"""Application contexts for threads: each has a database session of its own."""

from collections.abc import Callable
from typing import TypeVar

from flask import current_app

T = TypeVar("T")


def carried(function: Callable[[], T]) -> Callable[[], T]:
    """Return the function for another thread, in a fresh context of the current application."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> T:
        with app.app_context():
            return function()

    return run
