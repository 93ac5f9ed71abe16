"""Sessions live in SQL: they rotate, expire, and can be taken away."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.kernel import config, sessions
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.sessions import WebSession
from crowdfund.sign_in.models import Otp
from crowdfund.sign_in.rules import codes


def rows():
    rollback()
    return db.session.scalars(sa.select(WebSession)).all()


def cookie(client):
    found = client.get_cookie("crowdfund")
    return found and found.value


def sign_in(client, email="alice@example.com"):
    client.post("/sign-in", data={"identifier": email})
    otp_id = db.session.scalar(
        sa.select(Otp.id).where(Otp.identifier == email).order_by(Otp.id.desc())
    )
    code = codes.code_for(config.settings().secret_key, otp_id)
    answer = client.post("/sign-in/code", data={"code": code})
    assert answer.status_code == 303
    return answer


def is_signed_in(client):
    return client.get("/account").status_code == 200


def test_a_reader_gets_no_session_until_something_must_be_remembered(client):
    client.get("/health")
    assert (rows(), cookie(client)) == ([], None)


def test_the_table_opens_no_session(client, frozen):
    sign_in(client)
    (row,) = rows()
    assert row.id == sessions.hashed(cookie(client)) != cookie(client)
    assert cookie(client) not in str(row.data)
    assert row.user_id is not None


def test_signing_in_changes_the_cookie_and_the_old_one_is_worthless(app, client, frozen):
    client.post("/sign-in", data={"identifier": "alice@example.com"})
    before = cookie(client)
    sign_in(client)
    assert cookie(client) != before
    thief = app.test_client()
    thief.set_cookie("crowdfund", before)
    assert is_signed_in(client)
    assert not is_signed_in(thief)
    assert len(rows()) == 1


def test_signing_out_ends_the_session_on_the_server(app, client, frozen):
    sign_in(client)
    stolen = cookie(client)
    client.post("/sign-out")
    thief = app.test_client()
    thief.set_cookie("crowdfund", stolen)
    assert not is_signed_in(thief)
    assert not is_signed_in(client)


def test_a_revoked_row_signs_out_at_once(client, frozen):
    sign_in(client)
    assert is_signed_in(client)
    db.session.execute(sa.delete(WebSession))
    commit()
    assert not is_signed_in(client)


def test_an_idle_session_ends_and_a_used_one_goes_on(client, frozen):
    sign_in(client)
    for _ in range(2):
        frozen.advance(timedelta(days=13))
        assert is_signed_in(client)
    frozen.advance(timedelta(days=3, hours=23))
    assert is_signed_in(client)
    frozen.advance(timedelta(hours=2))  # 30 days after the sign-in
    assert not is_signed_in(client)


def test_a_session_that_nobody_used_for_two_weeks_is_over(client, frozen):
    sign_in(client)
    frozen.advance(timedelta(days=14, seconds=1))
    assert not is_signed_in(client)


def test_being_seen_is_noted_now_and_then_not_each_time(client, frozen):
    sign_in(client)
    client.get("/account")  # takes the greeting out of the session
    first = rows()[0].seen_at
    frozen.advance(timedelta(minutes=5))
    client.get("/account")
    assert rows()[0].seen_at == first
    frozen.advance(timedelta(minutes=6))
    client.get("/account")
    assert rows()[0].seen_at == first + timedelta(minutes=11)


@pytest.mark.parametrize("token", ["", "x", "x" * 64, "x" * 3000, "' OR 1=1 --", "\u0663"])
def test_a_made_up_cookie_is_nobody(app, client, token):
    client.set_cookie("crowdfund", token)
    assert client.get("/account").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client, frozen):
    answer = sign_in(client)
    said = [value for name, value in answer.headers if name == "Set-Cookie"][-1]
    assert "HttpOnly" in said
    assert "SameSite=Lax" in said
    assert "Path=/" in said
