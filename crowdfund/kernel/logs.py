"""Log lines: one line each, key=value, tracebacks without local variables (they hold secrets).

Nobody writes personal data into a line; what an error of someone else's code says is masked here.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.+:-])\+\d[\d ]{6,16}\d\b")


class Lines:
    """A stream that ignores its own errors: a full disk must not fail the work that logs a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text if there is room for it."""
        with suppress(OSError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        """Send what was written on its way."""
        with suppress(OSError):
            self._stream.flush()


def configure(level: int = logging.INFO) -> None:
    """Set up structlog once for this process; lines go to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            mask,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Lines(sys.stderr))),
        cache_logger_on_first_use=False,
    )


def mask(_logger: object, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide e-mail addresses and phone numbers in the texts of a line (a structlog processor)."""
    for key, value in line.items():
        if isinstance(value, str):
            line[key] = masked(value)
    return line


def masked(text: str) -> str:
    """Return a text without e-mail addresses and telephone numbers (E.164)."""
    return _PHONE.sub("+•••", _EMAIL.sub("•@•", text)) if "@" in text or "+" in text else text
