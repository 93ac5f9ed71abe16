"""A bank that takes seconds for an answer, and two workers: both its payments and others' go on.

Short by default; `SLOW_BANK_S=9 SLOW_BANK_LEASE_S=30 SLOW_BANK_PAYMENTS=200` is the real size.
"""

import json
import os
import subprocess
import sys

import pytest
import sqlalchemy as sa

from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, reading, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.payments.models import Inbox, Payment, PaymentException
from crowdfund.payments.rules import Status
from crowdfund.payments.service import inbox, starting
from crowdfund.people import service
from tests.payments import bank_process
from tests.payments.bank_process import wait_for

from . import drainer

ANSWER_S = float(os.environ.get("SLOW_BANK_S", "0.6"))
LEASE_S = float(os.environ.get("SLOW_BANK_LEASE_S", "4"))
PAYMENTS = int(os.environ.get("SLOW_BANK_PAYMENTS", "60"))
SLOW, FAST = "slow_bank", "fast_bank"
AMOUNT = 12_345
PATIENCE_S = 30 + PAYMENTS * ANSWER_S


@pytest.fixture
def banks(app, tmp_path_factory):
    running = {name: bank_process.start(tmp_path_factory.mktemp(name)) for name in (SLOW, FAST)}
    drainer.use_gateways(where(running))
    yield running
    for name, bank in running.items():
        bank_process.stop(bank)
        drainer.gateways.use(name, None)


def where(running):
    return {name: {"url": bank.url, "folder": str(bank.folder)} for name, bank in running.items()}


@pytest.fixture
def two_workers(app, banks, database_url, tmp_path):
    settings = tmp_path / "drainer.json"
    given = {"database_url": database_url, "lease_s": LEASE_S, "data_dir": str(tmp_path)}
    settings.write_text(json.dumps(given | {"gateways": where(banks)}))
    started = []

    def start():
        with (tmp_path / "workers.log").open("ab") as log:
            command = [sys.executable, "-m", "tests.chaos.drainer", str(settings)]
            started.extend(subprocess.Popen(command, stdout=log, stderr=log) for _ in range(2))

    yield start
    for process in started:
        process.kill()
        process.wait()


def open_payments(gateway):
    user_id = service.ensure_user("slow@example.com", "Slow")
    commit()
    for number in range(PAYMENTS):
        starting.start(
            starting.NewPayment(
                user_id=user_id,
                amount_minor=AMOUNT,
                currency="ETB",
                gateway=gateway,
                purpose=("slow", "s"),
                destination="campaign:slow:escrow",
                description="Slow",
            ),
            key=f"{gateway}-{number}",
        )
    commit()


def settled(gateway):
    with reading():
        query = sa.select(sa.func.count()).where(
            Payment.gateway == gateway, Payment.status == Status.SETTLED
        )
        found = db.session.scalar(query)
        db.session.remove()
    return found


def deliver(bank, gateway):
    """Store a signed SETTLED for each payment, as the web process does."""
    bank.control("truth", status="SETTLED")
    table = Payment.__table__
    with reading():
        rows = db.session.execute(
            sa.select(table.c.tx_id, table.c.user_id).where(table.c.gateway == gateway)
        ).all()
        cprn = starting.queries.cprn_of(rows[0].user_id, gateway)
        db.session.remove()
    signer = bank_process.webhook_signer(bank)
    for row in rows:
        body = {
            "tx_id": row.tx_id,
            "cprn": cprn,
            "status": "SETTLED",
            "amount": "123.45",
            "currency": "ETB",
        }
        inbox.accept(gateway, *signer(body))


def test_a_slow_bank_and_two_workers_make_progress_and_hold_nobody_up(banks, two_workers):
    for gateway in (SLOW, FAST):
        open_payments(gateway)
    outbox.drain("payments", limit_s=120)
    for gateway in (SLOW, FAST):
        deliver(banks[gateway], gateway)
    banks[SLOW].control("settings", answers={"delay_s": ANSWER_S})
    two_workers()
    wait_for(lambda: settled(FAST) == PAYMENTS, PATIENCE_S, "the payments of the fast bank")
    assert settled(SLOW) < PAYMENTS, "the fast bank's did not wait for the slow one's"
    wait_for(lambda: settled(SLOW) == PAYMENTS, PATIENCE_S, "the payments of the slow bank")
    rollback()
    tries = db.session.execute(sa.select(sa.func.max(Inbox.attempts), sa.func.count())).one()
    assert tuple(tries) == (0, 2 * PAYMENTS), "each webhook was applied at its first try"
    assert banks[SLOW].control("deliveries")["asked"] == PAYMENTS, (
        "no row was taken from its worker"
    )
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PaymentException)) == 0
    assert ledger.balance("campaign:slow:escrow") == 2 * PAYMENTS * AMOUNT
    assert list(ledger.problems()) == []
    rollback()
