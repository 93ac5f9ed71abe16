"""Loans and revenue shares have terms, words and a quote of their own, frozen with the others."""

from dataclasses import asdict, replace

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.campaigns import queries
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import drafts as draft_rules
from crowdfund.campaigns.rules import loans, offers, securities, terms
from crowdfund.campaigns.rules.securities import Kind, Repayment, Security
from crowdfund.campaigns.service import drafts, reviews
from crowdfund.campaigns.service.shared import Incomplete
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import InvalidFields
from tests import raising

LOAN = {"interest_bps": "12", "term_months": "24", "repayment": "monthly"}
SHARE = {"revenue_bps": "5", "cap_bps": "150", "term_months": "60"}
MONTHLY = Security(Kind.DEBT, interest_bps=1_200, term_months=24, repayment=Repayment.MONTHLY)


# --- what the company types -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("interest_bps", ""),
        ("interest_bps", "0"),
        ("interest_bps", "50.01"),
        ("interest_bps", "12.345"),
        ("interest_bps", "twelve"),
        ("interest_bps", "-1"),
        ("term_months", ""),
        ("term_months", "0"),
        ("term_months", "181"),
        ("term_months", "2.5"),
        ("repayment", ""),
        ("repayment", "never"),
    ],
)
def test_a_loan_asks_for_interest_term_and_repayment(field, typed):
    _good, errors = securities.clean(Kind.DEBT, LOAN | {field: typed})
    assert list(errors) == [field]


def test_a_loan_is_read_with_digits_of_any_script_and_a_comma():
    good, errors = securities.clean(
        Kind.DEBT, {"interest_bps": "१२,५ %", "term_months": "٢٤", "repayment": "end"}
    )
    assert errors == {}
    assert (good["interest_bps"], good["term_months"], good["repayment"]) == (1_250, 24, "end")
    assert (good["revenue_bps"], good["cap_bps"]) == (None, None)


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, []),
        ({"cap_bps": ""}, []),
        ({"term_months": ""}, []),
        ({"cap_bps": "", "term_months": ""}, ["cap_bps"]),
        ({"revenue_bps": ""}, ["revenue_bps"]),
        ({"revenue_bps": "51"}, ["revenue_bps"]),
        ({"cap_bps": "100"}, ["cap_bps"]),
        ({"cap_bps": "1000"}, []),
        ({"cap_bps": "1000.01"}, ["cap_bps"]),
    ],
)
def test_a_revenue_share_asks_for_its_part_and_a_limit_or_a_term(changed, wrong):
    _good, errors = securities.clean(Kind.REVENUE_SHARE, SHARE | changed)
    assert list(errors) == wrong


def test_shares_ask_for_none_of_these():
    good, errors = securities.clean(Kind.EQUITY, LOAN | SHARE)
    assert (set(good.values()), errors) == ({None}, {})


# --- what a loan pays back ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("repayment", "total", "each"),
    [
        # 1,000.00 at 12 % a year for 24 months: the annuity of any loan calculator is 47.07
        ("monthly", 1_129_78, 47_07),
        ("interest", 1_240_00, 10_00),
        ("end", 1_240_00, None),
    ],
)
def test_a_loan_pays_back_what_a_bank_would_calculate(repayment, total, each):
    found = loans.repaid(1_000_00, replace(MONTHLY, repayment=repayment))
    assert abs(found.total_minor - total) <= 12
    assert found.each_minor == each


@given(
    amount=st.integers(1, 10**12),
    bps=st.integers(1, securities.MOST_INTEREST_BPS),
    months=st.integers(1, 60),
    repayment=st.sampled_from(list(Repayment)),
)
def test_a_loan_never_pays_back_less_than_was_lent(amount, bps, months, repayment):
    found = loans.repaid(
        amount, Security(Kind.DEBT, interest_bps=bps, term_months=months, repayment=repayment)
    )
    assert found.total_minor >= amount
    assert found.total_minor <= amount + amount * bps * months // 120_000 + months + 1


def test_other_kinds_and_loans_without_terms_promise_no_sum():
    assert loans.repaid(1_000_00, Security(Kind.EQUITY)) is None
    assert loans.repaid(1_000_00, Security(Kind.DEBT)) is None
    assert offers.offer(1_000_00, "ETB", Security(Kind.DEBT)) == ""
    assert offers.offer(1_000_00, "ETB", Security(Kind.REVENUE_SHARE)) == ""


@pytest.mark.parametrize(
    ("security", "words"),
    [
        (MONTHLY, "You lend 1,000.00 ETB at 12 % a year for 24 months."),
        (MONTHLY, "you get 47.07 ETB a month"),
        (replace(MONTHLY, repayment="interest"), "10.00 ETB interest a month"),
        (replace(MONTHLY, repayment="end"), "you get 1,240.00 ETB at the end"),
        (Security(Kind.REVENUE_SHARE, revenue_bps=500, cap_bps=15_000), "received 1,500.00 ETB"),
        (Security(Kind.REVENUE_SHARE, revenue_bps=500, term_months=60), "for 60 months."),
        (
            Security(Kind.REVENUE_SHARE, revenue_bps=500, cap_bps=15_000, term_months=60),
            "You get at most 1,500.00 ETB",
        ),
    ],
)
def test_the_quote_says_what_an_amount_gives_a_right_to(security, words):
    assert words in offers.offer(1_000_00, "ETB", security)


@pytest.mark.parametrize(
    ("kind", "one", "many"),
    [(Kind.EQUITY, "1 share", "2 shares"), (Kind.DEBT, "1 note", "2 notes"),
     (Kind.REVENUE_SHARE, "1 unit", "2 units")],
)  # fmt: skip
def test_each_kind_has_its_own_word_for_a_unit(kind, one, many):
    assert (offers.units(kind, 1), offers.units(kind, 2)) == (one, many)


# --- drafts, the hash, the pages ------------------------------------------------------------------


def draft_of(cast, kind, **own):
    campaign_id = raising.complete_draft(cast.company, cast.alice)
    drafts.save_basics(campaign_id, raising.BASICS | {"security_type": kind})
    if own:
        drafts.save_terms(campaign_id, raising.TERMS | own)
    commit()
    return campaign_id


def row(campaign_id):
    rollback()
    return queries.by_id(campaign_id)


@pytest.mark.parametrize(("kind", "own"), [("debt", LOAN), ("revenue_share", SHARE)])
def test_a_draft_is_complete_only_with_the_terms_of_its_kind(cast, kind, own):
    campaign_id = draft_of(cast, kind)
    state = draft_rules.step_state(asdict(row(campaign_id)), "terms")
    assert state == "started"
    with pytest.raises(Incomplete):
        drafts.submit(campaign_id, actor=cast.alice)
    rollback()
    with pytest.raises(InvalidFields):
        drafts.save_terms(campaign_id, raising.TERMS)
    rollback()
    drafts.save_terms(campaign_id, raising.TERMS | own)
    drafts.submit(campaign_id, actor=cast.alice)
    commit()


def test_another_kind_clears_the_terms_of_the_former_one(cast):
    campaign_id = draft_of(cast, "debt", **LOAN)
    assert row(campaign_id).interest_bps == 1_200
    drafts.save_basics(campaign_id, raising.BASICS | {"security_type": "revenue_share"})
    commit()
    found = row(campaign_id)
    assert (found.interest_bps, found.term_months, found.repayment) == (None, None, None)


@pytest.mark.parametrize("field", ["interest_bps", "term_months", "repayment"])
def test_the_hash_covers_the_terms_of_the_kind(cast, field):
    agreed = terms.agreed(row(draft_of(cast, "debt", **LOAN)))
    other = {"interest_bps": 1_300, "term_months": 36, "repayment": "end"}[field]
    assert terms.terms_hash(agreed) != terms.terms_hash(agreed | {field: other})


def test_the_hash_of_shares_is_the_one_that_contracts_have_already(cast):
    agreed = terms.agreed(row(draft_of(cast, "equity")))
    assert set(agreed) == set(terms.TERMS)


def test_what_was_submitted_before_its_terms_were_asked_for_goes_back(cast):
    campaign_id = draft_of(cast, "debt", **LOAN)
    drafts.submit(campaign_id, actor=cast.alice)
    commit()
    without = sa.update(Campaign).where(Campaign.id == campaign_id).values(interest_bps=None)
    db.session.execute(without)
    commit()
    with pytest.raises(Incomplete, match="Send it back"):
        reviews.approve(campaign_id, actor=cast.carla)
