"""A live campaign whose terms change: short verbs for the company, staff and investors."""

from dataclasses import dataclass

import pytest

from crowdfund.campaigns import queries as campaigns
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, rollback
from crowdfund.payments import queries as payments
from crowdfund.payments.service import inbox
from crowdfund.term_changes.queries import answers, changes
from crowdfund.term_changes.rules import terms
from crowdfund.term_changes.service import answering, deciding, lapsing, proposing
from tests import raising
from tests.investments.conftest import World, world  # noqa: F401

REASON = "The roaster that we had chosen is not made any more."
STORY = raising.STORY.replace("second roaster", "used roaster")
NEW = {"story_md": STORY, "reason": REASON}


@dataclass
class Terms:
    """The world, and what happens to the terms of its campaign."""

    world: World

    def values(self, **values):
        rollback()
        now = terms.of_campaign(campaigns.by_id(self.world.campaign_id))
        return {**now, **NEW, **values}

    def propose(self, who="alice", **values):
        """Write a change and submit it."""
        values = self.values(**values)
        change_id = proposing.create(self.world.campaign_id, values, actor=self.world.people[who])
        proposing.submit(change_id, actor=self.world.people[who])
        commit()
        return change_id

    def material(self, **values):
        """Propose a change and have it put in force as material."""
        change_id = self.propose(**values)
        deciding.approve_material(change_id, actor=self.world.people["carla"])
        commit()
        self.world.work()
        return change_id

    def change(self, change_id):
        rollback()
        return changes.by_id(change_id)

    def answer(self, investment_id):
        rollback()
        found = answers.of_investment(investment_id)
        return found.status if found else None

    def asked(self, investment_id):
        rollback()
        return answers.of_investment(investment_id)

    def keep(self, investment_id, who="charlie"):
        rollback()
        answering.keep(investment_id, user_id=self.world.people[who])
        commit()

    def take_back(self, investment_id, who="charlie"):
        rollback()
        answering.take_back(investment_id, user_id=self.world.people[who])
        commit()
        self.world.work()

    def tick(self):
        """Let the periodic job run, and the work that it queues."""
        rollback()
        lapsing.settle_ended()
        lapsing.begin_due()
        lapsing.finish_due()
        commit()
        self.world.work()

    def paid(self, who="charlie", amount="1,000", *, key="form-key-1", statuses=()):
        investment_id = self.world.place(who, amount, key=key)
        for status in statuses or ("SUCCESS", "SETTLED"):
            bank_says(self.world, who, investment_id, status)
        return investment_id


def bank_says(world, who, investment_id, status):  # noqa: F811
    """Let the bank say something about anybody's payment."""
    payment_id = world.investment(investment_id, who).payment_id
    rollback()
    tx_id = payments.get(payment_id).tx_id
    world.bank.set_truth(tx_id, status)
    rollback()
    inbox.accept("bill_bitts", *world.bank.webhook(tx_id, status))
    world.work()


def confirm(world, kind, investment_id):  # noqa: F811
    """Let the chain confirm the newest write about a thing."""
    raising.confirm(kind, investment_id)
    outbox.drain("chain")
    world.work()


@pytest.fixture
def terms_of(world):  # noqa: F811
    return Terms(world)
