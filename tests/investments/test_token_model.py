"""Whatever order people, contract, indexer and clock do things in: token money is counted once,
both sides have the same totals, and a failed campaign gives back exactly what came in.

The contract is a few lines here: what it takes, it has. Its events are heard later, in any order
and as often as the indexer likes.
"""

from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service import ending
from crowdfund.chain import rules as chain_rules
from crowdfund.chain import service as chain
from crowdfund.chain.events import ContractEvent
from crowdfund.chain.models import Block
from crowdfund.investments import jobs, queries
from crowdfund.investments.service import cancelling, placing, reservations
from crowdfund.kernel.db import commit, db, new_id, rollback
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.people import service as people
from crowdfund.reports import proofs
from crowdfund.token_payments import queries as orders
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.service import NewRate
from tests import raising

from .test_lifecycle_model import _copy

GOAL = 10_000_00
WALLETS = {
    "charlie": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "dora": "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
}
AMOUNTS = (2_400_00, 4_000_00, 5_000_00)
VERBS = (
    "place",
    "choose",
    "pay",
    "hear",
    "hear_again",
    "cancel",
    "take_back",
    "wait",
    "wait_long",
    "fiat",
)


@dataclass
class Paid:
    """What the contract has taken under an order."""

    intent: str
    wallet: str
    amount: int
    heard: int = 0


class Story:
    """One campaign; each step acts, then compares books, contract and proofs."""

    def __init__(self, world):
        self.world, self.number = world, 0
        now = world.frozen.now()
        self.campaign_id = world.campaign_id = _copy(world.first_id, now + timedelta(days=30))
        self.address = f"0x{int(new_id(), 16) % 2**160:040x}"
        self.set(contract_address=self.address)
        world.slug = raising.campaign(self.campaign_id).slug
        self.placed, self.taken, self.returned = [], [], []

    def set(self, **values):
        rollback()
        db.session.execute(
            sa.update(Campaign).where(Campaign.id == self.campaign_id).values(values)
        )
        commit()

    def attempt(self, verb, *args, **kwargs):
        rollback()
        try:
            done = verb(*args, **kwargs)
        except CrowdfundError:
            rollback()
            return None
        commit()
        return done

    def order(self, investment_id):
        rollback()
        return orders.order(queries.get(investment_id).payment_id)

    def person(self, place):
        return ("charlie", "dora")[place % 2]

    # --- what people do

    def place(self, place, amount):
        who = self.person(place)
        order = placing.Order(
            self.world.people[who], self.world.slug, amount, "token", new_id(), has_consented=True
        )
        if found := self.attempt(placing.place, order):
            self.placed.append((found, who))

    def fiat(self, place, amount):
        """Somebody reserves room at the bank, which never pays it: it ends after a day."""
        who = self.person(place)
        self.attempt(placing.place, self.world.order(who, amount, key=new_id()))

    def choose(self, place, _amount):
        if self.placed:
            investment_id, who = self.placed[place % len(self.placed)]
            order = self.order(investment_id)
            self.attempt(
                token_payments.choose_wallet,
                order.payment_id,
                WALLETS[who],
                user_id=self.world.people[who],
            )

    def cancel(self, place, _amount):
        if self.placed:
            investment_id, who = self.placed[place % len(self.placed)]
            self.attempt(reservations.cancel, investment_id, user_id=self.world.people[who])

    def pay(self, place, _amount):
        """The wallet sends: the contract takes what is admitted, in time, once, within the goal."""
        if not self.placed:
            return
        order = self.order(self.placed[place % len(self.placed)][0])
        is_new = order.intent not in {one.intent for one in self.taken + self.returned}
        fits = sum(one.amount for one in self.taken) + order.amount_minor <= GOAL
        if order.wallet and is_new and fits and self.world.frozen.now() <= order.valid_until:
            self.taken.append(Paid(order.intent, order.wallet, order.amount_minor))

    def take_back(self, place, _amount):
        """The investor cancels what was paid; the contract pays back, and that is heard twice."""
        if not self.placed:
            return
        investment_id, who = self.placed[place % len(self.placed)]
        self.attempt(cancelling.cancel_paid, investment_id, user_id=self.world.people[who])
        intent = self.order(investment_id).intent
        asked = [one for one in self.taken if one.intent == intent]
        if not asked or queries.get(investment_id).cancelled_at is None:
            return
        self.taken.remove(asked[0])
        self.returned.append(asked[0])
        for _ in range(2):
            rollback()
            args = {"intentId": intent, "investor": asked[0].wallet}
            paid_back = self.event("InvestmentCancelled", intent, amount=asked[0].amount, **args)
            jobs.investment_cancelled(paid_back)
            commit()
            self.world.work()

    # --- what indexer and clock do

    def hear(self, place, _amount):
        waiting = [one for one in self.taken if not one.heard]
        if waiting:
            self.tell(waiting[place % len(waiting)])

    def hear_again(self, place, _amount):
        known = [one for one in self.taken if one.heard] + self.returned
        if known:
            self.tell(known[place % len(known)])

    def tell(self, paid):
        rollback()
        args = {"intentId": paid.intent, "investor": paid.wallet}
        jobs.token_money_came(self.event("Invested", paid.intent, amount=paid.amount, **args))
        commit()
        paid.heard += 1
        self.world.work()

    def event(self, name, key, *, amount, **args):
        return ContractEvent(
            key=f"{name}:{key}",
            contract="CampaignImplementation",
            address=self.address,
            event=name,
            args={"amount": str(chain_rules.to_units(amount)), **args},
            tx_hash="0x" + key[2:].rjust(64, "0")[-64:],
            ordinal=0,
            block=9,
        )

    def wait(self, _place, _amount):
        self.pass_time(timedelta(minutes=16))

    def wait_long(self, _place, _amount):
        self.pass_time(timedelta(hours=25))

    def pass_time(self, by):
        self.world.frozen.advance(by)
        for investment_id, _ in self.placed:
            self.attempt(token_payments.expire, self.order(investment_id).payment_id)
        self.world.work()

    # --- what must hold

    def step(self, verb, place, amount):
        getattr(self, verb)(place, amount)
        self.compare()

    def compare(self):
        found = raising.campaign(self.campaign_id)
        heard = sum(one.amount for one in self.taken if one.heard)
        assert found.paid_token_minor + found.token_minor == heard
        assert found.reserved_minor <= GOAL
        held = ledger.balance(ledger_rules.tokens(self.campaign_id))
        assert held == found.paid_token_minor
        assert [line for _id, line in proofs._campaign_totals([self.campaign_id])] == []
        rollback()

    def end(self):
        """Everything is heard, the contract is cancelled and pays every wallet back."""
        for one in self.taken:
            if not one.heard:
                self.tell(one)
        rollback()
        ending.end(ending.locked(self.campaign_id), Status.CANCELLED, tx_hash="0x" + "aa" * 32)
        commit()
        self.world.work()
        for wallet in sorted({one.wallet for one in self.taken}):
            rollback()
            amount = sum(one.amount for one in self.taken if one.wallet == wallet)
            jobs.token_money_went_back(
                self.event("Refunded", wallet, amount=amount, investor=wallet)
            )
            commit()
            self.world.work()
        rollback()
        assert ledger.balance(ledger_rules.tokens(self.campaign_id)) == 0
        assert raising.campaign(self.campaign_id).status == "refunded"
        assert [line for _id, line in proofs._campaign_totals([self.campaign_id])] == []
        rollback()


@pytest.fixture
def told(world, frozen):
    world.frozen, world.first_id = frozen, world.campaign_id
    start = frozen.now().replace(year=2020)
    token_payments.add_rate(NewRate("cETB", "ETB", 1, 1, start, "By definition"), actor="test")
    first = Block(number=1, hash="0x01", parent="0x00", timestamp=1)
    chain.begin_reading(chain_id=31337, genesis="0x01", block=first)
    for who, wallet in WALLETS.items():
        people.add_method(world.people[who], "wallet", wallet, label="a wallet")
    commit()
    return world


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from(VERBS), st.integers(0, 3), st.sampled_from(AMOUNTS)), max_size=14
    )
)
def test_token_money_is_as_in_the_model_after_each_step(told, steps):
    story = Story(told)
    for verb in ("place", "choose", "pay"):
        story.step(verb, 0, AMOUNTS[0])
    if steps and steps[0][1] % 2:
        story.step("hear", 0, AMOUNTS[0])
    for verb, place, amount in steps:
        story.step(verb, place, amount)
    story.end()
