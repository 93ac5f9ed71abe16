"""A lapsed verification stops new money and nothing else: what is here is still returned."""

import pytest
import sqlalchemy as sa

from crowdfund.compliance.queries import files
from crowdfund.investments import rules
from crowdfund.investments.service import refunding
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.people import service as people_service
from tests import raising

STANDINGS = ["pending", "rejected", "expired", "none"]


def lapse(person_id, status):
    rollback()
    people_service.set_verification(
        person_id, status, level="none", actor="system", reason="The passport is too old."
    )
    commit()


@pytest.mark.parametrize("status", STANDINGS)
def test_nobody_whose_verification_does_not_hold_puts_new_money_in(app, world, status):
    charlie = world.people["charlie"]
    lapse(charlie, status)
    with pytest.raises(rules.NotVerified) as refusal:
        world.place()
    assert refusal.value.status == 403
    assert refusal.value.user_message == files.refusal(charlie)
    page = raising.browser(app, charlie).get(f"/campaigns/{world.slug}/invest").text
    assert files.refusal(charlie) in page
    assert "Go to my verification" in page
    rollback()
    people_service.set_kyc_level(charlie, "basic", actor="system")
    commit()
    assert world.status(world.place()) == "paying"


@pytest.mark.parametrize("status", STANDINGS)
def test_money_that_is_here_goes_back_whatever_became_of_the_verification(world, status):
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS", "SETTLED")
    lapse(world.people["charlie"], status)
    db.session.execute(sa.text("UPDATE campaign SET status = 'failed'"))
    commit()
    assert refunding.refund_next(world.campaign_id, reason="Below the threshold.") == 1
    commit()
    assert world.status(investment_id) == "returned"
    assert world.wallet() == 1_000_00


def test_money_that_was_on_its_way_when_it_lapsed_is_still_taken(world):
    investment_id = world.place()
    lapse(world.people["charlie"], "expired")
    world.bank_says(investment_id, "SUCCESS", "SETTLED")
    assert world.status(investment_id) in ("settled", "confirmed")
