"""Who a person is: name, number, language, invitation."""

import re
import unicodedata

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail, sms
from crowdfund.kernel import clock, config, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Invalid
from crowdfund.people import queries, service
from crowdfund.people.models import User, UserRole
from tests import raising

GOOD = {"first_name": "Alice", "last_name": "Bekele", "phone": "+251 91 123 4567"}
PHONES = [
    "",
    "251911234567",
    "911",
    "+251",
    "+2519112345678901",
    "abc",
    "NaN",
    "1e9",
    "-1",
    "+٢٥١٩١١٢٣٤٥",
    "+²⁵¹911234567²",
    "<b>+251911234567</b>",
    "+1 555",
    "9" * 400,
]


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
        ("0911 23 45 67", "+251911234567"),
        ("00251911234567", "+251911234567"),
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


@pytest.mark.parametrize(
    "typed",
    [
        "+٢٥١ ٩١١ ٢٣٤ ٥٦٧",
        "＋２５１ ９１１ ２３４５６７",
        "+251–91–123–4567",
        "\u202a+251\u00a091\u00a01234567\u202c",
    ],
)
def test_digits_and_dashes_of_any_kind_are_understood(alice, typed):
    save(alice, phone=typed)
    assert queries.get(alice).phone == "+251911234567"


NO_NAMES = {
    "": "as in your passport",
    "   ": "as in your passport",
    "<b>x</b>": "plain text only",
    "a\nb": "plain text only",
    "a\x00b": "plain text only",
    "a\u200bb": "plain text only",
    "x" * 81: "at most 80 characters; this is 81",
}


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        (field, typed, sentence)
        for field in ("first_name", "last_name")
        for typed, sentence in NO_NAMES.items()
        if field == "first_name" or typed.strip()  # some people have one name only
    ],
)
def test_what_is_no_name_gets_a_sentence_and_changes_nothing(alice, field, typed, sentence):
    with pytest.raises(Invalid, match=sentence) as refusal:
        service.save_profile(alice, **(GOOD | {field: typed}))
    assert refusal.value.field == field
    assert state(alice) == ("none", "none")


def test_who_has_one_name_only_saves_it_on_the_page_and_is_shown_by_it(tab, alice):
    page = tab.get("/account").text
    assert "Leave it empty if you have only one name." in page
    assert "maxlength" not in page, "the browser would cut what is pasted"
    assert tab.post("/account", data=fields(first_name="Meera", last_name=" ")).status_code == 303
    rollback()
    person = queries.get(alice)
    assert (person.first_name, person.last_name, person.name) == ("Meera", "", "Meera")


@pytest.mark.parametrize("name", ["क्\u200dष", "می\u200cخواهم", "Ame\u0301lie"])
def test_a_name_is_kept_with_the_joiners_that_its_spelling_needs_in_composed_letters(alice, name):
    save(alice, first_name=name)
    assert queries.get(alice).first_name == unicodedata.normalize("NFC", name)


def test_names_of_every_alphabet_are_welcome(alice):
    save(alice, first_name="አበበ", last_name="O’Brien-Şahin")
    assert queries.get(alice).name == "አበበ O’Brien-Şahin"


def test_roles_are_given_once_and_only_those_that_exist(alice):
    for _ in range(2):
        service.give_role(alice, "finance", actor="system")
    commit()
    assert queries.get(alice).roles == ("finance",)
    with pytest.raises(Invalid):
        service.give_role(alice, "king", actor="system")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(UserRole)) == 1


def test_a_change_of_a_verified_fact_has_to_be_verified_again(alice):
    save(alice)
    service.set_kyc_level(alice, "basic", actor="system")
    commit()
    save(alice)
    assert state(alice) == ("verified", "basic")  # nothing new was said
    for change in ({"first_name": "Alicia"}, {"last_name": "B"}, {"phone": "+251911234568"}):
        service.set_kyc_level(alice, "basic", actor="system")
        commit()
        save(alice, **change)
        assert state(alice) == ("pending", "none")
        save(alice)


# --- the page -------------------------------------------------------------------------------------


@pytest.fixture
def tab(app, alice):
    return raising.sign_in(app.test_client(), alice)


def fields(**changes):
    return {**GOOD, **changes}


def nothing_kept(person_id):
    rollback()
    person = queries.get(person_id)
    return (person.first_name, person.last_name, person.phone, person.language) == (
        "Alice",
        "",
        "",
        "",
    )


def test_the_account_page_keeps_what_was_typed_and_says_what_is_wrong(tab, alice):
    answer = tab.post("/account", data=fields(phone="12", first_name="Ali<ce"))
    assert answer.status_code == 422
    assert "plain text only" in answer.text
    assert 'value="Ali&lt;ce"' in answer.text
    assert 'value="12"' in answer.text
    assert "Enter your first name." in tab.post("/account", data=fields(first_name="")).text
    assert nothing_kept(alice)
    assert sms.OUTBOX == []


@pytest.mark.parametrize("typed", [*PHONES, "+44 20 7946 0958"])
def test_what_is_no_mobile_number_is_refused_at_its_field(tab, alice, typed):
    answer = tab.post("/account", data=fields(phone=typed))
    assert answer.status_code == 422
    assert 'href="#phone"' in answer.text
    assert nothing_kept(alice)


@pytest.mark.parametrize("typed", ["xx", "en_XA", "<b>", "am" * 200, "NaN"])
def test_only_a_language_of_the_list_is_kept(tab, alice, typed):
    answer = tab.post("/account/language", data={"language": typed})
    assert answer.status_code == 422
    assert 'href="#language"' in answer.text
    assert nothing_kept(alice)


def test_a_number_counts_once_a_code_has_proved_it(tab, alice, read_code):
    answer = tab.post("/account?next=/wallet", data=fields(next="/wallet"))
    assert answer.headers["Location"] == "/account/sign-in-methods/code"
    person = queries.get(alice)
    assert (person.last_name, person.phone) == ("Bekele", "")
    wrong = tab.post("/account/sign-in-methods/code", data={"code": "x"})
    assert wrong.status_code == 422
    assert "+251 91 123 4567" in wrong.text
    code = read_code("+251911234567")
    answer = tab.post("/account/sign-in-methods/code", data={"code": code})
    assert answer.headers["Location"] == "/account?next=/wallet"
    rollback()
    assert queries.get(alice).phone == "+251911234567"
    assert [method.kind for method in queries.methods_of(alice)] == ["email", "phone"]
    # Saved again, nothing is sent again.
    sms.OUTBOX.clear()
    assert tab.post("/account", data=fields()).headers["Location"] == "/account"
    outbox.drain_all()
    assert [one for one in sms.OUTBOX if "code" in one.text] == []


def test_without_sms_a_number_is_kept_but_opens_no_account(tab, alice, client):
    before = config.settings()
    config.use(before.model_copy(update={"environment": "production"}))
    assert tab.post("/account", data=fields()).headers["Location"] == "/account"
    assert "is not confirmed by a code" in tab.get("/account").text
    rollback()
    assert queries.get(alice).phone == "+251911234567"
    assert [method.kind for method in queries.methods_of(alice)] == ["email"]
    assert "mobile" not in client.get("/sign-in").text.split("<main")[1]
    answer = client.post("/sign-in", data={"identifier": "+251911234567"})
    assert answer.status_code == 422
    assert "Enter your e-mail address instead" in answer.text
    config.use(before)


def test_the_language_is_kept_used_for_messages_and_set_in_the_next_browser(
    app, tab, alice, read_code
):
    assert (
        "language=am"
        in tab.post("/account/language", data={"language": "am"}).headers["Set-Cookie"]
    )
    rollback()
    assert queries.get(alice).language == "am"
    other = app.test_client()
    other.post("/sign-in", data={"identifier": "alice@example.com"})
    answer = other.post("/sign-in/code", data={"code": read_code()})
    assert any("language=am" in cookie for cookie in answer.headers.getlist("Set-Cookie"))
    assert '<html lang="am"' in other.get("/account").text


def test_a_new_account_saves_its_language_before_its_name(tab, alice):
    db.session.execute(sa.update(User).where(User.id == alice).values(first_name="", last_name=""))
    commit()
    answer = tab.post("/account/language", data={"language": "hi", "next": "/wallet"})
    assert answer.headers["Location"] == "/account?next=/wallet"
    rollback()
    assert queries.get(alice).language == "hi"
    page = tab.get("/account").text
    assert '<html lang="hi"' in page
    assert "cf-error-summary" not in page


def test_the_language_of_the_browser_comes_back_when_it_is_chosen(tab, alice):
    hindi = {"Accept-Language": "hi"}
    tab.post("/account/language", data={"language": "am"})
    assert '<html lang="am"' in tab.get("/account", headers=hindi).text
    tab.post("/account/language", data={"language": ""}, headers=hindi)
    rollback()
    assert queries.get(alice).language == ""
    assert '<html lang="hi"' in tab.get("/account", headers=hindi).text
    assert '<html lang="en"' in tab.get("/account", headers={"Accept-Language": "en"}).text


def test_a_language_that_was_chosen_before_or_on_any_page_is_kept_too(app, read_code):
    newcomer = app.test_client()
    newcomer.post("/language", data={"language": "hi"})
    bob = enter(newcomer, read_code)
    assert bob.language == "hi"
    newcomer.post("/language", data={"language": "am"})
    rollback()
    assert queries.get(bob.id).language == "am"
    newcomer.post("/language", data={"language": "xx"})
    rollback()
    assert queries.get(bob.id).language == "am"


# --- invitations ----------------------------------------------------------------------------------


def join(app, code):
    newcomer = app.test_client()
    answer = newcomer.get(f"/join/{code}")
    assert answer.headers["Location"] == "/sign-in"
    return newcomer


def enter(browser, read_code, *, to="bob@example.com", **more):
    browser.post("/sign-in", data={"identifier": to, **more})
    browser.post("/sign-in/code", data={"code": read_code(to)})
    rollback()
    return queries.find_by_email(to)


def test_whoever_follows_a_link_has_its_owner_as_sponsor_for_good(app, tab, alice, read_code):
    code = queries.get(alice).referral_code
    assert f"http://localhost/join/{code}" in tab.get("/account").text
    newcomer = join(app, code.lower())
    shown = newcomer.get("/sign-in").text
    assert f'value="{code}"' in shown
    assert "Alice" not in shown
    bob = enter(newcomer, read_code, referral=code)
    assert bob.sponsor_id == alice
    # A second invitation, even at a later sign-in, changes nothing.
    carol = raising.person("carol")
    again = app.test_client()
    assert enter(again, read_code, referral=queries.get(carol).referral_code).sponsor_id == alice
    assert (
        again.get(f"/join/{queries.get(carol).referral_code}").headers["Location"] == "/campaigns"
    )


def test_a_code_may_be_typed_at_the_first_sign_in(app, alice, read_code):
    code = queries.get(alice).referral_code
    bob = enter(app.test_client(), read_code, referral=f" {code.lower()} ")
    assert bob.sponsor_id == alice
    assert enter(app.test_client(), read_code, to="eve@example.com").sponsor_id is None


def test_nobody_invites_oneself(app, alice, read_code):
    mine = queries.get(alice).referral_code
    assert (
        enter(app.test_client(), read_code, to="alice@example.com", referral=mine).sponsor_id
        is None
    )


@pytest.mark.parametrize("typed", ["XXXXXXXX", "A", "٣٤٦٧٩٣٤٦", "<b>x</b>", "0" * 20, "' OR 1=1"])
def test_an_unknown_code_gets_a_sentence_and_one_goes_on_without_it(app, alice, read_code, typed):
    newcomer = app.test_client()
    answer = newcomer.post("/sign-in", data={"identifier": "bob@example.com", "referral": typed})
    assert answer.status_code == 422
    assert 'href="#referral"' in answer.text
    outbox.drain_all()
    assert mail.OUTBOX == []
    assert enter(newcomer, read_code, referral="").sponsor_id is None


def test_a_link_with_an_unknown_code_leads_to_the_sign_in_page_with_a_sentence(app):
    for code in ("XXXXXXXX", "%3Cb%3E", "x" * 300):
        newcomer = join(app, code)
        assert "We do not recognise the invitation code" in newcomer.get("/sign-in").text


def test_an_invitation_by_a_closed_account_is_unknown(app, alice):
    code = queries.get(alice).referral_code
    db.session.execute(sa.update(User).where(User.id == alice).values(disabled_at=clock.now()))
    commit()
    assert "do not recognise" in join(app, code).get("/sign-in").text


# --- the calendar of dates ------------------------------------------------------------------------


def test_the_calendar_is_kept_used_on_pages_and_set_in_the_next_browser(app, tab, alice, read_code):
    tab.post("/account/language", data={"language": "en", "calendar": "ethiopian"})
    rollback()
    assert queries.get(alice).calendar == "ethiopian"
    other = app.test_client()
    other.post("/sign-in", data={"identifier": "alice@example.com"})
    other.post("/sign-in/code", data={"code": read_code()})
    for browser in (tab, other):
        page = browser.get("/account/sessions").text
        assert " 2018 EC, 12:00 EAT</time>" in page, page
        assert "Jun 2026" not in page
        assert 'selected value="ethiopian"' in browser.get("/account").text


def test_the_calendar_of_the_language_comes_back_when_it_is_chosen(tab, alice):
    tab.post("/account/language", data={"language": "am", "calendar": "gregorian"})
    assert "ዓ.ም." not in tab.get("/account/sessions").text
    answer = tab.post("/account/language", data={"language": "am", "calendar": ""})
    assert "calendar=;" in " ".join(answer.headers.getlist("Set-Cookie"))
    assert "ዓ.ም.)" in tab.get("/account/sessions").text
    rollback()
    assert queries.get(alice).calendar == ""


def test_the_calendar_stays_when_only_the_language_is_sent(tab, alice):
    tab.post("/account/language", data={"language": "am", "calendar": "both"})
    tab.post("/account/language", data={"language": "hi"})
    rollback()
    assert (queries.get(alice).language, queries.get(alice).calendar) == ("hi", "both")


@pytest.mark.parametrize(
    ("calendar", "is_told"), [("gregorian", False), ("both", True), ("ethiopian", True)]
)
def test_a_field_for_a_date_says_which_calendar_it_asks_for(tab, calendar, is_told):
    tab.set_cookie("calendar", calendar)
    page = tab.get("/account/verification/facts/about").text
    hint = re.search(r'id="born_on-hint">([^<]*)<', page)[1]
    assert hint.startswith("You must be at least 18 years old.")
    assert ("Gregorian" in hint) == is_told


@pytest.mark.parametrize("typed", ["xx", "julian", "<b>", "both" * 200, "NaN"])
def test_only_a_calendar_of_the_list_is_kept(tab, alice, typed):
    answer = tab.post("/account/language", data={"language": "am", "calendar": typed})
    assert answer.status_code == 422
    assert 'href="#calendar"' in answer.text
    assert nothing_kept(alice)
    assert queries.get(alice).calendar == ""


@pytest.mark.parametrize("cookie", ["xx", "", "both both", "%00", "é"])
def test_a_cookie_that_names_no_calendar_is_ignored(tab, cookie):
    tab.set_cookie("calendar", cookie)
    assert "Jun 2026, 12:00 EAT</time>" in tab.get("/account/sessions").text
