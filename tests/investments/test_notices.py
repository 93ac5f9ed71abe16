"""Who hears of an investment, which pages wake, and what journal and contract are told of it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail
from crowdfund.campaigns import queries as campaigns
from crowdfund.chain import queries as chain
from crowdfund.chain import rules as chain_rules
from crowdfund.investments import queries, rules
from crowdfund.investments.models import investment_event
from crowdfund.investments.service import placing, recording, refunding, settling
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as accounts
from crowdfund.ledger.service import posting
from crowdfund.payments import queries as payments
from crowdfund.payments.service import inbox
from tests import raising

from .conftest import verified


def end_campaign(status="failed"):
    rollback()
    db.session.execute(sa.text("UPDATE campaign SET status = :status"), {"status": status})
    commit()


def refund_all(world):
    rollback()
    count = refunding.refund_next(world.campaign_id, reason="Below the threshold.")
    commit()
    world.work()
    return count


def kinds(world, who="charlie"):
    return [kind for kind in raising.told(world.people[who]) if kind.startswith("investment.")]


def settled(world, amount="1,000", *, key="form-key-1", who="charlie"):
    """Return the id of an investment whose money has come in."""
    investment_id = world.place(who, amount, key=key)
    payment = payments.get(world.investment(investment_id, who).payment_id)
    world.bank.set_truth(payment.tx_id, "SETTLED")
    rollback()  # the webhook comes on a connection of its own
    inbox.accept("bill_bitts", *world.bank.webhook(payment.tx_id, "SETTLED"))
    world.work()
    return investment_id


# --- what is told ---------------------------------------------------------------------------------


def test_the_receipt_names_company_amount_shares_and_its_own_number(world):
    investment_id = settled(world)
    (receipt,) = [one for one in mail.OUTBOX if "is settled" in one["Subject"]]
    text = receipt.get_body(("plain",)).get_content()
    campaign = campaigns.by_id(world.campaign_id)
    assert f"Campaign: {campaign.title}\nCompany: {campaign.trade_name}\n" in text
    assert "Amount: 1,000.00 ETB\nShares: 10\nReceived: " in text
    assert f"Receipt number: {investment_id}\n" in text


def test_an_investor_hears_of_each_station_once(world):
    investment_id = settled(world)
    raising.confirm("investment", investment_id)
    outbox.drain("chain")
    world.work()
    end_campaign()
    refund_all(world)
    assert sorted(kinds(world)) == [
        "investment.recorded",
        "investment.refunded",
        "investment.settled",
    ]


def test_each_move_wakes_the_investment_the_portfolio_and_the_wallet(world, woken):
    investment_id = world.place()
    owner = world.people["charlie"]
    rollback()
    woken.clear()
    settling.authorised(investment_id)
    assert woken == []
    commit()
    assert set(woken) == {f"investment:{investment_id}", f"portfolio:{owner}", f"wallet:{owner}"}


def test_a_refused_record_wakes_its_page_and_is_cut_to_what_the_table_holds(world, woken):
    investment_id = settled(world)
    rollback()
    woken.clear()
    recording.record_refused(investment_id, "x" * 600)
    commit()
    assert f"investment:{investment_id}" in woken
    assert world.investment(investment_id).chain_problem == "x" * 500


def test_a_confirmed_record_is_a_notice_once(world):
    investment_id = settled(world)
    rollback()
    recording.record_refused(investment_id, "AboveGoal")
    for _ in range(2):
        recording.confirmed({investment_id: "0x" + "ab" * 32})
        commit()
    assert world.investment(investment_id).chain_problem is None
    assert kinds(world).count("investment.recorded") == 1


def test_a_record_that_is_confirmed_while_the_campaign_runs_marks_no_refund(world):
    investment_id = settled(world)
    for _ in range(2):
        rollback()
        recording.confirmed({investment_id: "0x" + "ab" * 32})
        commit()
    assert chain.writes_of("refund", world.campaign_id) == []


# --- what goes back -------------------------------------------------------------------------------


def test_what_goes_back_is_one_entry_that_names_investment_and_campaign(world):
    investment_id = settled(world)
    end_campaign()
    assert refund_all(world) == 1
    rollback()
    [entry] = [
        one
        for one in ledger.entries_with_key_prefix("investment", investment_id)
        if one.key == f"investment:{investment_id}:returned"
    ]
    assert (entry.kind, entry.currency) == ("investment.returned", "ETB")
    assert entry.ref == {"investment": investment_id, "campaign": world.campaign_id}
    query = sa.select(investment_event.c.reason).where(investment_event.c.to_status == "returned")
    assert db.session.scalars(query).all() == ["Below the threshold."]
    assert raising.campaign(world.campaign_id).status == "refunded"


def test_the_contract_is_told_of_a_refund_by_its_record_and_the_persons_key(world):
    investment_id = settled(world)
    end_campaign()
    refund_all(world)
    [write] = chain.writes_of("refund", world.campaign_id)
    charlie = world.people["charlie"]
    reference = chain_rules.intent_bytes32(f"investment:{investment_id}")
    key = queries.investor_key(world.campaign_id, charlie)
    assert (write.intent_id, write.address) == (f"refund:{investment_id}", raising.CONTRACT)
    assert write.args == [reference, key]


def test_the_contract_is_told_of_a_settled_investment_at_its_campaigns_address(world):
    investment_id = settled(world)
    [write] = world.writes(investment_id)
    assert (write.intent_id, write.address) == (f"investment:{investment_id}", raising.CONTRACT)
    assert write.contract == "CampaignImplementation"


def expired(world, frozen, *, amount="1,000"):
    investment_id = world.place(amount=amount)
    frozen.advance(timedelta(hours=25))
    world.work()
    assert world.status(investment_id) == "expired"
    return investment_id


def escrowed(investment_id, world):
    """Let the money of a payment that we had given up lie in escrow, as when staff accept it."""
    amount = world.investment(investment_id).amount_minor
    move = accounts.Posting(
        accounts.external("bill_bitts"), accounts.escrow(world.campaign_id), amount
    )
    posting.post(f"test:{investment_id}", [move], kind="test")
    commit()


def test_late_money_that_finds_no_room_goes_back_and_takes_no_room_of_others(world, frozen):
    investment_id = expired(world, frozen, amount="5,000")
    settled(world, "5,000", key="form-key-2", who="dora")
    world.people["frank"] = verified("frank")
    settled(world, "5,000", key="form-key-3", who="frank")
    escrowed(investment_id, world)
    settling.settled(investment_id)
    commit()
    campaign = world.campaign()
    assert (world.status(investment_id), world.wallet()) == ("returned", 5_000_00)
    assert (campaign.reserved_minor, campaign.settled_minor) == (10_000_00, 10_000_00)
    assert "investment.returned" in kinds(world)


def test_a_settlement_that_is_told_again_after_the_return_changes_nothing(world):
    investment_id = settled(world)
    end_campaign()
    refund_all(world)
    settling.settled(investment_id)
    commit()
    assert (world.status(investment_id), world.wallet()) == ("returned", 1_000_00)


@pytest.mark.parametrize(
    ("before", "said", "after"),
    [
        ("paying", rules.Status.EXPIRED, "expired"),
        ("paying", rules.Status.FAILED, "failed"),
        ("authorised", rules.Status.EXPIRED, "failed"),
        ("authorised", rules.Status.FAILED, "failed"),
    ],
)
def test_a_payment_that_ends_gives_its_room_back_once_and_is_told(world, before, said, after):
    investment_id = world.place()
    rollback()
    if before == "authorised":
        settling.authorised(investment_id)
        commit()
    for _ in range(2):
        settling.not_paid(investment_id, said)
        commit()
    assert (world.status(investment_id), world.campaign().reserved_minor) == (after, 0)
    assert kinds(world) == [f"investment.{after}"]


def test_a_settled_investment_does_not_end_because_its_payment_is_said_to_have_failed(world):
    investment_id = settled(world)
    rollback()
    settling.not_paid(investment_id, rules.Status.FAILED)
    commit()
    assert (world.status(investment_id), world.campaign().reserved_minor) == ("settled", 1_000_00)


# --- what is placed -------------------------------------------------------------------------------


def test_the_payment_of_an_investment_says_what_it_is_for(world):
    investment_id = world.place(amount="1,500")
    investment, payment = world.investment(investment_id), world.payment(investment_id)
    assert (payment.user_id, payment.currency, payment.gateway) == (
        world.people["charlie"],
        "ETB",
        "bill_bitts",
    )
    assert (payment.purpose_kind, payment.purpose_id) == ("investment", investment_id)
    assert payment.description == "Investment in A second roaster for Yirga"
    assert (investment.currency, investment.rail, investment.shares) == ("ETB", "bill_bitts", 15)


def test_the_quote_counts_the_room_that_is_left_to_the_last_unit(world):
    world.people["frank"] = verified("frank")
    world.place("charlie", "5,000", key="form-key-1")
    world.place("dora", "4,900", key="form-key-2")
    rollback()
    frank = world.people["frank"]
    assert placing.refusal(world.slug, frank, 100_00) is None
    assert "Only 100.00 ETB" in placing.refusal(world.slug, frank, 200_00)
