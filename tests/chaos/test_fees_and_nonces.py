"""A fee spike and a nonce gap on a running stack: writes wait or go on, and each happens once."""

import time
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from crowdfund.adapters.chain import answers, signing, values
from crowdfund.adapters.chain import node as chain_node
from crowdfund.local import rpc

from .town import eventually

GWEI = 10**9
LIMIT = 500
PEOPLE = 5


def node(town, method, *params):
    return rpc.call(town.stack.url("chain"), method, *params)


def block_at(town, gwei):
    """Make a block with this base fee."""
    node(town, "anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))
    node(town, "evm_mine")


def too_dear(town):
    return town.rows("SELECT fee_problem FROM chain_cursor")[0][0]


@pytest.fixture
def calm(town):
    """The town; afterwards gas is cheap again and blocks come by themselves."""
    yield town
    node(town, "evm_setAutomine", True)
    block_at(town, 1)
    eventually(lambda: too_dear(town) is None, "the price to be allowed again")


def test_above_the_limit_records_wait_and_follow_when_gas_is_cheap_again(calm):
    town = calm
    campaign, people = town.raise_money(), town.investors(PEOPLE)
    block_at(town, 4 * LIMIT)
    town.pay(town.invest(people, campaign))
    eventually(lambda: town.statuses(campaign)["paying"] == 0, "the payments")
    eventually(lambda: too_dear(town), "staff to be told")
    assert "the limit is 500 gwei" in too_dear(town)
    assert town.statuses(campaign)["confirmed"] == 0
    block_at(town, 1)
    took = town.until_confirmed(campaign, PEOPLE)
    print(f"fee spike above the limit: {PEOPLE} records on chain {took:.1f} s after its end")
    highest = town.rows("SELECT MAX(fee_cap) FROM chain_tx")[0][0]
    assert highest <= LIMIT * GWEI
    town.recorded_once(campaign)


def test_records_that_a_spike_below_the_limit_left_behind_are_sent_at_the_new_price(calm):
    town = calm
    campaign, people = town.raise_money(), town.investors(PEOPLE)
    node(town, "evm_setAutomine", False)
    town.pay(town.invest(people, campaign))
    sent = "SELECT COUNT(*) FROM chain_tx WHERE status = 'broadcast'"
    eventually(lambda: town.rows(sent)[0][0], "a record to be sent")
    block_at(town, 100)
    began = time.monotonic()

    def replaced():
        return town.rows("SELECT COUNT(*) FROM chain_tx WHERE status = 'replaced'")[0][0]

    eventually(replaced, "a replacement")
    node(town, "evm_setAutomine", True)
    node(town, "evm_mine")
    town.until_confirmed(campaign, PEOPLE)
    print(f"fee spike: {PEOPLE} records on chain {time.monotonic() - began:.1f} s after it")
    town.recorded_once(campaign)


def recorder(town):
    """Return the recorder's key and address."""
    key = Path(town.stack.env["CHAIN_RECORDER_KEY_FILE"]).read_text().strip()
    return key, signing.address_of_key(key)


def foreign(town):
    """Use the recorder's key as somebody else would."""
    key, address = recorder(town)
    found = chain_node.Node(town.stack.url("chain"))
    call = signing.Call(values.ZERO, "0x", 21_000)
    chain_id, nonce = found.chain_id(), found.nonce(address)
    signed = signing.sign(key, call, chain_id=chain_id, nonce=nonce, fees=found.fees())
    assert found.send_raw(signed.raw).sent == answers.Sent.ACCEPTED
    assert found.wait(signed.hash).ok


def press(town):
    town.stack.flask("chain", "fill-nonce", "recorder")


def wait(_town):
    pass


@pytest.mark.parametrize(
    ("fill", "within_s"),
    [
        pytest.param(press, 60, id="by-staff"),
        pytest.param(wait, 240, id="by-itself", marks=pytest.mark.chaos),
    ],
)
def test_a_nonce_gap_holds_nothing_up_for_ever(calm, fill, within_s):
    town = calm
    campaign, people = town.raise_money(), town.investors(PEOPLE)
    earlier = town.raise_money()
    town.pay(town.invest(people[:1], earlier))
    town.until_confirmed(earlier, 1)  # so that the key is one that has signed before
    before = node(town, "evm_snapshot")
    foreign(town)
    alert = "SELECT alert FROM chain_signer WHERE role = 'recorder' AND alert IS NOT NULL"
    gap = "SELECT gap_nonce FROM chain_signer WHERE role = 'recorder' AND gap_nonce IS NOT NULL"
    town.pay(town.invest(people, campaign))
    town.until_confirmed(campaign, PEOPLE)
    eventually(lambda: town.rows(alert), "staff to be told of the foreign use")
    node(town, "evm_revert", before)  # a reorganisation takes both away
    eventually(lambda: town.rows(gap), "the gap to be seen")
    began = time.monotonic()
    fill(town)
    eventually(lambda: is_recorded(town, campaign), "the records", within_s=within_s)
    eventually(lambda: not town.rows(gap), "the gap to be closed")
    print(
        f"nonce gap: {PEOPLE} records on chain again {time.monotonic() - began:.1f} s after it was "
        "seen"
    )
    eventually(
        lambda: (
            not town.rows("SELECT id FROM chain_write WHERE status NOT IN ('confirmed', 'failed')")
        ),
        "the chain to be read",
    )
    town.recorded_once(campaign)


def is_recorded(town, campaign):
    """Ask the contract: all amounts are there, none twice."""
    total = "0x" + keccak(text="fiatTotal()")[:4].hex()
    address = town.rows("SELECT contract_address FROM campaign WHERE id = ?", campaign.id)[0][0]
    found = node(town, "eth_call", {"to": address, "data": total}, "latest")
    return int(found, 16) == PEOPLE * 100_00 * 10_000
