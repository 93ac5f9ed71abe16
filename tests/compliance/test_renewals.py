"""A document that is renewed before it expires: the level stays, and the newer date counts."""

import io
from datetime import UTC, date, datetime, timedelta

import pytest

from crowdfund.compliance import jobs
from crowdfund.compliance.queries import files
from crowdfund.compliance.queries import reviews as reviews_queries
from crowdfund.compliance.rules import renewals
from crowdfund.compliance.rules.reviews import Decision
from crowdfund.compliance.service import files as files_service
from crowdfund.compliance.service import reviews as reviews_service
from crowdfund.documents import queries as document_queries
from crowdfund.documents import service as documents
from crowdfund.kernel import clock
from crowdfund.kernel.db import commit
from crowdfund.kernel.errors import Invalid
from crowdfund.people import queries
from crowdfund.people import service as people_service
from tests import raising

from .conftest import IDENTITY
from .test_levels import ENHANCED, told

OLD, NEW = date(2026, 9, 30), date(2036, 9, 30)


def later(days):
    clock.use(clock.FixedClock(datetime(2026, 6, 15, 9, tzinfo=UTC) + timedelta(days=days)))


def ends(person_id):
    return queries.get(person_id).kyc_expires_on


def night(desk):
    """Let the hourly jobs run."""
    documents.expire_due()
    commit()
    desk.work()
    jobs.expire_and_remind()
    commit()


def in_force(desk, person_id):
    desk.standing(person_id)
    return [(one.status, one.expires_on) for one in files.documents_of(person_id)]


@pytest.fixture
def renewed(desk, alice):
    """Alice is verified until the 30th of September and has sent her new passport in July."""
    desk.verify(alice, until=OLD.isoformat())
    later(30)
    desk.upload(alice, "passport")
    return alice


def test_a_renewed_passport_sent_early_is_checked_and_the_level_stays_in_force(desk, renewed):
    assert desk.standing(renewed) == ("verified", "basic")
    assert files.refusal(renewed) is None
    review = reviews_queries.open_review(renewed)
    assert (review.status, review.level) == ("submitted", "basic")
    assert "verification.rechecking" not in told(renewed)


def test_once_it_is_accepted_the_date_of_the_newer_passport_counts(desk, renewed):
    desk.accept_all(renewed, until=NEW.isoformat())
    assert (desk.standing(renewed), ends(renewed)) == (("verified", "basic"), OLD)
    assert desk.approve(renewed) == "approved"
    assert (desk.standing(renewed), ends(renewed)) == (("verified", "basic"), NEW)
    assert in_force(desk, renewed) == [("verified", NEW)]
    later(110)  # the old date has passed
    night(desk)
    assert desk.standing(renewed) == ("verified", "basic")
    assert "verification.expired" not in told(renewed)
    assert "verification.expiring" not in told(renewed)


def test_the_number_of_the_renewed_passport_may_follow_it(desk, renewed):
    files_service.save_facts(renewed, "identity", IDENTITY | {"id_number": "EP7654321"})
    commit()
    assert desk.standing(renewed) == ("verified", "basic")
    # The old passport shows the old number and is not read again.
    assert in_force(desk, renewed) == [("verified", OLD), ("pending", None)]
    desk.accept_all(renewed, until=NEW.isoformat())
    desk.approve(renewed)
    assert ends(renewed) == NEW


def test_a_new_number_without_the_newer_passport_that_shows_it_is_checked_again(desk, renewed):
    files_service.save_facts(renewed, "identity", IDENTITY | {"id_number": "EP7654321"})
    commit()
    files_service.remove(renewed, "passport", desk.document(renewed, "passport").id)
    commit()
    assert desk.standing(renewed) == ("pending", "none")
    assert in_force(desk, renewed) == [("pending", None)]  # the old one, to be compared again


def new_number(person_id):
    files_service.save_facts(person_id, "identity", IDENTITY | {"id_number": "EP7654321"})
    commit()


def refuse(desk, person_id, kind="passport"):
    document = desk.document(person_id, kind)
    decision = Decision(approve=False, reason="The corner is cut off.")
    reviews_service.decide_document(person_id, document.id, decision, actor=desk.carla)
    commit()


def test_a_new_number_whose_renewal_is_sent_back_ends_the_level(desk, renewed):
    new_number(renewed)
    refuse(desk, renewed)
    desk.reject(renewed, "Send a new photo, please.")
    assert desk.standing(renewed) == ("rejected", "none")
    assert told(renewed)[-1] == "verification.rejected"
    assert in_force(desk, renewed) == [("pending", None), ("rejected", None)]


def test_a_new_number_whose_renewal_is_withdrawn_is_checked_again(desk, renewed):
    new_number(renewed)
    refuse(desk, renewed)
    desk.upload(renewed, "proof_of_address")
    assert desk.standing(renewed) == ("pending", "none")
    assert in_force(desk, renewed)[0] == ("pending", None)


def test_a_number_that_changes_after_the_renewal_was_sent_back_is_checked_again(desk, renewed):
    desk.reject(renewed, "Send a new photo, please.")
    assert desk.standing(renewed) == ("verified", "basic")
    new_number(renewed)
    assert desk.standing(renewed) == ("pending", "none")


def test_a_refused_passport_with_a_new_number_that_is_removed_is_checked_again(desk, renewed):
    new_number(renewed)
    refuse(desk, renewed)
    newer = files.documents_of(renewed)[-1]
    files_service.remove(renewed, "passport", newer.id)
    commit()
    assert desk.standing(renewed) == ("pending", "none")


def test_one_side_of_a_newer_passport_may_be_removed_while_the_other_shows_the_number(
    desk, renewed
):
    desk.upload(renewed, "passport")
    new_number(renewed)
    files_service.remove(renewed, "passport", files.documents_of(renewed)[-1].id)
    commit()
    assert desk.standing(renewed) == ("verified", "basic")
    assert reviews_queries.open_review(renewed) is not None


def test_a_newer_passport_counts_when_only_the_basic_level_is_given(app, desk, renewed):
    for kind in ENHANCED:
        desk.upload(renewed, kind)
    desk.submit(renewed)
    assert reviews_queries.open_review(renewed).level == "enhanced"
    desk.accept_all(renewed, until=NEW.isoformat())
    page = raising.browser(app, desk.carla).get(f"/staff/people/{renewed}").text
    assert 'name="level" value="basic"' in page
    desk.approve(renewed, only_basic=True)
    assert (desk.standing(renewed), ends(renewed)) == (("verified", "basic"), NEW)


def test_the_basic_level_is_never_given_in_place_of_the_enhanced_one(desk, alice):
    desk.verify(alice, *ENHANCED, until=OLD.isoformat())
    later(30)
    desk.upload(alice, "passport")
    desk.accept_all(alice, until=NEW.isoformat())
    assert desk.approve(alice, only_basic=True) == "proposed"
    assert desk.standing(alice) == ("verified", "enhanced")


def test_a_second_proof_of_address_may_be_removed_and_a_full_list_says_so(app, desk, alice):
    desk.verify(alice, *ENHANCED)
    for _page in range(3):
        desk.upload(alice, "proof_of_address")
    desk.accept_all(alice)
    desk.standing(alice)
    here = "/account/verification/documents/proof_of_address"
    assert "There are already 4 files" in raising.browser(app, alice).get(here).text
    newest = [one for one in files.documents_of(alice) if one.kind == "proof_of_address"][-1]
    files_service.remove(alice, "proof_of_address", newest.id)
    commit()
    assert desk.standing(alice) == ("verified", "enhanced")


def test_a_newer_passport_that_is_taken_back_costs_nothing(desk, renewed):
    files_service.remove(renewed, "passport", desk.document(renewed, "passport").id)
    commit()
    assert (desk.standing(renewed), ends(renewed)) == (("verified", "basic"), OLD)
    assert reviews_queries.open_review(renewed) is None
    desk.upload(renewed, "passport")
    assert reviews_queries.open_review(renewed) is not None


@pytest.mark.parametrize("change", [{"id_number": "EP7654321"}, {"id_kind": "national_id"}])
def test_another_number_or_kind_alone_is_no_renewal(desk, alice, change):
    desk.verify(alice)
    files_service.save_facts(alice, "identity", IDENTITY | change)
    commit()
    assert desk.standing(alice) == ("pending", "none")


def test_a_renewed_passport_that_is_not_accepted_leaves_the_level_and_its_date(desk, renewed):
    document = desk.document(renewed, "passport")
    decision = Decision(approve=False, reason="The corner is cut off.")
    reviews_service.decide_document(renewed, document.id, decision, actor=desk.carla)
    commit()
    desk.reject(renewed, "Send a new photo, please.")
    assert (desk.standing(renewed), ends(renewed)) == (("verified", "basic"), OLD)
    assert told(renewed)[-1] == "verification.renewal_refused"
    desk.upload(renewed, "passport")
    assert reviews_queries.open_review(renewed) is not None
    desk.accept_all(renewed, until=NEW.isoformat())
    desk.approve(renewed)
    assert ends(renewed) == NEW


def test_the_level_ends_on_the_old_date_when_nobody_has_checked_the_newer_passport(desk, renewed):
    later(108)
    night(desk)
    assert desk.standing(renewed) == ("expired", "none")
    # The one that waits takes the place of the expired one: there is nothing else to send.
    assert in_force(desk, renewed) == [("pending", None)]
    desk.accept_all(renewed, until=NEW.isoformat())
    desk.approve(renewed)
    assert (desk.standing(renewed), ends(renewed)) == (("verified", "basic"), NEW)


def test_nobody_is_reminded_of_the_end_while_the_renewal_is_checked(desk, renewed):
    later(90)
    # Not read at all: many renewals in a long queue must not hide those who are to be reminded.
    assert reviews_queries.to_remind(NEW) == []
    night(desk)
    assert "verification.expiring" not in told(renewed)
    desk.reject(renewed, "Send a new photo, please.")
    night(desk)
    assert told(renewed).count("verification.expiring") == 1


def test_a_further_document_that_the_level_does_not_need_asks_for_nothing(desk, alice):
    desk.verify(alice, *ENHANCED)
    reviews_service.revoke(alice, actor=desk.dawit, reason="To be checked from the start.")
    commit()
    people_service.set_kyc_level(alice, "basic", actor="system")
    commit()
    desk.upload(alice, "proof_of_address")
    assert desk.standing(alice) == ("verified", "basic")
    assert reviews_queries.open_review(alice) is None


def test_the_enhanced_level_is_renewed_by_two_people_and_stays_meanwhile(desk, alice):
    desk.verify(alice, *ENHANCED, until=OLD.isoformat())
    later(30)
    desk.upload(alice, "passport")
    assert desk.standing(alice) == ("verified", "enhanced")
    desk.accept_all(alice, until=NEW.isoformat())
    assert desk.approve(alice) == "proposed"
    assert desk.standing(alice) == ("verified", "enhanced")
    assert desk.approve(alice, actor=desk.dawit) == "approved"
    assert desk.standing(alice) == ("verified", "enhanced")


def test_both_sides_of_the_newer_card_stay_and_both_sides_of_the_old_one_go(desk, alice):
    desk.complete(alice)
    desk.upload(alice, "passport")
    desk.submit(alice)
    desk.accept_all(alice, until=OLD.isoformat())
    desk.approve(alice)
    later(30)
    for _side in range(2):
        desk.upload(alice, "passport")
    desk.accept_all(alice, until=NEW.isoformat())
    desk.approve(alice)
    assert in_force(desk, alice) == [("verified", NEW)] * 2
    kept = document_queries.every_of_owner(("person", alice))
    assert [one.status for one in kept] == ["verified", "verified", "replaced", "replaced"]


def test_another_side_of_the_same_card_takes_no_side_away(desk, renewed):
    desk.accept_all(renewed, until=OLD.isoformat())
    desk.approve(renewed)
    assert in_force(desk, renewed) == [("verified", OLD)] * 2
    assert ends(renewed) == OLD


# --- a licence without an end ---------------------------------------------------------------------


def licence(desk, person_id):
    desk.facts(person_id, id_kind="driving_licence")
    desk.upload(person_id, "driving_licence")


def accept(desk, person_id, **how):
    document = desk.document(person_id, how.pop("kind", "driving_licence"))
    decision = Decision(approve=True, **how)
    reviews_service.decide_document(person_id, document.id, decision, actor=desk.carla)
    commit()


def test_a_driving_licence_without_an_end_date_is_accepted_and_the_level_has_no_end(desk, alice):
    licence(desk, alice)
    desk.submit(alice)
    with pytest.raises(Invalid, match="date until which"):
        accept(desk, alice)
    with pytest.raises(Invalid, match="not both"):
        accept(desk, alice, until=OLD.isoformat(), is_endless=True)
    accept(desk, alice, is_endless=True)
    desk.approve(alice)
    assert (desk.standing(alice), ends(alice)) == (("verified", "basic"), None)
    later(20_000)
    night(desk)
    assert desk.standing(alice) == ("verified", "basic")


def test_a_passport_always_has_an_end(desk, alice):
    desk.complete(alice)
    desk.submit(alice)
    with pytest.raises(Invalid, match="date until which"):
        accept(desk, alice, kind="passport", is_endless=True)


def test_a_licence_without_an_end_replaces_one_that_had_one(desk, alice):
    licence(desk, alice)
    desk.submit(alice)
    accept(desk, alice, until=OLD.isoformat())
    desk.approve(alice)
    later(30)
    desk.upload(alice, "driving_licence")
    accept(desk, alice, is_endless=True)
    desk.approve(alice)
    assert (in_force(desk, alice), ends(alice)) == ([("verified", None)], None)


def test_a_reviewer_ticks_that_a_licence_shows_no_end(app, desk, alice):
    licence(desk, alice)
    desk.submit(alice)
    document = desk.document(alice, "driving_licence")
    desk.standing(alice)
    carla = raising.browser(app, desk.carla)
    page = carla.get(f"/staff/people/{alice}").text
    assert "The document shows no expiry date on any side" in page
    answer = carla.post(
        f"/staff/people/{alice}/documents/{document.id}",
        data={"decision": "accept", "is_endless": "y"},
    )
    assert answer.status_code == 303
    assert desk.document(alice, "driving_licence").status == "verified"


# --- the rules ------------------------------------------------------------------------------------

JUNE, JULY = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)


class Sent:
    def __init__(self, kind="passport", status="verified", end=OLD, sent=JUNE, decided=None):
        self.kind, self.status, self.expires_on = kind, status, end
        self.uploaded_at, self.decided_at = sent, decided or sent + timedelta(days=1)


@pytest.mark.parametrize(
    ("old", "new", "is_replaced"),
    [
        (Sent(), Sent(end=NEW, sent=JULY), True),
        (Sent(), Sent(end=OLD, sent=JULY), False),
        (Sent(), Sent(end=date(2026, 9, 29), sent=JULY), False),
        (Sent(decided=JULY), Sent(end=NEW, sent=JUNE), False),
        (Sent(), Sent("driving_licence", end=NEW, sent=JULY), False),
        (Sent(), Sent(status="pending", end=None, sent=JULY), False),
        (Sent(status="expired"), Sent(status="pending", end=None, sent=JULY), True),
        (Sent(status="rejected", end=None), Sent(end=NEW, sent=JULY), False),
        (Sent("national_id"), Sent("national_id", end=None, sent=JULY), False),
        (Sent("driving_licence"), Sent("driving_licence", end=None, sent=JULY), True),
        (Sent("national_id", end=None), Sent("national_id", end=NEW, sent=JULY), False),
    ],
)
def test_only_a_newer_document_with_a_later_end_takes_the_place_of_an_old_one(
    old, new, is_replaced
):
    assert renewals.replaced([old, new]) == ([(old, new)] if is_replaced else [])


# --- pages ----------------------------------------------------------------------------------------


def test_the_person_reads_that_the_level_stays_while_the_new_passport_is_checked(
    app, desk, renewed
):
    desk.standing(renewed)
    mine = raising.browser(app, renewed)
    page = mine.get("/account/verification").text
    assert "We are checking your new document" in page
    assert "You are verified" in page
    assert "enhanced level is being checked" not in page
    facts = mine.get("/account/verification/facts/identity").text
    assert "you stay verified while we check both" in facts
    assert "/account/verification/documents/passport" in facts
    staff = raising.browser(app, desk.carla).get(f"/staff/people/{renewed}").text
    assert "A document is being renewed" in staff
    desk.reject(renewed, "The corner is cut off.")
    page = mine.get("/account/verification").text
    assert "Your new document was not accepted" in page
    assert "The enhanced level was not approved" not in page


def test_the_upload_of_a_renewed_passport_says_that_the_level_stays(app, desk, alice):
    desk.verify(alice, until=OLD.isoformat())
    mine = raising.browser(app, alice)
    upload = {"upload": (io.BytesIO(raising.picture()), "passport")}
    answer = mine.post(
        "/account/verification/documents/passport", data=upload, follow_redirects=True
    )
    assert "Uploaded. You stay verified while we check it." in answer.text
    assert desk.standing(alice) == ("verified", "basic")
