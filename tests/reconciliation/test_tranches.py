"""Release in parts on a real contract: each part once, and both sides equal after each."""

import pytest

from crowdfund.chain import connection
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import WrongState
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as accounts
from crowdfund.releases import service as releases
from tests import raising

PARTS = {
    "part1": "33.33",
    "condition1": "The campaign has succeeded.",
    "part2": "64.67",
    "condition2": "The machine is delivered.",
    "part3": "2",
    "condition3": "The first annual report is published.",
}
in_parts = pytest.mark.parametrize("raised", [PARTS], indirect=True)
KNOWN = "The delivery note is signed, see the documents."
INVESTOR = "0x" + "1c" * 20


def succeeded(raised):
    raised.paid("charlie", "5,500", key="form-key-1")
    raised.paid("dora", "2,300", key="form-key-2")
    raised.chain_works()
    raised.pass_days(31)
    assert raised.close_due() == 1
    assert raised.campaign().status == "succeeded"


def release_next(raised):
    rollback()
    request = releases.ask(raised.campaign_id, KNOWN, actor=raised.people["fiona"])
    commit()
    releases.approve(request, actor=raised.people["adam"])
    commit()
    raised.chain_works()
    rollback()


@in_parts
def test_each_part_is_released_on_both_sides_with_the_same_integers(raised):
    succeeded(raised)
    total, before = 7_800_00, 0
    for part, share in enumerate((3_333, 9_800, 10_000), 1):
        release_next(raised)
        row, out = raised.campaign(), total * share // 10_000
        fee = (out if part < 3 else total) * 250 // 10_000
        assert (row.released_minor, row.fee_minor) == (out - fee, fee)
        assert raised.escrow() == total - out
        assert raised.contract("releases") == part
        assert raised.compare() == []
        assert raised.problems() == []
        assert out > before
        before = out
    assert (row.status, raised.contract_status()) == ("released", "released")
    assert ledger.balance(accounts.PLATFORM_FEE) == total * 250 // 10_000


@in_parts
def test_nothing_of_a_part_is_left_to_release_before_it_is_on_chain(raised):
    succeeded(raised)
    request = releases.ask(raised.campaign_id, KNOWN, actor=raised.people["fiona"])
    commit()
    releases.approve(request, actor=raised.people["adam"])
    commit()
    with raising.refused(WrongState):
        releases.ask(raised.campaign_id, KNOWN, actor=raised.people["fiona"])
    raised.chain_works()
    rollback()
    assert (raised.campaign().status, raised.campaign().ending) == ("succeeded", None)


@in_parts
def test_a_part_that_the_contract_released_behind_our_back_is_paid_out_in_the_books(raised):
    succeeded(raised)
    raised.on_chain("release", b"\x02" * 32, 0, role="operator")
    assert raised.compare() == ["releases"]
    assert raised.follow() == "done"
    assert raised.campaign().status == "succeeded"
    assert raised.company_money() == 2_599_74 - 64_99
    assert raised.compare() == []
    release_next(raised)
    assert raised.contract("releases") == 2
    assert raised.compare() == []
    assert raised.problems() == []


@in_parts
def test_a_contract_that_was_released_to_the_end_is_paid_out_at_once(raised):
    succeeded(raised)
    release_next(raised)
    for tranche in (1, 2):
        raised.on_chain("release", bytes([tranche]) * 32, tranche, role="operator")
    assert raised.compare() == ["status"]
    assert raised.follow() == "done"
    assert (raised.campaign().status, raised.escrow()) == ("released", 0)
    assert raised.compare() == []
    assert raised.problems() == []


@in_parts
def test_the_contract_has_the_parts_in_its_terms(raised):
    terms = raised.contract("terms")
    assert terms["tranches"] == "0x0d05" + "2648" + "2710" + "00" * 26
    assert (
        connection.node().call("CampaignImplementation", raised.address, "termsHash")
        == raised.campaign().terms_hash
    )
