"""From nothing to basic to enhanced and back: what is asked, who decides, what a change does."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from crowdfund.compliance import jobs
from crowdfund.compliance.models import KycRecord, KycReview
from crowdfund.compliance.queries import files
from crowdfund.compliance.queries import reviews as reviews_queries
from crowdfund.compliance.rules import reviews
from crowdfund.compliance.rules.reviews import Decision
from crowdfund.compliance.service import files as files_service
from crowdfund.compliance.service import reviews as reviews_service
from crowdfund.compliance.service import submissions
from crowdfund.documents import service as documents
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid, NotFound, NotYours
from crowdfund.notifications.models import Notice
from crowdfund.people import queries, service
from tests import raising
from tests.together import at_once

from .conftest import ABOUT, ADDRESS, IDENTITY

ENHANCED = ("proof_of_address", "bank_proof")


def told(person_id):
    rollback()
    query = sa.select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.created_at)
    return list(db.session.scalars(query))


def test_a_person_with_facts_and_a_document_waits_and_is_verified_at_the_basic_level(desk, alice):
    desk.complete(alice)
    assert desk.standing(alice) == ("none", "none")
    assert desk.submit(alice) == "basic"
    assert desk.standing(alice) == ("pending", "none")
    desk.accept_all(alice, until="2028-02-29")
    assert desk.approve(alice) == "approved"
    assert desk.standing(alice) == ("verified", "basic")
    assert queries.get(alice).kyc_expires_on == date(2028, 2, 29)
    assert told(alice)[-1] == "verification.approved"


def test_what_is_missing_is_named_and_nothing_is_sent(desk, alice):
    with pytest.raises(submissions.NotComplete, match="Name, birth and nationality"):
        submissions.submit(alice, actor=alice)
    rollback()
    desk.facts(alice)
    with pytest.raises(submissions.NotComplete, match="Pictures of your identity document"):
        submissions.submit(alice, actor=alice)
    assert desk.standing(alice) == ("none", "none")


def test_a_request_is_sent_once_and_a_higher_one_takes_its_place(desk, alice):
    desk.complete(alice)
    desk.submit(alice)
    with pytest.raises(Conflict, match="already sent this"):
        submissions.submit(alice, actor=alice)
    rollback()
    for kind in ENHANCED:
        desk.upload(alice, kind)
    assert desk.submit(alice) == "enhanced"
    assert reviews_queries.open_review(alice).level == "enhanced"


def test_two_requests_at_once_are_one(app, desk, alice):
    desk.complete(alice)
    outcomes = at_once(app, [lambda: submissions.submit(alice, actor=alice)] * 2)
    assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "str"]


def test_the_enhanced_level_takes_two_people_and_the_first_gives_the_basic_one(desk, alice):
    desk.complete(alice, *ENHANCED)
    assert desk.submit(alice) == "enhanced"
    desk.accept_all(alice)
    assert desk.approve(alice, actor=desk.carla) == "proposed"
    assert desk.standing(alice) == ("verified", "basic")
    with pytest.raises(reviews.SameReviewer):
        desk.approve(alice, actor=desk.carla)
    assert desk.standing(alice) == ("verified", "basic")
    assert desk.approve(alice, actor=desk.dawit) == "approved"
    assert desk.standing(alice) == ("verified", "enhanced")
    assert told(alice)[-2:] == ["verification.approved", "verification.enhanced"]


def test_who_is_verified_may_ask_for_more_and_stays_verified_meanwhile(desk, alice):
    desk.verify(alice)
    for kind in ENHANCED:
        desk.upload(alice, kind)
    assert desk.standing(alice) == ("verified", "basic")
    assert desk.submit(alice) == "enhanced"
    assert desk.standing(alice) == ("verified", "basic")
    desk.reject(alice, "The bank statement shows another name.")
    assert desk.standing(alice) == ("verified", "basic")
    assert told(alice)[-1] == "verification.level_refused"
    desk.upload(alice, "bank_proof")
    desk.submit(alice)
    desk.accept_all(alice)
    desk.approve(alice)
    desk.approve(alice, actor=desk.dawit)
    assert desk.standing(alice) == ("verified", "enhanced")


def test_nobody_reviews_themselves(app, desk):
    desk.complete(desk.carla)
    desk.submit(desk.carla)
    document = desk.document(desk.carla, "passport")
    with pytest.raises(NotYours):
        desk.accept(desk.carla, document.id)
    rollback()
    desk.accept_all(desk.carla, actor=desk.dawit)
    for verb in (desk.approve, desk.reject):
        with pytest.raises(NotYours):
            verb(desk.carla)
    with pytest.raises(NotYours):
        reviews_service.revoke(desk.carla, actor=desk.carla, reason="long enough a reason")
    assert desk.standing(desk.carla) == ("pending", "none")


def test_nothing_is_given_before_its_documents_are_accepted(desk, alice):
    desk.complete(alice)
    desk.submit(alice)
    with pytest.raises(reviews.NotProven, match="Pictures of your identity document"):
        desk.approve(alice)
    assert desk.standing(alice) == ("pending", "none")


def test_a_rejection_has_reasons_and_the_person_corrects_and_asks_again(desk, alice):
    desk.complete(alice)
    desk.submit(alice)
    document = desk.document(alice, "passport")
    for reason in ("", "short", "<b>bold enough to be long</b>", "x" * 501):
        with pytest.raises(Invalid):
            reviews_service.decide_document(
                alice, document.id, Decision(approve=False, reason=reason), actor=desk.carla
            )
        rollback()
    reviews_service.decide_document(
        alice,
        document.id,
        Decision(approve=False, reason="The corner is cut off."),
        actor=desk.carla,
    )
    commit()
    desk.reject(alice, "Please send a new photo of the passport.")
    assert desk.standing(alice) == ("rejected", "none")
    assert queries.get(alice).kyc_reason == "Please send a new photo of the passport."
    with pytest.raises(submissions.NotComplete):
        submissions.submit(alice, actor=alice)
    rollback()
    desk.upload(alice, "passport")
    # the refused one was replaced
    assert [one.status for one in files.documents_of(alice)] == ["pending"]
    desk.submit(alice)
    assert desk.standing(alice) == ("pending", "none")
    assert queries.get(alice).kyc_reason == ""


def test_a_document_is_decided_only_after_it_was_sent_in_and_only_of_this_person(desk, alice):
    desk.complete(alice)
    document = desk.document(alice, "passport")
    with pytest.raises(reviews.Decided):
        desk.accept(alice, document.id)
    rollback()
    bob = raising.person("bob")
    desk.verify(bob)
    desk.submit(alice)
    with pytest.raises(NotFound):
        desk.accept(bob, document.id)
    rollback()
    assert desk.document(alice, "passport").status == "pending"


@pytest.mark.parametrize("until", ["", "2026-06-14", "tomorrow", "2026-02-30"])
def test_a_passport_needs_an_expiry_day_that_is_to_come(desk, alice, until):
    desk.complete(alice)
    desk.submit(alice)
    with pytest.raises(Invalid) as refusal:
        desk.accept(alice, desk.document(alice, "passport").id, until=until)
    assert refusal.value.field == "until"


def test_of_two_reviewers_at_once_one_decides_and_the_other_hears_it(app, desk, alice):
    desk.complete(alice)
    desk.submit(alice)
    desk.accept_all(alice)
    rollback()
    seen = files.revision(alice)
    rollback()
    outcomes = at_once(
        app,
        [
            lambda: reviews_service.approve(alice, actor=desk.carla, revision=seen),
            lambda: reviews_service.reject(
                alice, actor=desk.dawit, revision=seen, reason="Not believable."
            ),
        ],
    )
    lost = [one for one in outcomes if isinstance(one, Exception)]
    assert [type(one) for one in lost] == [reviews.Decided]
    assert lost[0].status == 409
    assert desk.standing(alice) in (("verified", "basic"), ("rejected", "none"))


def test_a_decision_about_what_has_changed_meanwhile_is_not_taken(desk, alice):
    desk.complete(alice)
    desk.submit(alice)
    desk.accept_all(alice)
    seen = files.revision(alice)
    files_service.save_facts(alice, "address", ADDRESS | {"city": "Mekelle"})
    commit()
    with pytest.raises(reviews.Decided, match="changed something"):
        desk.approve(alice, revision=seen)
    assert desk.standing(alice) == ("pending", "none")


def test_a_proposal_falls_when_the_person_changes_something(desk, alice):
    desk.complete(alice, *ENHANCED)
    desk.submit(alice)
    desk.accept_all(alice)
    desk.approve(alice)
    files_service.save_facts(alice, "address", ADDRESS | {"city": "Mekelle"})
    commit()
    review = reviews_queries.open_review(alice)
    assert (review.status, review.proposed_by) == ("submitted", None)
    assert desk.document(alice, "proof_of_address").status == "pending"  # proves the old address
    assert desk.document(alice, "passport").status == "verified"


# --- a change of what was verified ----------------------------------------------------------------

CHANGES = [
    ("address", ADDRESS, {"region": "Oromia"}),
    ("about", ABOUT, {"legal_name": "Alice B. Tadesse"}),
    ("about", ABOUT, {"born_on": "1991-05-01"}),
    ("about", ABOUT, {"nationality": "KE"}),
    ("address", ADDRESS, {"street": "Other Road 1"}),
    ("identity", IDENTITY, {"id_number": "EP999"}),
    ("identity", IDENTITY, {"id_kind": "national_id"}),
]


@pytest.mark.parametrize(("step", "values", "change"), CHANGES)
def test_every_change_of_a_verified_fact_is_checked_again(desk, alice, step, values, change):
    desk.verify(alice)
    files_service.save_facts(alice, step, values)
    commit()
    assert desk.standing(alice) == ("verified", "basic")  # nothing new was said
    files_service.save_facts(alice, step, values | change)
    commit()
    assert desk.standing(alice) == ("pending", "none")
    assert files.refusal(alice) is not None
    assert told(alice)[-1] == "verification.rechecking"


def test_who_has_to_send_something_is_not_told_that_somebody_checks_it(desk, alice):
    desk.verify(alice)
    files_service.remove(alice, "passport", desk.document(alice, "passport").id)
    commit()
    assert desk.standing(alice) == ("pending", "none")
    assert "Something is missing in your verification" in files.refusal(alice)
    desk.upload(alice, "passport")
    desk.submit(alice)
    assert "We are checking your identity" in files.refusal(alice)


def test_a_change_asks_again_by_itself_and_the_level_comes_back(desk, alice):
    desk.verify(alice, *ENHANCED)
    files_service.save_facts(alice, "address", ADDRESS | {"street": "Other Road 1"})
    commit()
    assert reviews_queries.open_review(alice).level == "enhanced"
    desk.accept_all(alice)
    desk.approve(alice)
    desk.approve(alice, actor=desk.dawit)
    assert desk.standing(alice) == ("verified", "enhanced")


def test_a_removed_document_of_a_verified_kind_is_checked_again(desk, alice):
    desk.verify(alice)
    for document in files.documents_of(alice):
        files_service.remove(alice, document.kind, document.id)
    commit()
    assert desk.standing(alice) == ("pending", "none")
    assert reviews_queries.open_review(alice) is None  # nothing to look at until there is a new one
    desk.upload(alice, "passport")
    assert desk.submit(alice) == "basic"


def test_a_name_changed_in_the_profile_is_checked_again(desk, alice):
    desk.verify(alice)
    service.save_profile(alice, first_name="Alicia", last_name="Tadesse")
    commit()
    assert desk.standing(alice) == ("pending", "none")
    desk.work()
    assert reviews_queries.open_review(alice).level == "basic"


def test_a_first_extra_document_is_no_change(desk, alice):
    desk.verify(alice)
    desk.upload(alice, "proof_of_address")
    assert desk.standing(alice) == ("verified", "basic")


def test_somebody_whose_level_an_operator_set_may_add_facts_without_losing_it(desk, alice):
    service.set_kyc_level(alice, "basic", actor="system")
    desk.complete(alice)
    assert desk.standing(alice) == ("verified", "basic")


def test_a_level_is_taken_away_with_a_reason(desk, alice):
    desk.verify(alice)
    with pytest.raises(Invalid):
        reviews_service.revoke(alice, actor=desk.dawit, reason="")
    rollback()
    reviews_service.revoke(alice, actor=desk.dawit, reason="The passport was reported as stolen.")
    commit()
    assert desk.standing(alice) == ("rejected", "none")
    assert told(alice)[-1] == "verification.rejected"
    with pytest.raises(reviews.Decided):
        reviews_service.revoke(alice, actor=desk.dawit, reason="once more, to be sure")


# --- time -----------------------------------------------------------------------------------------


def days_later(days):
    clock.use(clock.FixedClock(datetime(2026, 6, 15, 9, tzinfo=UTC) + timedelta(days=days)))


def test_a_verification_holds_on_its_last_day_and_ends_the_day_after(desk, alice):
    desk.verify(alice, until="2026-09-30")
    days_later(107)  # 30 September
    jobs.expire_and_remind()
    commit()
    assert desk.standing(alice) == ("verified", "basic")
    days_later(108)
    assert files.refusal(alice) is not None  # at once, not only after the job
    rollback()
    jobs.expire_and_remind()
    commit()
    assert desk.standing(alice) == ("expired", "none")
    assert told(alice)[-1] == "verification.expired"
    jobs.expire_and_remind()
    commit()
    assert told(alice).count("verification.expired") == 1


def test_an_expired_document_ends_it_at_once_and_a_newer_one_brings_it_back(desk, alice):
    desk.verify(alice, until="2026-09-30")
    days_later(108)
    documents.expire_due()
    commit()
    desk.work()
    assert desk.standing(alice) == ("expired", "none")
    with pytest.raises(submissions.NotComplete):
        submissions.submit(alice, actor=alice)
    rollback()
    desk.upload(alice, "passport")
    desk.submit(alice)
    desk.accept_all(alice, until="2031-01-01")
    desk.approve(alice)
    assert desk.standing(alice) == ("verified", "basic")
    assert queries.get(alice).kyc_expires_on == date(2031, 1, 1)


def test_the_reminder_comes_once_in_the_last_thirty_days(desk, alice):
    desk.verify(alice, until="2026-09-30")
    for days, times in ((76, 0), (77, 1), (78, 1), (107, 1)):
        days_later(days)
        jobs.expire_and_remind()
        commit()
        assert told(alice).count("verification.expiring") == times


# --- what is kept ---------------------------------------------------------------------------------


def test_the_number_is_sealed_and_found_again_in_another_file(desk, alice):
    desk.facts(alice)
    row = db.session.execute(sa.select(KycRecord.__table__)).first()
    assert not any(number in str(row) for number in ("EP 123", "123-4567", "EP1234567"))
    assert files.id_number(alice) == "EP 123-4567"
    bob = raising.person("bob")
    desk.facts(bob, id_number="ep1234567")
    assert files.same_number(bob) == [alice]
    # empty: the one we know
    files_service.save_facts(bob, "identity", IDENTITY | {"id_number": ""})
    commit()
    assert files.id_number(bob) == "EP1234567"


def test_a_double_number_is_found_although_the_key_was_changed_between(desk, alice):
    desk.facts(alice)
    bob = raising.person("bob")
    kept = config.settings()
    config.use(
        kept.model_copy(update={"secret_key": "n" * 40, "secret_key_fallbacks": [kept.secret_key]})
    )
    desk.facts(bob)
    assert files.same_number(bob) == [alice]
    assert files.id_number(alice) == "EP 123-4567"
    config.use(kept)


def approved_review(person_id):
    return db.session.get_one(KycReview, reviews_queries.last_approved(person_id).id)


def test_an_approval_is_committed_to_under_a_salt_that_differs(desk, alice):
    desk.verify(alice)
    bob = raising.person("bob")
    desk.verify(bob)
    rollback()
    one, two = approved_review(alice), approved_review(bob)
    assert one.commitment.startswith("0x")
    assert len(one.commitment) == 66
    assert (one.salt, one.commitment) != (two.salt, two.commitment)


def test_there_are_at_most_four_files_of_a_kind(desk, alice):
    desk.facts(alice)
    for _ in range(4):
        desk.upload(alice, "passport")
    with pytest.raises(Conflict, match="4 files"):
        desk.upload(alice, "passport")


def test_the_history_tells_who_did_what_and_why(desk, alice):
    desk.complete(alice)
    desk.submit(alice)
    desk.reject(alice, "The photo is blurred.")
    found = [
        (one.what, one.actor, one.status, one.reason) for one in reviews_queries.history(alice)
    ]
    assert ("person", desk.carla, "rejected", "The photo is blurred.") in found
    assert ("review", alice, "submitted", "basic") in found


def test_a_document_of_somebody_else_cannot_be_removed(desk, alice):
    desk.complete(alice)
    document = desk.document(alice, "passport")
    with pytest.raises(NotFound):
        files_service.remove(raising.person("bob"), "passport", document.id)
    rollback()
    assert desk.document(alice, "passport").status == "pending"
    assert issubclass(NotYours, Forbidden)
