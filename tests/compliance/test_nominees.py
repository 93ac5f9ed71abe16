"""Nominees: a set that adds up, proofs, the check, and what a change does."""

import pytest

from crowdfund.compliance.queries import nominees
from crowdfund.compliance.rules import reviews
from crowdfund.compliance.rules.nominees import NotComplete
from crowdfund.compliance.rules.reviews import Decision
from crowdfund.compliance.service import nominees as nominees_service
from crowdfund.documents import queries as documents
from crowdfund.documents import service as document_service
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import Conflict, InvalidFields, NotFound, NotYours
from tests import raising

SARA = {
    "full_name": "Sara Tadesse",
    "relationship": "child",
    "born_on": "2015-01-02",
    "contact": "sara@example.com",
    "share": "60",
}
YES, NO = Decision(approve=True), Decision(approve=False, reason="The picture cannot be read.")


def prove(nominee_id, person_id):
    examined = document_service.Examined("id_proof", "birth.png", "image/png", raising.picture())
    document_id = nominees_service.prove(nominee_id, person_id, examined)
    commit()
    return document_id


def add(person_id, *, proved=True, **changed):
    nominee_id = nominees_service.add(person_id, SARA | changed)
    commit()
    if proved:
        prove(nominee_id, person_id)
    return nominee_id


def status(nominee_id, person_id):
    rollback()
    return nominees.own(nominee_id, person_id).status


def decide(desk, nominee_id, person_id, decision=YES, *, actor=None, revision=None):
    rollback()
    seen = nominees.own(nominee_id, person_id).revision if revision is None else revision
    actor = actor or desk.carla
    nominees_service.decide(nominee_id, person_id, decision, actor=actor, revision=seen)
    commit()


@pytest.fixture
def pair(desk, alice):
    """Two nominees who share everything, handed in."""
    both = add(alice, share="60"), add(alice, share="40", full_name="Yonas Bekele")
    nominees_service.submit(alice)
    commit()
    return both


def test_a_set_that_is_not_whole_is_kept_as_a_draft_and_not_taken(desk, alice):
    one = add(alice, share="60")
    with pytest.raises(NotComplete, match="60 % instead of 100 %"):
        nominees_service.submit(alice)
    rollback()
    two = add(alice, share="60")
    with pytest.raises(NotComplete, match="Reduce them by 20 %"):
        nominees_service.submit(alice)
    rollback()
    nominees_service.save(two, alice, SARA | {"share": "40"})
    nominees_service.submit(alice)
    commit()
    assert [status(each, alice) for each in (one, two)] == ["pending", "pending"]


@pytest.mark.parametrize("typed", ["33,34", "33.34", " ३३,३४ % "])
def test_a_share_may_have_a_comma_and_digits_of_another_script(desk, alice, typed):
    assert nominees.own(add(alice, share=typed), alice).share_bp == 3_334


@pytest.mark.parametrize("typed", ["S.O'Hara@example.com", "\u202a+251\u00a079 123 4567\u202c"])
def test_a_nominee_is_reached_by_whatever_a_person_signs_in_with(desk, alice, typed):
    kept = nominees.own(add(alice, contact=typed), alice).contact
    assert kept in ("s.o'hara@example.com", "+251791234567")


def test_three_thirds_are_not_whole_until_one_takes_the_last_hundredth(desk, alice):
    last = [add(alice, share="33.33") for _ in range(3)][-1]
    with pytest.raises(NotComplete, match=r"99.99 % instead of 100 %"):
        nominees_service.submit(alice)
    rollback()
    nominees_service.save(last, alice, SARA | {"share": "33.34"})
    nominees_service.submit(alice)


def test_a_nominee_without_a_proof_is_not_taken(desk, alice):
    add(alice, share="100", proved=False)
    with pytest.raises(NotComplete, match="Sara Tadesse has no identity proof"):
        nominees_service.submit(alice)


def test_only_a_whole_and_verified_set_counts(desk, alice, pair):
    decide(desk, pair[0], alice)
    assert nominees.in_force(alice) == []
    decide(desk, pair[1], alice)
    assert [one.share_bp for one in nominees.in_force(alice)] == [6000, 4000]
    assert nominees.proofs(pair)[pair[0]].status == "verified"
    nominees_service.remove(pair[1], alice)
    commit()
    assert nominees.in_force(alice) == []


def test_the_person_never_decides_about_their_own_nominees(desk):
    nominee = add(desk.carla, share="100")
    nominees_service.submit(desk.carla)
    commit()
    with pytest.raises(NotYours):
        decide(desk, nominee, desk.carla)
    decide(desk, nominee, desk.carla, actor=desk.dawit)
    assert status(nominee, desk.carla) == "verified"


def test_a_rejection_gives_its_reason_and_a_new_proof_asks_again(desk, alice, pair):
    decide(desk, pair[0], alice, NO)
    found = nominees.own(pair[0], alice)
    assert (found.status, found.reason) == ("rejected", NO.reason)
    nominees_service.save(pair[0], alice, SARA | {"contact": "other@example.com"})
    commit()
    # the proof that was refused is still the one there is
    assert status(pair[0], alice) == "rejected"
    prove(pair[0], alice)
    assert status(pair[0], alice) == "pending"
    assert len(documents.of_owner(("nominee", pair[0]))) == 1


CHANGES = [
    {"full_name": "Sara T."},
    {"born_on": "2014-01-02"},
    {"relationship": "other"},
    {"contact": "new@example.com"},
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_verified_nominee_is_checked_again(desk, alice, pair, change):
    for one in pair:
        decide(desk, one, alice)
    nominees_service.save(pair[0], alice, SARA)
    commit()
    assert status(pair[0], alice) == "verified"  # nothing new was said
    nominees_service.save(pair[0], alice, SARA | change)
    commit()
    assert [status(one, alice) for one in pair] == ["pending", "verified"]
    assert nominees.in_force(alice) == []


def test_nobody_is_verified_in_a_set_that_is_not_whole_any_more(desk, alice, pair):
    nominees_service.save(pair[0], alice, SARA | {"share": "50"})
    commit()
    with pytest.raises(NotComplete, match="90 % instead of 100 %"):
        decide(desk, pair[0], alice)


def test_of_two_decisions_one_counts(desk, alice, pair):
    seen = nominees.own(pair[0], alice).revision
    decide(desk, pair[0], alice)
    with pytest.raises(reviews.Decided):
        decide(desk, pair[0], alice, NO, actor=desk.dawit)
    nominees_service.save(pair[1], alice, SARA | {"share": "40", "full_name": "Somebody Else"})
    commit()
    with pytest.raises(reviews.Decided):
        decide(desk, pair[1], alice, revision=seen)
    assert status(pair[1], alice) == "pending"


def test_a_removed_nominee_leaves_no_readable_document(desk, alice, pair):
    proof = nominees.proofs(pair)[pair[0]].id
    nominees_service.remove(pair[0], alice)
    commit()
    with pytest.raises(documents.DocumentMissing):
        document_service.read(proof)
    with pytest.raises(NotFound):
        nominees.own(pair[0], alice)


def test_somebody_elses_nominee_is_not_there(desk, alice, pair):
    bob = raising.person("bob")
    for verb in (
        lambda: nominees_service.save(pair[0], bob, SARA),
        lambda: nominees_service.remove(pair[0], bob),
        lambda: prove(pair[0], bob),
        lambda: decide(desk, pair[0], bob, revision=0),
    ):
        with pytest.raises(NotFound):
            verb()
        rollback()
    assert status(pair[0], alice) == "pending"


def test_there_are_at_most_ten(desk, alice):
    for _ in range(10):
        add(alice, share="10", proved=False)
    with pytest.raises(Conflict, match="at most 10"):
        add(alice, share="10")


def test_an_expired_proof_is_asked_for_again(desk, alice, pair):
    for one in pair:
        decide(desk, one, alice)
    nominees_service.proof_expired(pair[0])
    commit()
    assert status(pair[0], alice) == "rejected"
    assert "newer" in nominees.own(pair[0], alice).reason


def test_each_wrong_field_has_its_sentence(desk, alice):
    with pytest.raises(InvalidFields) as refusal:
        nominees_service.add(alice, dict.fromkeys(SARA, ""))
    assert set(refusal.value.errors) == set(SARA)
