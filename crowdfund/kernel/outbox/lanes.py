"""Lanes: rows whose outside world is slow are prepared beside the others, each lane for itself.

A row's lane is the outside thing that it waits for (a gateway). While a lane is prepared in a
thread, its worker goes on with the other lanes, so one slow bank holds up nobody but its own.
"""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from crowdfund.kernel.contexts import carried
from crowdfund.kernel.outbox.registry import Handler, Row

DEPTH = 1  # batches of a lane on their way: one is prepared while the other is applied


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch whose outside calls are made; `result` is what they gave, or why they failed."""

    work: Handler
    rows: list[Row]
    result: Any
    error: Exception | None = None


class Lanes:
    """The batches of one drain that are being prepared."""

    def __init__(self) -> None:
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._running: dict[Future[Prepared], str] = {}

    def __bool__(self) -> bool:
        return bool(self._running)

    def is_full(self, lane: str) -> bool:
        """Return whether a lane has enough on its way."""
        return sum(name == lane for name in self._running.values()) >= DEPTH

    def send(self, lane: str, work: Handler, rows: list[Row]) -> None:
        """Prepare a batch in the lane's thread, after what that has to do already."""
        pool = self._pools.get(lane)
        if pool is None:
            pool = self._pools[lane] = ThreadPoolExecutor(1, thread_name_prefix=f"lane-{lane}")
        future = pool.submit(carried(_preparation(work, rows)))
        self._running[future] = lane

    def finished(self, *, timeout_s: float = 0) -> list[tuple[str, Prepared]]:
        """Return what is prepared by now; wait for the first one if there is none."""
        done, _ = wait(self._running, timeout=timeout_s, return_when=FIRST_COMPLETED)
        return [(self._running.pop(future), future.result()) for future in done]

    def close(self) -> None:
        """Let the threads end when their calls do."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)


def _preparation(work: Handler, rows: list[Row]) -> Callable[[], Prepared]:
    def prepare() -> Prepared:
        try:
            result = work.prepare(rows) if work.prepare else None
        except Exception as error:  # noqa: BLE001 - the drain puts the rows back
            return Prepared(work, rows, None, error)
        return Prepared(work, rows, result)

    return prepare
