"""The simulated bank as a process of its own, webhooks signed with its key,
and payments opened there."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crowdfund import create_app
from crowdfund.adapters import bill_bitts, gateways
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, db, new_id, rollback
from crowdfund.local import ports
from crowdfund.local.bill_bitts import keys
from crowdfund.local.bill_bitts.signing import WebhookSigner
from crowdfund.payments import queries
from crowdfund.payments.models import Payment
from crowdfund.payments.service import starting
from crowdfund.people import service

ESCROW = "campaign:bench:escrow"
Webhook = tuple[bytes, dict[str, str]]


class Bank:
    """The simulator as a process, and webhooks signed with its key."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.files = keys.ensure(folder)
        self.public = keys.load_public(self.files.bank_public(1))
        self._signer = WebhookSigner(self.files)

    def webhook(self, tx_id: str, cprn: str, status: str) -> Webhook:
        """Return a signed webhook."""
        body = {"tx_id": tx_id, "cprn": cprn, "status": status, "amount": "1.00", "currency": "ETB"}
        raw = bill_bitts.canonical(body)
        return raw, self._signer.headers(raw, new_id(), int(time.time()), 1)

    def control(self, verb: str, **body: object) -> None:
        """Use the simulator's control door."""
        headers = {"X-Api-Key": self.files.api_key.read_text(), "Content-Type": "application/json"}
        request = urllib.request.Request(
            f"{self.url}/_control/{verb}", json.dumps(body).encode(), headers
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()

    def is_up(self) -> bool:
        """Return whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=1):
                return True
        except OSError:
            return False


@contextmanager
def world(folder: Path) -> Iterator[tuple[Any, Bank]]:
    port = ports.free_port()
    bank = Bank(folder / "bank", port)
    flags = ["--data-dir", str(folder / "bank"), "--port", str(port)]
    with (folder / "bank.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "crowdfund.local.bill_bitts", *flags], stdout=log, stderr=log
        )
    try:
        while not bank.is_up():
            time.sleep(0.02)
        app = create_app(settings(folder, bank))
        with app.app_context():
            db.create_all()
            yield app, bank
            db.session.remove()
            db.engine.dispose()
    finally:
        gateways.use(bill_bitts.NAME, None)
        process.terminate()
        process.wait()


def settings(folder: Path, bank: Bank) -> config.Settings:
    return config.Settings(
        _env_file=None,
        environment="test",
        database_url=f"sqlite:///{folder}/bench.db",
        redis_url="",
        CROWDFUND_DATA_DIR=folder,
        billbitts_api_url=bank.url,
        billbitts_api_key=bank.files.api_key.read_text(),
        billbitts_private_key_path=str(bank.files.platform_private),
        billbitts_public_key_paths=[str(path) for path in bank.files.bank_publics],
    )


def open_payments(count: int, gateway: str = bill_bitts.NAME) -> tuple[list[str], str]:
    """Open payments of one person at a gateway; return their numbers there and the customer's."""
    user_id = service.ensure_user("bench@example.com", "Bench")
    for several in (range(1), range(1, count)):  # the first one makes the customer known
        for number in several:
            starting.start(
                starting.NewPayment(
                    user_id=user_id,
                    amount_minor=100,
                    currency="ETB",
                    gateway=gateway,
                    purpose=("bench", "b"),
                    destination=ESCROW,
                    description="Bench",
                ),
                key=f"{gateway}-{number}",
            )
        commit()
        outbox.drain("payments", limit_s=120)
    opened = sa.select(Payment.tx_id).where(Payment.gateway == gateway).order_by(Payment.id)
    tx_ids = [tx_id for tx_id in db.session.scalars(opened) if tx_id]
    cprn = queries.cprn_of(user_id, gateway)
    rollback()
    if len(tx_ids) != count:
        raise AssertionError(f"{len(tx_ids)} of {count} payments were opened at {gateway}")
    return tx_ids, str(cprn)
