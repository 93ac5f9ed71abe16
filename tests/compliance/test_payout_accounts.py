"""The payout account in a person's verification: as a proof, its review, its change."""

from datetime import timedelta

import pytest

from crowdfund.compliance.queries import desk as desk_queries
from crowdfund.compliance.queries import reviews as reviews_queries
from crowdfund.compliance.rules.reviews import Decision
from crowdfund.compliance.service import reviews as reviews_service
from crowdfund.compliance.service import submissions
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import Conflict, Invalid, NotYours
from crowdfund.payout_accounts import queries
from crowdfund.payout_accounts import service as payout_accounts_service
from crowdfund.people import service
from crowdfund.security.service import second_factor
from tests import raising

CBE = {"bank": "cbe", "number": "1000 1234 56789", "holder": "Alice Bekele"}


@pytest.fixture
def alice(desk):
    person_id = raising.person("alice")
    service.save_profile(person_id, first_name="Alice", last_name="Bekele")
    second_factor.keep_app(person_id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    commit()
    return person_id


def give(desk, frozen, person_id, number="1000 1234 56789"):
    """Ask for an account and let the day pass."""
    rollback()
    payout_accounts_service.request(person_id, "et", **CBE | {"number": number})
    commit()
    frozen.advance(timedelta(hours=24))
    desk.work()


def decide(desk, person_id, *, approve=True, reason=""):
    rollback()
    reviews_service.decide_payout(person_id, Decision(approve, reason), actor=desk.carla)
    commit()


def test_a_verified_account_proves_the_bank_for_the_enhanced_level(desk, alice, frozen):
    desk.verify(alice)
    desk.upload(alice, "proof_of_address")
    give(desk, frozen, alice)
    with pytest.raises(Conflict, match="already verified at this level"):
        submissions.submit(alice, actor=alice)
    decide(desk, alice)
    assert desk.submit(alice) == "enhanced"
    desk.accept_all(alice)
    desk.approve(alice)
    desk.approve(alice, actor=desk.dawit)
    assert desk.standing(alice) == ("verified", "enhanced")


def test_the_first_account_is_no_change_of_what_was_verified(desk, alice, frozen):
    desk.verify(alice)
    give(desk, frozen, alice)
    assert desk.standing(alice) == ("verified", "basic")


def test_another_account_in_place_of_a_verified_one_is_checked_again(desk, alice, frozen):
    desk.verify(alice)
    give(desk, frozen, alice)
    decide(desk, alice)
    give(desk, frozen, alice, number="1000 9999 99999")
    assert desk.standing(alice) == ("pending", "none")
    assert reviews_queries.open_review(alice).level == "basic"


def test_a_verified_account_pays_out_whatever_became_of_the_verification(desk, alice, frozen):
    give(desk, frozen, alice)
    decide(desk, alice)
    for status in ("pending", "rejected", "expired", "none"):
        service.set_verification(alice, status, level="none", actor="system", reason="a reason")
        commit()
        account = queries.payout_account_of(alice)
        assert account.status == "verified"
        assert payout_accounts_service.with_number(account.id)[1] == "1000123456789"
        rollback()


def test_the_account_waits_in_the_queue_and_is_decided_by_somebody_else(desk, alice, frozen):
    give(desk, frozen, alice)
    rows = desk_queries.queue(desk_queries.Wanted(status="waiting")).rows
    assert [row.person_id for row in rows] == [alice]
    for reason in ("", "short"):
        with pytest.raises(Invalid):
            decide(desk, alice, approve=False, reason=reason)
    rollback()
    with pytest.raises(NotYours):
        reviews_service.decide_payout(alice, Decision(approve=True), actor=alice)
    decide(desk, alice, approve=False, reason="The holder is somebody else.")
    assert queries.payout_account_of(alice).status == "rejected"
    with pytest.raises(Conflict):
        decide(desk, alice)
    assert desk_queries.counts()["waiting"] == 0
