"""People whose money came through a bank in memory and is back in their wallets."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import gateways
from crowdfund.adapters.bill_bitts_fake import FakeBillBitts
from crowdfund.investments.service import cancelling
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payments import queries as payments
from crowdfund.payments.service import inbox
from crowdfund.payouts import queries as payouts
from crowdfund.refunds import queries
from crowdfund.refunds.models import Refund
from crowdfund.refunds.service import choosing
from crowdfund.reports import proofs
from tests import raising
from tests.investments.conftest import World as InvestingWorld
from tests.investments.conftest import verified
from tests.scenes import scene


@dataclass
class World(InvestingWorld):
    """Charlie and dora have invested; fin works in finance."""

    clock: clock.FixedClock

    def paid(self, who="charlie", amount="1,000", *, key="form-key-1", received=None):
        """Let a person invest and pay; return the investment's id."""
        investment_id = self.place(who, amount, key=key)
        self.pay(self.investment(investment_id, who).payment_id, received)
        return investment_id

    def pay(self, payment_id, received=None):
        """The bank has settled a payment, perhaps of another amount, and says so."""
        rollback()
        tx_id = payments.get(payment_id).tx_id
        changes = {"amount": received} if received else {}
        self.bank.set_truth(tx_id, "SETTLED", **changes)
        rollback()  # the webhook comes on a connection of its own
        inbox.accept("bill_bitts", *self.bank.webhook(tx_id, "SETTLED"))
        self.work()

    def refunded(self, who="charlie", amount="1,000", *, key="form-key-1"):
        """Let a person invest, pay and cancel; return the refund."""
        investment_id = self.paid(who, amount, key=key)
        self.do(cancelling.cancel_paid, investment_id, user_id=self.people[who])
        self.work()
        return self.refunds(who)[0]

    def refunds(self, who="charlie"):
        """Return a person's refunds, newest first."""
        rollback()
        return queries.of_person(self.people[who]).rows

    def left(self, refund):
        """Return what of a refund is still in the wallet, in minor units."""
        rollback()
        return queries.open_one(queries.get(refund.id)).wallet_minor

    def back(self, refund):
        """Send a refund back as the page does; no worker has run yet."""
        rollback()
        payout_id = choosing.send_back(refund.id, user_id=refund.user_id)
        commit()
        return payout_id

    def sent(self, refund):
        """Send a refund back and let it go to the bank."""
        payout_id = self.back(refund)
        self.work()
        return payout_id

    def bank_ends(self, payout_id, status="PAID", **more):
        """The bank ends a return, and we hear of it."""
        self.bank.set_payout(payout_id, status, **more)
        self.later(seconds=2)

    def later(self, **time):
        self.clock.advance(timedelta(**time))
        self.work()

    def do(self, verb, *args, **how):
        rollback()
        found = verb(*args, **how)
        commit()
        return found

    def get(self, payout_id):
        rollback()
        return payouts.get(payout_id)

    def purse(self, who="charlie"):
        """Return balance and available money of a wallet, in minor units."""
        rollback()
        account = ledger_rules.user_wallet(self.people[who])
        return ledger.balance(account), ledger.available(account)

    def orders(self):
        """Return how often the bank was sent an order."""
        return self.bank.calls.count(("POST", "/payout"))

    def reminders(self, who="charlie"):
        rollback()
        return raising.told(self.people[who]).count("refund.reminder")

    def problems(self):
        """Return what the proofs find, but for those that need a chain."""
        rollback()
        lines = proofs.problems()
        return [line for line in lines if not line.startswith(("I8", "I9", "I10", "intent"))]


def count_refunds():
    rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Refund))


def drained(queue="payments"):
    rollback()
    return outbox.drain(queue)


def _people_and_campaign():
    raising.contracts()
    staff = {"alice": (), "carla": ("compliance",), "fin": ("finance",)}
    people = {name: raising.person(name, *roles) for name, roles in staff.items()}
    people |= {name: verified(name) for name in ("charlie", "dora")}
    company = raising.registered_company(people["alice"], people["carla"])
    much = {"goal_minor": "5,000,000", "max_minor": "5000000", "duration_days": "180"}
    return people, raising.live_campaign(company, people["alice"], people["carla"], **much)


@pytest.fixture
def world(app, frozen):
    people, campaign_id = scene("refunds.world", _people_and_campaign)
    bank = FakeBillBitts()
    gateways.use("bill_bitts", bank)
    yield World(bank, people, campaign_id, raising.campaign(campaign_id).slug, frozen)
    gateways.use("bill_bitts", None)
    rollback()
