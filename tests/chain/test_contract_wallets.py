"""Contract wallets (EIP-1271): they sign in by their contract's word, and they invest."""

import pytest
import sqlalchemy as sa
from eth_account import Account
from eth_account.messages import encode_defunct

from crowdfund.adapters import contract_signature
from crowdfund.campaigns.models import Campaign
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.people import service as people
from tests import raising

from . import contract_wallet
from .conftest import campaign
from .wallet_investor import Investor, one_to_one, work

OWNER = Account.from_key(f"0x{0xABCDEF:064x}")
OTHER = Account.from_key(f"0x{0xABCDEE:064x}")


@pytest.fixture
def safe(app, node):
    """The address of a contract wallet that OWNER controls."""
    for account in (OWNER, OTHER):
        node.rpc("anvil_setBalance", account.address, hex(10**18))
        node.rpc("anvil_impersonateAccount", account.address)
    return contract_wallet.deploy(node, OWNER.address)


def signed(text, account=OWNER):
    return "0x" + account.sign_message(encode_defunct(text=text)).signature.hex()


def test_a_contract_accepts_its_owners_signature_only(safe):
    text = "A text with ሰላም in it"
    assert contract_signature.is_valid(safe, text, signed(text))
    assert not contract_signature.is_valid(safe, text + ".", signed(text))
    assert not contract_signature.is_valid(safe, text, signed(text, OTHER))
    assert not contract_signature.is_valid(safe, text, "0x" + "ab" * 400)
    assert not contract_signature.is_valid(safe, text, "no hexadecimal")


def test_an_account_without_code_accepts_nothing(safe):
    assert not contract_signature.is_valid(OTHER.address, "text", signed("text"))


def test_a_node_that_is_away_says_nothing_about_a_signature(safe):
    config.use(config.settings().model_copy(update={"chain_rpc_url": "http://127.0.0.1:9"}))
    with pytest.raises(contract_signature.NotAsked):
        contract_signature.is_valid(safe, "text", signed("text"))


def prove(client, address, account):
    asked = client.post("/sign-in/wallet", data={"address": address}).get_json()
    form = {"request_id": asked["request_id"], "text": asked["text"].encode().hex()}
    form["signature"] = signed(asked["text"], account)
    return client.post("/sign-in/wallet/proof", data=form)


def test_a_contract_wallet_signs_in_and_a_strangers_key_does_not(safe, client):
    rollback()
    answer = prove(client, safe, OTHER)
    assert answer.status_code == 422
    assert "is not from the account" in answer.get_data(as_text=True)
    assert prove(client, safe, OWNER).status_code == 303
    rollback()
    found = people.person_with("wallet", contract_wallet_address(safe))
    assert found is not None


def contract_wallet_address(address):
    from crowdfund.adapters.wallet_signature import checksummed

    return checksummed(address)


def test_an_account_that_delegates_still_signs_in_by_its_key(app, node, client):
    """EIP-7702: it has 23 bytes of code, and no contract is asked before the key was tried."""
    node.rpc("anvil_setCode", OWNER.address, "0xef0100" + "11" * 20)
    assert prove(client, OWNER.address, OWNER).status_code == 303
    node.rpc("anvil_setCode", OWNER.address, "0x")


@pytest.fixture
def charlie(app, own_node, deployed):
    one_to_one()
    alice, carol = raising.person("alice"), raising.person("carol", "compliance")
    campaign_id = raising.live_campaign(raising.registered_company(alice, carol), alice, carol)
    values = {"contract_address": campaign("bakery", goal=10_000_00, most=10_000_00)}
    db.session.execute(sa.update(Campaign).where(Campaign.id == campaign_id).values(values))
    commit()
    outbox.drain_all()
    return Investor(own_node, campaign_id)


def test_a_contract_wallet_invests_by_approval_because_it_signs_no_permit(charlie):
    address = contract_wallet_address(contract_wallet.deploy(charlie.node, charlie.wallet))
    people.add_method(charlie.person_id, "wallet", address, label="a Safe")
    commit()
    charlie.get_tokens(1_000_00, to=address)
    investment_id = charlie.place(1_000_00)
    order = charlie.choose(investment_id, address)
    assert order.is_contract
    assert order.calls["permit"] is None
    for to, data in (
        (order.token_address, order.calls["approve"]),
        (order.contract, order.calls["invest"]),
    ):
        charlie.send(address, contract_wallet.execute(to, data))
    work()
    assert charlie.status(investment_id) == "confirmed"
    assert charlie.order(investment_id).wallet == address
