"""Sign in by wallet: real keys, real signatures, and everything that a page could send instead."""

import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.adapters import wallet_signature
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.people import queries, service
from crowdfund.security import queries as security_queries
from crowdfund.security.service import changes
from crowdfund.sign_in.models import SignInAttempt
from crowdfund.sign_in.rules import wallets as rules
from crowdfund.sign_in.service import attempts, methods
from tests import raising

from .conftest import count_people, mail_language, methods_of, person_of, refused

KEY = Account.from_key("0x" + "11" * 32)
OTHER = Account.from_key("0x" + "22" * 32)
JSON = {"Accept": "application/json"}


def ask(browser, address=KEY.address, **form):
    """Ask for a text as wallet.js does; return the request's id and the text."""
    rollback()
    answer = browser.post("/sign-in/wallet", data={"address": address, **form}, headers=JSON)
    assert answer.status_code == 200, answer.text
    return answer.json["request_id"], answer.json["text"]


def signed(text, key=KEY):
    return "0x" + key.sign_message(encode_defunct(text=text)).signature.hex().removeprefix("0x")


def prove(browser, request_id, text, signature, **form):
    """Send what the wallet has signed as the page's form does."""
    rollback()
    fields = {"request_id": request_id, "text": text.encode().hex(), "signature": signature, **form}
    return browser.post("/sign-in/wallet/proof", data=fields)


def enter(browser, key=KEY, **form):
    request_id, text = ask(browser, key.address, **form)
    return prove(browser, request_id, text, signed(text, key))


# --- the text -------------------------------------------------------------------------------------

# The grammar of EIP-4361, written apart from the code that builds the text.
EIP_4361 = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<domain>[^/?#\s]+)"
    r" wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9a-fA-F]{40})\n\n"
    r"(?P<statement>[A-Za-z0-9\-._~:/?#@!$&'()*+,;= ]+)\n\n"
    r"URI: (?P<uri>\S+)\nVersion: 1\nChain ID: (?P<chain>\d+)\nNonce: (?P<nonce>[A-Za-z0-9]{8,})\n"
    r"Issued At: (?P<issued>\S+)\nExpiration Time: (?P<expires>\S+)\nRequest ID: (?P<request>\S+)"
)


def test_the_text_is_an_eip_4361_message_about_us(client, frozen):
    request_id, text = ask(client, KEY.address.lower())
    said = EIP_4361.fullmatch(text)
    assert (said["scheme"], said["domain"]) == ("http", "localhost")
    assert said["uri"] == "http://localhost/sign-in"
    assert said["address"] == KEY.address, "in its EIP-55 form"
    assert int(said["chain"]) == config.settings().chain_id
    assert said["request"] == request_id
    issued, expires = (datetime.fromisoformat(said[name]) for name in ("issued", "expires"))
    assert (issued, expires - issued) == (clock.now(), timedelta(minutes=10))


@pytest.mark.parametrize(
    ("public_url", "site"),
    [
        ("HTTPS://CrowdFund.com:443/", "crowdfund.com"),
        ("https://Bücher.de", "xn--bcher-kva.de"),
        ("https://crowdfund.com:8443/", "crowdfund.com:8443"),
        ("http://localhost:5000/", "http://localhost:5000"),
    ],
)
def test_the_text_names_the_site_as_the_wallet_sees_it(client, public_url, site):
    before = config.settings()
    new = config.Settings(_env_file=None, environment="test", public_url=public_url).public_url
    config.use(before.model_copy(update={"public_url": new}))
    text = ask(client)[1]
    config.use(before)
    assert text.startswith(f"{site} wants you to sign in")
    assert f"\nURI: {new}/sign-in\n" in text
    assert text.isascii()


def test_two_texts_share_no_nonce(client):
    nonces = {EIP_4361.fullmatch(ask(client)[1])["nonce"] for _ in range(3)}
    assert len(nonces) == 3


def test_the_example_of_the_standard_is_built_letter_by_letter():
    request = rules.Request(
        site=rules.site_of("https://example.com"),
        address="0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
        statement="I accept the ExampleOrg Terms of Service: https://example.com/tos",
        uri="https://example.com/login",
        chain_id=1,
        nonce="32891756",
        issued_at=datetime(2021, 9, 30, 16, 25, 24, tzinfo=UTC),
        expires_at=datetime(2021, 9, 30, 16, 35, 24, tzinfo=UTC),
        request_id="r1",
    )
    assert rules.text_of(request) == (
        "example.com wants you to sign in with your Ethereum account:\n"
        "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2\n\n"
        "I accept the ExampleOrg Terms of Service: https://example.com/tos\n\n"
        "URI: https://example.com/login\nVersion: 1\nChain ID: 1\nNonce: 32891756\n"
        "Issued At: 2021-09-30T16:25:24Z\nExpiration Time: 2021-09-30T16:35:24Z\nRequest ID: r1"
    )


def test_the_statement_says_what_is_signed_for(client, app):
    person_id = service.ensure_user("alice@example.com")
    commit()
    assert "Sign in to crowdfund." in ask(client)[1]
    assert "Add this wallet to my crowdfund account" in ask(raising.browser(app, person_id))[1]


BAD_ADDRESSES = [
    "",
    "0x",
    "0x" + "1" * 39,
    "0x" + "1" * 41,
    "1" * 42,
    "0x" + "g" * 40,
    "0x" + KEY.address[2:].swapcase(),
    "0x" + "１" * 40,
    KEY.address + "\n",
    "0X" + KEY.address[2:],
    "<b>",
    "0" * 5000,
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_what_is_no_address_gets_no_text(client, address):
    answer = client.post("/sign-in/wallet", data={"address": address}, headers=JSON)
    assert answer.status_code == 422
    assert "gave no valid address" in answer.json["detail"]
    rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == 0


# --- when all is well -----------------------------------------------------------------------------


def test_an_unknown_wallet_opens_an_account_and_is_asked_for_an_address(client):
    answer = enter(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/sign-in-methods")
    person = person_of(client)
    assert person.email is None
    assert methods_of(person.id) == {("wallet", KEY.address)}
    assert "Add an e-mail address" in client.get("/account/sign-in-methods").text


def test_a_language_chosen_before_is_the_accounts_and_its_mails(client):
    client.post("/language", data={"language": "am"})
    enter(client)
    person = person_of(client)
    assert person.language == "am"
    methods.attach(person.id, "email", "biruk@example.com")
    commit()
    assert mail_language(person.id) == "am"


def test_who_has_only_a_wallet_is_shown_by_its_short_address_and_never_as_none(client):
    enter(client)
    short = f"{KEY.address[:6]}…{KEY.address[-4:]}"
    person = person_of(client)
    assert (person.name, person.known_as) == (short, short)
    for path in ("/campaigns", "/account", "/account/sign-in-methods"):
        page = client.get(path).text
        assert short in page
        assert "None" not in page
        assert f"Your account: {short}" in page
    assert queries.names({person.id}) == {person.id: short}


def test_the_same_wallet_opens_the_same_account(app):
    first, second = app.test_client(), app.test_client()
    enter(first)
    answer = enter(second, next="/portfolio")
    assert answer.headers["Location"] == "/portfolio"
    assert person_of(first).id == person_of(second).id
    assert count_people() == 1


def test_signing_in_gives_the_session_another_key(client):
    ask(client)
    before = client.get_cookie("crowdfund").value
    enter(client)
    assert client.get_cookie("crowdfund").value != before


ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def forms_of(signature):
    """Return the forms in which wallets write one signature, the usual one first."""
    raw = bytes.fromhex(signature[2:])
    r, s, parity = raw[:32], int.from_bytes(raw[32:64]), raw[64] - 27
    high = r + (ORDER - s).to_bytes(32)
    return {
        "v 27 or 28": raw,
        "v 0 or 1": raw[:64] + bytes([parity]),
        "v of EIP-155": raw[:64] + bytes([37 + parity]),
        "a high s": high + bytes([28 - parity]),
        "a high s, v 0 or 1": high + bytes([1 - parity]),
        "64 bytes of EIP-2098": r + (s | parity << 255).to_bytes(32),
    }


@pytest.mark.parametrize("form", forms_of("0x" + "11" * 64 + "1b"))
@pytest.mark.parametrize("capitals", [False, True])
def test_a_signature_is_read_in_every_form_that_wallets_write(client, form, capitals):
    request_id, text = ask(client)
    digits = forms_of(signed(text))[form].hex()
    written = "0x" + (digits.upper() if capitals else digits)
    assert prove(client, request_id, text, written).status_code == 303
    assert methods_of(person_of(client).id) == {("wallet", KEY.address)}


@given(st.text(max_size=50), st.sampled_from([KEY, OTHER]))
def test_all_forms_of_a_signature_become_the_one_that_contracts_take(text, key):
    forms = forms_of(signed(text, key))
    found = {wallet_signature.normalised("0x" + raw.hex()) for raw in forms.values()}
    assert found == {forms["v 27 or 28"]}
    (normal,) = found
    assert (len(normal), normal[64] in (27, 28)) == (65, True)
    assert int.from_bytes(normal[32:64]) <= ORDER // 2


@pytest.mark.parametrize("v", [2, 26, 29, 34])
def test_no_key_makes_another_last_byte(v):
    raw = bytes.fromhex(signed("a text")[2:])
    assert wallet_signature.normalised("0x" + (raw[:64] + bytes([v])).hex()) is None


@pytest.mark.parametrize("edge", [0, ORDER, ORDER + 1, 2**256 - 1])
def test_numbers_outside_of_the_curve_are_no_signature(edge):
    raw = bytes.fromhex(signed("a text")[2:])
    for wrong in (edge.to_bytes(32) + raw[32:], raw[:32] + edge.to_bytes(32) + raw[64:]):
        assert wallet_signature.normalised("0x" + wrong.hex()) is None


# --- answers that are not to be believed ----------------------------------------------------------


def test_a_signature_is_good_once(app, client):
    request_id, text = ask(client)
    signature = signed(text)
    prove(client, request_id, text, signature)
    assert prove(client, request_id, text, signature).status_code == 409
    assert count_people() == 1


def test_a_failed_try_uses_the_text_up(client):
    """Else one text could be tried against many signatures."""
    request_id, text = ask(client)
    refused(
        client, prove(client, request_id, text, signed(text, OTHER)), 422, "is not from the account"
    )
    refused(client, prove(client, request_id, text, signed(text)), 409, "Start again")


def test_another_browser_cannot_bring_the_signature(app, client):
    """A text that an attacker has asked for, signed by a victim, signs in nobody elsewhere."""
    request_id, text = ask(client)
    other = app.test_client()
    ask(other)
    refused(
        other, prove(other, request_id, text, signed(text)), 409, "was started in another browser"
    )


def test_a_text_is_good_for_ten_minutes(client, frozen):
    request_id, text = ask(client)
    frozen.advance(timedelta(minutes=10))
    refused(client, prove(client, request_id, text, signed(text)), 409, "older than 10 minutes")
    request_id, text = ask(client)
    frozen.advance(timedelta(minutes=10) - timedelta(seconds=1))
    assert prove(client, request_id, text, signed(text)).status_code == 303


ALTERED = [
    lambda text: text.replace("localhost wants", "evil.example wants"),
    lambda text: text.replace("Chain ID: 31337", "Chain ID: 1"),
    lambda text: text.replace(KEY.address, OTHER.address),
    lambda text: text.replace("\n", "\r\n"),
    lambda text: text + "\n",
    lambda text: text.upper(),
    lambda text: re.sub(r"Expiration Time: \d+", "Expiration Time: 9999", text),
    lambda text: "",
]


@pytest.mark.parametrize("alter", ALTERED)
def test_a_text_that_was_altered_is_refused_even_if_it_is_well_signed(client, alter):
    request_id, text = ask(client)
    other = alter(text)
    assert other != text
    sentence = "is not the one we asked for" if other else "incomplete"
    refused(client, prove(client, request_id, other, signed(other)), 422, sentence)


def test_the_text_of_another_request_is_refused(client):
    _, first = ask(client)
    request_id, _ = ask(client)
    refused(
        client, prove(client, request_id, first, signed(first)), 422, "is not the one we asked for"
    )


CONTRACT = "0x" + "ab" * 400


@pytest.mark.parametrize(
    ("signature", "sentence"),
    [
        ("0x" + "00" * 65, "is not from the account"),
        ("0x" + "ff" * 65, "is not from the account"),
        ("0x" + "11" * 64 + "1b", "is not from the account"),
        ("0x" + "11" * 64 + "1d", "is not from the account"),
        ("0x", "is not from the account"),
        ("hello", "is not from the account"),
        ("0x" + "zz" * 65, "is not from the account"),
    ],
)
def test_what_is_no_signature_of_the_wallet_is_told_as_such(client, signature, sentence):
    request_id, text = ask(client)
    refused(client, prove(client, request_id, text, signature), 422, sentence)


def test_a_contract_wallet_is_told_when_its_network_cannot_be_asked(client):
    request_id, text = ask(client)
    answer = prove(client, request_id, text, CONTRACT)
    refused(client, answer, 503, "cannot reach the network to ask your contract wallet")


@given(st.binary(min_size=60, max_size=70) | st.binary(min_size=64, max_size=65))
def test_no_bytes_make_the_check_stumble(data):
    assert wallet_signature.signer("a text", "0x" + data.hex()) != KEY.address


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"request_id": "x"},
        {"request_id": "x", "text": "zz", "signature": "0x"},
        {"request_id": "x" * 65, "text": "00", "signature": "0x"},
        {"request_id": "x", "text": "0" * 8001, "signature": "0x"},
        {"request_id": "x", "text": "00", "signature": "0x" + "0" * 20_000},
        {"request_id": "é\u0000", "text": "00", "signature": "0x"},
    ],
    ids=range(7),
)
def test_a_broken_form_is_refused_with_a_sentence(client, fields):
    answer = client.post("/sign-in/wallet/proof", data=fields)
    assert answer.status_code in (409, 422)
    assert "Start again" in answer.text or "Try again" in answer.text
    assert count_people() == 0


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_a_sign_in_ends_on_our_own_host(client, target):
    enter(client.application.test_client())
    assert enter(client, next=target).headers["Location"] == "/campaigns"


def test_a_visitor_begins_twenty_sign_ins_a_minute(client):
    answers = [
        client.post("/sign-in/wallet", data={"address": KEY.address}, headers=JSON)
        for _ in range(21)
    ]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert "Wait a minute" in answers[-1].json["detail"]


def test_two_hundred_people_behind_one_address_begin_a_sign_in_in_one_minute(app, frozen):
    def begin(number, ip="10.1.2.3"):
        visitor = attempts.Visitor(f"{number:064}", ip)
        attempts.begin("wallet", {}, visitor, attempt_id=secrets.token_hex(16))

    for number in range(200):
        begin(number)
    with pytest.raises(attempts.rules.TooManyAttempts):
        begin(200)
    begin(200, ip="10.1.2.4")


def test_old_attempts_are_cleared_away(app, frozen):
    for name in ("a", "b"):
        attempts.begin("wallet", {}, attempts.Visitor("b" * 64, "10.0.0.1"), attempt_id=name)
        frozen.advance(timedelta(hours=24))
    attempts.purge()
    commit()
    assert list(db.session.scalars(sa.select(SignInAttempt.id))) == ["b"]


# --- connecting to an account that is signed in ---------------------------------------------------


def test_who_is_signed_in_connects_the_first_wallet_at_once(app, signed_in):
    browser, person_id = signed_in
    assert enter(browser, next="/account/sign-in-methods").status_code == 303
    assert methods_of(person_id) == {("email", "alice@example.com"), ("wallet", KEY.address)}
    other = app.test_client()
    enter(other)
    assert person_of(other).id == person_id


def test_a_wallet_of_another_account_is_not_moved(app, signed_in):
    enter(app.test_client())
    browser, person_id = signed_in
    answer = enter(browser)
    assert answer.status_code == 409
    assert "is already used to sign in to another account" in answer.text
    assert methods_of(person_id) == {("email", "alice@example.com")}


def test_a_second_wallet_needs_a_second_factor_and_a_day(signed_in, frozen):
    browser, person_id = signed_in
    enter(browser)
    answer = enter(browser, OTHER)
    assert answer.headers["Location"] == "/account/sign-in-methods/connect"
    assert (
        browser.post(answer.headers["Location"])
        .headers["Location"]
        .startswith("/sign-in/second-factor")
    )
    with browser.session_transaction() as session:
        session["second_factor"] = {
            "person": person_id,
            "at": clock.now().timestamp(),
            "how": "totp",
        }
    assert browser.post(answer.headers["Location"]).status_code == 303
    assert ("wallet", OTHER.address) not in methods_of(person_id)
    held = security_queries.changes_of(person_id, held_only=True)
    assert [change.kind for change in held] == ["wallet"]
    frozen.advance(timedelta(hours=24))
    changes.apply(held[0].id)
    commit()
    assert {("wallet", KEY.address), ("wallet", OTHER.address)} <= methods_of(person_id)


def test_a_wallet_that_somebody_else_has_taken_meanwhile_is_not_added(app, signed_in, frozen):
    browser, person_id = signed_in
    enter(browser)
    changes.request(person_id, "wallet", {"value": OTHER.address, "label": "x"}, actor=person_id)
    commit()
    enter(app.test_client(), OTHER)
    frozen.advance(timedelta(hours=24))
    rollback()
    [change] = security_queries.changes_of(person_id, held_only=True)
    changes.apply(change.id)
    commit()
    assert ("wallet", OTHER.address) not in methods_of(person_id)


def test_connecting_a_known_wallet_again_changes_nothing(signed_in):
    browser, person_id = signed_in
    enter(browser)
    assert enter(browser).status_code == 303
    assert methods_of(person_id) == {("email", "alice@example.com"), ("wallet", KEY.address)}


def test_a_text_to_connect_signs_nobody_in(app, signed_in):
    """Who signs out between text and signature gets no session by it."""
    browser, person_id = signed_in
    request_id, text = ask(browser)
    with browser.session_transaction() as session:
        del session["_user_id"]
    assert prove(browser, request_id, text, signed(text)).status_code == 409
    assert methods_of(person_id) == {("email", "alice@example.com")}
    assert count_people() == 1


def test_the_person_is_told_of_a_new_way_in(signed_in):
    browser, _person_id = signed_in
    enter(browser)
    rollback()
    query = "SELECT payload FROM outbox WHERE kind LIKE 'person.notice%'"
    assert any("security.method_added" in str(row) for row in db.session.execute(sa.text(query)))


def test_a_wallet_that_was_removed_opens_the_account_no_more(app, signed_in, frozen):
    browser, person_id = signed_in
    enter(browser)
    rollback()
    [wallet] = [one for one in queries.methods_of(person_id) if one.kind == "wallet"]
    changes.apply(methods.ask_to_remove(person_id, wallet.id))
    commit()
    frozen.advance(timedelta(hours=24))
    [change] = security_queries.changes_of(person_id, held_only=True)
    changes.apply(change.id)
    commit()
    assert methods_of(person_id) == {("email", "alice@example.com")}
    other = app.test_client()
    enter(other)
    assert person_of(other).id != person_id


def test_the_page_without_a_wallet_says_what_to_do(client):
    page = client.get("/sign-in").text
    assert "A wallet needs JavaScript" in page
    assert "No wallet was found in this browser" in page
