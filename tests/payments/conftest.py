"""A bank in memory, a person who pays, and short words for what happens between them."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import gateways
from crowdfund.adapters.bill_bitts_fake import FakeBillBitts
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.models import Entry, PostingRow
from crowdfund.payments import queries
from crowdfund.payments.events import OF_STATUS
from crowdfund.payments.models import Inbox, PaymentException
from crowdfund.payments.service import inbox as inbox_service
from crowdfund.payments.service import purposes, starting
from crowdfund.people import service
from tests import raising

GATEWAY = "bill_bitts"
ESCROW = "campaign:c1:escrow"
NEWS: list[tuple[str, str, int]] = []


def _listen(event):
    @outbox.on(event, queue="payments", batch=100)
    def note_in_tests(payments):
        NEWS.extend(
            (payment.name, payment.payment_id, payment.amount_minor) for payment in payments
        )


for _event in OF_STATUS.values():
    _listen(_event)

purposes.register_purpose("order", lambda order_id: f"/orders/{order_id}")


@dataclass
class World:
    """What a test of payments needs, in words."""

    bank: FakeBillBitts
    user_id: str
    clock: clock.FixedClock

    def start(self, amount_minor=25_000, *, key="order-1", gateway=GATEWAY):
        """Begin a payment and let the worker open it at the bank."""
        payment_id = starting.start(
            starting.NewPayment(
                user_id=self.user_id,
                amount_minor=amount_minor,
                currency="ETB",
                gateway=gateway,
                purpose=("order", "i1"),
                destination=ESCROW,
                description="Shares",
            ),
            key=key,
        )
        commit()
        self.work()
        return self.read(lambda: queries.get(payment_id))

    @staticmethod
    def read(query):
        """Run a query and let go of the database at once: SQLite has one writer."""
        rollback()
        try:
            return query()
        finally:
            rollback()

    def work(self):
        return outbox.drain("payments")

    def tell(self, tx_id, status, **how):
        """Deliver one signed webhook and return the answer."""
        return inbox_service.accept(GATEWAY, *self.bank.webhook(tx_id, status, **how))

    def bank_ends_returns(self, status="PAID"):
        """The bank ends every return that it has taken, and we hear of it."""
        for reference in self.bank.payouts:
            self.bank.set_payout(reference, status)
        self.clock.advance(timedelta(seconds=2))
        self.work()

    def status(self, payment_id):
        return self.read(lambda: queries.get(payment_id)).status

    def postings(self):
        """Every posting of the journal, without ids."""
        entry, posting = Entry.__table__, PostingRow.__table__
        query = sa.select(
            entry.c.key, posting.c.source, posting.c.destination, posting.c.amount_minor
        )
        query = query.join(posting, posting.c.seq == entry.c.seq)
        return self.read(lambda: sorted(tuple(row) for row in db.session.execute(query)))

    def exceptions(self, state="open"):
        table = PaymentException.__table__
        query = sa.select(table).where(table.c.state == state).order_by(table.c.key)
        return self.read(lambda: db.session.execute(query).all())

    def inbox(self):
        table = Inbox.__table__
        return self.read(lambda: db.session.execute(sa.select(table).order_by(table.c.id)).all())

    def balance(self, account, currency="ETB"):
        return self.read(lambda: ledger.balance(account, currency))

    def is_clean(self):
        return self.read(lambda: list(ledger.problems())) == []


@pytest.fixture
def bank():
    fake = FakeBillBitts()
    gateways.use(GATEWAY, fake)
    yield fake
    gateways.use(GATEWAY, None)


@pytest.fixture
def world(app, frozen, bank):
    NEWS.clear()
    user_id = service.ensure_user("alice@example.com", "Alice Investor")
    commit()
    yield World(bank, user_id, frozen)
    rollback()


@pytest.fixture
def news(world):
    return NEWS


@pytest.fixture
def sign_in(app, world):
    """Return a function that gives a browser in which somebody of that name is signed in."""

    def enter(name, *roles):
        made = service.ensure_user(f"{name}@example.com", name.capitalize(), roles=roles)
        commit()
        return raising.sign_in(app.test_client(), made)

    return enter
