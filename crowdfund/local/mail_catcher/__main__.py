"""`python -m crowdfund.local.mail_catcher`: SMTP on one port, the page on the other."""

import argparse
import logging
import os
import signal
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from werkzeug.serving import make_server

from crowdfund.kernel import clock
from crowdfund.local.mail_catcher.pages import create_app
from crowdfund.local.mail_catcher.store import Store

HOST = "127.0.0.1"


class Catcher:
    """Stores every message, for any recipient."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a message."""
        raw = envelope.content or b""
        content = raw if isinstance(raw, bytes) else raw.encode()
        number = self.store.add(envelope.mail_from or "", envelope.rcpt_tos, content)
        return f"250 Message {number} kept"


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m crowdfund.local.mail_catcher")
    parser.add_argument("--port", type=int, default=8025)
    parser.add_argument("--smtp-port", type=int, default=1025)
    parser.add_argument(
        "--data-dir", type=Path, default=Path(os.environ.get("CROWDFUND_DATA_DIR", "var"))
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    clock.follow(options.data_dir)
    store = Store(options.data_dir / "mail" / "mail.db")
    smtp = Controller(Catcher(store), hostname=HOST, port=options.smtp_port)
    smtp.start()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(HOST, options.port, create_app(store), threaded=True)
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        smtp.stop()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
