"""A contract that was cancelled behind our back:
one person asks, another approves, the money is back."""

import re

from eth_utils.crypto import keccak
from playwright.sync_api import expect

from crowdfund.local import rpc
from tests.chaos.town import Town


def cancel_behind_our_back(world, address):
    """Use the operator's key as somebody would who has stolen it."""
    url = world.stack.url("chain")
    operator = world.rows("SELECT address FROM chain_signer WHERE role = 'operator'")[0][0]
    data = "0x" + keccak(text="cancel(bytes32)")[:4].hex() + "07" * 32
    rpc.call(url, "anvil_impersonateAccount", operator)
    call = {"from": operator, "to": address, "data": data, "gas": hex(500_000)}
    rpc.call(url, "eth_sendTransaction", call)
    rpc.call(url, "anvil_stopImpersonatingAccount", operator)


def test_two_people_have_a_campaign_follow_its_contract(world):
    town = Town(world.stack)
    campaign = town.raise_money()
    investor = town.investors(1)[0]
    town.pay(town.invest([investor], campaign))
    town.until_confirmed(campaign, 1)
    address = world.rows("SELECT contract_address FROM campaign WHERE id = ?", campaign.id)[0][0]
    sara, almaz = world.person("sara@demo.example"), world.person("almaz@demo.example")

    sara.goto(f"/staff/campaigns/{campaign.id}")
    sara.get_by_role("link", name="Compare with our books").click()
    expect(sara.get_by_text("Not compared yet")).to_be_visible()
    sara.get_by_role("button", name="Compare now").click()
    # it came by itself
    expect(sara.get_by_text("The contract and our books agree")).to_be_visible()
    world.look(sara, "Contract and books", "agree")

    cancel_behind_our_back(world, address)
    expect(sara.get_by_text("Our books say Live, the contract says Cancelled.")).to_be_visible()
    expect(sara.get_by_text("Everyone is refunded: 100.00 ETB")).to_be_visible()
    world.look(sara, "Contract and books", "with a preview")
    sara.get_by_role("button", name="Request approval").click()
    expect(sara.get_by_role("alert")).to_be_visible()
    sara.get_by_label("Reason").fill("Somebody has used the operator's key.")
    sara.get_by_role("button", name="Request approval").click()
    expect(sara.get_by_text("You requested this")).to_be_visible()
    world.look(sara, re.compile("follows its contract$"), "own request")

    almaz.goto("/staff")
    almaz.get_by_role("link", name="Requests to follow a contract").click()
    world.look(almaz, "Requests to follow a contract")
    almaz.locator("#follow-requests").get_by_role("link").first.click()
    expect(almaz.get_by_text("Somebody has used the operator's key.").first).to_be_visible()
    world.look(almaz, re.compile("follows its contract$"), "to decide")
    almaz.get_by_role("button", name="Approve and carry out").click()

    # by itself, after the chain's worker
    expect(sara.locator("dd", has_text="Done")).to_be_visible()
    world.wait(lambda: town.statuses(campaign) == {"returned": 1}, "the refund")
    wallet = f"user:{investor}:wallet"
    assert world.rows("SELECT balance_minor FROM ledger_account WHERE name = ?", wallet) == [
        (100_00,)
    ]
    visitor = world.visitor()
    world.wait(
        lambda: (
            world.rows("SELECT differences FROM contract_comparison ORDER BY id DESC LIMIT 1")
            == [("[]",)]
        ),
        "a comparison without differences",
    )
    visitor.goto("/campaigns")
    visitor.get_by_role("link", name="See whether both agree").click()
    expect(visitor.get_by_text("0 differences")).to_be_visible()
    world.look(visitor, "Do our books and the blockchain agree?")
    town.selfcheck()
