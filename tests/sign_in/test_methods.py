"""One person, several sign-in methods; an address that is not proved opens no account."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail, sms
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, NotFound
from crowdfund.people import queries, service
from crowdfund.people.models import SignInMethod, User
from crowdfund.security import queries as security_queries
from crowdfund.sign_in.rules import codes
from crowdfund.sign_in.service import methods
from tests import raising
from tests.together import at_once

from .conftest import other_than

PAGE, CODE = "/account/sign-in-methods", "/account/sign-in-methods/code"
NUMBER = "+251911234567"


@pytest.fixture
def alice(app, frozen):
    return raising.person("alice")


@pytest.fixture
def tab(app, alice):
    """Alice's browser; its second factor is proved."""
    return raising.sign_in(app.test_client(), alice, second_factor=True)


def ways(person_id):
    rollback()
    return {(method.kind, method.value) for method in queries.methods_of(person_id)}


def add(tab, read_code, typed, to=None):
    """Add an address on the pages; return the answer to the right code."""
    assert tab.post(PAGE, data={"identifier": typed}).headers["Location"] == CODE
    return tab.post(CODE, data={"code": read_code(to or typed)})


def a_day_later(frozen):
    frozen.advance(timedelta(hours=24, seconds=1))
    outbox.drain_all()
    rollback()


# --- codes to mobiles -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", [NUMBER, "0911 23 45 67", "+251-91-123-4567", " +251 (91) 123.4567 "]
)
def test_a_code_by_sms_opens_an_account_whose_number_is_proved(ask, enter, read_code, typed):
    person_id = enter(ask(typed), read_code(NUMBER))
    person = queries.get(person_id)
    assert (person.phone, person.email) == (NUMBER, None)
    assert ways(person_id) == {("phone", NUMBER)}
    assert mail.OUTBOX == []
    assert enter(ask(NUMBER), read_code(NUMBER)) == person_id


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "911",
        "251911234567",
        "+44 20 7946 0958",
        "+1 900 555 0100",
        "NaN",
        "1e9",
        "-1",
        "+٢٥١٩١١٢٣",
        "+２５１9112",
        "<b>+251911234567</b>",
        "+251911234567\n+251911234568",
        "9" * 400,
    ],
)
def test_what_is_neither_address_nor_mobile_number_gets_a_sentence(client, frozen, typed):
    answer = client.post("/sign-in", data={"identifier": typed})
    assert answer.status_code == 422
    assert 'href="#identifier"' in answer.text
    outbox.drain_all()
    assert (sms.OUTBOX, mail.OUTBOX) == ([], [])


def test_at_most_ten_sms_an_hour_go_to_one_number(ask, frozen):
    for number in range(10):
        ask(NUMBER, ip=f"10.0.{number}.1")
        frozen.advance(timedelta(minutes=1))
    with pytest.raises(codes.TooManyCodes):
        ask(NUMBER, ip="10.1.0.1")
    ask("alice@example.com", ip="10.1.0.1")


def test_an_sms_says_what_it_is_for_and_comes_in_the_language_of_the_page(app, frozen):
    browser = app.test_client()
    browser.set_cookie("language", "am")
    browser.post("/sign-in", data={"identifier": NUMBER})
    outbox.drain_all()
    (message,) = sms.OUTBOX
    assert message.to == NUMBER
    assert len(message.text) <= 160
    assert db.session.scalar(sa.text("SELECT language FROM message")) == "am"


# --- adding ---------------------------------------------------------------------------------------


def test_the_first_number_counts_at_once_and_opens_the_same_account(
    tab, alice, read_code, ask, enter
):
    answer = add(tab, read_code, NUMBER)
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert ways(alice) == {("email", "alice@example.com"), ("phone", NUMBER)}
    assert queries.get(alice).phone == NUMBER
    assert enter(ask(NUMBER, ip="10.4.4.4"), read_code(NUMBER), ip="10.4.4.4") == alice
    outbox.drain_all()
    assert any("way to sign in" in str(letter["Subject"]) for letter in mail.OUTBOX)


def test_an_address_without_its_code_opens_nothing(tab, alice, ask, enter, read_code):
    tab.post(PAGE, data={"identifier": NUMBER})
    code = read_code(NUMBER)
    for typed in (other_than(code), "", "x" * 30, "٣" * 6):
        assert tab.post(CODE, data={"code": typed}).status_code == 422
    assert ways(alice) == {("email", "alice@example.com")}
    # Whoever owns the number has an account of their own.
    assert enter(ask(NUMBER, ip="10.4.4.4"), read_code(NUMBER), ip="10.4.4.4") != alice


def test_a_code_that_proves_an_address_signs_nobody_in_and_the_other_way_round(
    alice, ask, enter, read_code
):
    proving = ask(NUMBER, person_id=alice)
    code = read_code(NUMBER)
    with pytest.raises(codes.WrongCode):
        enter(proving, code)
    signing = ask("bob@example.com")
    code = read_code("bob@example.com")
    rollback()
    with pytest.raises(codes.WrongCode):
        methods.confirm(alice, signing, code, ip="10.0.0.1")
    rollback()
    bob = raising.person("bob")
    with pytest.raises(codes.WrongCode):
        methods.confirm(bob, proving, read_code(NUMBER), ip="10.0.0.1")


def test_an_address_of_another_account_is_told_only_to_who_reads_its_messages(
    tab, alice, read_code
):
    bob = raising.person("bob")
    asked = tab.post(PAGE, data={"identifier": "bob@example.com"})
    free = tab.post(PAGE, data={"identifier": "free@example.com"})
    assert (asked.status_code, asked.headers["Location"]) == (
        free.status_code,
        free.headers["Location"],
    )
    tab.post(PAGE, data={"identifier": "bob@example.com"})
    shown = tab.get(CODE).text
    assert "another account" not in shown
    assert "another account" not in tab.post(CODE, data={"code": "x"}).text
    answer = tab.post(CODE, data={"code": read_code("bob@example.com")})
    assert answer.status_code == 409
    assert "belongs to another account" in answer.text
    assert ways(alice) == {("email", "alice@example.com")}
    assert ways(bob) == {("email", "bob@example.com")}


def test_of_two_accounts_that_prove_one_number_at_once_one_gets_it(app, alice, ask, read_code):
    bob, asked = raising.person("bob"), {}
    for name, person_id in (("alice", alice), ("bob", bob)):
        otp_id = ask(NUMBER, person_id=person_id)
        asked[name] = (person_id, otp_id, read_code(NUMBER))
    outcomes = at_once(
        app, [lambda one=one: methods.confirm(*one, ip="10.0.0.1") for one in asked.values()]
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "NoneType"]
    assert len(ways(alice) | ways(bob)) == 3


def test_an_address_that_another_person_was_given_is_not_taken_over(tab, alice, read_code):
    bob = raising.person("bob")
    db.session.execute(sa.delete(SignInMethod).where(SignInMethod.person_id == bob))
    commit()
    methods.attach(bob, "phone", NUMBER)
    db.session.execute(sa.update(User).where(User.id == alice).values(email=None))
    db.session.execute(sa.delete(SignInMethod).where(SignInMethod.person_id == alice))
    commit()
    assert add(tab, read_code, "bob@example.com").status_code == 409
    assert ways(alice) == set()


def test_another_address_takes_the_place_of_the_old_after_a_day(tab, alice, read_code, frozen):
    answer = add(tab, read_code, "new@example.com")
    assert answer.status_code == 303
    assert ways(alice) == {("email", "alice@example.com")}
    shown = tab.get(PAGE).text
    assert "replaces the old one in 24 hours" in shown
    assert "Pending changes" in shown
    a_day_later(frozen)
    assert ways(alice) == {("email", "new@example.com")}
    assert queries.get(alice).email == "new@example.com"


def test_a_change_of_address_asks_for_the_second_factor(app, alice, read_code):
    plain = raising.sign_in(app.test_client(), alice)
    answer = add(plain, read_code, "new@example.com")
    assert answer.headers["Location"].startswith("/sign-in/second-factor")
    assert ways(alice) == {("email", "alice@example.com")}
    rollback()
    assert security_queries.changes_of(alice) == []


def test_an_address_that_somebody_takes_meanwhile_stays_theirs(
    tab, alice, read_code, frozen, ask, enter
):
    add(tab, read_code, "new@example.com")
    frozen.advance(timedelta(minutes=2))
    other = enter(ask("new@example.com"), read_code("new@example.com"))
    a_day_later(frozen)
    assert ways(other) == {("email", "new@example.com")}
    assert ways(alice) == {("email", "alice@example.com")}
    assert queries.get(alice).email == "alice@example.com"


def test_another_number_has_to_be_verified_again(tab, alice, read_code, frozen):
    add(tab, read_code, NUMBER)
    service.set_kyc_level(alice, "basic", actor="system")
    commit()
    frozen.advance(timedelta(minutes=2))
    add(tab, read_code, "+251911234568")
    a_day_later(frozen)
    person = queries.get(alice)
    assert (person.phone, person.kyc_status) == ("+251911234568", "pending")


@pytest.mark.parametrize("typed", ["", "x", "NaN", "<b>a@b.co", "a" * 300, "+٢٥١٩١١٢٣", "a@b@c.co"])
def test_what_is_no_address_is_refused_and_the_page_stays(tab, alice, typed):
    answer = tab.post(PAGE, data={"identifier": typed})
    assert answer.status_code == 422
    assert 'href="#identifier"' in answer.text
    assert "alice@example.com" in answer.text
    outbox.drain_all()
    assert (sms.OUTBOX, mail.OUTBOX) == ([], [])


# --- removing -------------------------------------------------------------------------------------


def method_id(person_id, kind):
    rollback()
    return next(method.id for method in queries.methods_of(person_id) if method.kind == kind)


def test_the_last_way_in_is_never_removed(tab, alice):
    assert "only way to sign in cannot be removed" in tab.get(PAGE).text
    answer = tab.post(f"{PAGE}/{method_id(alice, 'email')}/remove")
    assert answer.status_code == 303
    assert "This is your only way to sign in" in tab.get(PAGE).text
    with pytest.raises(Conflict):
        methods.ask_to_remove(alice, method_id(alice, "email"))


def test_a_way_in_is_removed_after_a_day_and_everybody_is_told(tab, alice, read_code, frozen):
    add(tab, read_code, NUMBER)
    assert tab.post(f"{PAGE}/{method_id(alice, 'phone')}/remove").status_code == 303
    assert len(ways(alice)) == 2
    outbox.drain_all()
    assert any(letter["To"] == "alice@example.com" for letter in mail.OUTBOX)
    a_day_later(frozen)
    assert ways(alice) == {("email", "alice@example.com")}
    assert queries.get(alice).phone == ""


def test_two_removals_leave_one_way_in(tab, alice, read_code, frozen):
    add(tab, read_code, NUMBER)
    for kind in ("phone", "email"):
        tab.post(f"{PAGE}/{method_id(alice, kind)}/remove")
    a_day_later(frozen)
    assert len(ways(alice)) == 1


def test_somebody_elses_way_in_is_not_found(app, tab, alice):
    bob = raising.person("bob")
    theirs = method_id(bob, "email")
    assert tab.post(f"{PAGE}/{theirs}/remove").status_code == 404
    with pytest.raises(NotFound):
        methods.ask_to_remove(alice, theirs)
    plain = raising.sign_in(app.test_client(), alice)
    answer = plain.post(f"{PAGE}/{method_id(alice, 'email')}/remove")
    assert answer.headers["Location"].startswith("/sign-in/second-factor")


def test_a_closed_account_is_told_so_after_the_right_code_only(client, alice, read_code):
    db.session.execute(sa.update(User).where(User.id == alice).values(disabled_at=sa.func.now()))
    commit()
    client.post("/sign-in", data={"identifier": "alice@example.com"})
    assert "closed" not in client.post("/sign-in/code", data={"code": "x"}).text
    answer = client.post("/sign-in/code", data={"code": read_code()})
    assert answer.status_code == 403
    assert "This account is closed" in answer.text
    with client.session_transaction() as session:
        assert "_user_id" not in session


def test_the_page_shows_when_a_way_in_was_used(tab, alice, ask, enter, read_code):
    assert "Last used" not in tab.get(PAGE).text
    enter(ask(), read_code())
    assert "Last used" in tab.get(PAGE).text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInMethod)) == 1
