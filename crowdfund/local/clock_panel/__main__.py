"""`python -m crowdfund.local.clock_panel`: serve the page, and hold the chain to the clock."""

import argparse
import logging
import signal
import threading

from werkzeug.serving import make_server

from app import app as platform
from crowdfund.kernel import config
from crowdfund.local import chain_clock, rpc
from crowdfund.local.clock_panel.pages import create_app

HOST = "127.0.0.1"
LOOK_EVERY_S = 1.0
log = logging.getLogger("clock_panel")


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m crowdfund.local.clock_panel")
    parser.add_argument("--port", type=int, default=8026)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(HOST, options.port, create_app(platform), threaded=True)
    stop = threading.Event()
    threading.Thread(target=_hold_chain, args=(stop,), daemon=True).start()
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()


def _hold_chain(stop: threading.Event) -> None:
    """Bring a node that was started again to the moved time, within a second."""
    url = config.settings().chain_rpc_url
    is_away = False
    while not stop.wait(LOOK_EVERY_S):
        try:
            if chain_clock.catch_up(url):
                log.warning("the chain was behind the clock")
            is_away = False
        except rpc.RpcError as error:
            if not is_away:
                log.warning("the chain does not answer: %s", error)
            is_away = True


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
