"""Named crash points, so that tests can kill the sender between two exact steps."""

import os

ENV = "CROWDFUND_CRASH_AT"


def at(point: str) -> None:
    """Die at once, as `kill -9` would, when the environment names this point."""
    if os.environ.get(ENV) == point:
        os._exit(137)
