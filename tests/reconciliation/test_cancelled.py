"""A cancelled investment leaves books and contract together, whatever comes in between."""

from crowdfund.chain import queries as chain_queries
from crowdfund.chain import rules as chain_rules
from crowdfund.investments import queries
from crowdfund.investments import rules as investment_rules
from crowdfund.investments.service import cancelling
from crowdfund.kernel.db import commit, rollback


def cancel(raised, investment_id, who="charlie"):
    rollback()
    cancelling.cancel_paid(investment_id, user_id=raised.people[who])
    commit()


def counted(raised):
    return chain_rules.to_minor(raised.contract("fiatTotal"))


def test_books_and_contract_agree_before_and_after_a_recorded_investment_is_cancelled(raised):
    first = raised.paid("charlie", "5,000", key="form-key-1")
    raised.paid("dora", "2,500", key="form-key-2")
    assert raised.compare() == []
    cancel(raised, first)
    raised.compare_now()
    assert raised.compare() == []
    assert (counted(raised), raised.campaign().settled_minor) == (2_500_00, 2_500_00)
    assert raised.investment(first).cancel_tx


def test_an_investment_cancelled_before_it_was_recorded_ends_at_zero_on_both_sides(raised):
    first = raised.paid("charlie", "5,000", key="form-key-1")
    cancel(raised, first)
    raised.compare_now()
    assert raised.compare() == []
    assert (counted(raised), raised.campaign().settled_minor) == (0, 0)
    writes = chain_queries.writes_of("cancellation", first)
    assert [write.status for write in writes] == ["confirmed"]


def test_a_cancellation_decides_about_success_on_both_sides(raised):
    first = raised.paid("charlie", "5,000", key="form-key-1")
    second = raised.paid("dora", "2,500", key="form-key-2")
    raised.chain_works()
    cancel(raised, second, "dora")
    raised.chain_works()
    raised.pass_days(31)
    raised.close_due()
    assert (raised.campaign().status, raised.contract_status()) == ("refunded", "failed")
    assert raised.status(first) == "returned"
    assert (raised.wallet("charlie"), raised.wallet("dora")) == (5_000_00, 2_500_00)
    assert raised.compare() == []
    assert raised.books_are_clean()


def test_what_is_left_after_a_cancellation_is_released_and_adds_up(raised):
    raised.paid("charlie", "6,000", key="form-key-1")
    raised.paid("dora", "2,000", key="form-key-2")
    gone = raised.paid("dora", "1,000", key="form-key-3")
    raised.chain_works()
    cancel(raised, gone, "dora")
    raised.chain_works()
    raised.pass_days(31)
    raised.close_due()
    assert (raised.campaign().status, raised.contract_status()) == ("succeeded", "succeeded")
    assert (raised.escrow(), counted(raised)) == (8_000_00, 8_000_00)
    assert raised.compare() == []


def test_a_record_that_somebody_else_cancels_is_found_at_once(raised):
    first = raised.paid("charlie", "5,000", key="form-key-1")
    raised.chain_works()
    rollback()
    key = queries.investor_key(raised.campaign_id, raised.people["charlie"])
    reference = chain_rules.intent_bytes32(investment_rules.reference(first))
    units = chain_rules.to_units(5_000_00)
    raised.on_chain("cancelRecord", reference, key, units, role="operator")
    assert raised.compare() == ["fiat"]
    assert raised.status(first) == "confirmed"
    assert raised.wallet() == 0


def test_many_refunds_are_noted_by_the_contract_in_one_transaction(raised):
    for name, amount, key in (("charlie", "1,000", "1"), ("dora", "2,000", "2")):
        raised.paid(name, amount, key=f"form-key-{key}")
    raised.chain_works()
    raised.pass_days(31)
    raised.close_due()
    assert (raised.campaign().status, raised.contract_status()) == ("refunded", "failed")
    rollback()
    writes = chain_queries.writes_of("refund", raised.campaign_id)
    assert [write.status for write in writes] == ["confirmed"] * 2
    assert len({write.tx_hash for write in writes}) == 1
    for write in writes:
        assert raised.contract("recordOf", write.args[0])["state"] == 3  # refunded
    assert raised.compare() == []
