"""Placing an investment: who may, how much, once, and never more than there is room for."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.rules.life import CampaignClosed, CampaignFull
from crowdfund.investments import queries, rules
from crowdfund.investments.models import Consent, Investment, investment_event
from crowdfund.investments.service import placing
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import NotFound, NotYours
from crowdfund.payments.models import Payment
from crowdfund.people import service as people_service
from tests import raising
from tests.together import at_once

from .conftest import verified


def count(table):
    rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(table))


def nothing_was_stored(world):
    sums = (world.campaign().reserved_minor, count(Investment), count(Payment), count(Consent))
    return sums == (0, 0, 0, 0)


def test_a_placed_investment_has_its_room_its_consent_and_a_payment_to_the_escrow(world):
    investment_id = world.place(amount="1,500")
    investment, payment = world.investment(investment_id), world.payment(investment_id)
    assert (investment.status, investment.amount_minor, investment.shares) == (
        "paying",
        1_500_00,
        15,
    )
    assert world.campaign().reserved_minor == 1_500_00
    assert world.campaign().settled_minor == 0
    assert (payment.status, payment.amount_minor) == ("pending", 1_500_00)
    assert payment.destination == f"campaign:{world.campaign_id}:escrow"
    assert payment.checkout_url.startswith("http://bank.invalid/")
    consent = db.session.execute(sa.select(Consent)).scalar_one()
    assert (consent.investment_id, consent.text) == (investment_id, rules.risk_text())
    assert consent.text_hash == rules.text_hash(consent.text)


def test_the_first_investment_freezes_the_terms(world):
    assert world.campaign().terms_frozen_at is None
    world.place()
    assert world.campaign().terms_frozen_at is not None


def test_a_person_who_is_not_verified_may_not_invest(world):
    world.people["eve"] = raising.person("eve")
    with pytest.raises(rules.NotVerified, match="Verify your identity first") as refusal:
        world.place("eve")
    assert refusal.value.status == 403
    assert nothing_was_stored(world)


def test_a_lapsed_verification_stops_new_money(world):
    people_service.set_kyc_level(world.people["charlie"], "none", actor="system")
    commit()
    with pytest.raises(rules.NotVerified):
        world.place()


def test_nobody_invests_in_their_own_company(world):
    people_service.set_kyc_level(world.people["alice"], "basic", actor="system")
    commit()
    with pytest.raises(NotYours, match="your own company"):
        world.place("alice")
    assert nothing_was_stored(world)


def test_without_consent_nothing_happens(world):
    with pytest.raises(rules.NoConsent, match="tick the box") as refusal:
        world.place(consent=False)
    assert (refusal.value.field, nothing_was_stored(world)) == ("consent", True)


@pytest.mark.parametrize(
    ("terms", "amount", "sentence"),
    [
        ({"min_minor": "500"}, "400", "The minimum investment in this campaign is 500.00 ETB"),
        ({}, "5,100", "One person may invest at most 5,000.00 ETB"),
        ({}, "150", "multiple of 100.00 ETB"),
        ({}, "100.01", "multiple of 100.00 ETB"),
    ],
)
def test_an_amount_outside_the_terms_is_refused_in_plain_words(world, terms, amount, sentence):
    if terms:
        owner, reviewer = raising.person("owner"), world.people["carla"]
        company = raising.registered_company(owner, reviewer, number=2)
        campaign_id = raising.live_campaign(company, owner, reviewer, **terms)
        world.campaign_id, world.slug = campaign_id, raising.campaign(campaign_id).slug
    with pytest.raises(rules.NotPossible, match=sentence) as refusal:
        world.place(amount=amount)
    assert (refusal.value.field, refusal.value.status) == ("amount", 422)
    assert nothing_was_stored(world)


def test_the_greatest_amount_counts_everything_a_person_has_in_the_campaign(world):
    world.place(amount="3,000", key="form-key-1")
    world.place(amount="1,900", key="form-key-2")
    with pytest.raises(rules.NotPossible, match="at most 5,000"):
        world.place(amount="200", key="form-key-3")
    world.place(amount="100", key="form-key-4")
    assert world.campaign().reserved_minor == 5_000_00


def test_what_failed_does_not_count_towards_the_greatest_amount(world):
    first = world.place(amount="5,000", key="form-key-1")
    world.bank_says(first, "FAILED")
    second = world.place(amount="5,000", key="form-key-2")
    assert (world.status(first), world.status(second)) == ("failed", "paying")


def test_a_full_campaign_takes_nothing_more_and_says_how_much_is_left(world):
    world.place("charlie", "5,000", key="form-key-1")
    world.place("dora", "4,900", key="form-key-2")
    world.people["frank"] = verified("frank")
    with pytest.raises(CampaignFull, match=r"Only 100\.00 ETB is still available"):
        world.place("frank", "200")
    world.place("frank", "100")
    world.people["gina"] = verified("gina")
    with pytest.raises(CampaignFull, match="full"):
        world.place("gina", "100")


def test_after_the_deadline_no_money_is_taken(world, frozen):
    frozen.advance(timedelta(days=30, seconds=1))
    with pytest.raises(CampaignClosed, match="deadline"):
        world.place()
    assert nothing_was_stored(world)


def test_a_campaign_that_is_not_live_takes_no_money(world):
    db.session.execute(sa.text("UPDATE campaign SET ending = 'cancel'"))
    commit()
    with pytest.raises(CampaignClosed, match="is not open for investment"):
        world.place()
    with pytest.raises(NotFound):
        world.place(slug="no-such-campaign")


def test_the_same_form_twice_is_one_investment_and_one_payment(world):
    assert world.place() == world.place()
    assert (count(Investment), count(Payment), world.campaign().reserved_minor) == (1, 1, 1_000_00)


def test_the_same_form_with_other_figures_is_not_mistaken_for_the_first(world):
    world.place(amount="1,000")
    with pytest.raises(rules.FormUsed, match="already sent this form with a different amount"):
        world.place(amount="2,000")
    assert (count(Investment), world.campaign().reserved_minor) == (1, 1_000_00)


def test_two_people_may_happen_to_have_the_same_form_key(world):
    assert world.place("charlie") != world.place("dora")


def test_a_double_click_is_one_investment_even_at_the_same_moment(app, world):
    outcomes = at_once(app, [lambda: placing.place(world.order())] * 8)
    assert len(set(outcomes)) == 1
    assert isinstance(outcomes[0], str)
    assert (count(Investment), count(Payment), count(Consent)) == (1, 1, 1)
    assert world.campaign().reserved_minor == 1_000_00


def test_of_fifty_investors_on_the_last_share_exactly_one_succeeds(app, world):
    world.place("charlie", "5,000", key="form-key-1")
    world.place("dora", "4,900", key="form-key-2")
    crowd = [verified(f"person{number}") for number in range(50)]
    works = [lambda who=who: placing.place(world.order(who, "100")) for who in crowd]
    outcomes = at_once(app, works)
    assert sum(isinstance(one, str) for one in outcomes) == 1
    refused = [one for one in outcomes if not isinstance(one, str)]
    assert {type(one) for one in refused} == {CampaignFull}
    assert all("Nothing was charged" in one.user_message for one in refused)
    assert world.campaign().reserved_minor == world.campaign().goal_minor
    assert (count(Investment), count(Payment)) == (3, 3)


def test_one_person_cannot_pass_the_greatest_amount_by_many_forms_at_once(app, world):
    works = [
        lambda n=n: placing.place(world.order(amount="2,000", key=f"form-key-{n}"))
        for n in range(6)
    ]
    outcomes = at_once(app, works)
    assert sum(isinstance(one, str) for one in outcomes) == 2
    rollback()
    assert queries.active_minor(world.people["charlie"], world.campaign_id) == 4_000_00
    assert world.campaign().reserved_minor == 4_000_00


def test_the_quote_gives_the_same_verdict_as_the_placing(world):
    person = world.people["charlie"]
    world.place(amount="4,000")
    for typed, sentence in ((1_000_00, None), (1_100_00, "at most"), (150, "multiple")):
        answer = placing.refusal(world.slug, person, typed)
        assert (sentence in answer) if sentence else answer is None


def test_every_change_of_status_is_kept_with_its_moment(world):
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS", "SETTLED")
    query = sa.select(
        investment_event.c.from_status, investment_event.c.to_status, investment_event.c.actor
    )
    assert db.session.execute(query.order_by(investment_event.c.id)).all() == [
        (None, "paying", world.people["charlie"]),
        ("paying", "authorised", "system"),
        ("authorised", "settled", "system"),
    ]
    assert outbox.due_queues() in ([], ["chain"])
