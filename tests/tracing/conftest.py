"""A small world with money in every state: reserved, paid, settled, recorded, refused, under
review, completed by a rest, credited, on hold, paid out, released and refunded."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.service import ending, releasing
from crowdfund.chain import rules as chain_rules
from crowdfund.investments.service import recording
from crowdfund.kernel import money
from crowdfund.kernel.db import commit, db, new_id, rollback
from crowdfund.payments import queries
from crowdfund.payments.service import inbox, resolving, rests
from crowdfund.payouts.service import requests as payouts
from crowdfund.reconciliation.models import Comparison, ContractReading
from tests import raising
from tests.investments.conftest import World, world  # noqa: F401
from tests.investments.test_resolutions import open_exceptions
from tests.payouts.conftest import verified_account

STAFF = {"fiona": ("finance",), "adam": ("admin",), "rita": ("regulator",)}
_SOON = timedelta(seconds=2)


@dataclass
class Story:
    """The world and the ids of what happened in it."""

    world: World
    live: str
    released: str
    refunded: str
    companies: dict[str, str]
    investments: dict[str, str]
    payouts: dict[str, str]

    def browser(self, app, who=None):
        return raising.browser(app, self.world.people[who] if who else None)


@pytest.fixture
def story(world, frozen):  # noqa: F811
    for name, roles in STAFF.items():
        world.people[name] = raising.person(name, *roles)
    made = _in_the_live_campaign(world)
    sent = _withdrawals(world, frozen)
    companies = {}
    released = _campaign(world, "ivan", 1, companies)
    for number, who in enumerate(("charlie", "dora")):
        one = world.place(who, "4,000", key=f"big-{number}", slug=raising.campaign(released).slug)
        settle_exactly(world, one, who)
        raising.confirm("investment", one)
        made[f"released {who}"] = one
    _release(world, released)
    refunded = _campaign(world, "hana", 2, companies)
    one = world.place("charlie", "600", key="refunded", slug=raising.campaign(refunded).slug)
    settle_exactly(world, one)
    made["refunded"] = one
    _cancel(world, refunded)
    _compare(world, (world.campaign_id, released, refunded))
    rollback()
    companies["alice"] = raising.campaign(world.campaign_id).company_id
    return Story(world, world.campaign_id, released, refunded, companies, made, sent)


def _in_the_live_campaign(world):  # noqa: F811
    made = {
        "recorded": world.place("charlie", "1,000", key="recorded"),
        "paid": world.place("charlie", "500", key="paid"),
        "reserved": world.place("dora", "300", key="reserved"),
        "refused": world.place("dora", "100", key="refused"),
        "too much": world.place("charlie", "400", key="much"),
        "short": world.place("dora", "500", key="short"),
        "credited": world.place("charlie", "200", key="credited"),
        "completed": world.place("charlie", "700", key="completed"),
    }
    settle_exactly(world, made["recorded"])
    raising.confirm("investment", made["recorded"])
    world.bank_says(made["paid"], "SUCCESS")
    settle_exactly(world, made["refused"], "dora")
    rollback()
    recording.record_refused(made["refused"], "AboveGoal")
    commit()
    settle_part(world, made["credited"], "150.00")
    (found,) = open_exceptions()
    resolving.resolve(found.id, "credit", actor="f" * 32, reason="as agreed by phone")
    commit()
    settle_part(world, made["completed"], "300.00")
    _pay_rest(world, made["completed"], "charlie", "SETTLED")
    settle_part(world, made["too much"], "450.00")
    settle_part(world, made["short"], "200.00", who="dora")
    _pay_rest(world, made["short"], "dora")
    world.work()
    return made


def settle_exactly(world, investment_id, who="charlie"):  # noqa: F811
    payment = _payment(world, investment_id, who)
    settle_payment(world, payment)


def settle_part(world, investment_id, amount, *, who="charlie"):  # noqa: F811
    settle_payment(world, _payment(world, investment_id, who), amount=amount)


def settle_payment(world, payment, **truth):  # noqa: F811
    for status in ("SUCCESS", "SETTLED"):
        world.bank.set_truth(payment.tx_id, status, **truth)
        rollback()
        inbox.accept("bill_bitts", *world.bank.webhook(payment.tx_id, status))
        world.work()


def _payment(world, investment_id, who):  # noqa: F811
    payment_id = world.investment(investment_id, who).payment_id
    rollback()
    return queries.get(payment_id)


def _pay_rest(world, investment_id, who, *statuses):  # noqa: F811
    first = _payment(world, investment_id, who)
    rollback()
    rest = rests.begin(first.id)
    commit()
    world.work()
    rollback()
    if statuses:
        settle_payment(world, queries.get(rest))


def _withdrawals(world, frozen):  # noqa: F811
    """Charlie has 150.00 ETB: 20 are paid out, 30 came back, 40 are on hold."""
    charlie = world.people["charlie"]
    verified_account(charlie, "1000123456789")
    sent = {}
    for name, amount in (("paid", "20"), ("cancelled", "30"), ("on hold", "40")):
        rollback()
        wanted = payouts.Wanted(charlie, money.parse(amount), f"payout-{name}")
        sent[name] = payouts.request(wanted)
        commit()
        if name == "paid":
            world.work()
            world.bank.set_payout(sent[name], "PAID")
            frozen.advance(_SOON)
            world.work()
        if name == "cancelled":
            payouts.cancel(sent[name], user_id=charlie)
            commit()
    return sent


def _campaign(world, owner, number, companies):  # noqa: F811
    """Return the id of a live campaign of one more company, with a contract of its own."""
    world.people[owner] = raising.person(owner)
    carla = world.people["carla"]
    company = raising.registered_company(world.people[owner], carla, number)
    companies[owner] = company
    campaign_id = raising.live_campaign(company, world.people[owner], carla)
    change = sa.text("UPDATE campaign SET contract_address = :address WHERE id = :id")
    db.session.execute(change, {"address": f"0x{number:040x}", "id": campaign_id})
    commit()
    return campaign_id


def _release(world, campaign_id):  # noqa: F811
    rollback()
    ending.close_early(campaign_id, actor=world.people["ivan"])
    commit()
    raising.confirm("campaign", campaign_id, Closed={"succeeded": True, "total": 0})
    releasing.release(campaign_id, actor=world.people["fiona"])
    commit()
    raising.confirm("campaign", campaign_id)
    world.work()
    assert raising.campaign(campaign_id).status == "released"


def _cancel(world, campaign_id):  # noqa: F811
    rollback()
    ending.cancel(campaign_id, "For this test.", actor=world.people["adam"])
    commit()
    raising.confirm("campaign", campaign_id)
    world.work()
    assert raising.campaign(campaign_id).status in ("cancelled", "refunded")


def _compare(world, campaigns):  # noqa: F811
    """Store what the contracts would answer: exactly what is recorded."""
    rollback()
    total = 0
    for number, campaign_id in enumerate(campaigns):
        row = raising.campaign(campaign_id)
        total += row.settled_minor
        reading = ContractReading(address=f"0x{number:040x}", campaign_id=campaign_id, is_ours=True)
        reading.status, reading.block_number = "live", 7
        reading.fiat_units = str(chain_rules.to_units(row.settled_minor))
        reading.token_units = reading.escrow_units = "0"
        reading.at = row.updated_at
        db.session.add(reading)
        commit()
    made = Comparison(id=new_id(), at=row.updated_at, block_number=7, campaigns=3)
    made.amount_minor, made.differences = total, []
    db.session.add(made)
    commit()
