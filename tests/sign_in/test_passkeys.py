"""Sign in with a passkey alone: the device names the account, and it is two factors in one."""

import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from crowdfund.kernel import clock, config
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.people.models import User
from crowdfund.security.service import passkeys
from crowdfund.security.service.passkeys import Answer
from tests import raising
from tests.security.authenticator import PRESENT, Device

from .conftest import person_of


@pytest.fixture
def alice(app, frozen):
    return raising.person("alice")


@pytest.fixture
def phone(alice):
    """Alice's phone, which has a passkey."""
    return added(alice)


def added(person_id):
    device = Device()
    rollback()
    challenge_id, options = passkeys.begin_adding(person_id)
    commit()
    passkeys.add(person_id, Answer(challenge_id, device.create(options)), name="My phone")
    commit()
    return device


def ask(browser):
    return browser.post("/sign-in/by-passkey/options", headers={"Accept": "application/json"}).json


def enter(browser, device, asked=None, target="", **changed):
    asked = asked or ask(browser)
    form = {"challenge_id": asked["challenge_id"], "next": target}
    answer = device.get(asked["options"], **changed)
    return browser.post("/sign-in/by-passkey", data=form | {"credential": answer})


def test_the_sign_in_page_offers_a_passkey(client):
    page = client.get("/sign-in").text
    assert "Sign in with a passkey" in page
    assert 'data-options-url="/sign-in/by-passkey/options"' in page


def test_a_site_without_a_host_name_does_not_offer_what_cannot_work(app, client):
    config.use(config.settings().model_copy(update={"public_url": "http://127.0.0.1:5000"}))
    assert "Sign in with a passkey" not in client.get("/sign-in").text


def test_a_passkey_signs_in_without_an_address_and_without_a_second_question(app, alice, phone):
    browser = app.test_client()
    asked = ask(browser)
    assert asked["options"]["allowCredentials"] == []  # the device finds the account
    assert asked["options"]["userVerification"] == "required"
    answer = enter(browser, phone, asked, target="/portfolio")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/portfolio")
    assert person_of(browser).id == alice
    assert "by passkey" in browser.get("/account/sessions").text
    with browser.session_transaction() as session:
        assert session["second_factor"]


def test_staff_have_proved_their_second_factor_by_it(app, frozen):
    ada = raising.person("ada", "admin")
    device, browser = added(ada), app.test_client()
    assert enter(browser, device).headers["Location"] == "/staff"
    assert browser.get("/staff/users").status_code == 200


def refused(browser, answer, status, words):
    assert answer.status_code == status
    assert words in answer.text
    assert person_of(browser) is None


def test_an_answer_counts_once_and_for_its_own_browser_only(app, phone):
    browser, thief = app.test_client(), app.test_client()
    asked = ask(browser)
    refused(thief, enter(thief, phone, asked), 409, "started in another browser")
    assert enter(browser, phone, asked).status_code == 303
    browser.post("/sign-out")
    refused(browser, enter(browser, phone, asked), 409, "already used")


def test_an_answer_is_good_for_ten_minutes(client, phone, frozen):
    asked = ask(client)
    frozen.advance(timedelta(minutes=10))
    refused(client, enter(client, phone, asked), 409, "older than 10 minutes")


def test_an_unknown_device_opens_nothing(client, phone):
    refused(client, enter(client, Device()), 422, "The passkey was not accepted")


def test_a_wrong_signature_opens_nothing(client, phone):
    phone.key = ec.generate_private_key(ec.SECP256R1())
    refused(client, enter(client, phone), 422, "The passkey was not accepted")


def test_a_device_that_has_not_verified_its_user_opens_nothing(client, phone):
    phone.flags = PRESENT
    refused(client, enter(client, phone), 422, "The passkey was not accepted")


def test_a_copied_device_whose_counter_does_not_grow_opens_nothing(app, phone):
    enter(app.test_client(), phone)
    phone.count = 0
    browser = app.test_client()
    refused(browser, enter(browser, phone), 422, "The passkey was not accepted")


def test_a_challenge_for_adding_or_for_a_wallet_serves_no_sign_in(app, client, alice, phone):
    rollback()
    challenge_id, options = passkeys.begin_proving(alice)
    commit()
    asked = {"challenge_id": challenge_id, "options": options}
    refused(client, enter(client, phone, asked), 409, "started in another browser")


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", '{"id": "é"}', "x" * 30_000])
def test_what_is_no_answer_of_a_device_is_refused_with_a_sentence(client, credential):
    form = {"challenge_id": ask(client)["challenge_id"], "credential": credential}
    answer = client.post("/sign-in/by-passkey", data=form)
    refused(client, answer, 422, "passkey")


def test_a_closed_account_stays_closed(app, client, alice, phone, frozen):
    db.session.get(User, alice).disabled_at = clock.now()
    commit()
    refused(client, enter(client, phone), 403, "This account is closed")


def test_only_so_many_sign_ins_are_started_from_one_place(client):
    for _ in range(20):
        ask(client)
    answer = client.post("/sign-in/by-passkey/options", headers={"Accept": "application/json"})
    assert answer.status_code == 429


def test_a_new_passkey_may_use_rs256_which_windows_needs_beside_es256(alice):
    rollback()
    _challenge_id, options = passkeys.begin_adding(alice)
    commit()
    offered = [one["alg"] for one in json.loads(json.dumps(options))["pubKeyCredParams"]]
    assert offered[0] == -7
    assert -257 in offered
