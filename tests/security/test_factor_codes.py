"""Codes of the app and codes on paper: each opens once, and nobody guesses for long."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.security import rules
from crowdfund.security.models import FactorTry
from crowdfund.security.service import second_factor
from tests import raising
from tests.together import at_once

from .factors import by_mail, code, enrolled, prove, recover, wrong


@pytest.fixture
def alice(app, frozen):
    """An investor with an authenticator app."""
    return enrolled(raising.person("alice"))


@pytest.fixture
def codes(alice):
    made = second_factor.make_recovery_codes(alice)
    commit()
    return made


# --- codes of the app -----------------------------------------------------------------------------


def test_a_code_works_once(alice):
    prove(alice, code())
    with pytest.raises(rules.WrongFactor):
        prove(alice, code())


@pytest.mark.parametrize("digits", ["०१२३४५६७८९", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９"])
def test_a_code_in_digits_of_another_script_is_the_code_and_no_wrong_try(alice, digits):
    typed = code().translate(str.maketrans("0123456789", digits))
    prove(alice, f"\u200e{typed[:3]}\u00a0{typed[3:]}")
    wrong_tries = sa.select(sa.func.count()).where(FactorTry.failed)
    assert db.session.scalar(wrong_tries) == 0


@pytest.mark.parametrize(
    ("shift", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_clocks_may_differ_by_one_step(alice, shift, good):
    if good:
        prove(alice, code(shift))
        return
    with pytest.raises(rules.WrongFactor):
        prove(alice, code(shift))


def test_an_older_code_than_the_last_used_one_is_refused(alice):
    prove(alice, code(1))
    for shift in (-1, 0, 1):
        with pytest.raises(rules.WrongFactor):
            prove(alice, code(shift))


def test_of_the_same_code_twenty_times_at_once_one_is_taken(app, alice, monkeypatch):
    monkeypatch.setattr(rules, "TRY_LIMITS", ((100, timedelta(minutes=15)),))
    typed = code()
    outcomes = at_once(app, [lambda: second_factor.prove_app(alice, typed)] * 20)
    assert outcomes.count(None) == 1
    assert sum(isinstance(one, rules.WrongFactor) for one in outcomes) == 19


def test_of_twenty_guesses_at_once_at_most_five_are_looked_at(app, alice):
    outcomes = at_once(app, [lambda: second_factor.prove_app(alice, wrong())] * 20)
    looked_at = sum(isinstance(one, rules.WrongFactor) for one in outcomes)
    assert looked_at <= 5
    assert sum(isinstance(one, rules.TooManyTries) for one in outcomes) == 20 - looked_at


def test_five_wrong_codes_and_the_right_one_has_to_wait(alice, frozen):
    for _ in range(5):
        with pytest.raises(rules.WrongFactor):
            prove(alice, wrong())
    with pytest.raises(rules.TooManyTries, match="Wait 15 minutes"):
        prove(alice, code())
    frozen.advance(timedelta(minutes=15))
    prove(alice, code())


def test_whoever_waits_and_tries_again_ends_after_twenty_a_day(alice, frozen):
    looked_at = 0
    for _ in range(12):
        for _ in range(6):
            try:
                prove(alice, wrong())
            except rules.WrongFactor:
                looked_at += 1
            except rules.TooManyTries:
                break
        frozen.advance(timedelta(minutes=16))
    assert looked_at == 20


def test_right_codes_are_not_counted_against_their_person(alice, frozen):
    for _ in range(8):
        prove(alice, code())
        frozen.advance(timedelta(seconds=30))
    rollback()
    assert db.session.scalars(sa.select(FactorTry.failed)).all() == [False] * 8


def test_a_refused_page_counts_the_try(client, alice):
    by_mail(client, "alice@example.com")
    answer = client.post("/sign-in/second-factor", data={"code": wrong()})
    assert answer.status_code == 422
    assert "was already used" in answer.text
    rollback()
    assert db.session.scalars(sa.select(FactorTry.failed)).all() == [True]


def test_the_secret_opens_after_the_platforms_key_was_rotated(alice):
    old = config.settings()
    try:
        config.use(
            old.model_copy(
                update={"secret_key": "new" * 12, "secret_key_fallbacks": [old.secret_key]}
            )
        )
        prove(alice, code())
    finally:
        config.use(old)


# --- recovery codes -------------------------------------------------------------------------------


def test_a_recovery_code_works_once_and_its_person_is_told(alice, codes):
    assert recover(alice, f" {codes[0].lower().replace('-', ' ')} ") == 9
    with pytest.raises(rules.WrongFactor):
        recover(alice, codes[0])
    outbox.drain_all()
    assert any("recovery code" in letter["Subject"].lower() for letter in mail.OUTBOX)


def test_a_recovery_code_may_be_pasted_in_small_letters_and_with_other_dashes(alice, codes):
    typed = codes[0].lower().replace("-", "\u2013")
    wide = str.maketrans("34679", "३४६७९")
    assert recover(alice, f"\u202a{typed.translate(wide)}\u202c") == len(codes) - 1


def test_the_same_recovery_code_at_once_opens_once(app, alice, codes, monkeypatch):
    monkeypatch.setattr(rules, "TRY_LIMITS", ((100, timedelta(minutes=15)),))
    outcomes = at_once(app, [lambda: second_factor.prove_recovery_code(alice, codes[0])] * 10)
    assert sum(one == 9 for one in outcomes) == 1
    assert sum(isinstance(one, rules.WrongFactor) for one in outcomes) == 9


def test_new_codes_end_the_former_ones(alice, codes):
    fresh = second_factor.make_recovery_codes(alice)
    commit()
    with pytest.raises(rules.WrongFactor):
        recover(alice, codes[0])
    assert recover(alice, fresh[0]) == 9


def test_nobody_uses_the_code_of_somebody_else(alice, codes, frozen):
    bob = enrolled(raising.person("bob"))
    with pytest.raises(rules.WrongFactor):
        recover(bob, codes[0])
    assert recover(alice, codes[0]) == 9


def test_recovery_codes_still_open_after_the_key_was_rotated(alice, codes):
    old = config.settings()
    try:
        config.use(
            old.model_copy(
                update={"secret_key": "new" * 12, "secret_key_fallbacks": [old.secret_key]}
            )
        )
        assert recover(alice, codes[0]) == 9
    finally:
        config.use(old)


def test_guessing_recovery_codes_is_limited_with_the_codes_of_the_app(alice, codes):
    for _ in range(5):
        with pytest.raises(rules.WrongFactor):
            recover(alice, "AAAA-AAAA-AAAA")
    with pytest.raises(rules.TooManyTries):
        recover(alice, codes[0])
    with pytest.raises(rules.TooManyTries):
        prove(alice, code())


def test_a_recovery_code_signs_in_and_says_how_many_are_left(client, alice, codes):
    by_mail(client, "alice@example.com")
    assert "use a recovery code" in client.get("/sign-in/second-factor").text
    wrong_one = client.post("/sign-in/recovery-code", data={"code": "XXXX-XXXX-XXXX"})
    assert (wrong_one.status_code, "Try another one" in wrong_one.text) == (422, True)
    assert client.post("/sign-in/recovery-code", data={"code": codes[0]}).status_code == 303
    assert "9 recovery codes are left" in client.get("/campaigns").text
