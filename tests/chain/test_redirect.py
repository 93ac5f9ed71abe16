"""A release is redirected by two people and two keys, and goes out to the new wallet."""

import pytest
import sqlalchemy as sa

from crowdfund.adapters import custody
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.service import ending, redirects, releasing
from crowdfund.chain import connection, queries, request_queries, requests, rules
from crowdfund.issuers.service import onboarding
from crowdfund.kernel import outbox
from crowdfund.kernel.audit.models import AuditEntry
from crowdfund.kernel.db import commit, db
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid, InvalidFields, WrongState
from crowdfund.notifications.models import Notice
from tests import raising

from .conftest import campaign, settle
from .test_foreign_money import GOAL, invest
from .test_strangers_and_time import STRANGER


@pytest.fixture
def own_node(own_node):
    own_node.rpc("anvil_setBalance", STRANGER, hex(10**18))
    own_node.rpc("anvil_impersonateAccount", STRANGER)
    return own_node


@pytest.fixture
def world(app, own_node, deployed):
    """A live campaign in SQL and on chain, its owner and two admins."""
    alice, carol = raising.person("alice"), raising.person("carol", "compliance")
    people = {name: raising.person(name, "admin") for name in ("ann", "ben")} | {"alice": alice}
    campaign_id = raising.live_campaign(raising.registered_company(alice, carol), alice, carol)
    address = campaign("bakery", goal=GOAL, most=GOAL)
    mine = Campaign.id == campaign_id
    db.session.execute(sa.update(Campaign).where(mine).values(contract_address=address))
    commit()
    outbox.drain_all()
    return campaign_id, address, people


def carry():
    for _ in range(6):
        requests.wake()
        commit()
        settle()


def wallet_of(address):
    return connection.node().call("CampaignImplementation", address, "issuerWallet")


def ask(world, wallet, reason="The company has lost its key."):
    request_id = redirects.ask_redirect(world[0], wallet, reason, actor=world[2]["ann"])
    commit()
    return request_id


def test_a_release_that_the_token_refuses_goes_to_the_new_wallet_after_two_people(own_node, world):
    campaign_id, address, people = world
    invest(own_node, address, 8_000_00)
    ending.close_early(campaign_id, actor=people["alice"])
    commit()
    settle()
    settle()
    assert raising.campaign(campaign_id).status == "succeeded"
    # A stablecoin that has blacklisted the company: its transfers to that wallet revert.
    own_node.rpc("anvil_setCode", queries.address_of("PaymentToken"), _refusing(wallet_of(address)))
    releasing.release(campaign_id, actor=people["ben"])
    commit()
    settle()
    settle()
    stuck = raising.campaign(campaign_id)
    assert stuck.status == "succeeded"
    assert stuck.chain_error
    new_wallet, _key = custody.new_wallet()
    request_id = ask(world, new_wallet)
    carry()
    assert wallet_of(address) != new_wallet  # nothing before a second person confirms
    with pytest.raises(Forbidden):
        requests.confirm(request_id, actor=people["ann"])
    requests.confirm(request_id, actor=people["ben"])
    commit()
    carry()
    assert wallet_of(address) == new_wallet
    assert request_queries.get(request_id).status == "done"
    found = raising.campaign(campaign_id)
    assert found.status == "released", found.chain_error
    told = db.session.scalars(
        sa.select(Notice.kind).where(Notice.person_id == people["alice"])
    ).all()
    assert "campaign.redirected" in told
    audited = sa.select(AuditEntry.subject_id).where(AuditEntry.action == "campaign.redirected")
    assert db.session.scalars(audited).all() == [campaign_id]


def _refusing(wallet):
    """Return code of a token that answers true to everything but a transfer to one wallet."""
    # calldataload(4) == wallet ? revert(0,0) : return(1)
    return "0x60043573" + wallet[2:].lower() + "14602657600160005260206000f35b60006000fd"


def test_only_a_live_or_successful_campaign_is_redirected_and_once_at_a_time(own_node, world):
    campaign_id, _address, people = world
    ask(world, custody.new_wallet()[0])
    with pytest.raises(Conflict):
        ask(world, custody.new_wallet()[0])
    ending.cancel(campaign_id, "The company asked for it.", actor=people["ben"])
    commit()
    settle()
    settle()
    request_id = request_queries.newest()[0].id
    with pytest.raises(Conflict):
        requests.confirm(request_id, actor=people["ben"])
    db.session.rollback()
    requests.withdraw(request_id, actor=people["ann"])
    with pytest.raises(WrongState):
        ask(world, custody.new_wallet()[0])


def test_a_contract_or_a_key_of_ours_is_no_wallet_for_a_release(own_node, world):
    _campaign_id, address, _people = world
    node = connection.node()
    factory = queries.address_of("CampaignFactory")
    names = ("CampaignFactory", "FundEscrow", "IssuerRegistry", "PaymentToken")
    ours = [
        address,
        *(queries.address_of(name) for name in names),
        connection.address_of("operator"),
    ]
    ours.append(node.call("CampaignFactory", factory, "implementation"))
    for wallet in ours:
        with pytest.raises(Invalid, match="belongs to the platform") as refused:
            ask(world, wallet)
        assert refused.value.field == "wallet_address"  # the form shows it there
        db.session.rollback()
        assert queries.is_ours(wallet.lower())
    assert not queries.is_ours(custody.new_wallet()[0])


def test_a_contract_of_ours_is_no_companys_wallet(own_node, world):
    _campaign_id, address, _people = world
    company = raising.filled_company(raising.person("ivan"), number=7)
    for wallet in (address, queries.address_of("FundEscrow")):
        with pytest.raises(InvalidFields) as refused:
            onboarding.save(company, "wallet", {"wallet_address": wallet})
        assert "belongs to the platform" in refused.value.errors["wallet_address"]
        db.session.rollback()


def test_a_wallet_that_became_a_contract_of_ours_is_refused_when_the_file_is_handed_in(
    own_node, world
):
    ivan = raising.person("ivan")
    company = raising.filled_company(ivan, number=7)
    wallet, _key = custody.new_wallet()
    onboarding.save(company, "wallet", {"wallet_address": wallet})
    commit()
    raising.chain_service.watch(wallet, "CampaignImplementation")
    commit()
    with pytest.raises(InvalidFields):
        onboarding.submit(company, actor=ivan)


def test_a_member_of_the_company_cannot_redirect_or_confirm(own_node, world):
    campaign_id, _address, people = world
    raising.join(raising.campaign(campaign_id).company_id, people["ben"], "viewer")
    request_id = ask(world, custody.new_wallet()[0])
    with pytest.raises(Forbidden):
        requests.confirm(request_id, actor=people["ben"])
    db.session.rollback()
    with pytest.raises(Forbidden):
        redirects.ask_redirect(campaign_id, custody.new_wallet()[0], "Mine.", actor=people["ben"])


def test_the_desk_asks_for_a_redirection(app, own_node, world):
    campaign_id, _address, people = world
    ann = raising.browser(app, people["ann"])
    page = f"/staff/campaigns/{campaign_id}/redirect"
    assert page in ann.get(f"/staff/campaigns/{campaign_id}").text
    bad = ann.post(
        page, data={"wallet_address": queries.address_of("FundEscrow"), "reason": "A lost key."}
    )
    assert bad.status_code >= 400
    assert "belongs to the platform" in bad.text
    good = ann.post(page, data={"wallet_address": custody.new_wallet()[0], "reason": "A lost key."})
    assert good.status_code == 303
    assert "/staff/chain/keys/" in good.location
    assert request_queries.newest()[0].status == rules.RequestStatus.ASKED
