"""`python -m crowdfund.local.bill_bitts`: run the simulated gateway until interrupted."""

import argparse
import asyncio
import logging
import os
import signal
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from crowdfund.kernel import clock
from crowdfund.local.bill_bitts import keys
from crowdfund.local.bill_bitts.app import App
from crowdfund.local.bill_bitts.deliveries import Courier
from crowdfund.local.bill_bitts.gateway import Gateway
from crowdfund.local.bill_bitts.places import Places
from crowdfund.local.bill_bitts.signing import RequestChecker, WebhookSigner
from crowdfund.local.bill_bitts.state import State

DEFAULT_PORT = 8610


def main() -> None:
    """Parse arguments, make missing keys, serve."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    clock.follow(options.data_dir.parent)  # the platform's: payments settle in its time
    files = keys.ensure(options.data_dir)
    if options.make_keys:
        return
    asyncio.run(_serve(options, files))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m crowdfund.local.bill_bitts")
    default = Path(os.environ.get("CROWDFUND_DATA_DIR", "var")) / "bill_bitts"
    parser.add_argument("--data-dir", type=Path, default=default, help="state and keys")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--callback", default="", help="where webhooks are posted")
    parser.add_argument("--public-url", default="", help="base of checkout pages, if not the host")
    parser.add_argument("--shop-url", default="", help="where pages lead back to without a payment")
    parser.add_argument("--settle-delay", type=int, help="seconds from SUCCESS to SETTLED")
    parser.add_argument("--make-keys", action="store_true", help="only make the keys, then stop")
    return parser.parse_args()


def build(options: argparse.Namespace, files: keys.KeyFiles) -> App:
    """Wire the application."""
    gateway = Gateway(State(options.data_dir / "state.db"))
    chosen = {"callback_url": options.callback or None, "settle_delay_s": options.settle_delay}
    gateway.settings.change({name: value for name, value in chosen.items() if value is not None})
    courier = Courier(gateway, WebhookSigner(files))
    places = Places(options.public_url.rstrip("/"), options.shop_url.rstrip("/"))
    return App(gateway, RequestChecker(files), courier, places)


async def _serve(options: argparse.Namespace, files: keys.KeyFiles) -> None:
    server = Server(
        build(options, files),
        address=options.host,
        port=options.port,
        interface=Interfaces.ASGI,
        websockets=False,
        backlog=1024,
        log_access=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    await server.serve()


if __name__ == "__main__":
    main()
