"""Wrong tries that were counted under a former secret key still use up the budget."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.kernel import config
from crowdfund.kernel.db import db, rollback
from crowdfund.sign_in import queries
from crowdfund.sign_in.models import SignInCounter
from crowdfund.sign_in.rules import codes

from .conftest import other_than

C = SignInCounter.__table__


@pytest.fixture
def rotate():
    """Let a new secret key take the place of the present one, which is accepted on."""
    before = config.settings()

    def change():
        former = {"secret_key": "new" * 12, "secret_key_fallbacks": [before.secret_key]}
        config.use(before.model_copy(update=former))

    yield change
    config.use(before)


def guess_wrong(ask, enter, read_code, times, *, network):
    for first in range(0, times, 5):
        otp_id, code = ask(ip=f"10.{network}.{first}.1"), read_code()
        for _ in range(min(5, times - first)):
            with pytest.raises(codes.WrongCode):
                enter(otp_id, other_than(code), ip=f"10.{network}.{first}.9")


def tries_of_the_account():
    rollback()
    narrow = sa.and_(C.c.scope == "identifier", C.c.window_s == 3600)
    return list(db.session.scalars(sa.select(C.c.tries).where(narrow).order_by(C.c.tries)))


def test_tries_before_and_after_a_rotation_are_one_budget(ask, enter, read_code, frozen, rotate):
    guess_wrong(ask, enter, read_code, 5, network=8)
    frozen.advance(timedelta(minutes=2))
    rotate()
    still_short = ask(ip="10.7.7.7")
    assert queries.otp(still_short).digits == 6
    guess_wrong(ask, enter, read_code, 4, network=9)
    otp_id, code = ask(ip="10.5.5.5"), read_code()
    with pytest.raises(codes.WrongCode):
        enter(otp_id, other_than(code), ip="10.5.5.9")
    assert tries_of_the_account() == [5, 5]  # ten an hour, under two keys
    with pytest.raises(codes.GuessedTooOften):
        enter(still_short, code, ip="10.6.6.6")
    frozen.advance(timedelta(minutes=2))
    assert queries.otp(ask(ip="10.6.6.6")).digits == 12


def test_a_right_code_after_a_rotation_uses_up_nothing(ask, enter, read_code, frozen, rotate):
    guess_wrong(ask, enter, read_code, 3, network=8)
    otp_id, code = ask(ip="10.7.7.7"), read_code()
    rotate()
    assert enter(otp_id, code, ip="10.7.7.7")
    assert tries_of_the_account() == [0, 3]
