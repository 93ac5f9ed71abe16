"""Who a person is, and the second pair of eyes that believes it."""

import pytest
import sqlalchemy as sa

from crowdfund import outbox
from crowdfund.accounts import queries, service
from crowdfund.accounts.models import UserRole
from crowdfund.adapters import mail
from crowdfund.db import commit, db, rollback
from crowdfund.errors import Conflict, Forbidden, Invalid, NotFound
from tests import raising

GOOD = {"first_name": "Alice", "last_name": "Bekele", "phone": "+251 91 123 4567"}
NASTY = ["", "   ", "<b>x</b>", "a\nb", "a\x00b", "x" * 81]
PHONES = ["", "0911234567", "911", "+251", "+2519112345678901", "abc", "NaN", "1e9", "-1", "+٢٥١٩١١٢٣٤٥٦٧",
          "+２５１911234567", "<b>+251911234567</b>", "+1 555", "9" * 400]  # fmt: skip


@pytest.fixture
def alice(app, frozen):
    return raising.person("alice")


@pytest.fixture
def carla(app, frozen):
    return raising.person("carla", "compliance")


def state(person_id):
    rollback()
    person = queries.get(person_id)
    return person.kyc_status, person.kyc_level


def save(person_id, **changes):
    service.save_profile(person_id, **(GOOD | changes))
    commit()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+251 91 123 4567", "+251911234567"),
        ("+251-91-123-4567", "+251911234567"),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_a_phone_number_is_kept_in_one_form(alice, typed, kept):
    save(alice, phone=typed)
    assert queries.get(alice).phone == kept


@pytest.mark.parametrize("typed", PHONES)
def test_what_is_no_phone_number_gets_a_sentence_and_changes_nothing(alice, typed):
    with pytest.raises(Invalid, match="country code") as refusal:
        service.save_profile(alice, **(GOOD | {"phone": typed}))
    assert refusal.value.field == "phone"
    assert state(alice) == ("none", "none")


@pytest.mark.parametrize("typed", NASTY)
@pytest.mark.parametrize("field", ["first_name", "last_name"])
def test_what_is_no_name_gets_a_sentence_and_changes_nothing(alice, field, typed):
    with pytest.raises(Invalid, match="as in your passport") as refusal:
        service.save_profile(alice, **(GOOD | {field: typed}))
    assert refusal.value.field == field
    assert state(alice) == ("none", "none")


def test_names_of_every_alphabet_are_welcome(alice):
    save(alice, first_name="አበበ", last_name="O’Brien-Şahin")
    assert queries.get(alice).name == "አበበ O’Brien-Şahin"


def test_a_saved_profile_waits_for_somebody_to_check_it(alice):
    save(alice)
    assert state(alice) == ("pending", "none")


def test_a_colleague_verifies_and_the_person_is_told_once(alice, carla):
    save(alice)
    service.verify(alice, actor=carla, approve=True)
    commit()
    outbox.drain_all()
    outbox.drain_all()
    assert state(alice) == ("verified", "basic")
    assert [letter["To"] for letter in mail.OUTBOX] == ["alice@example.com"]


def test_a_rejection_needs_a_reason_which_the_person_reads(alice, carla):
    save(alice)
    for empty in ("", "   "):
        with pytest.raises(Invalid, match="Say why"):
            service.verify(alice, actor=carla, approve=False, reason=empty)
        rollback()
    service.verify(alice, actor=carla, approve=False, reason="The name is not in the register.")
    commit()
    outbox.drain_all()
    assert state(alice) == ("rejected", "none")
    assert "The name is not in the register." in mail.OUTBOX[0].get_body(("plain",)).get_content()


def test_nobody_verifies_themselves(app, frozen):
    carla = raising.person("carla", "compliance")
    save(carla)
    with pytest.raises(Forbidden, match="cannot review yourself"):
        service.verify(carla, actor=carla, approve=True)
    assert state(carla) == ("pending", "none")


def test_a_decision_is_taken_once(alice, carla):
    save(alice)
    service.verify(alice, actor=carla, approve=True)
    commit()
    with pytest.raises(Conflict, match="decided this already"):
        service.verify(alice, actor=carla, approve=False, reason="second thoughts")
    assert state(alice) == ("verified", "basic")


def test_what_is_not_waiting_or_not_there_cannot_be_decided(alice, carla):
    with pytest.raises(Conflict):
        service.verify(alice, actor=carla, approve=True)
    with pytest.raises(NotFound):
        service.verify("0" * 32, actor=carla, approve=True)


@pytest.mark.parametrize("change", [{"first_name": "Alicia"}, {"last_name": "B"}, {"phone": "+251911234568"}])
def test_a_change_of_a_verified_fact_goes_back_to_the_start(alice, carla, change):
    save(alice)
    service.verify(alice, actor=carla, approve=True)
    commit()
    save(alice)
    assert state(alice) == ("verified", "basic")  # nothing new was said
    save(alice, **change)
    assert state(alice) == ("pending", "none")


def test_the_history_tells_who_did_what_and_why(alice, carla):
    save(alice)
    service.verify(alice, actor=carla, approve=False, reason="blurred")
    commit()
    seen = [
        (event.actor, event.from_status, event.to_status, event.reason)
        for event in queries.kyc_history(alice)
    ]
    assert (carla, "pending", "rejected", "blurred") in seen
    assert (alice, "none", "pending", "") in seen


def test_roles_are_given_once_and_only_those_that_exist(alice):
    for _ in range(2):
        service.give_role(alice, "finance", actor="system")
    commit()
    assert queries.get(alice).roles == ("finance",)
    with pytest.raises(Invalid):
        service.give_role(alice, "king", actor="system")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(UserRole)) == 1


def test_the_account_page_keeps_what_was_typed_and_says_what_is_wrong(app, alice):
    browser = raising.sign_in(app.test_client(), alice)
    answer = browser.post("/account", data=GOOD | {"phone": "12", "first_name": "Ali<ce"})
    assert answer.status_code == 422
    assert "as in your passport" in answer.text
    assert 'value="Ali&lt;ce"' in answer.text
    assert 'value="12"' in answer.text
    answer = browser.post("/account", data=GOOD | {"last_name": ""})
    assert "Enter your last name." in answer.text
    assert state(alice) == ("none", "none")


def test_the_desk_lists_finds_and_decides(app, alice, carla):
    save(alice)
    desk = raising.sign_in(app.test_client(), carla)
    assert "alice@example.com" in desk.get("/staff/people?status=pending").text
    assert "alice@example.com" not in desk.get("/staff/people?q=zzz").text
    here = f"/staff/people/{alice}"
    assert desk.post(here, data={"decision": "reject", "reason": ""}).status_code == 422
    assert desk.post(here, data={"decision": "maybe"}).status_code == 422
    assert state(alice) == ("pending", "none")
    assert desk.post(here, data={"decision": "approve"}).status_code == 303
    assert state(alice) == ("verified", "basic")
    assert desk.post(here, data={"decision": "approve"}).status_code == 409
    assert desk.get("/staff/people/nobody").status_code == 404


@pytest.mark.parametrize("asked", ["x", "-1", "0", "99999999999999999999"])
def test_strange_pages_of_the_desk_are_never_an_error(app, carla, asked):
    desk = raising.sign_in(app.test_client(), carla)
    assert desk.get(f"/staff/people?page={asked}").status_code == 200


def test_a_reviewer_sees_no_form_for_themselves(app, frozen):
    carla = raising.person("carla", "compliance")
    save(carla)
    desk = raising.sign_in(app.test_client(), carla)
    assert "This is you" in desk.get(f"/staff/people/{carla}").text
    assert desk.post(f"/staff/people/{carla}", data={"decision": "approve"}).status_code == 403
    assert state(carla) == ("pending", "none")
