"""The stage of the demo story: one clock for us, the chain and the gateway, which can go back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any, ParamSpec, TypeVar

import httpx
from flask import Flask
from werkzeug.serving import make_server

from crowdfund.kernel import clock, config, outbox
from crowdfund.kernel.db import commit, db
from crowdfund.local import rpc

PATIENCE_S = 60
P = ParamSpec("P")
T = TypeVar("T")


class Stage:
    """Moves the time of everything that takes part and does the background work meanwhile."""

    def __init__(self) -> None:
        self._clock = clock.FixedClock(clock.now())
        self._gateway = config.settings().billbitts_api_url.rstrip("/")

    def control(self, verb: str, **body: object) -> dict[str, Any]:
        """Ask something of the gateway simulator."""
        key = {"X-Api-Key": config.settings().billbitts_api_key}
        response = httpx.post(
            f"{self._gateway}/_control/{verb}", json=body, headers=key, timeout=30
        )
        response.raise_for_status()
        return dict(response.json())

    @property
    def can_go_back(self) -> bool:
        """Return whether the chain's time can be set back: a local node that begins long ago."""
        url = config.settings().chain_rpc_url
        if not str(rpc.call(url, "web3_clientVersion")).startswith("anvil"):
            return False
        block = rpc.call(url, "eth_getBlockByNumber", "latest", False)
        return int(block["timestamp"], 16) < (clock.real() - timedelta(days=140)).timestamp()

    def at(self, moment: datetime) -> None:
        """Make it that moment, everywhere."""
        self._clock.set(max(moment, self._clock.now()))
        clock.use(self._clock)
        self.control("settings", fixed_now=int(self._clock.now().timestamp()))
        url = config.settings().chain_rpc_url
        rpc.call(url, "evm_setTime", int(self._clock.now().timestamp()))
        rpc.call(url, "evm_mine")

    def begin(self, moment: datetime) -> None:
        """Go back to where the story begins."""
        self._clock.set(moment)
        self.at(moment)

    def do(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one verb in a transaction of its own, as a request would."""
        result = verb(*args, **kwargs)
        commit()
        db.session.remove()
        return result

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Do background work until something is so; raises RuntimeError if it never is."""
        end = time.monotonic() + PATIENCE_S
        for second in count(1):
            if time.monotonic() > end:
                break
            self._clock.advance(timedelta(seconds=1))
            if second % 60 == 0:  # the gateway's clock is stopped; ours must not run ahead of it
                self.at(self._clock.now())
            outbox.tick()
            worked = outbox.drain_all()
            ready = done()
            db.session.remove()
            if ready:
                return
            if not worked:
                time.sleep(0.05)  # the gateway posts its webhooks in its own time
        raise RuntimeError(
            f"The demo story waited in vain for {what}; see the logs of gateway and chain."
        )


@contextmanager
def stage(app: Flask) -> Iterator[Stage]:
    """Set the stage and take it down again: the clock and the gateway's settings as they were."""
    made, ours = Stage(), clock.shared()
    before = made.control("settings")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    callback = f"http://127.0.0.1:{server.server_port}/webhooks/neo-payment/"
    during = {"callback_url": callback, "settle_delay_s": 0}
    made.control("settings", **during)
    try:
        yield made
    finally:
        clock.use(ours)
        made.control(
            "settings",
            fixed_now=None,
            **{name: before[name] for name in during},
        )
        rpc.call(config.settings().chain_rpc_url, "evm_setTime", int(clock.now().timestamp()))
        server.shutdown()
