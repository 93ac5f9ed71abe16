"""`python -m crowdfund.local.identity_provider`: serve until SIGTERM or Ctrl-C."""

import argparse
import logging
import os
import signal
from contextlib import suppress
from pathlib import Path

from werkzeug.serving import make_server

from crowdfund.local.identity_provider.app import create_app
from crowdfund.local.identity_provider.grants import Client
from crowdfund.local.identity_provider.state import State

HOST = "127.0.0.1"


def main() -> None:
    """Parse arguments, make a missing key, serve."""
    parser = argparse.ArgumentParser(prog="python -m crowdfund.local.identity_provider")
    default = Path(os.environ.get("CROWDFUND_DATA_DIR", "var")) / "identity_provider"
    parser.add_argument("--port", type=int, default=8700)
    parser.add_argument("--data-dir", type=Path, default=default, help="the provider's key")
    parser.add_argument("--client", default="crowdfund", help="the client's id")
    parser.add_argument("--secret-file", type=Path, required=True, help="the client's secret")
    parser.add_argument("--redirect-uri", required=True, help="where answers may go")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    client = Client(options.client, options.secret_file.read_text().strip(), options.redirect_uri)
    app = create_app(State(options.data_dir), client)
    server = make_server(HOST, options.port, app, threaded=True)
    with suppress(KeyboardInterrupt):
        server.serve_forever(poll_interval=0.2)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
