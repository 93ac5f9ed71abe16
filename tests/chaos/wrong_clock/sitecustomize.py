"""Give a program of the stack a clock that is ahead, as far as a file says;
runs before the program itself.

It takes the place of the platform's own clock (crowdfund/kernel/clock.py) and of `time.time`, which
libraries ask. Nothing of this is in the application: the folder is on the path of the programs of
one test only.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crowdfund.kernel import clock

_FILE = Path(os.environ["WRONG_CLOCK_FILE"])
_time, _time_ns = time.time, time.time_ns


def ahead_s() -> int:
    """Return how many seconds the machine's clock is ahead of the right time."""
    return int(_FILE.read_text())


class WrongClock:
    """The right time and what the file adds to it."""

    def now(self) -> datetime:
        """Return the current moment of a machine whose clock is wrong."""
        return datetime.now(UTC) + timedelta(seconds=ahead_s())

    real = now


time.time = lambda: _time() + ahead_s()
time.time_ns = lambda: _time_ns() + ahead_s() * 10**9
clock.use(WrongClock())  # type: ignore[arg-type]
