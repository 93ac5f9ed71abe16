"""A bank in memory, people with money in their wallets and verified payout accounts, and staff."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import gateways, sealing
from crowdfund.adapters.bill_bitts_fake import FakeBillBitts
from crowdfund.kernel import clock, config, money, outbox
from crowdfund.kernel.db import commit, db, new_id, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.models import Hold
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import posting
from crowdfund.payout_accounts.models import PayoutAccount
from crowdfund.payouts import queries
from crowdfund.payouts.service import requests
from crowdfund.people import service as people
from crowdfund.reports import proofs
from tests import raising
from tests.scenes import scene

NUMBERS = {"alice": "1000123456789", "bob": "1000999888777", "fin": "1000555444333"}


@dataclass
class World:
    """Alice and bob have money here; fin and fred work in finance, rita is the regulator."""

    bank: FakeBillBitts
    people: dict[str, str]
    clock: clock.FixedClock

    def fund(self, who="alice", amount="1,000"):
        """Put money into a wallet, as a refund would."""
        rollback()
        wallet = ledger_rules.user_wallet(self.people[who])
        move = Posting(ledger_rules.external("bill_bitts"), wallet, money.parse(amount))
        posting.post(f"test:{new_id()}", [move], kind="test")
        commit()

    def request(self, who="alice", amount="400", *, key="form-key-1"):
        """Request a withdrawal as the page does; no worker has run yet."""
        rollback()
        wanted = requests.Wanted(self.people[who], money.parse(amount), key)
        payout_id = requests.request(wanted)
        commit()
        return payout_id

    def work(self):
        """Let all workers run until nothing is due."""
        rollback()
        while sum(outbox.drain(queue) for queue in ("payments", "messages", "default")):
            pass
        rollback()

    def later(self, **time):
        """Let time pass, and the workers run."""
        self.clock.advance(timedelta(**time or {"seconds": 2}))
        self.work()

    def sent(self, who="alice", amount="400", *, key="form-key-1"):
        """Request a withdrawal and let it go to the bank."""
        payout_id = self.request(who, amount, key=key)
        self.work()
        return payout_id

    def do(self, verb, *args, **how):
        """Call a verb in a transaction of its own."""
        rollback()
        verb(*args, **how)
        commit()

    def get(self, payout_id):
        rollback()
        return queries.get(payout_id)

    def wallet(self, who="alice"):
        """Return balance and available money of a wallet, in whole units as text."""
        rollback()
        account = ledger_rules.user_wallet(self.people[who])
        return tuple(
            money.decimal_str(minor)
            for minor in (ledger.balance(account), ledger.available(account))
        )

    def orders(self):
        """Return how often the bank was sent an order."""
        return self.bank.calls.count(("POST", "/payout"))

    def books_are_clean(self):
        rollback()
        return [line for line in proofs.problems() if not line.startswith("I10")] == []


def verified_account(person_id, number):
    """Give a person a verified payout account."""
    account_id = new_id()
    row = {
        "id": account_id,
        "person_id": person_id,
        "scheme": "et",
        "country": "ET",
        "bank_code": "cbe",
        "bank_name": "Commercial Bank of Ethiopia",
        "holder": "Alice Tadesse",
        "masked": f"ET •••• {number[-4:]}",
        "status": "verified",
        "reason": "",
        "added_at": clock.now(),
        "sealed_number": sealing.seal("payout account", account_id, number.encode()),
    }
    db.session.execute(sa.insert(PayoutAccount).values(row))
    commit()
    return account_id


def open_holds():
    rollback()
    query = sa.select(sa.func.count()).select_from(Hold).where(Hold.status == "held")
    return db.session.scalar(query)


def _people():
    staff = {"fin": ("finance",), "fred": ("finance",), "rita": ("regulator",)}
    made = {name: raising.person(name, *roles) for name, roles in staff.items()}
    for name in ("alice", "bob"):
        made[name] = raising.person(name)
        people.save_profile(made[name], first_name=name.capitalize(), last_name="Tadesse")
    commit()
    for name, number in NUMBERS.items():
        verified_account(made[name], number)
    return made


@pytest.fixture
def world(app, frozen):
    made = scene("payouts.world", _people)
    bank = FakeBillBitts()
    gateways.use("bill_bitts", bank)
    config.use(config.settings().model_copy(update={"payout_approval_above_minor": 1_000_00}))
    yield World(bank, made, frozen)
    gateways.use("bill_bitts", None)
    rollback()
