"""Token investments at the edges: a second around the deadline, a unit around the amount, and the
threshold, each compared with what the contract decides."""

import pytest
import sqlalchemy as sa

from crowdfund.adapters.chain import abi, answers
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.service import ending
from crowdfund.chain import connection, rules
from crowdfund.kernel import clock
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.reports import drift
from tests import raising

from .test_own_wallets import charlie, proofs, raise_  # noqa: F401 - fixtures
from .wallet_investor import tokens_of, view, work

TOKEN = "PaymentToken"


def one_end(campaign_id, address):
    """Let the campaign here end in the same second as its contract; return it."""
    deadline = view(address, "deadline")
    from datetime import UTC, datetime

    ends_at = datetime.fromtimestamp(deadline, UTC)
    this = sa.update(Campaign).where(Campaign.id == campaign_id)
    db.session.execute(this.values(ends_at=ends_at))
    commit()
    return deadline


def go_to(investor, later, moment):
    """Move the platform's clock and the node's to a moment."""
    later(moment - int(clock.now().timestamp()))
    investor.node.rpc("evm_setTime", moment)
    investor.node.mine()


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_around_the_deadline_both_sides_count_the_same_money(
    raise_,  # noqa: F811
    charlie,  # noqa: F811
    later,
    seconds,
):
    campaign_id, address = raise_
    deadline = one_end(campaign_id, address)
    charlie.get_tokens(1_000_00)
    go_to(charlie, later, deadline - 60)
    investment_id = charlie.place(1_000_00)
    order = charlie.choose(investment_id)
    assert int(order.valid_until.timestamp()) == deadline
    charlie.send(order.token_address, order.calls["approve"])
    charlie.node.rpc("evm_setNextBlockTimestamp", deadline + seconds)
    is_in = charlie.send(address, order.calls["invest"], must=False).ok
    assert is_in == (seconds <= 0)
    later(1_000)  # the event is read after the deadline
    work()
    assert charlie.status(investment_id) == ("confirmed" if is_in else "expired")
    found = raising.campaign(campaign_id)
    assert found.settled_minor == found.reserved_minor == (1_000_00 if is_in else 0)
    assert view(address, "tokenTotal") == rules.to_units(found.settled_minor)
    assert tokens_of(campaign_id) == found.settled_minor


@pytest.mark.parametrize("units", [-1, 0, 1])
def test_a_unit_more_or_less_than_admitted_is_refused_by_the_contract(
    raise_,  # noqa: F811
    charlie,  # noqa: F811
    units,
):
    _, address = raise_
    charlie.get_tokens(1_000_01)
    investment_id = charlie.place(1_000_00)
    order = charlie.choose(investment_id)
    wanted = int(order.units) + units
    charlie.send(order.token_address, abi.encode(TOKEN, "approve", [address, 2**200]))
    admission = list(order.calls["admission"])
    admission[1] = wanted
    data = abi.encode("CampaignImplementation", "invest", [admission])
    if units:
        with pytest.raises(answers.Reverted, match="NotAdmitted"):
            connection.node().estimate(charlie.wallet, address, data)
    assert charlie.send(address, data, must=False).ok == (units == 0)
    work()
    assert charlie.status(investment_id) == ("paying" if units else "confirmed")


@pytest.mark.parametrize(
    ("what", "error"), [("allowance", "InsufficientAllowance"), ("balance", "InsufficientBalance")]
)
def test_a_unit_too_little_of_allowance_or_balance_moves_nothing(
    raise_,  # noqa: F811
    charlie,  # noqa: F811
    what,
    error,
):
    _, address = raise_
    charlie.get_tokens(1_000_00)
    investment_id = charlie.place(1_000_00)
    order = charlie.choose(investment_id)
    exact = int(order.units)
    charlie.send(
        order.token_address,
        abi.encode(TOKEN, "approve", [address, exact - (what == "allowance")]),
    )
    if what == "balance":
        away = abi.encode(TOKEN, "transfer", ["0x" + "5a" * 20, 1])
        charlie.send(order.token_address, away)
    with pytest.raises(answers.Reverted, match=error):
        connection.node().estimate(charlie.wallet, address, order.calls["invest"])
    assert not charlie.send(address, order.calls["invest"], must=False).ok
    work()
    assert charlie.status(investment_id) == "paying"


@pytest.mark.parametrize("minor", [7_400_00, 7_500_00, 7_600_00])
def test_around_the_threshold_contract_and_books_decide_alike(
    raise_,  # noqa: F811
    charlie,  # noqa: F811
    later,
    minor,
):
    campaign_id, address = raise_
    deadline = one_end(campaign_id, address)
    investment_id = charlie.invest(minor)
    go_to(charlie, later, deadline + 2)
    rollback()
    assert ending.close_due() == 1
    commit()
    for _ in range(4):
        work()
    is_success = minor >= 7_500_00
    assert raising.campaign(campaign_id).status == ("succeeded" if is_success else "refunded")
    assert view(address, "status") == (1 if is_success else 2)
    assert charlie.status(investment_id) == ("confirmed" if is_success else "returned")
    assert charlie.has() == (0 if is_success else rules.to_units(minor))
    assert drift.problems() == []
    commit()
    assert proofs() == []
