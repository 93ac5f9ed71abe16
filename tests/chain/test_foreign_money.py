"""Money that a contract has and SQL does not know: it takes room, is shown, and never booked."""

import pytest
import sqlalchemy as sa

from crowdfund.adapters.chain import abi
from crowdfund.adapters.chain import node as chain_node
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules.life import CampaignFull
from crowdfund.campaigns.service import ending, totals
from crowdfund.chain import connection, queries, rules
from crowdfund.investments import queries as investments
from crowdfund.investments.models import ForeignMoney
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.ledger.models import Entry
from crowdfund.payments.models import PaymentException
from crowdfund.reports import drift
from crowdfund.reports import service as reports
from tests import raising

from .conftest import admitted, campaign, settle
from .test_strangers_and_time import STRANGER, give_tokens, stranger_calls

GOAL = 10_000_00
INVESTOR = abi.to_checksum_address(STRANGER)


@pytest.fixture
def own_node(own_node):
    own_node.rpc("anvil_setBalance", STRANGER, hex(10**18))
    own_node.rpc("anvil_impersonateAccount", STRANGER)
    return own_node


@pytest.fixture
def raise_(app, own_node, deployed):
    """A live campaign in SQL and the contract that belongs to it; returns (id, contract)."""
    alice, carol = raising.person("alice"), raising.person("carol", "compliance")
    campaign_id = raising.live_campaign(raising.registered_company(alice, carol), alice, carol)
    # The test has answered the write that "made" it; a company of the test makes the contract.
    address = campaign("bakery", goal=GOAL, most=GOAL)
    db.session.execute(
        sa.update(Campaign).where(Campaign.id == campaign_id).values(contract_address=address)
    )
    commit()
    outbox.drain_all()
    return campaign_id, address


def invest(own_node, address, minor, intent="an intent of before the restore"):
    token = give_tokens(own_node, rules.to_units(minor))
    stranger_calls(own_node, token, "PaymentToken", "approve", address, rules.to_units(minor))
    stranger_calls(
        own_node,
        address,
        "CampaignImplementation",
        "invest",
        admitted(address, intent, INVESTOR, minor),
    )
    settle()
    settle()


def exceptions():
    db.session.remove()
    return db.session.execute(sa.select(PaymentException.__table__)).all()


def entries():
    return db.session.scalar(sa.select(sa.func.count()).select_from(Entry))


def test_admitted_money_of_an_unknown_intent_takes_room_and_is_shown_to_staff(own_node, raise_):
    campaign_id, address = raise_
    before = entries()
    invest(own_node, address, 4_000_00)
    [shown] = exceptions()
    assert (shown.kind, shown.amount_minor, shown.held) == ("unknown_on_chain", 4_000_00, False)
    assert INVESTOR in shown.detail
    found = raising.campaign(campaign_id)
    assert (found.reserved_minor, found.settled_minor) == (4_000_00, 0)
    assert (found.token_minor, found.foreign_room_minor) == (4_000_00, 4_000_00)
    assert db.session.scalars(sa.select(ForeignMoney.room_minor)).all() == [4_000_00]
    assert entries() == before
    assert drift.problems() == []
    rollback()
    assert [p for p in reports.selfcheck() if p.startswith("I5")] == []


def test_nothing_is_oversold_after_money_that_only_the_contract_knows(own_node, raise_):
    campaign_id, address = raise_
    invest(own_node, address, 4_000_00)
    totals.reserve(campaign_id, 6_000_00)
    with raising.refused(CampaignFull):
        totals.reserve(campaign_id, 1)


def test_room_that_was_promised_before_is_named_and_never_exceeds_the_goal(own_node, raise_):
    campaign_id, address = raise_
    totals.reserve(campaign_id, 7_000_00)
    commit()
    invest(own_node, address, 4_000_00)
    found = raising.campaign(campaign_id)
    assert (found.reserved_minor, found.token_minor, found.foreign_room_minor) == (
        GOAL,
        4_000_00,
        3_000_00,
    )
    [shown] = exceptions()
    assert "1,000.00" in shown.detail
    totals.unreserve(campaign_id, 7_000_00)
    with raising.refused(totals.TotalsDisagree):
        totals.unreserve(campaign_id, 1)


def test_an_event_that_is_told_twice_counts_once(own_node, raise_):
    campaign_id, address = raise_
    invest(own_node, address, 4_000_00)
    db.session.execute(sa.text("UPDATE outbox SET state = 'due' WHERE kind LIKE 'chain.event%'"))
    commit()
    outbox.drain_all()
    assert raising.campaign(campaign_id).token_minor == 4_000_00
    assert len(exceptions()) == 1


def test_contract_and_journal_close_alike_with_token_money(own_node, raise_):
    campaign_id, address = raise_
    invest(own_node, address, 4_000_00)
    raising.put_in(campaign_id, 3_500_00)
    recorder = abi.to_checksum_address(connection.address_of("recorder"))
    own_node.rpc("anvil_impersonateAccount", recorder)
    data = abi.encode(
        "CampaignImplementation",
        "recordInvestment",
        [rules.intent_bytes32("p1"), rules.intent_bytes32("k1"), rules.to_units(3_500_00)],
    )
    tx = own_node.rpc(
        "eth_sendTransaction", {"from": recorder, "to": address, "data": data, "gas": hex(500_000)}
    )
    assert chain_node.Node(own_node.url).wait(tx).ok
    ending.close_early(campaign_id, actor="alice")
    commit()
    settle()
    settle()
    found = raising.campaign(campaign_id)
    assert found.status == "succeeded", found.chain_error
    assert connection.node().call("CampaignImplementation", address, "status") == 1  # succeeded


def test_token_money_of_a_failed_campaign_is_paid_back_by_the_platform(own_node, raise_):
    campaign_id, address = raise_
    invest(own_node, address, 4_000_00)
    ending.cancel(campaign_id, "The company asked for it.", actor="carol")
    commit()
    for _ in range(3):
        settle()
    token = queries.address_of("PaymentToken")
    assert connection.node().call("PaymentToken", token, "balanceOf", INVESTOR) == rules.to_units(
        4_000_00
    )
    row = db.session.execute(sa.select(ForeignMoney.__table__)).one()
    assert row.refunded_at is not None
    assert investments.token_investors(campaign_id) == []
    assert raising.campaign(campaign_id).status == "refunded"


def test_a_record_that_is_none_of_ours_takes_room_is_shown_and_makes_no_success(own_node, raise_):
    """What a thief of the recorder's key can do."""
    campaign_id, address = raise_
    recorder = abi.to_checksum_address(connection.address_of("recorder"))
    own_node.rpc("anvil_impersonateAccount", recorder)
    data = abi.encode(
        "CampaignImplementation",
        "recordInvestment",
        [rules.intent_bytes32("stolen"), rules.intent_bytes32("nobody"), rules.to_units(8_000_00)],
    )
    tx = own_node.rpc(
        "eth_sendTransaction", {"from": recorder, "to": address, "data": data, "gas": hex(500_000)}
    )
    assert chain_node.Node(own_node.url).wait(tx).ok
    settle()
    settle()
    [shown] = exceptions()
    assert shown.kind == "unknown_on_chain"
    found = raising.campaign(campaign_id)
    assert (found.token_minor, found.foreign_room_minor, found.settled_minor) == (0, 8_000_00, 0)
    [difference] = drift.problems()  # in public, for as long as the contract counts it
    assert "8,000.00" in difference
    node = connection.node()
    ends = int(found.ends_at.timestamp())
    own_node.rpc("evm_setTime", max(ends, node.head().timestamp + 30 * 86_400) + 60)
    ending._begin_close(ending.locked(campaign_id), actor="system")
    commit()
    settle()
    settle()
    assert node.call("CampaignImplementation", address, "status") == 2  # failed
    assert node.call("CampaignImplementation", address, "fiatTotal") == 0
    assert raising.campaign(campaign_id).status in ("failed", "refunded")
    assert drift.problems() == []
