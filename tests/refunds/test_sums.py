"""Whatever happens: back + on its way + in the wallet = what was refunded."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from crowdfund.investments.service import cancelling
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.payments import queries as payments
from crowdfund.payments.service import resolving
from crowdfund.payouts import queries as payouts
from crowdfund.payouts import rules as payout_rules
from crowdfund.payouts.service import requests
from crowdfund.refunds import queries
from crowdfund.refunds.service import choosing
from tests.conftest import NOW
from tests.investments.conftest import verified

VERBS = ("invest", "too_much", "late", "cancel", "back", "back", "keep", "undo", "paid", "failed")
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 5)), min_size=4, max_size=14)
AMOUNTS = (100_00, 300_00, 500_00, 1_000_00)


class Story:
    """One person puts money in and gets it back, in several ways and in any order."""

    def __init__(self, world):
        self.world, self.refunded_minor, self.number = world, 0, 0
        Story.people = getattr(Story, "people", 0) + 1
        self.who = f"person{Story.people}"
        world.people[self.who] = verified(self.who)
        self.person, self.investments = world.people[self.who], []

    def attempt(self, verb, *args, **how):
        rollback()
        try:
            found = verb(*args, **how)
        except CrowdfundError:
            rollback()
            return None
        commit()
        self.world.work()
        return found

    def step(self, verb, which):
        getattr(self, verb)(which)
        self.compare()

    def _invest(self, which, received=None):
        self.number += 1
        amount = AMOUNTS[which % len(AMOUNTS)]
        investment_id = self.world.paid(
            self.who, amount, key=f"form-key-{self.number}", received=received and received(amount)
        )
        self.investments.append((investment_id, amount))
        return investment_id

    def invest(self, which):
        self._invest(which)

    def too_much(self, which):
        investment_id = self._invest(which, lambda minor: f"{minor // 100 + 50}.00")
        self._decide(investment_id, "accept", 50_00)

    def late(self, which):
        self.number += 1
        amount = AMOUNTS[which % len(AMOUNTS)]
        investment_id = self.world.place(self.who, amount, key=f"form-key-{self.number}")
        self.world.later(hours=25)
        self.world.pay(self.world.investment(investment_id, self.who).payment_id)
        self._decide(investment_id, "credit", amount)

    def _decide(self, investment_id, decision, credited):
        payment_id = self.world.investment(investment_id, self.who).payment_id
        (found,) = payments.exceptions_of(payment_id)
        fin = self.world.people["fin"]
        self.attempt(resolving.resolve, found.id, decision, actor=fin, reason="For this test.")
        rollback()
        assert payments.exception(found.id).resolution == decision
        self.refunded_minor += credited

    def cancel(self, which):
        if self.investments:
            investment_id, amount = self.investments.pop(which % len(self.investments))
            self.attempt(cancelling.cancel_paid, investment_id, user_id=self.person)
            if self.world.status(investment_id, self.who) == "returned":
                self.refunded_minor += amount

    def one(self, which):
        rows = self.world.refunds(self.who)
        return rows[which % len(rows)] if rows else None

    def back(self, which):
        if refund := self.one(which):
            clicks = [
                self.attempt(choosing.send_back, refund.id, user_id=self.person) for _ in range(4)
            ]
            assert len(set(clicks)) == 1

    def keep(self, which):
        if refund := self.one(which):
            self.attempt(choosing.keep, refund.id, user_id=self.person)

    def undo(self, which):
        rows = self.returns()
        if rows:
            self.attempt(requests.cancel, rows[which % len(rows)].id, user_id=self.person)

    def paid(self, which):
        self.ends(which, "PAID")

    def failed(self, which):
        self.ends(which, "FAILED")

    def ends(self, which, status):
        waiting = [one for one in self.returns() if one.status == "submitted"]
        if waiting:
            self.world.bank_ends(waiting[which % len(waiting)].id, status)

    def returns(self):
        rollback()
        return payouts.of_person(self.person).rows

    def compare(self):
        rows = self.returns()
        gone = sum(one.amount_minor for one in rows if one.status == "paid")
        held = sum(one.amount_minor for one in rows if one.status in payout_rules.HELD)
        balance, available = self.world.purse(self.who)
        assert gone + held + available == self.refunded_minor
        assert balance == available + held
        rollback()
        refunds = queries.of_person(self.person).rows
        assert sum(one.amount_minor for one in refunds) == self.refunded_minor
        left = queries.unfinished(self.person)
        assert sum(one.wallet_minor for one in left) == available
        assert all(one.spent_minor == 0 for one in left)
        for tx_id in {one.tx_id for one in refunds}:
            assert self.world.bank.left_of(tx_id) >= 0


EACH = [
    *(("invest", 0), ("cancel", 0), ("back", 0), ("paid", 0), ("back", 0)),
    *(("too_much", 1), ("cancel", 0), ("back", 0), ("undo", 0), ("back", 1), ("failed", 0)),
    *(("late", 2), ("keep", 0), ("back", 0), ("paid", 0), ("back", 1), ("paid", 0)),
]


@settings(max_examples=40)
@given(steps=STEPS)
@example(steps=EACH)
def test_nothing_is_lost_and_nothing_goes_back_twice(world, steps):
    world.clock.set(NOW)
    story = Story(world)
    for step in steps:
        story.step(*step)
    assert world.problems() == []
