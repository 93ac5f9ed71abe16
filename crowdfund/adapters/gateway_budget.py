"""How much of our time a gateway gets: its own threads, a time for each batch, a circuit breaker.

Each gateway has its own, so that a slow or absent one takes nothing from the others. State lives in
the process; it is a guess about the outside that each worker makes for itself.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from crowdfund.adapters import gateways
from crowdfund.adapters.gateways import (
    GatewayError,
    GatewayNotConfigured,
    GatewayUnclear,
    GatewayUnknown,
)
from crowdfund.adapters.settled_answers import SettledAnswers
from crowdfund.kernel import clock

log = structlog.get_logger()
K = TypeVar("K")
V = TypeVar("V")
THREADS = 8
START_WITHIN_S = 5.0  # no call of a batch starts later; with its own time-out a batch ends by then
MOST = 1_000
FAILURES_TO_OPEN = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
_WEIGHT = 0.2  # of the newest call in the mean duration


class Budget:
    """Threads and breaker of one gateway; safe between threads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.settled = SettledAnswers()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix=f"gateway-{name}")
        self._lock = threading.Lock()
        self._mean_s = 0.0
        self._failures = 0
        self._paused_until: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """Return whether calls to the gateway are paused."""
        if self._paused_until is None:
            return False
        left_s = (self._paused_until - clock.now()).total_seconds()
        return 0 < left_s <= LONGEST_PAUSE_S  # no longer either when the clock was put back

    def capacity(self) -> int:
        """Return how many calls can be made within the time of one batch; none in a pause.

        After a pause a single call tries whether the gateway is back.
        """
        if self.is_paused:
            return 0
        if self._paused_until is not None:
            return 1
        in_time = int(THREADS * START_WITHIN_S / self._mean_s) if self._mean_s else MOST
        return max(THREADS, min(in_time, MOST))

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Measure a call to the gateway: how long it takes, and whether it answers at all."""
        began = time.monotonic()
        try:
            yield
        except GatewayNotConfigured:  # nothing was sent
            raise
        except GatewayError as error:
            is_away = isinstance(error, GatewayUnknown) and not isinstance(error, GatewayUnclear)
            self._note(time.monotonic() - began, is_away=is_away)
            raise
        self._note(time.monotonic() - began, is_away=False)

    def call_all(
        self, calls: Mapping[K, Callable[[], V]], *, start_within_s: float = START_WITHIN_S
    ) -> dict[K, V]:
        """Make calls at the same time; leave out those that did not start in their time.

        After too many failures in a row the rest is left out as well.
        """
        until = time.monotonic() + start_within_s

        def guarded(call: Callable[[], V]) -> list[V]:
            return [] if self.is_paused or time.monotonic() > until else [call()]

        if len(calls) == 1:
            answers = [guarded(call) for call in calls.values()]
        else:
            answers = list(self._pool.map(guarded, calls.values()))
        return {key: answer[0] for key, answer in zip(calls, answers, strict=True) if answer}

    def _note(self, took_s: float, *, is_away: bool) -> None:
        with self._lock:
            mean = self._mean_s
            self._mean_s = took_s if not mean else mean + _WEIGHT * (took_s - mean)
            if not is_away:
                self._failures, self._paused_until = 0, None
            elif not self.is_paused:  # calls that were under way say nothing about the pause
                self._failures += 1
                self._pause()

    def _pause(self) -> None:
        doublings = min(self._failures - FAILURES_TO_OPEN, 10)
        if doublings >= 0:
            pause_s = min(FIRST_PAUSE_S * 2**doublings, LONGEST_PAUSE_S)
            self._paused_until = clock.now() + timedelta(seconds=pause_s)
            log.warning("gateway.paused", gateway=self.name, pause_s=pause_s)


_budgets: dict[str, tuple[object, Budget]] = {}


def of(name: str) -> Budget:
    """Return the budget of a gateway; one that was put in its place begins afresh."""
    gateway = gateways.get(name)
    known = _budgets.get(name)
    if known is None or known[0] is not gateway:
        known = _budgets[name] = (gateway, Budget(name))
    return known[1]
