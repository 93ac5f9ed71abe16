"""Passkeys: our challenge, once; our host; the user verified by the device; a growing counter."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.kernel import config
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, Invalid, NotFound, TooMany
from crowdfund.security import queries
from crowdfund.security.models import Passkey, PasskeyChallenge
from crowdfund.security.rules import WrongFactor
from crowdfund.security.service import passkeys
from crowdfund.security.service.passkeys import Answer, relying_party
from tests import raising
from tests.together import at_once

from .authenticator import PRESENT, Device
from .factors import by_mail

NEW = "/account/security/passkeys/new"


@pytest.fixture
def alice(app, frozen):
    return raising.person("alice")


@pytest.fixture
def phone(alice):
    """Alice's phone, which has a passkey."""
    return added(alice, Device())


def begin(verb, person_id):
    rollback()
    challenge_id, options = getattr(passkeys, verb)(person_id)
    commit()
    return challenge_id, options


def added(person_id, device, name="My phone"):
    challenge_id, options = begin("begin_adding", person_id)
    add(person_id, Answer(challenge_id, device.create(options)), name)
    return device


def add(person_id, answer, name="My phone"):
    rollback()
    try:
        passkeys.add(person_id, answer, name=name)
    except Exception:
        rollback()
        raise
    commit()


def prove(person_id, answer):
    rollback()
    try:
        passkeys.prove(person_id, answer)
    except Exception:
        rollback()
        raise
    commit()


def asked(person_id, device, **changed):
    """Return a device's answer to a fresh challenge."""
    challenge_id, options = begin("begin_proving", person_id)
    return Answer(challenge_id, device.get(options, **changed))


def test_a_device_adds_a_passkey_and_proves_it(alice, phone):
    assert queries.factors(alice) == ("passkey",)
    prove(alice, asked(alice, phone))
    prove(alice, asked(alice, phone))
    (row,) = queries.passkeys(alice)
    assert (row.name, row.transports, row.used_at is not None) == ("My phone", "internal", True)


def test_a_challenge_is_answered_once(alice, phone):
    answer = asked(alice, phone)
    prove(alice, answer)
    with pytest.raises(WrongFactor):
        prove(alice, answer)


def test_the_same_answer_at_once_counts_once(app, alice, phone):
    answer = asked(alice, phone)
    outcomes = at_once(app, [lambda: passkeys.prove(alice, answer)] * 8)
    assert outcomes.count(None) == 1
    assert sum(isinstance(one, WrongFactor) for one in outcomes) == 7


def test_a_challenge_is_spent_by_a_wrong_answer_too(alice, phone):
    challenge_id, options = begin("begin_proving", alice)
    with pytest.raises(WrongFactor):
        prove(alice, Answer(challenge_id, "{}"))
    with pytest.raises(WrongFactor):
        prove(alice, Answer(challenge_id, phone.get(options)))


def test_a_challenge_is_good_for_five_minutes(alice, phone, frozen):
    answer = asked(alice, phone)
    frozen.advance(timedelta(minutes=5))
    with pytest.raises(WrongFactor):
        prove(alice, answer)


def test_the_challenge_of_one_purpose_or_person_serves_no_other(alice, phone):
    bob = raising.person("bob")
    laptop = added(bob, Device())
    challenge_id, options = begin("begin_adding", alice)
    with pytest.raises(WrongFactor):
        prove(alice, Answer(challenge_id, phone.get({"rpId": "localhost", **options})))
    with pytest.raises(WrongFactor):
        prove(bob, asked(alice, laptop))
    with pytest.raises(WrongFactor):
        prove(alice, asked(alice, laptop))


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "http://localhost:8080"},
        {"origin": "https://evil.example"},
        {"flags": PRESENT},  # the device did not recognise its person
        {"flags": 0},
    ],
)
def test_another_origin_and_an_unrecognised_person_are_refused(alice, phone, bent):
    for name, value in bent.items():
        setattr(phone, name, value)
    with pytest.raises(WrongFactor):
        prove(alice, asked(alice, phone))
    challenge_id, options = begin("begin_adding", alice)
    with pytest.raises(Invalid):
        add(alice, Answer(challenge_id, Device(**bent).create(options)))


def test_a_counter_that_stands_still_is_a_copied_key(alice, phone):
    phone.count = 41
    prove(alice, asked(alice, phone))
    phone.count -= 1
    with pytest.raises(WrongFactor):
        prove(alice, asked(alice, phone))
    phone.count = 100
    prove(alice, asked(alice, phone))


def test_a_device_that_counts_nothing_is_fine(alice, phone):
    for _ in range(2):
        phone.count = -1
        prove(alice, asked(alice, phone))


def test_the_signature_of_another_key_is_refused(alice, phone):
    forger = Device(credential_id=phone.credential_id)
    with pytest.raises(WrongFactor):
        prove(alice, asked(alice, forger))


def test_a_passkey_belongs_to_one_person(alice, phone):
    bob = raising.person("bob")
    with pytest.raises(Conflict):
        added(bob, phone)
    assert queries.factors(bob) == ()


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "x",
        "null",
        "[]",
        "{}",
        "1",
        '{"id": 1}',
        '{"id": "a"}',
        '{"id": "é", "rawId": "é"}',
        '{"id": "aaaa", "rawId": "aaaa", "type": "public-key", "response": {}}',
        '{"id": "aaaa", "rawId": "aaaa", "type": "public-key", "response": {'
        '"clientDataJSON": "!!", "attestationObject": "AA", "authenticatorData": "AA", '
        '"signature": "AA"}}',
        "[" * 5000,
        "\x07",
    ],
)
def test_what_is_no_answer_is_refused_with_a_sentence(alice, phone, client, sent):
    for begun, verb, error in (
        ("begin_adding", add, Invalid),
        ("begin_proving", prove, WrongFactor),
    ):
        challenge_id, _options = begin(begun, alice)
        with pytest.raises(error):
            verb(alice, Answer(challenge_id, sent))
    raising.sign_in(client, alice, second_factor=True)
    challenge_id = client.post("/account/security/passkeys/options").json["challenge_id"]
    answer = client.post(NEW, data={"name": "x", "challenge_id": challenge_id, "credential": sent})
    assert (answer.status_code, "There is a problem" in answer.text) == (422, True)


@pytest.mark.parametrize(
    "part", ["clientDataJSON", "attestationObject", "authenticatorData", "signature"]
)
def test_a_bent_part_of_an_answer_is_refused(alice, phone, part):
    for junk in ("", "AAAA", "A" * 5000):
        with pytest.raises(WrongFactor):
            prove(
                alice,
                asked(alice, phone, **{part: junk})
                if part != "attestationObject"
                else Answer("", junk),
            )
        if part in ("clientDataJSON", "attestationObject"):
            challenge_id, options = begin("begin_adding", alice)
            with pytest.raises(Invalid):
                add(alice, Answer(challenge_id, Device().create(options, **{part: junk})))


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\nb\x07", "a\u202eb", "\u3164"])
def test_a_passkey_has_a_name(alice, name):
    challenge_id, options = begin("begin_adding", alice)
    with pytest.raises(Invalid) as refusal:
        add(alice, Answer(challenge_id, Device().create(options)), name)
    assert refusal.value.field == "name"


def test_the_name_of_a_passkey_keeps_the_joiners_of_its_words_and_pictures(alice):
    challenge_id, options = begin("begin_adding", alice)
    add(alice, Answer(challenge_id, Device().create(options)), "क्\u200dष 👩\u200d🌾")
    assert [one.name for one in queries.passkeys(alice)] == ["क्\u200dष 👩\u200d🌾"]


def test_challenges_are_not_given_without_end(alice, phone, frozen):
    with pytest.raises(TooMany):  # noqa: PT012 - the limit is met on the way
        for _ in range(40):
            begin("begin_proving", alice)
    rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PasskeyChallenge)) == 30
    frozen.advance(timedelta(minutes=5))
    prove(alice, asked(alice, phone))


def test_signing_in_with_a_passkey(client, alice, phone):
    by_mail(client, "alice@example.com", "/wallet")
    assert 'data-passkey="get"' in client.get("/sign-in/second-factor").text
    given = client.post("/sign-in/passkey/options").json
    assert given["options"]["userVerification"] == "required"
    assert [one["id"] for one in given["options"]["allowCredentials"]]
    wrong = {"challenge_id": given["challenge_id"], "credential": "{}"}
    refused = client.post("/sign-in/passkey", data=wrong)
    assert (refused.status_code, "The passkey was not accepted" in refused.text) == (422, True)
    given = client.post("/sign-in/passkey/options").json
    sent = {"challenge_id": given["challenge_id"], "credential": phone.get(given["options"])}
    assert client.post("/sign-in/passkey", data=sent).headers["Location"] == "/wallet"
    assert client.get("/wallet").status_code == 200


def test_a_stranger_gets_no_challenge(client):
    answer = client.post("/sign-in/passkey/options", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert client.post("/sign-in/passkey").headers["Location"] == "/sign-in"


def test_staff_wake_their_role_with_a_new_passkey(client, app, frozen):
    finn = raising.person("finn", "finance")
    raising.sign_in(client, finn, second_factor=False)
    given = client.post("/account/security/passkeys/options").json
    sent = {"challenge_id": given["challenge_id"], "credential": Device().create(given["options"])}
    answer = client.post(NEW, data={"name": "Key ring", "next": "/staff/payments", **sent})
    assert answer.headers["Location"] == "/account/security/recovery-codes?next=/staff/payments"
    assert client.get("/staff/payments").status_code == 200


def test_a_hijacked_session_adds_no_second_passkey(client, alice, phone):
    raising.sign_in(client, alice)
    assert client.get(NEW).headers["Location"].startswith("/sign-in/second-factor")
    asked_for = client.post(
        "/account/security/passkeys/options", headers={"Accept": "application/json"}
    )
    assert (asked_for.status_code, asked_for.json["code"]) == (403, "second_factor_needed")


def test_a_passkey_is_removed_by_its_owner_alone(app, client, alice, phone):
    (row,) = queries.passkeys(alice)
    mallory = raising.sign_in(app.test_client(), raising.person("mallory"), second_factor=True)
    assert mallory.post(f"/account/security/passkeys/{row.id}/remove").status_code == 404
    raising.sign_in(client, alice, second_factor=True)
    assert client.post(f"/account/security/passkeys/{row.id}/remove").status_code == 303
    rollback()
    assert queries.factors(alice) == ()
    with pytest.raises(NotFound):
        passkeys.remove(alice, row.id)


@pytest.mark.parametrize(
    ("public_url", "name"),
    [
        ("http://localhost:5000", "localhost"),
        ("https://fund.example", "fund.example"),
        ("http://127.0.0.1:5000", None),
        ("http://[::1]:5000", None),
    ],
)
def test_passkeys_belong_to_the_name_in_public_url(app, alice, client, public_url, name):
    old = config.settings()
    try:
        config.use(old.model_copy(update={"public_url": public_url}))
        assert relying_party() == name
        if name is None:
            with pytest.raises(Conflict):
                passkeys.begin_adding(alice)
            page = raising.sign_in(client, alice).get(NEW).text
            assert "Passkeys do not work at this address" in page
    finally:
        config.use(old)


def test_the_private_half_never_comes_here(alice, phone):
    secret = phone.key.private_numbers().private_value
    rollback()
    kept = json.dumps(
        [list(map(str, row)) for row in db.session.execute(sa.select(Passkey.__table__))]
    )
    assert str(secret) not in kept
