"""A live campaign, a bank in memory, verified investors, and short verbs for what they do."""

from dataclasses import dataclass

import pytest

from crowdfund.adapters import gateways
from crowdfund.adapters.bill_bitts_fake import FakeBillBitts
from crowdfund.chain import queries as chain
from crowdfund.investments import queries
from crowdfund.investments.service import placing
from crowdfund.kernel import money, outbox
from crowdfund.kernel.db import commit, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payments import queries as payments
from crowdfund.payments.service import inbox
from crowdfund.people import service as people_service
from tests import raising
from tests.scenes import scene


@dataclass
class World:
    """Charlie and dora invest; alice owns the company; carla works here."""

    bank: FakeBillBitts
    people: dict[str, str]
    campaign_id: str
    slug: str

    def order(self, who="charlie", amount="1,000", *, key="form-key-1", consent=True, slug=""):
        amount_minor = amount if isinstance(amount, int) else money.parse(amount)
        return placing.Order(
            self.people.get(who, who), slug or self.slug, amount_minor, "bill_bitts", key, consent
        )

    def place(self, who="charlie", amount="1,000", **how):
        """Place an investment as the page does and let the worker open its payment."""
        rollback()
        investment_id = placing.place(self.order(who, amount, **how))
        commit()
        self.work()
        return investment_id

    def work(self):
        """Let all workers but the chain's run until nothing is due."""
        rollback()
        while sum(outbox.drain(queue) for queue in ("payments", "messages", "default")):
            pass

    def bank_says(self, investment_id, *statuses):
        """The bank's truth moves, its webhook arrives, the worker applies it."""
        for status in statuses:
            payment = self.payment(investment_id)
            self.bank.set_truth(payment.tx_id, status)
            rollback()  # the webhook comes on a connection of its own
            inbox.accept("bill_bitts", *self.bank.webhook(payment.tx_id, status))
            self.work()

    def payment(self, investment_id):
        rollback()
        return payments.get(self.investment(investment_id).payment_id)

    def investment(self, investment_id, who="charlie"):
        rollback()
        return queries.for_owner(investment_id, self.people[who])

    def status(self, investment_id, who="charlie"):
        return self.investment(investment_id, who).status

    def campaign(self):
        return raising.campaign(self.campaign_id)

    def escrow(self):
        rollback()
        return ledger.balance(ledger_rules.escrow(self.campaign_id))

    def wallet(self, who="charlie"):
        rollback()
        return ledger.balance(ledger_rules.user_wallet(self.people[who]))

    def writes(self, investment_id):
        rollback()
        return chain.writes_of("investment", investment_id)

    def books_are_clean(self):
        rollback()
        return list(ledger.problems()) == []


def verified(name):
    """Return the id of a person who may invest."""
    person_id = raising.person(name)
    people_service.save_profile(
        person_id, first_name=name.capitalize(), last_name="Tadesse", phone="+251911234567"
    )
    people_service.set_kyc_level(person_id, "basic", actor="system")
    commit()
    return person_id


def _people_and_campaign():
    raising.contracts()
    staff = {"alice": (), "carla": ("compliance",)}
    people = {name: raising.person(name, *roles) for name, roles in staff.items()}
    people |= {name: verified(name) for name in ("charlie", "dora")}
    company = raising.registered_company(people["alice"], people["carla"])
    return people, raising.live_campaign(company, people["alice"], people["carla"])


@pytest.fixture
def world(app, frozen):
    people, campaign_id = scene("investments.world", _people_and_campaign)
    bank = FakeBillBitts()
    gateways.use("bill_bitts", bank)
    yield World(bank, people, campaign_id, raising.campaign(campaign_id).slug)
    gateways.use("bill_bitts", None)
    rollback()
