"""Sign in by an identity provider: a real one over HTTP, at its best and at its worst."""

import re
import threading
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa

from crowdfund.adapters import oidc
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.local import doctor
from crowdfund.local.ports import free_port
from crowdfund.people import queries, service
from crowdfund.people.models import User
from crowdfund.people.rules import Newcomer
from crowdfund.security import queries as security_queries
from crowdfund.security.service import changes
from crowdfund.sign_in.models import SignInAttempt
from crowdfund.sign_in.rules.external import clean_name, identity_value

from . import providing
from .conftest import count_people, mail_language, methods_of, person_of, refused
from .providing import BIRUK, FIKIRTE, HTTP, begin, come_back, sign_in_by_code


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    provider = providing.start(tmp_path_factory.mktemp("provider"))
    yield provider
    provider.process.terminate()
    provider.process.wait(10)


@pytest.fixture
def provider(process, app):
    """The provider, well-behaved, and the platform set up for it."""
    process.control()
    oidc._provider.cache_clear()
    before = config.settings()
    ours = {"oidc_issuer": process.issuer, "oidc_client_id": "crowdfund", "oidc_name": "Demo ID"}
    config.use(before.model_copy(update={**ours, "oidc_client_secret": providing.SECRET}))
    yield process
    config.use(before)


def enter(provider, browser, sub, **form):
    """Sign in at the provider as a person would; return the platform's answer."""
    return come_back(browser, provider.answer(begin(browser, **form), sub))


# --- when all is well -----------------------------------------------------------------------------


def test_the_providers_start_and_its_refusals_lead_back_to_the_sign_in_page(provider):
    for path, status in (("/", 200), ("/authorize?client_id=nobody", 400)):
        answer = HTTP.get(provider.issuer + path)
        assert answer.status_code == status
        assert '<a href="http://localhost/sign-in">' in answer.text


def test_a_verified_address_opens_an_account_with_it(provider, client):
    answer = enter(provider, client, FIKIRTE, next="/portfolio")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/portfolio")
    person = person_of(client)
    assert (person.email, person.name) == ("fikirte@id.example", "Fikirte Bogale")
    assert methods_of(person.id) == {
        ("oidc", f"{provider.issuer}|{FIKIRTE}"),
        ("email", "fikirte@id.example"),
    }


def test_a_language_chosen_before_is_the_accounts_and_its_mails(provider, client):
    client.post("/language", data={"language": "hi"})
    enter(provider, client, FIKIRTE)
    person = person_of(client)
    assert person.language == "hi"
    assert mail_language(person.id) == "hi"


def test_the_same_person_comes_back_to_the_same_account(provider, app):
    first, second = app.test_client(), app.test_client()
    enter(provider, first, FIKIRTE)
    enter(provider, second, FIKIRTE)
    assert person_of(first).id == person_of(second).id
    assert count_people() == 1


def test_a_code_to_the_address_that_the_provider_has_verified_opens_the_same_account(provider, app):
    first, second = app.test_client(), app.test_client()
    enter(provider, first, FIKIRTE)
    sign_in_by_code(second, "fikirte@id.example")
    assert person_of(second).id == person_of(first).id


def test_an_unverified_address_opens_an_account_without_it(provider, client):
    answer = enter(provider, client, BIRUK)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/sign-in-methods")
    person = person_of(client)
    assert person.email is None
    assert methods_of(person.id) == {("oidc", f"{provider.issuer}|{BIRUK}")}
    assert "Add an e-mail address" in client.get("/account/sign-in-methods").text


def test_the_request_has_what_the_protocol_asks_for(provider, client):
    address = urlsplit(begin(client))
    said = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{provider.issuer}/authorize"
    assert said["code_challenge_method"] == "S256"
    assert len(said["code_challenge"]) == 43
    assert (said["response_type"], said["scope"]) == ("code", "openid email profile")
    assert said["redirect_uri"] == providing.CALLBACK
    assert len({said["state"], said["nonce"]}) == 2
    assert min(len(said["state"]), len(said["nonce"])) >= 32
    assert "secret" not in address.query


def test_signing_in_gives_the_session_another_key(provider, client):
    address = begin(client)
    before = client.get_cookie("crowdfund").value
    come_back(client, provider.answer(address, FIKIRTE))
    assert client.get_cookie("crowdfund").value != before


def test_a_thin_id_token_is_completed_by_the_userinfo_endpoint(provider, client):
    provider.control(thin=True)
    enter(provider, client, FIKIRTE)
    assert person_of(client).email == "fikirte@id.example"


def test_an_address_that_only_the_userinfo_endpoint_calls_verified_opens_an_account_with_it(
    provider, client
):
    provider.control(claims={"email_verified": None})
    enter(provider, client, FIKIRTE)
    assert person_of(client).email == "fikirte@id.example"


def test_a_new_key_of_the_provider_is_looked_for_once(provider, app):
    first, second = app.test_client(), app.test_client()
    enter(provider, first, FIKIRTE)
    provider.control(rotate=True)
    enter(provider, second, FIKIRTE)
    assert person_of(second).id == person_of(first).id


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "/\tevil"]
)
def test_a_sign_in_ends_on_our_own_host(provider, client, target):
    assert enter(provider, client, FIKIRTE, next=target).headers["Location"] == "/campaigns"


@pytest.mark.parametrize(
    ("claims", "name", "stored"),
    [
        ({"name": "Meera"}, "Meera", ("Meera", "")),
        ({"name": "Fikirte  Bogale Haile"}, "Fikirte Bogale Haile", ("Fikirte", "Bogale Haile")),
        (
            {"given_name": "Fikirte", "family_name": "Bogale"},
            "Fikirte Bogale",
            ("Fikirte", "Bogale"),
        ),
        ({"given_name": "Meera", "family_name": None}, "Meera", ("Meera", "")),
        ({"name": "क्\u200dषमा"}, "क्\u200dषमा", ("क्\u200dषमा", "")),
        ({"name": "Fikirte\u202eBogale"}, "", ("", "")),
        ({"name": "x" * 81}, "", ("", "")),  # never cut
        ({"name": ["Meera"]}, "", ("", "")),
        ({}, "", ("", "")),
    ],
)
def test_a_name_of_the_provider_is_taken_whole_or_not_at_all(app, claims, name, stored):
    assert clean_name(oidc._name(claims)) == name
    person = queries.get(service.open_account("oidc", "issuer|1", Newcomer(name=name)))
    assert (person.first_name, person.last_name) == stored


# --- nobody is taken over -------------------------------------------------------------------------


@pytest.fixture
def owner(app):
    """Who had the address before the provider was ever asked."""
    person_id = service.ensure_user("fikirte@id.example", "Fikirte Owner")
    commit()
    return person_id


def test_an_address_that_has_an_account_opens_nothing_and_asks_for_proof(provider, client, owner):
    answer = enter(provider, client, FIKIRTE)
    assert answer.headers["Location"] == "/sign-in/oidc/prove"
    assert person_of(client) is None
    page = client.get("/sign-in/oidc/prove").text
    assert "There is already an account with the address" in page
    assert methods_of(owner) == {("email", "fikirte@id.example")}


def test_the_owner_proves_the_address_by_a_code_and_connects(provider, app, client, owner):
    enter(provider, client, FIKIRTE)
    answer = sign_in_by_code(client, "fikirte@id.example", next="/account/sign-in-methods/connect")
    assert answer.headers["Location"] == "/account/sign-in-methods/connect"
    assert "You will be able to sign in" in client.get("/account/sign-in-methods/connect").text
    assert methods_of(owner) == {("email", "fikirte@id.example")}, (
        "nothing before the owner has said yes"
    )
    assert client.post("/account/sign-in-methods/connect").status_code == 303
    assert ("oidc", f"{provider.issuer}|{FIKIRTE}") in methods_of(owner)
    other = app.test_client()
    enter(provider, other, FIKIRTE)
    assert person_of(other).id == owner


def test_what_waits_for_its_owner_waits_half_an_hour(provider, client, owner):
    enter(provider, client, FIKIRTE)
    sign_in_by_code(client, "fikirte@id.example")
    clock.use(clock.OffsetClock(timedelta(minutes=31)))
    try:
        assert (
            client.post("/account/sign-in-methods/connect").headers["Location"]
            == "/account/sign-in-methods"
        )
    finally:
        clock.use(None)
    assert methods_of(owner) == {("email", "fikirte@id.example")}


def test_who_signs_in_to_another_account_does_not_get_the_identity(provider, client, owner):
    enter(provider, client, FIKIRTE)
    sign_in_by_code(client, "somebody@example.com")
    answer = client.post("/account/sign-in-methods/connect")
    assert answer.status_code == 409
    assert "another account than the one with fikirte@id.example" in answer.text
    assert (
        client.post("/account/sign-in-methods/connect").headers["Location"]
        == "/account/sign-in-methods"
    )
    assert methods_of(person_of(client).id) == {("email", "somebody@example.com")}


def test_an_unverified_address_of_somebody_else_says_nothing_about_that_account(
    provider, client, app
):
    victim = service.ensure_user("biruk@id.example", "Biruk Owner")
    commit()
    enter(provider, client, BIRUK)
    assert person_of(client).id != victim
    assert person_of(client).email is None
    assert methods_of(victim) == {("email", "biruk@id.example")}


@pytest.mark.parametrize("claim", ["false", 1, "yes", ["true"]])
def test_only_true_is_verified(provider, client, owner, claim):
    provider.control(claims={"email_verified": claim})
    enter(provider, client, FIKIRTE)
    assert person_of(client).id != owner
    assert person_of(client).email is None


def test_the_same_subject_of_another_issuer_is_somebody_else(provider, client):
    other = service.open_account("oidc", f"https://elsewhere.example|{FIKIRTE}")
    commit()
    enter(provider, client, FIKIRTE)
    assert person_of(client).id != other


def test_subjects_are_compared_letter_by_letter(provider, client):
    provider.control(
        accounts=[
            {"sub": "ABC", "name": "", "email": "", "email_verified": False},
            {"sub": "abc", "name": "", "email": "", "email_verified": False},
        ]
    )
    enter(provider, client, "ABC")
    other = client.application.test_client()
    enter(provider, other, "abc")
    assert person_of(client).id != person_of(other).id


def test_a_closed_account_stays_closed(provider, app, client):
    enter(provider, client, FIKIRTE)
    person = person_of(client)
    db.session.execute(sa.update(User).where(User.id == person.id).values(disabled_at=clock.now()))
    commit()
    other = app.test_client()
    answer = enter(provider, other, FIKIRTE)
    assert answer.status_code == 403
    assert "This account is closed" in answer.text
    assert person_of(other) is None


# --- connecting to an account that is signed in ---------------------------------------------------


def test_who_is_signed_in_connects_the_first_identity_at_once(provider, app, signed_in):
    browser, person_id = signed_in
    answer = enter(provider, browser, FIKIRTE, next="/account/sign-in-methods")
    assert answer.headers["Location"] == "/account/sign-in-methods"
    assert ("oidc", f"{provider.issuer}|{FIKIRTE}") in methods_of(person_id)
    assert ("email", "fikirte@id.example") not in methods_of(person_id), (
        "connecting proves no address of ours"
    )
    other = app.test_client()
    enter(provider, other, FIKIRTE)
    assert person_of(other).id == person_id


def test_an_identity_of_another_account_is_not_moved(provider, app, signed_in):
    enter(provider, app.test_client(), FIKIRTE)
    browser, person_id = signed_in
    answer = enter(provider, browser, FIKIRTE)
    assert answer.status_code == 409
    assert "is already used to sign in to another account" in answer.text
    assert methods_of(person_id) == {("email", "alice@example.com")}


def test_a_second_identity_needs_a_second_factor_and_a_day(provider, signed_in):
    browser, person_id = signed_in
    enter(provider, browser, FIKIRTE)
    answer = enter(provider, browser, BIRUK)
    assert answer.headers["Location"] == "/account/sign-in-methods/connect"
    asked = "/sign-in/second-factor?next=/account/sign-in-methods/connect"
    assert browser.get(answer.headers["Location"]).headers["Location"] == asked
    assert browser.post(answer.headers["Location"]).headers["Location"].startswith(asked[:22])
    assert methods_of(person_id) == {
        ("email", "alice@example.com"),
        ("oidc", f"{provider.issuer}|{FIKIRTE}"),
    }
    with browser.session_transaction() as session:
        session["second_factor"] = {
            "person": person_id,
            "at": clock.now().timestamp(),
            "how": "totp",
        }
    assert "This takes 24 hours" in browser.get(answer.headers["Location"]).text
    assert browser.post("/account/sign-in-methods/connect").status_code == 303
    assert ("oidc", f"{provider.issuer}|{BIRUK}") not in methods_of(person_id)
    held = security_queries.changes_of(person_id, held_only=True)
    assert [change.kind for change in held] == ["oidc"]
    clock.use(clock.OffsetClock(timedelta(hours=24, minutes=1)))
    try:
        changes.apply(held[0].id)
        commit()
    finally:
        clock.use(None)
    assert ("oidc", f"{provider.issuer}|{BIRUK}") in methods_of(person_id)
    assert ("oidc", f"{provider.issuer}|{FIKIRTE}") in methods_of(person_id), (
        "a further one takes no other's place"
    )


def test_an_answer_for_somebody_who_has_signed_out_meanwhile_connects_nothing(provider, signed_in):
    browser, person_id = signed_in
    location = provider.answer(begin(browser), FIKIRTE)
    with browser.session_transaction() as session:
        del session["_user_id"]
    assert come_back(browser, location).status_code == 409
    assert methods_of(person_id) == {("email", "alice@example.com")}
    assert count_people() == 1


# --- answers that are not to be believed ----------------------------------------------------------

STALE = "was started in another browser"
REFUSED = "could not be accepted"


def test_an_answer_is_good_once(provider, app, client):
    location = provider.answer(begin(client), FIKIRTE)
    come_back(client, location)
    assert come_back(client, location).status_code == 409
    assert count_people() == 1


def test_of_many_answers_at_once_one_is_judged(provider, client):
    location = provider.answer(begin(client), FIKIRTE)
    cookie = client.get_cookie("crowdfund").value
    statuses = []

    def come(app):
        with app.app_context():
            browser = app.test_client()
            browser.set_cookie("crowdfund", cookie)
            statuses.append(come_back(browser, location).status_code)

    threads = [threading.Thread(target=come, args=(client.application,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 409, 409, 409]
    assert count_people() == 1


def test_another_browser_cannot_bring_the_answer(provider, app, client):
    """Login CSRF: an attacker's own answer, sent to a victim, signs nobody in."""
    location = provider.answer(begin(client), FIKIRTE)
    victim = app.test_client()
    victim.get("/sign-in")
    refused(victim, come_back(victim, location), 409, STALE)
    begin(victim)  # not even one who has begun too
    refused(victim, come_back(victim, location), 409, STALE)


def test_an_answer_is_good_for_ten_minutes(provider, client):
    location = provider.answer(begin(client), FIKIRTE)
    clock.use(clock.OffsetClock(timedelta(minutes=10, seconds=1)))
    try:
        answer = come_back(client, location)
    finally:
        clock.use(None)
    refused(client, answer, 409, STALE)


@pytest.mark.parametrize(
    "query",
    [
        "?code=x",
        "?state=",
        "?state=x&code=y",
        "?error=access_denied",
        "?state=%00",
        "?code=" + "x" * 5000,
        "?state=" + "é" * 40,
    ],
)
def test_an_answer_that_nobody_asked_for_is_refused(provider, client, query):
    answer = client.get("/sign-in/oidc/callback" + query)
    assert 400 <= answer.status_code < 500
    assert count_people() == 0


def test_a_sign_in_at_the_provider_is_not_finished_by_a_wallet(provider, client):
    state = providing.state_of(begin(client))
    form = {"request_id": state, "text": "00", "signature": "0x"}
    answer = client.post("/sign-in/wallet/proof", data=form)
    assert (answer.status_code, count_people()) == (409, 0)


@pytest.mark.parametrize("sub", [FIKIRTE, ""])
def test_an_answer_without_the_issuer_that_the_provider_promises_is_refused(provider, client, sub):
    """Of RFC 9207: it could be the answer of another provider."""
    location = provider.answer(begin(client), sub)
    without = re.sub(r"[?&]iss=[^&]+", "", location)
    assert without != location
    refused(client, come_back(client, without), 400, "could not be accepted")


def test_an_issuer_that_was_not_promised_may_be_missing(provider, client):
    provider.control(discovery={"authorization_response_iss_parameter_supported": False})
    location = provider.answer(begin(client), FIKIRTE)
    assert come_back(client, re.sub(r"[?&]iss=[^&]+", "", location)).status_code == 303
    assert person_of(client) is not None


def test_who_cancels_at_the_provider_is_back_at_the_sign_in_page_and_reads_so(provider, client):
    answer = enter(provider, client, None)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/campaigns")
    page = client.get(answer.headers["Location"]).text
    assert "Sign-in with Demo ID was cancelled. Nothing was changed." in page
    assert person_of(client) is None
    assert count_people() == 0


@pytest.mark.parametrize(
    "faults",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "somebody-else"}},
        {"claims": {"aud": ["crowdfund", "somebody-else"]}},  # several, and no azp
        {"claims": {"azp": "somebody-else"}},
        {"claims": {"aud": None}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"iss": None}},
        {"claims": {"sub": None}},
        {"claims": {"sub": ""}},
        {"claims": {"sub": 7}},
        {"claims": {"sub": "x" * 256}},
        {"claims": {"sub": "7f2c1a "}},
        {"claims": {"exp": 1_000_000_000}},
        {"claims": {"exp": None}},
        {"claims": {"exp": "soon"}},
        {"claims": {"iat": None}},
        {"claims": {"iat": 9_000_000_000, "exp": 9_000_000_300}},
        {"claims": {"nbf": 9_000_000_000}},
        {"claims": {"at_hash": "wrong"}},
        {"algorithm": "none"},
        {"algorithm": "HS256"},
        {"key": "stranger"},
        {"token_status": 200, "token_body": "{}"},
        {"token_status": 200, "token_body": "[]"},
        {"token_status": 200, "token_body": '{"id_token": 7, "access_token": "x"}'},
        {"token_status": 200, "token_body": '{"id_token": "a.b.c", "access_token": "x"}'},
        {"token_status": 200, "token_body": "not JSON"},
        {"token_status": 400, "token_body": '{"error": "invalid_grant"}'},
        {"token_status": 401, "token_body": '{"error": "invalid_client"}'},
        {"answer": {"iss": "https://evil.example"}},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_now_signs_nobody_in(provider, client, faults):
    provider.control(**faults)
    refused(client, enter(provider, client, FIKIRTE), 400, REFUSED)


def test_the_same_token_of_a_good_provider_signs_in(provider, client):
    """The control of the test above: what is refused there is refused for the named reason only."""
    provider.control(claims={"aud": ["crowdfund"], "azp": "crowdfund", "nbf": int(time.time()) - 5})
    enter(provider, client, FIKIRTE)
    assert person_of(client) is not None


def test_a_key_that_was_withdrawn_signs_nobody_in(provider, client):
    enter(provider, client.application.test_client(), FIKIRTE)
    location = provider.answer(begin(client), FIKIRTE)
    provider.control(key="stranger", rotate="drop")
    answer = come_back(client, location)
    assert answer.status_code == 400
    assert person_of(client) is None


def test_the_code_of_another_sign_in_does_not_fit_the_verifier(provider, app, client):
    """Code injection: a stolen code is worth nothing without the verifier that was never sent."""
    thief, victim = client, app.test_client()
    stolen = parse_qs(urlsplit(provider.answer(begin(victim), FIKIRTE)).query)["code"][0]
    state = providing.state_of(begin(thief))
    answer = thief.get("/sign-in/oidc/callback", query_string={"code": stolen, "state": state})
    refused(thief, answer, 400, REFUSED)


# --- a provider in trouble ------------------------------------------------------------------------

AWAY = "does not answer at the moment"


@pytest.mark.parametrize(
    "faults",
    [
        {"discovery": {"issuer": "https://evil.example"}},
        {"discovery": {"authorization_endpoint": None}},
        {"discovery": {"authorization_endpoint": "javascript:alert(1)"}},
        {"discovery": {"authorization_endpoint": 7}},
    ],
    ids=str,
)
def test_a_discovery_document_that_cannot_be_right_is_not_used(provider, client, faults):
    provider.control(**faults)
    refused(client, client.post("/sign-in/oidc"), 503, AWAY)


@pytest.mark.parametrize(
    "faults", [{"token_status": 500, "token_body": "oops"}, {"token_status": 503}], ids=str
)
def test_a_provider_that_breaks_is_told_as_such(provider, client, faults):
    provider.control(**faults)
    refused(client, enter(provider, client, FIKIRTE), 503, AWAY)


def test_a_provider_that_is_away_is_told_as_such(provider, client):
    away = config.settings().model_copy(update={"oidc_issuer": f"http://127.0.0.1:{free_port()}"})
    config.use(away)
    refused(client, client.post("/sign-in/oidc"), 503, AWAY)


def test_a_provider_that_is_away_is_not_asked_for_some_seconds(provider, client, monkeypatch):
    monkeypatch.setattr(oidc, "TIMEOUT_S", (0.2, 0.2))
    provider.control(delay_s=0.5)
    began = time.monotonic()
    assert [client.post("/sign-in/oidc").status_code for _ in range(5)] == [503] * 5
    assert time.monotonic() - began < 1.0, "only the first of them waited"
    provider.control()
    monkeypatch.setattr(oidc, "AWAY_S", 0.0)
    assert client.post("/sign-in/oidc").status_code == 303


def test_a_provider_that_never_answers_is_left_in_time(provider, client, monkeypatch):
    monkeypatch.setattr(oidc, "TIMEOUT_S", (0.3, 0.3))
    location = provider.answer(begin(client), FIKIRTE)
    provider.control(delay_s=2)
    began = time.monotonic()
    refused(client, come_back(client, location), 503, AWAY)
    assert time.monotonic() - began < 1.5


def test_without_a_provider_there_is_no_button(app, client):
    assert "Continue with" not in client.get("/sign-in").text
    assert client.post("/sign-in/oidc").status_code == 503


def test_with_a_provider_there_is_a_button(provider, client, signed_in):
    assert "Continue with Demo ID" in client.get("/sign-in").text
    assert "Connect Demo ID" in signed_in[0].get("/account/sign-in-methods").text


def test_the_doctor_reads_what_the_provider_publishes(provider):
    [well] = doctor.check_sign_on(config.settings())
    assert (well.uses, well.wrong) == (f"{provider.issuer} (Demo ID)", "")
    oidc._provider.cache_clear()
    provider.control(discovery={"issuer": "https://evil.example"})
    [wrong] = doctor.check_sign_on(config.settings())
    assert "another issuer than OIDC_ISSUER" in wrong.wrong


def test_a_visitor_begins_twenty_sign_ins_a_minute(provider, app, client):
    answers = [client.post("/sign-in/oidc").status_code for _ in range(21)]
    assert answers == [303] * 20 + [429]
    rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == 20


def test_a_name_from_elsewhere_is_kept_only_if_it_is_one():
    assert clean_name("  Fikirte   Bogale ") == "Fikirte Bogale"
    assert [clean_name(text) for text in ("<b>x</b>", "a\x00b", "x" * 81, "", "\u202e")] == [""] * 5


def test_an_identity_that_is_too_long_to_keep_is_refused():
    assert identity_value("https://id.example", "7") == "https://id.example|7"
    with pytest.raises(ValueError, match="too long"):
        identity_value("https://id.example/" + "x" * 400, "y" * 255)


# --- the provider itself, as strict as a real one -------------------------------------------------


def test_the_provider_gives_a_code_once_and_only_to_the_verifier(process):
    process.control()
    query = {
        "client_id": "crowdfund",
        "response_type": "code",
        "scope": "openid",
        "state": "s",
        "nonce": "n1",
        "redirect_uri": providing.CALLBACK,
        "code_challenge_method": "S256",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    }
    address = str(httpx.URL(f"{process.issuer}/authorize", params=query))
    code = parse_qs(urlsplit(process.answer(address, FIKIRTE)).query)["code"][0]

    def exchange(verifier):
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": providing.CALLBACK,
        }
        auth = ("crowdfund", providing.SECRET)
        return providing.HTTP.post(
            f"{process.issuer}/token", data={**form, "code_verifier": verifier}, auth=auth
        )

    assert exchange("a" * 43).status_code == 400
    assert exchange("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").status_code == 200
    assert exchange("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").status_code == 400
    assert providing.HTTP.get(address.replace("S256", "plain")).status_code == 303
    assert providing.HTTP.get(address.replace("callback", "elsewhere")).status_code == 400
