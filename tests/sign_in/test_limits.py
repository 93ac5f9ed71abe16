"""Wrong tries are counted before they are judged, and where a budget is spent nobody is judged."""

import os
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.kernel import clock, config, outbox
from crowdfund.kernel.db import commit, db, new_id, rollback
from crowdfund.kernel.errors import Unavailable
from crowdfund.people import queries as people_queries
from crowdfund.people.models import User
from crowdfund.sign_in import queries
from crowdfund.sign_in.models import Otp, SignInCounter
from crowdfund.sign_in.rules import codes, limits
from crowdfund.sign_in.service import codes as codes_service
from crowdfund.sign_in.service import limits as limits_service
from tests.together import at_once

from .conftest import other_than

C = SignInCounter.__table__
ADDRESSES, ACCOUNTS = 1_000, 100_000
GUESSES = int(os.environ.get("GUESSES", "1000"))  # 100,000 takes some minutes


def counted(scope, subject=None):
    rollback()
    query = sa.select(sa.func.max(C.c.tries)).where(C.c.scope == scope)
    if subject is not None:
        query = query.where(C.c.subject == limits_service.Subjects(*[subject] * 3).of(scope))
    return db.session.scalar(query) or 0


def test_addresses_count_by_what_one_visitor_has():
    assert limits.address("10.1.2.3") == limits.address("::ffff:10.1.2.3") == "10.1.2.3"
    assert limits.network("10.1.2.3") == limits.network("10.1.2.250") != limits.network("10.1.3.3")
    assert (
        limits.address("2001:db8:1:2::5")
        == limits.address("2001:db8:1:2:ffff::1")
        == "2001:db8:1:2::/64"
    )
    assert (
        limits.network("2001:db8:1:2::5")
        == limits.network("2001:db8:1:ffff::")
        == "2001:db8:1::/48"
    )
    for strange in ("", "unknown", "10.1.2", "<b>", "9" * 500):
        assert limits.address(strange) == limits.network(strange) == "unknown"


def test_a_window_begins_at_the_same_moment_for_all(frozen):
    hour = limits.Limit("ip", timedelta(hours=1), 5)
    assert hour.begin(clock.now()) == hour.begin(clock.now() + timedelta(minutes=59, seconds=59))
    assert hour.begin(clock.now()) != hour.begin(clock.now() + timedelta(hours=1))


def test_a_right_code_uses_up_no_budget_and_a_wrong_one_does(ask, enter, read_code):
    enter(ask(), read_code())
    assert [counted(scope) for scope in ("identifier", "ip", "network", "everybody")] == [
        0,
        0,
        0,
        0,
    ]
    otp_id, code = ask(), read_code()
    for _ in range(2):
        with pytest.raises(codes.WrongCode):
            enter(otp_id, other_than(code))
    assert [counted(scope) for scope in ("identifier", "ip", "network", "everybody")] == [
        2,
        2,
        2,
        2,
    ]
    enter(otp_id, code)
    assert counted("everybody") == 2


def guess_wrong(ask, enter, read_code, times, *, to="alice@example.com", ip="10.9.9.9"):
    """Type wrong codes for an address from elsewhere, five for each request."""
    for first in range(0, times, 5):
        otp_id = ask(to, ip=f"10.8.{first // 5}.1", device=f"{to}{first}")
        code = read_code(to)
        for _ in range(min(5, times - first)):
            with pytest.raises(codes.WrongCode):
                enter(otp_id, other_than(code), ip=ip)


def test_an_account_that_is_guessed_at_gets_a_long_code_and_is_not_locked(
    ask, enter, read_code, frozen
):
    before = ask()
    code_before = read_code()
    guess_wrong(ask, enter, read_code, 9)
    assert queries.otp(ask(ip="10.7.7.7")).digits == 6
    frozen.advance(timedelta(minutes=2))
    guess_wrong(ask, enter, read_code, 1)
    # The six digits are not judged any more, though they are right and come from a good address.
    with pytest.raises(codes.GuessedTooOften, match="twelve digits") as refusal:
        enter(before, code_before, ip="10.6.6.6")
    assert refusal.value.status == 429
    frozen.advance(timedelta(minutes=2))
    otp_id = ask(ip="10.6.6.6")
    code = read_code(digits=12)
    assert enter(otp_id, code, ip="10.6.6.6")
    # Nobody else notices.
    assert enter(ask("bob@example.com", ip="10.6.6.6"), read_code("bob@example.com"), ip="10.6.6.6")


def test_the_page_says_why_a_code_is_longer_and_takes_it(client, ask, enter, read_code, frozen):
    client.post("/sign-in", data={"identifier": "alice@example.com"})
    short = read_code()
    frozen.advance(timedelta(minutes=2))
    guess_wrong(ask, enter, read_code, 10)
    answer = client.post("/sign-in/code", data={"code": short})
    assert answer.status_code == 429
    assert "it has twelve digits and works at once" in answer.text
    frozen.advance(timedelta(minutes=2))
    client.post("/sign-in", data={"identifier": "alice@example.com"})
    page = client.get("/sign-in/code").text
    assert "Twelve-digit code" in page
    assert "longer than usual" in page
    code = read_code(digits=12)
    answer = client.post("/sign-in/code", data={"code": f"{code[:6]} {code[6:]}"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/campaigns")


def test_a_spent_budget_of_an_address_leaves_its_neighbours_alone(ask, enter, read_code, frozen):
    for number in range(6):
        guess_wrong(ask, enter, read_code, 10, to=f"a{number}@example.com", ip="10.9.9.9")
        frozen.advance(timedelta(minutes=2))
    assert queries.otp(ask("bob@example.com", ip="10.9.9.9")).digits == 12
    assert queries.otp(ask("bob@example.com", ip="10.9.9.8")).digits == 6


def test_a_browser_that_guesses_gets_long_codes_and_others_at_its_address_do_not(
    ask, enter, read_code, frozen
):
    for number in range(2):
        for _ in range(2):
            otp_id, code = ask(f"a{number}@x.org", device="guesser"), read_code(f"a{number}@x.org")
            for _ in range(5):
                with pytest.raises(codes.WrongCode):
                    enter(otp_id, other_than(code))
        frozen.advance(timedelta(minutes=2))
    assert queries.otp(ask("bob@example.com", device="guesser")).digits == 12
    otp_id = ask("carl@example.com", device="another")
    assert enter(otp_id, read_code("carl@example.com"))


def test_a_budget_comes_back_when_its_window_is_over(ask, enter, read_code, frozen):
    guess_wrong(ask, enter, read_code, 10)
    frozen.advance(timedelta(hours=1))
    otp_id = ask()
    assert queries.otp(otp_id).digits == 6
    assert enter(otp_id, read_code())


# --- codes that are sent --------------------------------------------------------------------------


def test_sixty_people_behind_one_address_get_their_codes_in_one_minute(ask, enter, read_code):
    for number in range(60):
        ask(f"p{number}@example.com", device=f"d{number}")
    with pytest.raises(codes.TooManyCodes, match="Wait a minute"):
        ask("one@example.com", device="more")
    ask("one@example.com", ip="10.0.0.2", device="more")


def test_six_browsers_at_one_address_sign_in_though_one_asks_too_often(app):
    def status(browser, identifier):
        place = {"REMOTE_ADDR": "197.156.1.1"}
        data = {"identifier": identifier}
        return browser.post("/sign-in", data=data, environ_base=place).status_code

    rude = app.test_client()
    assert [status(rude, f"a{n}@example.com") for n in range(6)] == [303] * 5 + [429]
    assert [status(app.test_client(), f"b{n}@example.com") for n in range(6)] == [303] * 6


def test_one_browser_gets_thirty_codes_an_hour_wherever_it_is(ask, frozen):
    for number in range(30):
        ask(f"p{number}@example.com", ip=f"10.{number}.0.1", device="one")
        frozen.advance(timedelta(seconds=20))
    with pytest.raises(codes.TooManyCodes, match="in an hour"):
        ask("more@example.com", ip="10.99.0.1", device="one")
    frozen.advance(timedelta(hours=1))
    ask("more@example.com", ip="10.99.0.1", device="one")


def ask_until_refused(ask, frozen, to, network, *, pause=timedelta(minutes=1)):
    """Ask for codes, each time as a new browser; return how many were sent and the refusal."""
    for number in range(200):
        try:
            ask(to, ip=f"10.0.{network}.{number % 250}", device=f"{network}:{number}")
        except codes.TooManyCodes as error:
            return number, error.user_message
        frozen.advance(pause)
    raise AssertionError("there is no limit")


def test_one_email_address_gets_ten_codes_an_hour_from_one_network(ask, frozen, read_code, enter):
    sent, sentence = ask_until_refused(ask, frozen, "alice@example.com", 1)
    assert sent == 10
    assert "in an hour" in sentence
    # The owner, who is elsewhere, is not locked out by that.
    otp_id = ask(ip="192.0.2.1", device="alice")
    assert enter(otp_id, read_code(), ip="192.0.2.1")
    frozen.advance(timedelta(hours=1))
    ask(ip="10.0.1.1", device="later")


def test_one_email_address_gets_thirty_codes_an_hour_from_everywhere(ask, frozen):
    pause = timedelta(seconds=30)
    sent = [
        ask_until_refused(ask, frozen, "alice@example.com", network, pause=pause)[0]
        for network in range(4)
    ]
    assert sent == [10, 10, 10, 0]


def test_one_email_address_gets_thirty_codes_a_day_from_one_network_and_a_hundred_in_all(
    ask, frozen
):
    start, pause = clock.now(), timedelta(minutes=7)
    sent, sentence = ask_until_refused(ask, frozen, "alice@example.com", 1, pause=pause)
    assert sent == 30
    assert "try again tomorrow" in sentence
    others = [
        ask_until_refused(ask, frozen, "alice@example.com", network, pause=pause)[0]
        for network in (2, 3, 4)
    ]
    assert [*others] == [30, 30, 10]
    assert clock.now() - start < timedelta(days=1)
    frozen.advance(timedelta(days=1))
    ask(ip="10.0.1.1", device="later")


def test_one_mobile_number_gets_twenty_codes_a_day(ask, frozen):
    number, sent = "+251911234567", 0
    for turn in range(24):
        try:
            ask(number, ip=f"10.{turn}.0.1", device=f"d{turn}")
            sent += 1
        except codes.TooManyCodes:
            pass
        frozen.advance(timedelta(minutes=20))
    assert sent == 20


def test_a_clock_that_was_a_day_ahead_for_a_moment_locks_nobody_out_for_a_day(ask, frozen):
    frozen.advance(timedelta(days=1))
    for _ in range(5):
        ask()
    with pytest.raises(codes.TooManyCodes):
        ask()
    frozen.advance(timedelta(days=-1))
    ask()


def test_a_refused_try_uses_up_nothing_of_others(ask, enter, read_code, frozen):
    otp_id, code = ask(), read_code()
    frozen.advance(timedelta(minutes=1))
    guess_wrong(ask, enter, read_code, 10)
    before = counted("everybody"), queries.otp(otp_id).attempts
    for _ in range(30):
        with pytest.raises(codes.GuessedTooOften):
            enter(otp_id, code)
    assert (counted("everybody"), queries.otp(otp_id).attempts) == before


def test_five_wrong_tries_kill_a_long_code_too(ask, enter, read_code, frozen):
    guess_wrong(ask, enter, read_code, 10)
    frozen.advance(timedelta(minutes=2))
    otp_id = ask()
    code = read_code(digits=12)
    for typed in ("000000000000", code[:6], "", "9" * 5000, "abcdef"):
        with pytest.raises(codes.WrongCode):
            enter(otp_id, typed)
    with pytest.raises(codes.WrongCode):
        enter(otp_id, code)


def test_when_sql_cannot_count_nobody_gets_in(ask, enter, read_code, client):
    otp_id, code = ask(), read_code()
    client.post("/sign-in", data={"identifier": "bob@example.com"})
    with db.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE sign_in_counter RENAME TO away"))
    try:
        with pytest.raises(Unavailable, match="nobody can sign in"):
            enter(otp_id, code)
        rollback()
        with pytest.raises(Unavailable):
            ask("carl@example.com")
        rollback()
        answer = client.post("/sign-in/code", data={"code": read_code("bob@example.com")})
        assert answer.status_code == 503
        assert "nobody can sign in" in answer.text
        with client.session_transaction() as session:
            assert "_user_id" not in session
    finally:
        rollback()
        with db.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE away RENAME TO sign_in_counter"))
    assert enter(otp_id, code)


def test_at_most_the_budget_is_judged_of_many_at_once(app, ask, read_code):
    found = [
        (otp_id, read_code(to)) for to in ("a@x.org", "b@x.org", "c@x.org") for otp_id in [ask(to)]
    ]
    works = [
        lambda otp_id=otp_id, code=code: codes_service.sign_in(
            otp_id, other_than(code), ip="10.3.3.3"
        )
        for otp_id, code in found
        for _ in range(5)
    ]
    outcomes = at_once(app, works)
    assert all(isinstance(one, codes.WrongCode) for one in outcomes)
    assert counted("ip", "10.3.3.3") == 15


def test_counters_and_requests_are_cleared_away(ask, enter, read_code, frozen):
    guess_wrong(ask, enter, read_code, 3)
    frozen.advance(timedelta(days=2, hours=1))
    fresh = ask("bob@example.com")
    outbox.drain_all()
    limits_service.purge()
    commit()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInCounter)) == 0
    assert list(db.session.scalars(sa.select(Otp.id))) == [fresh]


def test_counters_name_nobody(ask, enter, read_code):
    guess_wrong(ask, enter, read_code, 1)
    rollback()
    kept = str(db.session.execute(sa.select(C)).all())
    assert "alice" not in kept
    assert "10.9.9" not in kept


# --- one thousand addresses try one hundred thousand accounts -------------------------------------


@pytest.fixture
def siege(app, frozen):
    """A request for a code for each of 100,000 accounts, as if sending had no limits."""
    now = clock.now()
    ids = [new_id() for _ in range(ACCOUNTS)]
    rows = [
        {
            "id": otp_id,
            "kind": "email",
            "identifier": f"person{n}@example.com",
            "digits": 6,
            "language": "en",
            "ip": "",
            "network": "",
            "attempts": 0,
            "created_at": now - timedelta(minutes=2),
            "expires_at": now + codes.CODE_LIFETIME,
        }
        for n, otp_id in enumerate(ids)
    ]
    with db.engine.begin() as connection:
        connection.execute(sa.insert(Otp.__table__), rows)
    return ids


def address_of(number):
    """Return one of a thousand addresses, each in a network of its own."""
    return f"10.{number // 250}.{number % 250}.7"


def test_a_thousand_addresses_trying_a_hundred_thousand_accounts_open_none(
    siege, enter, ask, read_code
):
    secret, judged, refused = config.settings().secret_key, 0, 0
    for turn in range(GUESSES):
        otp_id, ip = siege[turn * 31 % ACCOUNTS], address_of(turn % ADDRESSES)
        code = codes.code_for(secret, otp_id)
        try:
            # While guesses are checked they miss, as 999,999 of a million do; then even the right
            # code is of no use: it is not checked.
            enter(otp_id, other_than(code) if not refused else code, ip=ip)
        except codes.WrongCode:
            judged += 1
        except codes.GuessedTooOften:
            refused += 1
    budget = limits.for_everybody(config.settings().sign_in_failures_a_day)[0].most
    assert (judged, refused) == (budget, GUESSES - budget)
    assert judged / 10**6 < 1 / 1000  # the chance that all of them together open a single account
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 0
    # Somebody honest is not locked out meanwhile: the next code is a long one, and works.
    otp_id = ask(ip="192.0.2.1")
    assert enter(otp_id, read_code(digits=12), ip="192.0.2.1")


# --- the same for those who have an account and those who have none -------------------------------


class Statements:
    """What is sent to the database while a block runs, without its values."""

    def __enter__(self):
        self.texts = []
        sa.event.listen(db.engine, "before_cursor_execute", self._note)
        return self.texts

    def _note(self, _connection, _cursor, statement, *_):
        self.texts.append(statement)

    def __exit__(self, *_):
        sa.event.remove(db.engine, "before_cursor_execute", self._note)


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_asking_and_guessing_cost_the_same_whether_the_account_exists(
    ask, enter, read_code, frozen, kind
):
    known, unknown = {
        "email": ("alice@example.com", "bob@example.com"),
        "phone": ("+251911234567", "+251911234568"),
    }[kind]
    person_id = enter(ask(known), read_code(known))
    frozen.advance(timedelta(hours=2))
    assert people_queries.get(person_id)
    seen = {}
    for number, typed in enumerate((known, unknown)):
        ip = f"10.{number + 1}.0.1"
        with Statements() as asked:
            otp_id = ask(typed, ip=ip)
        code = read_code(typed)
        with Statements() as guessed, pytest.raises(codes.WrongCode):
            enter(otp_id, other_than(code), ip=ip)
        with Statements() as again, pytest.raises(codes.WrongCode):
            enter(otp_id, other_than(code), ip=ip)
        seen[typed] = (asked, guessed, again)
    # The counter of everybody is new for the first only; its row is there for the second.
    asked, guessed, again = zip(*seen.values(), strict=True)
    assert asked[0] == asked[1]
    assert again[0] == again[1]
    assert [text for text in guessed[0] if "INSERT" not in text][:4] == [
        text for text in guessed[1] if "INSERT" not in text
    ][:4]
    for texts in (*asked, *guessed, *again):
        assert not any(
            "person" in text.split("FROM")[-1].split("WHERE")[0] for text in texts if "FROM" in text
        )
        assert not any("sign_in_method" in text for text in texts)
