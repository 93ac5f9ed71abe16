"""Thousands of webhooks in any order, with the worker killed again and again: 0 lost, 0 doubled.

The whole way is real: the gateway's process posts signed webhooks to the web process, Redis rings,
the relay sweeps, the worker asks the gateway and posts to the journal until it is killed.
"""

import os
import random
import time
from collections import Counter

import pytest
import sqlalchemy as sa

from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, db, reading, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.models import Entry
from crowdfund.local import stack
from crowdfund.local.environment import gateway_folder
from crowdfund.payments.models import Inbox, Payment, PaymentException
from crowdfund.payments.service import starting
from crowdfund.people import service
from tests.payments.bank_process import BankProcess, keys, wait_for

PAYMENTS = int(os.environ.get("STORM_PAYMENTS", "2000"))
DELIVERIES = 5
KILLS = int(os.environ.get("STORM_KILLS", "20"))
AMOUNT = 12_345
PATIENCE_S = max(180, PAYMENTS // 20)  # a slow machine opens and settles this many
ESCROW = "campaign:storm:escrow"
PROGRAMS = ("redis", "gateway", "web", "relay", "worker-payments")
KEPT = ("PATH", "HOME", "LANG")


@pytest.fixture
def running(app, database_url, tmp_path):
    """The pieces that take part, on the database of the test; no chain is needed."""
    environ = {name: os.environ[name] for name in KEPT if name in os.environ}
    environ |= {
        "DATABASE_URL": database_url,
        "CHAIN_RPC_URL": "http://127.0.0.1:9",
        "LOG_LEVEL": "WARNING",
    }
    with stack.running(
        tmp_path / "stack",
        ports="free",
        environ=environ,
        prepare=False,
        only=PROGRAMS,
        web_processes=1,
    ) as started:
        before = config.settings()
        config.use(before.model_copy(update={"redis_url": started.env["REDIS_URL"]}))
        yield started
        config.use(before)


@pytest.fixture
def bank(running):
    files = keys.ensure(gateway_folder(running.folder))
    return BankProcess(files.folder, running.ports["gateway"], files, process=None)


def ask(query):
    """Read without holding the database."""
    with reading():
        try:
            return db.session.execute(query).all()
        finally:
            rollback()
            db.session.remove()


def count_by(column):
    return Counter(
        dict(tuple(row) for row in ask(sa.select(column, sa.func.count()).group_by(column)))
    )


def open_payments():
    user_id = service.ensure_user("storm@example.com", "Storm")
    commit()
    for start in range(0, PAYMENTS, 250):
        for number in range(start, min(start + 250, PAYMENTS)):
            starting.start(
                starting.NewPayment(
                    user_id=user_id,
                    amount_minor=AMOUNT,
                    currency="ETB",
                    gateway="bill_bitts",
                    purpose=("storm", "s"),
                    destination=ESCROW,
                    description="Storm",
                ),
                key=f"storm-{number}",
            )
        commit()
    wait_for(
        lambda: count_by(Payment.status)["pending"] == PAYMENTS,
        PATIENCE_S,
        "all payments to be open",
    )
    return [row.tx_id for row in ask(sa.select(Payment.tx_id))]


def storm(bank, tx_ids, seed):
    """Queue five deliveries for each payment, shuffled; some are the same event sent twice."""
    chance = random.Random(seed)
    events = []
    for tx_id in tx_ids:
        again = chance.choice(["PENDING", "SUCCESS", "SETTLED"])
        nonce = f"again-{tx_id}"
        events += [
            {"tx_id": tx_id, "status": status} for status in ("PENDING", "SUCCESS", "SETTLED")
        ]
        events += [{"tx_id": tx_id, "status": again, "nonce": nonce, "key": 2}] * (DELIVERIES - 3)
    chance.shuffle(events)
    for start in range(0, len(events), 2000):
        bank.control("emit", events=events[start : start + 2000])
    return len(events)


def kill_workers(running, chance):
    """Kill the worker at random moments of its work; the supervisor starts it again."""
    for _ in range(KILLS):
        done = count_by(Inbox.state)["done"]
        until = time.monotonic() + 4
        while time.monotonic() < until and count_by(Inbox.state)["done"] == done:
            time.sleep(0.01)
        time.sleep(chance.random() * 0.3)  # the moment of the kill, not a wait for anything
        pid = wait_for(lambda: running.pid("worker-payments"), 20, "the worker to be back")
        running.kill("worker-payments")
        wait_for(
            lambda pid=pid: running.pid("worker-payments") not in (None, pid), 20, "a new worker"
        )


def is_quiet():
    due = sa.select(sa.func.count()).where(
        outbox.outbox_table.c.state != "done", outbox.outbox_table.c.kind == "payments.inbox"
    )
    return not count_by(Inbox.state).get("received") and ask(due)[0][0] == 0


def test_2000_payments_by_5_shuffled_deliveries_with_20_killed_workers(running, bank):
    seed = int(os.environ.get("STORM_SEED", "20260615"))
    print(f"STORM_SEED={seed}")
    tx_ids = open_payments()
    bank.control("truth", status="SETTLED")
    sent = storm(bank, tx_ids, seed)
    kill_workers(running, random.Random(seed))
    settled = lambda: count_by(Payment.status)["settled"] == PAYMENTS  # noqa: E731
    delivered = lambda: bank.control("deliveries")["counts"].get("delivered") == sent  # noqa: E731
    wait_for(delivered, PATIENCE_S, "all deliveries to be taken")
    wait_for(settled, PATIENCE_S, "all payments to be settled")
    wait_for(is_quiet, PATIENCE_S, "the inbox to be empty")

    assert running.supervisor.starts("worker-payments") > KILLS
    assert count_by(Payment.status) == {"settled": PAYMENTS}
    assert count_by(Inbox.state) == {"done": PAYMENTS * 4}, "the same event sent twice is one row"
    # A storm that takes minutes is overtaken by the periodic question to the bank. It then asks
    # staff about a webhook that is still on its way, and the webhook closes that question.
    assert set(count_by(PaymentException.kind)) <= {"webhook_missing"}
    assert not count_by(PaymentException.state)["open"]
    assert count_by(Entry.kind) == {"payment.succeeded": PAYMENTS, "payment.settled": PAYMENTS}
    assert ledger.balance(ESCROW) == PAYMENTS * AMOUNT
    assert ledger.balance("gateway:bill_bitts:clearing") == 0
    assert ledger.balance("gateway:bill_bitts:external") == -PAYMENTS * AMOUNT
    assert list(ledger.problems()) == []
    rollback()
