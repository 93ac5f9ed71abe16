"""A worker of the benchmark of refunds, as a process of its own: it can be killed."""

import sys
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.chain import settings
from crowdfund import create_app
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.outbox import leases

# What people are told is sent at its own pace; here nobody sends.
QUEUES = ("chain", "default", "payments")


def main(folder: Path, url: str, queues: str, days: int, lease_s: float) -> None:
    """Drain queues until the process is ended; `days` is how far the clock was moved."""
    clock.use(clock.OffsetClock(timedelta(days=days)))
    if lease_s:
        leases.LEASE, leases.RENEW_EVERY_S = timedelta(seconds=lease_s), lease_s / 3
    app, next_tick = create_app(settings(folder, url)), 0.0
    with app.app_context():
        print("ready", flush=True)
        while True:
            if "default" in queues and time.monotonic() >= next_tick:
                next_tick = time.monotonic() + 1
                outbox.tick()
            done = sum(outbox.drain(queue, limit_s=1) for queue in queues.split(","))
            if not done:
                time.sleep(0.02)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
