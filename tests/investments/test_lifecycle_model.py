"""Whatever people, bank, chain and clock do: totals, money and states are as in a model.

A plain model follows each step; it knows nothing of tables, postings or queues. After each step
every investment, the campaign's totals, the escrow and the wallets are compared with it.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.service import ending
from crowdfund.investments.service import cancelling, placing, reservations
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, new_id, rollback
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payments import queries as payments
from crowdfund.payments.service import inbox
from crowdfund.reports import proofs
from tests import raising

GOAL, THRESHOLD, MOST = 10_000_00, 7_500_00, 5_000_00
LAST_CANCEL, GRACE = timedelta(hours=48), timedelta(days=5)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
AMOUNTS = (2_400_00, 2_500_00, 2_600_00, 5_000_00)  # around the threshold
WHO = ("charlie", "dora")
IN = ("settled", "confirmed")
ROOM = ("paying", "authorised", *IN)


@dataclass
class Line:
    """An investment as the model knows it; `bank` is what the bank has said last."""

    who: str
    amount: int
    placed: timedelta
    status: str = "paying"
    bank: str = "PENDING"
    is_cancelled: bool = False  # after it was paid


@dataclass
class Model:
    """A campaign that lasts 30 days from moment 0, and the wallets of its investors."""

    now: timedelta = timedelta(0)
    ends: timedelta = timedelta(days=30)
    status: str = "live"
    ending: bool = False
    lines: dict[str, Line] = field(default_factory=dict)
    wallets: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WHO, 0))

    def total(self, *statuses, who=None):
        found = (x for x in self.lines.values() if x.status in statuses and who in (None, x.who))
        return sum(one.amount for one in found)

    @property
    def is_open(self):
        return self.status == "live" and not self.ending

    def takes(self, who, amount):
        fits = self.total(*ROOM) + amount <= GOAL and self.total(*ROOM, who=who) + amount <= MOST
        return self.is_open and self.now <= self.ends and fits

    def settle(self, line):
        if (
            line.status in ("paying", "authorised")
            and self.is_open
            and self.now <= self.ends + GRACE
        ):
            line.status = "settled"
        elif line.status not in (*IN, "returned"):
            self.give_back(line)

    def pass_time(self, moment):
        self.now = moment
        for line in self.lines.values():
            if line.status == "paying" and moment - line.placed >= DAY:
                line.status = "expired"

    def give_back(self, line):
        line.status = "returned"
        self.wallets[line.who] += line.amount

    def may_cancel(self, line):
        in_time = self.now <= self.ends - LAST_CANCEL
        return line.status in ("authorised", *IN) and self.is_open and in_time

    def may_close(self):
        if not self.is_open or self.now <= self.ends:
            return False
        on_its_way = self.total("paying", "authorised") > 0
        return not (on_its_way and self.now <= self.ends + GRACE)

    def may_close_early(self):
        return (
            self.is_open and self.total(*IN) >= THRESHOLD and self.total("authorised") == 0
        )  # fmt: skip

    def close(self):
        self.ending = False
        self.status = "succeeded" if self.total(*IN) >= THRESHOLD else "refunded"
        if self.status == "refunded":
            for line in self.lines.values():
                if line.status in IN:
                    self.give_back(line)


class Story:
    """One campaign; each step acts on platform, bank and model, then compares them."""

    def __init__(self, world):
        self.world, self.model = world, Model()
        self.start = world.frozen.now()
        self.campaign_id = world.campaign_id = _copy(world.first_id, self.start + self.model.ends)
        world.slug = raising.campaign(self.campaign_id).slug
        self.before = {who: self.wallet(who) for who in WHO}

    def step(self, verb, place, amount):
        ids = list(self.model.lines)
        if ids or verb in ("place", "go_to", "close_due", "close_early"):
            getattr(self, verb)(ids[place % len(ids)] if ids else "", place, amount)
        self.compare()

    # --- what investors do

    def place(self, _which, number, amount):
        who = WHO[number % 2]
        order = self.world.order(who, amount, key=new_id())
        found = self.attempt(placing.place, order)
        assert (found is not None) == self.model.takes(who, amount)
        if found:
            self.model.lines[found] = Line(who, amount, self.model.now)

    def cancel(self, which, *_):
        line = self.model.lines[which]
        person = self.world.people[line.who]
        done = self.attempt(lambda: [reservations.cancel(which, user_id=person)]) is not None
        assert done == (line.status in ("paying", "cancelled"))
        if done:
            line.status = "cancelled"

    def cancel_paid(self, which, *_):
        line = self.model.lines[which]
        person = self.world.people[line.who]
        was_cancelled = line.is_cancelled
        done = self.attempt(lambda: [cancelling.cancel_paid(which, user_id=person)]) is not None
        assert done == (was_cancelled or self.model.may_cancel(line))
        if done and not was_cancelled:
            line.is_cancelled = True
            if line.status == "authorised":
                line.status = "cancelled"
            else:
                self.model.give_back(line)

    def attempt(self, verb, *args):
        rollback()
        try:
            found = verb(*args)
        except CrowdfundError:
            rollback()
            return None
        commit()
        self.world.work()
        return found

    # --- what the bank does

    def bank_takes(self, which, *_):
        line = self.model.lines[which]
        if line.bank == "PENDING" and self.is_open_at_the_bank(line):
            self.bank_says(which, "SUCCESS")
            if line.status == "paying":
                line.status = "authorised"

    def bank_settles(self, which, *_):
        line = self.model.lines[which]
        if line.bank in ("PENDING", "SUCCESS") and self.is_open_at_the_bank(line):
            self.bank_says(which, "SETTLED")
            self.model.settle(line)

    def bank_fails(self, which, *_):
        line = self.model.lines[which]
        if line.bank in ("PENDING", "SUCCESS") and self.is_open_at_the_bank(line):
            self.bank_says(which, "FAILED")
            if line.status in ("paying", "authorised"):
                line.status = "failed"

    def is_open_at_the_bank(self, line):
        """Money for a reservation that has ended unpaid is for staff, and another story."""
        return line.is_cancelled or line.status not in ("cancelled", "expired")

    def bank_says(self, which, status):
        self.model.lines[which].bank = status
        who = self.model.lines[which].who
        payment_id = self.world.investment(which, who).payment_id
        payment = payments.get(payment_id)
        self.world.bank.set_truth(payment.tx_id, status)
        rollback()  # the webhook comes on a connection of its own
        inbox.accept("bill_bitts", *self.world.bank.webhook(payment.tx_id, status))
        self.world.work()

    # --- what the chain and the clock do

    def record(self, *_):
        """The contract answers everything that it was asked about investments."""
        for which, line in self.model.lines.items():
            for kind in ("investment", "cancellation"):
                rollback()
                for write in raising.chain_queries.writes_of(kind, which):
                    if write.status == "queued":
                        raising.confirm(kind, which)
                        outbox.drain("chain")
            if line.status == "settled":
                line.status = "confirmed"

    def go_to(self, _which, number, _amount):
        moments = [
            self.model.ends - LAST_CANCEL, self.model.ends, self.model.ends + GRACE,
        ]  # fmt: skip
        ahead = [m + more for m in moments for more in (-SECOND, 0 * SECOND, SECOND)]
        ahead = [moment for moment in ahead if moment > self.model.now]
        if ahead:
            moment = ahead[number % len(ahead)]
            self.world.frozen.advance(moment - self.model.now)
            self.world.work()
            self.model.pass_time(moment)

    def close_due(self, *_):
        self.record()
        rollback()
        ending.close_due()  # of the other stories' campaigns, too
        commit()
        begun = raising.campaign(self.campaign_id).ending == "close"
        assert begun == self.model.may_close()
        if begun:
            self.model.ending = True
            self.closed()

    def close_early(self, *_):
        self.record()
        actor = self.world.people["alice"]
        done = self.attempt(lambda: [ending.close_early(self.campaign_id, actor=actor)]) is not None
        assert done == self.model.may_close_early()
        if done:
            self.model.ending = True
            self.closed()

    def closed(self):
        succeeded = self.model.total(*IN) >= THRESHOLD
        raising.confirm("campaign", self.campaign_id, Closed={"succeeded": succeeded, "total": 0})
        self.world.work()
        self.model.close()

    # --- what must hold

    def wallet(self, who):
        rollback()
        return ledger.balance(ledger_rules.user_wallet(self.world.people[who]))

    def compare(self):
        model, campaign = self.model, raising.campaign(self.campaign_id)
        statuses = {
            which: self.world.investment(which, line.who).status
            for which, line in model.lines.items()
        }
        assert statuses == {which: line.status for which, line in model.lines.items()}
        assert campaign.status == model.status
        if model.status != "refunded":  # its totals stay as they were, for the record
            investors = {line.who for line in model.lines.values() if line.status in IN}
            assert campaign.settled_minor == model.total(*IN)
            assert campaign.reserved_minor == model.total(*ROOM)
            assert campaign.investors_count == len(investors)
        rollback()
        assert ledger.balance(ledger_rules.escrow(self.campaign_id)) == model.total(*IN)
        came = {who: self.wallet(who) - self.before[who] for who in WHO}
        assert came == model.wallets

    def end(self):
        rollback()
        harmless = ("I8", "I9", "I10", "intent")  # nobody has really been to the chain
        assert [line for line in proofs.problems() if not line.startswith(harmless)] == []


def _copy(campaign_id, ends_at):
    """Return the id of a live campaign like another, without money and with its own contract."""
    rollback()
    table = Campaign.__table__
    row = dict(db.session.execute(sa.select(table).where(table.c.id == campaign_id)).one()._mapping)
    made = new_id()
    row |= {"id": made, "slug": made, "live_lock": None, "year_lock": None, "ends_at": ends_at}
    row |= {"contract_address": f"0x{made}{made[:8]}", "reserved_minor": 0, "settled_minor": 0}
    row |= {"investors_count": 0, "refused_count": 0, "status": "live", "ending": None}
    db.session.execute(sa.insert(table).values(row))
    commit()
    return made


VERBS = (
    *("place", "place", "cancel", "cancel_paid", "cancel_paid", "record", "go_to", "close_due"),
    *("bank_takes", "bank_settles", "bank_settles", "bank_fails", "close_early"),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 17), st.sampled_from(AMOUNTS)),
    min_size=4,
    max_size=18,
)


@pytest.fixture
def stories(world, frozen, monkeypatch):
    world.first_id, world.frozen = world.campaign_id, frozen
    return world


@given(steps=STEPS)
def test_no_order_of_events_differs_from_the_model(stories, steps):
    story = Story(stories)
    story.step("place", 0, 5_000_00)
    for step in steps:
        story.step(*step)
    story.end()
