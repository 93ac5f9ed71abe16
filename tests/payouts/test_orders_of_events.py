"""Whatever happens, in whatever order: available + held + paid out = what came in.

A plain model follows the verbs; after each step money and statuses of the platform are compared
with it, and in the end with what the bank has really paid.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, new_id, reading, rollback
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payouts.service import asking, deciding, requests
from tests import raising
from tests.payouts.conftest import verified_account

LIMIT = 1_000_00
CAME_IN = 3_000_00
AMOUNTS = (1, 400_00, 999_99, 1_500_00, 3_000_00, 3_000_01)
OPEN = ("requested", "approved", "submitted")
BACK = ("failed", "rejected", "cancelled")
REASON = "Decided by the test."


@dataclass
class Thing:
    """A withdrawal as the model knows it."""

    amount: int
    needs_approval: bool
    status: str = "requested"


@dataclass
class Model:
    """What must be true of one person's wallet."""

    things: dict[str, Thing] = field(default_factory=dict)

    def total(self, *statuses):
        return sum(one.amount for one in self.things.values() if one.status in statuses)

    @property
    def available(self):
        return CAME_IN - self.total(*OPEN) - self.total("paid")

    def needs_approval(self, amount):
        return amount + self.total(*OPEN, "paid") > LIMIT

    def may(self, verb, thing):
        waits = thing.status == "requested" and thing.needs_approval
        return {
            "approve": waits,
            "reject": waits,
            "cancel": thing.status in ("requested", "cancelled"),
        }[verb]


AFTER = {"approve": "approved", "reject": "rejected", "cancel": "cancelled"}


class Story:
    """One person's withdrawals: each step acts on platform, bank and model, then compares them."""

    def __init__(self, world):
        self.world, self.model = world, Model()
        name = f"p{new_id()}"
        self.person = world.people[name] = raising.person(name)
        self.number = "1000" + new_id()[:9].translate(str.maketrans("abcdef", "123456"))
        verified_account(self.person, self.number)
        world.fund(name, "3,000")
        world.bank.down, world.bank.lose_answers, world.bank.refuse_payouts = False, 0, False

    def step(self, verb, place, amount):
        ids = list(self.model.things)
        which = ids[place % len(ids)] if ids else ""
        getattr(self, verb)(which, amount)
        self.compare()

    # --- what people do

    def request(self, _which, amount):
        key = f"form-key-{len(self.model.things)}"
        fits = amount <= self.model.available
        needs = self.model.needs_approval(amount)
        for _ in range(2):  # a double click
            made = self.attempt(requests.request, requests.Wanted(self.person, amount, key))
            assert (made is not None) == fits
        if fits:
            self.model.things[made] = Thing(amount, needs)

    def approve(self, which, _amount):
        self.decide("approve", which, actor=self.world.people["fin"])

    def reject(self, which, _amount):
        self.decide("reject", which, actor=self.world.people["fin"], reason=REASON)

    def cancel(self, which, _amount):
        self.decide("cancel", which, user_id=self.person)

    def decide(self, verb, which, **how):
        if not which:
            return
        thing = self.model.things[which]
        is_done = self.attempt(lambda: getattr(requests, verb)(which, **how) or True) is not None
        assert is_done == self.model.may(verb, thing)
        if is_done:
            thing.status = AFTER[verb]

    def ask(self, which, _amount):
        if which:
            self.attempt(deciding.ask_bank, which)

    def attempt(self, verb, *args):
        rollback()
        try:
            found = verb(*args)
        except CrowdfundError:
            rollback()
            return None
        commit()
        return found

    # --- what the bank does

    def bank_pays(self, which, _amount):
        self.bank_says(which, "PAID")

    def bank_fails(self, which, _amount):
        self.bank_says(which, "FAILED")

    def bank_says(self, which, status):
        if which in self.world.bank.payouts and self.truth(which) == "PENDING":
            self.world.bank.set_payout(which, status)

    def bank_lies(self, which, amount):
        if which in self.world.bank.payouts:
            self.world.bank.set_payout(which, self.truth(which), amount=f"{amount + 7}.00")

    def bank_repents(self, which, _amount):
        if which in self.world.bank.payouts:
            self.right(which)

    def bank_goes(self, _which, _amount):
        self.world.bank.down = True

    def bank_comes(self, _which, _amount):
        self.world.bank.down = False

    def answer_is_lost(self, _which, _amount):
        self.world.bank.lose_answers += 1

    def right(self, which):
        cents = self.model.things[which].amount
        self.world.bank.payouts[which]["amount"] = f"{cents // 100}.{cents % 100:02d}"

    def truth(self, which):
        payout = self.world.bank.payouts.get(which)
        return payout["status"] if payout else None

    # --- what the workers do

    def work(self, _which, _amount):
        self.world.clock.advance(timedelta(minutes=11))
        rollback()
        while outbox.drain("payments"):
            pass
        for which, thing in self.model.things.items():
            now = self.world.get(which).status
            is_handed_over = thing.status == "approved" or (
                thing.status == "requested" and not thing.needs_approval
            )
            if is_handed_over:
                thing.status = "submitted"
            if thing.status == "submitted" and now in ("paid", "failed"):
                assert self.truth(which) == now.upper()
                thing.status = now

    def crash(self, which, _amount):
        """A worker asks and orders, then dies before it has booked anything."""
        if which and self.model.things[which].status == "submitted":
            rollback()
            with reading():
                wanted = asking.orders([which])
            rollback()
            asking.ask(wanted)

    # --- what must hold

    def compare(self):
        rollback()
        wallet = ledger_rules.user_wallet(self.person)
        statuses = {which: self.world.get(which).status for which in self.model.things}
        assert statuses == {which: one.status for which, one in self.model.things.items()}
        paid = self.model.total("paid")
        held = self.model.total(*OPEN)
        assert ledger.balance(wallet) == CAME_IN - paid
        assert ledger.available(wallet) == self.model.available
        assert ledger.available(wallet) + held + paid == CAME_IN
        for which, thing in self.model.things.items():
            if thing.status in ("rejected", "cancelled", "requested", "approved"):
                assert which not in self.world.bank.payouts

    def end(self):
        """The bank answers rightly from now on: nothing stays open that it has ended."""
        self.world.bank.down, self.world.bank.lose_answers = False, 0
        for which in self.model.things:
            if which in self.world.bank.payouts:
                self.right(which)
        self.work("", 0)
        self.work("", 0)
        for which, thing in self.model.things.items():
            if thing.status == "submitted":
                self.world.bank.set_payout(which, "PAID")
        self.work("", 0)
        self.compare()
        for which, thing in self.model.things.items():
            assert (self.truth(which) == "PAID") == (thing.status == "paid"), thing
            assert thing.status != "submitted"
        keys = list(self.world.bank.answers)
        assert len(keys) == len(set(keys))
        assert self.world.books_are_clean()


VERBS = sorted(
    name
    for name in vars(Story)
    if name
    in {
        *("request", "approve", "reject", "cancel", "ask", "work", "crash"),
        *("bank_pays", "bank_fails", "bank_lies", "bank_repents", "bank_goes", "bank_comes"),
        "answer_is_lost",
    }
)
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 3), st.sampled_from(AMOUNTS)), max_size=16
)


@given(first=st.sampled_from(AMOUNTS), steps=STEPS)
def test_no_order_of_events_loses_or_doubles_money(world, first, steps):
    story = Story(world)
    story.step("request", 0, first)
    for step in steps:
        story.step(*step)
    story.end()
