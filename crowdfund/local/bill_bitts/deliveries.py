"""Delivers webhooks over HTTP until they are taken, with backoff, as a real gateway does."""

import asyncio
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import urllib3

from crowdfund.kernel import clock
from crowdfund.local.bill_bitts import payouts
from crowdfund.local.bill_bitts.gateway import Gateway
from crowdfund.local.bill_bitts.signing import WebhookSigner

IDLE_S = 0.05
THREADS = 8
TIMEOUT_S = 10
MAX_ATTEMPTS = 20
MAX_BACKOFF_S = 60.0
log = logging.getLogger("bill_bitts.deliveries")


class Courier:
    """One loop that settles what is due and posts queued webhooks by a few threads."""

    def __init__(self, gateway: Gateway, signer: WebhookSigner) -> None:
        self._gateway = gateway
        self._state = gateway.state
        self._signer = signer
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="courier")
        self._http = urllib3.PoolManager(maxsize=THREADS, retries=False)
        self._on_the_way: set[int] = set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                busy = self._gateway.settle_due()
                busy |= payouts.settle_due(self._gateway)
                busy |= self._send_due()
                self._state.flush()
            except Exception:
                log.exception("a round failed")
                busy = False
            await asyncio.sleep(0 if busy else IDLE_S)

    def _send_due(self) -> bool:
        room = THREADS * 2 - len(self._on_the_way)
        url = self._gateway.settings.callback_url
        if room <= 0 or not url:
            return False
        rows = self._state.all(
            "SELECT * FROM delivery WHERE state = 'queued' AND due_at <= ? ORDER BY due_at LIMIT ?",
            *(clock.real().timestamp(), room + len(self._on_the_way)),
        )
        fresh = [row for row in rows if row["id"] not in self._on_the_way][:room]
        loop = asyncio.get_running_loop()
        for row in fresh:
            self._on_the_way.add(row["id"])
            task = loop.run_in_executor(self._pool, self._post, url, row, self._gateway.now())
            task.add_done_callback(partial(self._record, row))
        return bool(fresh)

    def _post(self, url: str, row: sqlite3.Row, stamp: int) -> int:
        """Post one webhook; the time is new at each try, the nonce stays."""
        headers = self._signer.headers(row["body"], row["nonce"], stamp, row["key"])
        answer = self._http.request(
            "POST", url, body=row["body"], headers=headers, timeout=TIMEOUT_S, redirect=False
        )
        return answer.status

    def _record(self, row: sqlite3.Row, done: "asyncio.Future[int]") -> None:
        self._on_the_way.discard(row["id"])
        failure = done.exception()
        code = type(failure).__name__ if failure else str(done.result())
        attempts = row["attempts"] + 1
        self._state.write(
            "UPDATE delivery SET attempts = ?, last_code = ?, state = ?, due_at = ? WHERE id = ?",
            *(attempts, code, _next_state(row["key"], code, attempts)),
            *(clock.real().timestamp() + min(MAX_BACKOFF_S, 0.5 * 2**attempts), row["id"]),
        )


def _next_state(key: int, code: str, attempts: int) -> str:
    if code.startswith("2"):
        return "delivered"
    if key == 0:
        return "refused"
    return "queued" if attempts < MAX_ATTEMPTS else "gave_up"


def summary(gateway: Gateway) -> dict[str, Any]:
    """Count deliveries by state."""
    rows = gateway.state.all("SELECT state, COUNT(*) AS n FROM delivery GROUP BY state")
    return {row["state"]: row["n"] for row in rows}
