"""`python -m crowdfund.kernel.relay`: wake workers, sweep for missed work, tick the schedule."""

import signal
import threading

from app import app
from crowdfund.kernel import logs, outbox


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    logs.configure()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with app.app_context():
        outbox.run_relay(stop.is_set)


if __name__ == "__main__":
    main()
