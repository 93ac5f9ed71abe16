"""Data of a stack that was prepared once, from which all workers of a test run start their own
stacks.

Migrating, deploying the contracts and making the demo story takes half a minute of work; copying
the result takes none. The data is made in the run itself: the story tells of the days before today.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crowdfund.local import environment, stack

# What takes part in preparing. No worker and no web process: a copy does its background work
# itself.
PROGRAMS = ("redis", "chain", "gateway", "mail")


def clean_environ() -> dict[str, str]:
    """Return the environment of this process without the operator's own database,
    Redis and chain."""
    return {name: value for name, value in os.environ.items() if name not in environment.OUTSIDE}


def stopped_stack(factory: pytest.TempPathFactory, *, story: bool = False) -> Path:
    """Return the data folder of a stopped stack:
    migrated, deployed and, if asked, with the demo story.

    The first worker that asks makes it; the others wait for it.
    """
    folder = _shared(factory) / ("prepared-with-story" if story else "prepared")
    folder.mkdir(exist_ok=True)
    with _alone(folder.with_suffix(".lock")):
        if not (folder / "prepared.json").exists():
            with stack.running(
                folder, ports="free", environ=clean_environ(), seed=story, only=PROGRAMS
            ):
                pass
    return folder


def _shared(factory: pytest.TempPathFactory) -> Path:
    """Return the temporary folder that all workers of this run have in common."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
