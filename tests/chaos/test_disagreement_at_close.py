"""The node is away until the contract records no more: two people let the campaign follow it.

The stack is this test's own: the chain's clock is moved and cannot go back.
"""

import os
import signal
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters.chain import abi
from crowdfund.chain import rules as chain_rules
from crowdfund.kernel import clock
from crowdfund.kernel.db import commit, db
from crowdfund.local import rpc
from crowdfund.reconciliation.service import following

from .conftest import MONEY, a_stack
from .town import Town, eventually

PEOPLE, WHY = 5, "The node was away until the contract recorded no more."
BEYOND_GRACE_S = 45 * 86_400


@pytest.fixture
def own_town(tmp_path, template):
    with a_stack(tmp_path, template, only=MONEY, web_processes=1) as running:
        town = Town(running)
        town.control("settings", settle_delay_s=0)
        yield town


def node(town, method, *params):
    return rpc.call(town.stack.url("chain"), method, *params)


def address_of(town, campaign):
    return town.rows("SELECT contract_address FROM campaign WHERE id = ?", campaign.id)[0][0]


def status_of(town, campaign):
    return town.rows("SELECT status FROM campaign WHERE id = ?", campaign.id)[0][0]


def end_in_our_books(town, campaign):
    """Move the deadline: six days ago, so that our own grace is over as well."""
    with town.inside():
        values = {"ends": clock.now() - timedelta(days=6), "id": campaign.id}
        statement = sa.text("UPDATE campaign SET ends_at = :ends WHERE id = :id")
        db.session.execute(statement.bindparams(sa.bindparam("ends", type_=sa.DateTime())), values)
        commit()
        db.session.remove()


def a_stranger_closes(town, address):
    who = node(town, "eth_accounts")[7]
    data = abi.encode("CampaignImplementation", "close", [chain_rules.intent_bytes32("stranger")])
    node(
        town, "eth_sendTransaction", {"from": who, "to": address, "data": data, "gas": hex(500_000)}
    )


def follow(town, campaign, asker, approver):
    """Ask with the preview of now, have another person approve it; return the request's id."""
    with town.inside():
        seen = following.preview(campaign.id)
        request = town.do(
            following.ask, campaign.id, reason=WHY, fingerprint=seen.fingerprint, actor=asker
        )
        town.do(following.approve, request, actor=approver)
    return request


def state_of(town, request):
    return town.rows("SELECT status FROM follow_request WHERE id = ?", request)[0][0]


def test_a_node_that_is_away_through_the_end_of_the_grace_loses_nobody_any_money(own_town):
    town = own_town
    campaign = town.raise_money(goal_minor="1,000", max_minor="1,000")
    early, late = town.investors(PEOPLE), town.investors(PEOPLE)
    with town.inside():
        asker = town.person("finance")
    town.pay(town.invest(early, campaign))
    town.until_confirmed(campaign, PEOPLE)

    node(town, "evm_increaseTime", BEYOND_GRACE_S)  # and nothing is mined: the node is away now
    pid = town.stack.supervisor.kill("chain", signal.SIGSTOP)
    town.pay(town.invest(late, campaign))
    eventually(lambda: town.statuses(campaign)["settled"] == PEOPLE, "the payments of the others")
    os.kill(pid, signal.SIGCONT)

    refused = "SELECT refused_count FROM campaign WHERE id = ?"
    eventually(
        lambda: town.rows(refused, campaign.id)[0][0] == PEOPLE, "the refusals of the contract"
    )
    end_in_our_books(town, campaign)
    a_stranger_closes(town, address_of(town, campaign))
    marked = "SELECT contract_result FROM campaign WHERE id = ?"
    eventually(
        lambda: town.rows(marked, campaign.id)[0][0] == "failed", "the mark of the disagreement"
    )
    assert status_of(town, campaign) == "live"

    request = follow(town, campaign, asker, town.officer)
    eventually(lambda: state_of(town, request) == "done", "the approved request")
    eventually(lambda: status_of(town, campaign) == "refunded", "the refunds")
    assert town.statuses(campaign) == {"returned": 2 * PEOPLE}
    wallets = (
        "SELECT COUNT(*), SUM(balance_minor) FROM ledger_account WHERE name LIKE 'user:%:wallet'"
    )
    assert town.rows(wallets) == [(2 * PEOPLE, 2 * PEOPLE * 100_00)]
    eventually(
        lambda: not town.due().keys() & {"chain.sign", "chain.broadcast"}, "the chain's work"
    )
    town.selfcheck()
