"""Reminders 1, 7 and 30 days after a refund, once each, until something was chosen."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.kernel.db import db, rollback
from crowdfund.notifications.models import Notice
from crowdfund.people import service as people
from crowdfund.refunds.service import choosing
from tests import raising
from tests.refunds.test_back import place_from_wallet


def test_a_refund_that_waits_is_reminded_of_at_1_7_and_30_days_exactly(world):
    world.refunded()
    counts = []
    for days in (1, 6, 23):
        world.later(days=days, seconds=-1)
        counts.append(world.reminders())
        world.later(seconds=1)
        counts.append(world.reminders())
    assert counts == [0, 1, 1, 2, 2, 3]
    world.later(days=400)
    assert world.reminders() == 3


def test_it_names_what_is_left_and_leads_to_the_refund(world):
    refund = world.refunded()
    world.later(days=1)
    rollback()
    query = sa.select(Notice).where(Notice.kind == "refund.reminder")
    notice = db.session.execute(query).scalar_one()
    assert (notice.context["amount_minor"], notice.path) == (
        1_000_00,
        f"/wallet/refunds/{refund.id}",
    )
    text = raising.mail_to("charlie@example.com")
    assert "1,000.00" in text
    assert "there is no deadline" in text


def test_a_scheduler_that_was_off_for_a_week_sends_the_latest_only(world):
    world.refunded()
    world.clock.advance(timedelta(days=8))
    world.work()
    assert world.reminders() == 1
    world.later(days=21)
    assert world.reminders() == 1
    world.later(days=1)
    assert world.reminders() == 2


def test_a_scheduler_that_was_off_for_months_sends_one(world):
    world.refunded()
    world.later(days=200)
    assert world.reminders() == 1


@pytest.mark.parametrize("choice", ["back", "kept", "spent"])
def test_reminders_end_with_a_choice(world, choice):
    refund = world.refunded()
    world.later(days=1)
    if choice == "back":
        world.sent(refund)
    elif choice == "kept":
        world.do(choosing.keep, refund.id, user_id=refund.user_id)
    else:
        world.do(place_from_wallet, world, 1_000_00)
    world.later(days=60)
    assert world.reminders() == 1


def test_what_was_kept_can_be_sent_back_years_later(world):
    refund = world.refunded()
    world.do(choosing.keep, refund.id, user_id=refund.user_id)
    world.later(days=3 * 365)
    world.bank_ends(world.sent(refund))
    assert world.purse() == (0, 0)
    assert world.reminders() == 0


def test_a_return_that_failed_is_reminded_of_again(world):
    refund = world.refunded()
    payout_id = world.sent(refund)
    world.later(days=1)
    assert world.reminders() == 0
    world.bank_ends(payout_id, "FAILED")
    world.later(days=6)
    assert world.reminders() == 1


@pytest.mark.parametrize("language", ["am", "hi"])
def test_it_is_written_in_the_language_of_its_reader(world, language):
    world.do(people.choose_language, world.people["charlie"], language)
    world.refunded()
    world.later(days=1)
    text = raising.mail_to("charlie@example.com")
    assert "still in your wallet" not in text
