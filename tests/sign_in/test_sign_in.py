"""The sign-in code (rules.md, Sign-in code)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail
from crowdfund.kernel import clock, config, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Invalid
from crowdfund.notifications.models import Message
from crowdfund.people import queries, service
from crowdfund.sign_in import queries as sign_in_queries
from crowdfund.sign_in.models import Otp
from crowdfund.sign_in.rules import codes as codes_rules
from crowdfund.sign_in.service import codes as codes_service
from tests.together import at_once

from .conftest import count_people, mail_language, other_than, person_of


def test_the_code_has_six_digits_comes_by_mail_and_opens_the_account(ask, enter, read_code):
    otp_id = ask()
    assert count_people() == 0
    code = read_code()
    assert len(code) == 6
    person_id = enter(otp_id, code)
    assert queries.get(person_id).email == "alice@example.com"
    assert count_people() == 1


def test_the_second_sign_in_is_the_same_person_whatever_the_capitals(ask, enter, read_code):
    first = enter(ask(), read_code())
    second = enter(ask(" ALICE@Example.COM "), read_code())
    assert (first == second, count_people()) == (True, 1)


def test_blanks_and_hyphens_that_people_type_do_not_matter(ask, enter, read_code):
    otp_id, code = ask(), None
    code = read_code()
    assert enter(otp_id, f" {code[:3]}-{code[3:]} ")


def test_a_code_is_good_for_ten_minutes_and_not_longer(ask, enter, read_code, frozen):
    in_time, code = ask(), read_code()
    frozen.advance(timedelta(minutes=10, microseconds=-1))
    assert enter(in_time, code)
    too_late, code = ask(), read_code()
    frozen.advance(timedelta(minutes=10))
    with pytest.raises(codes_rules.WrongCode):
        enter(too_late, code)


def test_a_code_is_used_once(ask, enter, read_code):
    otp_id, code = ask(), read_code()
    enter(otp_id, code)
    with pytest.raises(codes_rules.WrongCode):
        enter(otp_id, code)


def test_five_wrong_tries_kill_the_code(ask, enter, read_code):
    otp_id, code = ask(), read_code()
    for _ in range(5):
        with pytest.raises(codes_rules.WrongCode):
            enter(otp_id, other_than(code))
    with pytest.raises(codes_rules.WrongCode):
        enter(otp_id, code)
    assert count_people() == 0


def test_a_wrong_code_says_how_often_one_may_try_again(ask, enter, read_code):
    otp_id, code = ask(), read_code()
    said = []
    for _ in range(4):
        with pytest.raises(codes_rules.WrongCode) as refusal:
            enter(otp_id, other_than(code))
        said.append(refusal.value.user_message.rpartition(". ")[2])
    assert said == [f"You have {left} tries left." for left in (4, 3, 2)] + ["You have 1 try left."]


def test_the_fifth_try_may_be_the_right_one(ask, enter, read_code):
    otp_id, code = ask(), read_code()
    for _ in range(4):
        with pytest.raises(codes_rules.WrongCode):
            enter(otp_id, other_than(code))
    assert enter(otp_id, code)


def test_the_code_of_one_request_does_not_open_another(ask, enter, read_code):
    first = ask("bob@example.com")
    code = read_code("bob@example.com")
    second = ask()
    if code != read_code():
        with pytest.raises(codes_rules.WrongCode):
            enter(second, code)
    assert enter(first, code) == queries.find_by_email("bob@example.com").id


@pytest.mark.parametrize(
    "typed",
    ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "１２３４５６", "<b>1</b>", "-1", "9" * 5000],
)
def test_what_is_no_code_is_wrong_and_counts_as_a_try(ask, enter, typed):
    otp_id = ask()
    with pytest.raises(codes_rules.WrongCode):
        enter(otp_id, typed)
    assert sign_in_queries.otp(otp_id).attempts == 1


def test_of_twenty_guesses_at_once_at_most_five_are_judged(app, ask, read_code):
    otp_id, code = ask(), read_code()
    guesses = [other_than(code)] * 19 + [code]
    outcomes = at_once(
        app,
        [
            lambda typed=typed: codes_service.sign_in(otp_id, typed, ip="10.0.0.1")
            for typed in guesses
        ],
    )
    signed_in = sum(isinstance(one, str) for one in outcomes)
    assert sum(isinstance(one, codes_rules.WrongCode) for one in outcomes) == 20 - signed_in
    # The right one among the first five ends the code early; else exactly five were judged.
    tries = sign_in_queries.otp(otp_id).attempts
    assert tries <= 5 if signed_in else tries == 5


def test_the_right_code_twenty_times_at_once_signs_in_once(app, ask, read_code):
    otp_id, code = ask(), read_code()
    outcomes = at_once(app, [lambda: codes_service.sign_in(otp_id, code, ip="10.0.0.1")] * 20)
    assert sum(isinstance(one, str) for one in outcomes) == 1
    assert count_people() == 1


def test_five_codes_a_minute_for_an_address_and_no_sixth(ask, frozen):
    for number in range(5):
        ask(ip=f"10.0.0.{number}")
    with pytest.raises(codes_rules.TooManyCodes, match="Wait a minute") as refusal:
        ask(ip="10.0.0.99")
    assert refusal.value.status == 429
    ask("bob@example.com", ip="10.0.0.99")
    frozen.advance(timedelta(minutes=1))
    ask(ip="10.0.0.99")


def test_a_client_that_is_no_browser_gets_five_codes_a_minute(ask, frozen):
    for number in range(5):
        ask(f"a{number}@example.com")
    with pytest.raises(codes_rules.TooManyCodes):
        ask("b@example.com")
    ask("b@example.com", ip="10.0.0.2")


def test_a_refused_request_does_not_prolong_the_wait(ask, frozen):
    for _ in range(5):
        ask()
    for _ in range(20):
        frozen.advance(timedelta(seconds=2))
        with pytest.raises(codes_rules.TooManyCodes):
            ask()
        rollback()
    frozen.advance(timedelta(seconds=20))
    ask()


def test_of_twenty_requests_at_once_at_most_five_are_sent(app, frozen):
    works = [lambda: codes_service.request_code("alice@example.com", ip="10.0.0.1")] * 20
    sent = [one for one in at_once(app, works) if isinstance(one, str)]
    outbox.drain_all()
    assert len(mail.OUTBOX) == len(sent) <= 5
    rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Otp)) == len(sent)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "alice",
        "alice@",
        "@example.com",
        "alice@example",
        "a b@example.com",
        "a@b@example.com",
        "a" * 250 + "@x.com",
        "alice@example.com\nBcc: bob@example.com",
        "ali\u200bce@example.com",
        "<b>@example.com>",
        "аlice@example.com",
        "a@-.com,b@x.com",
    ],
)
def test_what_is_no_address_gets_a_sentence_and_no_mail(ask, typed):
    with pytest.raises(Invalid, match=r"like name@example\.com"):
        ask(typed)
    rollback()
    assert outbox.drain_all() == 0
    assert mail.OUTBOX == []


def test_the_code_is_stored_nowhere(ask, read_code):
    ask()
    code = read_code()
    rollback()
    for table in (Otp.__table__, Message.__table__, outbox.outbox_table):
        assert code not in str(db.session.execute(sa.select(table)).all())


def test_the_code_depends_on_the_platforms_secret(ask):
    otp_id = ask()
    secret = config.settings().secret_key
    assert codes_rules.code_for(secret, otp_id) == codes_rules.code_for(secret, otp_id)
    codes = {codes_rules.code_for(f"{secret}{n}", otp_id) for n in range(20)}
    assert len(codes) > 15


def test_a_code_that_was_sent_before_the_secret_changed_is_good_and_one_under_a_lost_secret_is_not(
    ask, read_code
):
    old = config.settings()
    otp_id, lost_id = ask(), ask("bob@example.com")
    code, lost = read_code(), codes_rules.code_for("lost" * 10, lost_id)
    rollback()
    config.use(
        old.model_copy(update={"secret_key": "new" * 12, "secret_key_fallbacks": [old.secret_key]})
    )
    try:
        assert codes_service.prove(otp_id, code, ip="10.0.0.1").identifier == "alice@example.com"
        rollback()
        with pytest.raises(codes_rules.WrongCode):
            codes_service.prove(lost_id, lost, ip="10.0.0.1")
        rollback()
    finally:
        config.use(old)


def test_the_mail_goes_out_once_however_often_its_job_runs(ask, frozen):
    ask()
    for _ in range(3):
        outbox.drain_all()
    rollback()
    db.session.execute(sa.update(outbox.outbox_table).values(state="due"))
    db.session.commit()
    outbox.drain_all()
    assert [letter["To"] for letter in mail.OUTBOX] == ["alice@example.com"]
    message = db.session.execute(sa.select(Message.id, Message.sent_at)).one()
    assert mail.OUTBOX[0]["Message-ID"] == f"<{message.id}@crowdfund.example>"
    assert message.sent_at == clock.now()


def test_the_page_says_the_same_whether_the_account_exists(app, client, frozen):
    service.ensure_user("alice@example.com", "Alice A")
    db.session.commit()
    pages = []
    for email in ("alice@example.com", "bob@nobody.example"):
        browser = app.test_client()
        browser.post("/sign-in", data={"identifier": email})
        page = browser.get("/sign-in/code").text
        pages.append(page.replace(email, "…").split("<main")[1].split("</main>")[0])
    assert pages[0] == pages[1]
    assert "…</strong> can receive e-mail" in pages[0]


def test_a_wrong_code_keeps_the_page_and_says_what_to_do(client, frozen):
    client.post("/sign-in", data={"identifier": "alice@example.com"})
    answer = client.post("/sign-in/code", data={"code": "x"})
    assert answer.status_code == 422
    assert "ask for a new code" in answer.text
    rollback()
    assert db.session.scalar(sa.select(Otp.attempts)) == 1


def test_after_the_code_one_arrives_where_one_wanted_to_go(client, frozen, read_code):
    client.post(
        "/sign-in?next=/wallet", data={"identifier": "alice@example.com", "next": "/wallet"}
    )
    answer = client.post("/sign-in/code", data={"code": read_code()})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/wallet")
    assert client.get("/wallet").status_code == 200


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/x", "/\\evil.example"])
def test_after_the_code_nobody_is_led_to_another_site(client, frozen, read_code, target):
    client.post("/sign-in", data={"identifier": "alice@example.com", "next": target})
    answer = client.post("/sign-in/code", data={"code": read_code()})
    assert answer.headers["Location"] == "/campaigns"


@pytest.mark.parametrize(
    ("before", "chosen", "after"),
    [("", "hi", "hi"), ("am", "hi", "am"), ("", "xx", ""), ("", "en_XA", ""), ("hi", "", "hi")],
)
def test_a_language_chosen_before_signing_in_is_that_of_an_account_without_one(
    client, frozen, read_code, before, chosen, after
):
    person_id = service.ensure_user("alice@example.com")
    service.choose_language(person_id, before)
    commit()
    client.set_cookie("language", chosen)
    client.post("/sign-in", data={"identifier": "alice@example.com"})
    client.post("/sign-in/code", data={"code": read_code()})
    assert person_of(client).language == after
    assert mail_language(person_id) == (after or "en")


def test_a_code_that_is_over_says_why(ask, enter, read_code, frozen):
    tried, code = ask(), read_code()
    for _ in range(4):
        with pytest.raises(codes_rules.WrongCode, match="not valid"):
            enter(tried, other_than(code))
    for typed in (other_than(code), code):
        with pytest.raises(codes_rules.CodeIsOver) as refusal:
            enter(tried, typed)
        assert "entered 5 times" in refusal.value.user_message
    used, code = ask(), read_code()
    enter(used, code)
    with pytest.raises(codes_rules.CodeIsOver) as refusal:
        enter(used, code)
    assert "already been used" in refusal.value.user_message
    old, code = ask(), read_code()
    frozen.advance(timedelta(minutes=10))
    with pytest.raises(codes_rules.CodeIsOver) as refusal:
        enter(old, code)
    assert "has expired" in refusal.value.user_message


def test_digits_of_any_script_are_a_code(ask, enter, read_code):
    otp_id, code = ask(), read_code()
    assert enter(otp_id, code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")))


@pytest.mark.parametrize(
    "path", ["/sign-in/code", "/sign-in/second-factor", "/sign-in/recovery-code"]
)
def test_a_sign_in_that_has_ended_says_so(client, path):
    assert client.get(path).headers["Location"] == "/sign-in"
    assert "This sign-in has ended" in client.get("/sign-in").text


def test_going_back_to_the_code_page_after_signing_in_gives_no_warning(client, read_code):
    client.post("/sign-in", data={"identifier": "alice@example.com", "next": "/account"})
    client.post("/sign-in/code", data={"code": read_code()})
    answer = client.get("/sign-in/code", follow_redirects=True)
    assert answer.request.path == "/campaigns"
    assert "has ended" not in answer.text.split('id="script-words"')[0]
    assert client.post("/sign-in/code", data={"code": "123456"}).headers["Location"] == "/sign-in"


def test_signing_out_is_confirmed(client, frozen, read_code):
    client.post("/sign-in", data={"identifier": "alice@example.com"})
    client.post("/sign-in/code", data={"code": read_code()})
    answer = client.post("/sign-out")
    assert "You are signed out." in client.get(answer.headers["Location"]).text
    assert client.get("/wallet").headers["Location"] == "/sign-in?next=/wallet"


@pytest.mark.parametrize(
    ("method", "words"),
    [("get", "Sign in again to continue."), ("post", "Your last change was not saved.")],
)
def test_a_session_that_has_ended_is_named_on_the_sign_in_page(
    client, frozen, read_code, method, words
):
    client.post("/sign-in", data={"identifier": "alice@example.com"})
    client.post("/sign-in/code", data={"code": read_code()})
    frozen.advance(timedelta(days=15))
    answer = getattr(client, method)("/account")
    page = client.get(answer.headers["Location"]).text
    assert "Your session has ended" in page
    assert words in page


def test_the_code_page_without_a_request_leads_back(client):
    assert client.get("/sign-in/code").headers["Location"] == "/sign-in"
    assert client.post("/sign-in/code", data={"code": "123456"}).headers["Location"] == "/sign-in"


def test_too_many_requests_are_told_so_on_the_page(client, frozen):
    answers = [client.post("/sign-in", data={"identifier": "alice@example.com"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert "Wait a minute" in answers[-1].text
    assert 'value="alice@example.com"' in answers[-1].text
