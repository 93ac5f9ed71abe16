"""The drill: pay, back up, pay more, lose everything, restore. Nothing is lost, whoever paid when.

The bank is the simulator in a process of its own, the chain is a real node; both remember what the
restored books do not know.
"""

import shutil

import pytest

from crowdfund.kernel.db import commit, db
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payments.service import resolving
from crowdfund.reports import service
from tests.chain.conftest import LocalNode, free_port
from tests.payments import bank_process

from .drill import Door, Drill


@pytest.fixture
def bank(tmp_path):
    (tmp_path / "bank").mkdir()
    running = bank_process.start(tmp_path / "bank")
    yield running
    bank_process.stop(running)


@pytest.fixture
def own_chain(tmp_path):
    node = LocalNode(free_port(), ("--prune-history", "300"), tmp_path).start()
    yield node
    node.stop()


@pytest.fixture
def door():
    made = Door()
    yield made
    made.close()


@pytest.fixture
def begin(places, bank, own_chain, door):
    """Open an installation before the bank and the chain."""

    def open_place(**how):
        place = places(chain_rpc_url=own_chain.url, **how)
        door.place = place
        bank.reset(callback_url=f"{door.url}/webhooks/neo-payment/")
        return Drill(place, bank)

    return open_place


def test_nothing_is_lost(begin, door, tmp_path):
    before = begin(upgraded=True)
    campaign = before.open_campaign()
    charlie, dora = before.investor("charlie"), before.investor("dora")
    in_time = before.place_order(charlie, campaign, "600")
    before.pay(in_time)
    on_its_way = before.place_order(charlie, campaign, "300")
    assert before.status(in_time, charlie) == "confirmed"

    code, said = before.flask("backup", tmp_path / "backup")
    assert code == 0, said

    before.pay(on_its_way)
    too_late = before.place_order(dora, campaign, "700")
    before.pay(too_late)
    eve = before.investor("eve")  # the bank knows her, the backup does not
    of_a_stranger = before.place_order(eve, campaign, "500")
    before.pay(of_a_stranger)
    assert before.status(too_late, dora) == before.status(of_a_stranger, eve) == "confirmed"
    escrow = ledger_rules.escrow(campaign)
    assert before.balance(escrow) == 2_100_00

    door.place = None
    with before.inside():
        db.engine.dispose()
    shutil.rmtree(before.place.settings.data_dir)

    after = begin()
    code, said = after.flask("restore", tmp_path / "backup")
    assert code == 0, said
    since = said.split("--since ")[1].split()[0]
    assert after.place.must("selfcheck", "--all", "--no-chain").startswith("selfcheck: clean")
    assert after.balance(escrow) == 600_00

    code, said = after.flask("reconcile", "bank", "--since", since)
    assert code == 0, said
    assert "2 were unknown: 1200.00 ETB lies in suspense" in said
    assert after.balance(ledger_rules.SUSPENSE) == 1_200_00
    code, again = after.flask("reconcile", "bank", "--since", since)
    assert (code, "nothing that our books do not know" in again) == (0, True), again
    assert after.balance(ledger_rules.SUSPENSE) == 1_200_00, "nothing is taken twice"

    code, said = after.flask("chain", "reconcile", "--wait", "5")
    assert code == 1, "the contract holds more than the books: nobody says that they agree"
    assert f"campaign {campaign}" in said
    staff = {"webhook_missing": "accept", "unknown_reference": {dora: "credit", None: "return"}}
    for found in after.exceptions():
        wanted = staff[found.kind]
        resolution = wanted if isinstance(wanted, str) else wanted[found.user_id]
        with after.inside():
            resolving.resolve(found.id, resolution, actor="finance", reason="seen at the bank")
            commit()
    assert after.exceptions() == []
    after.work()

    assert after.status(on_its_way, charlie) == "confirmed", (
        "its payment went on, its record was found"
    )
    assert after.balance(escrow) == 900_00
    assert after.wallet(dora) == 700_00
    at_the_bank = [ledger_rules.external("bill_bitts"), ledger_rules.clearing("bill_bitts")]
    assert sum(after.balance(account) for account in at_the_bank) == -1_600_00, (
        "eve's 500 are on their way back"
    )
    assert after.balance(ledger_rules.SUSPENSE) == 0
    with after.inside():
        assert sum(row.balance_minor for row in ledger.accounts(size=1_000).rows) == 0
    with after.inside():
        assert service.prove_all() == []

    next_one = after.place_order(dora, campaign, "200")
    after.pay(next_one)
    assert after.status(next_one, dora) == "confirmed", "the restored platform goes on"
    with after.inside():
        assert service.selfcheck() == []


def test_a_bank_without_a_list_is_said_and_open_payments_are_asked_about_all_the_same(
    begin, tmp_path
):
    drill = begin(upgraded=True)
    drill.bank.control("settings", lists=False)
    code, said = drill.flask("reconcile", "bank", "--since", "2026-06-15")
    assert code == 1
    assert "0 open payments were asked about" in said
    assert "cannot list its transactions" in said
