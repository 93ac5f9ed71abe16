"""Tokens of the API: issued, refreshed, stolen, forged, revoked."""

import base64
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from crowdfund.api_tokens import rules
from crowdfund.api_tokens import service as api_tokens_service
from crowdfund.api_tokens.models import RefreshToken, TokenFamily
from crowdfund.api_tokens.rules import BadToken
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.people import service
from crowdfund.people.models import User
from tests.together import at_once


@pytest.fixture
def alice(app, frozen):
    person = service.ensure_user("alice@example.com", "Alice Bekele")
    commit()
    return person


def issue(person, **choices):
    made = api_tokens_service.issue(person, **choices)
    commit()
    return made


def refuse(access):
    rollback()
    with pytest.raises(BadToken):
        api_tokens_service.authenticate(access)


def test_an_access_token_speaks_for_its_person_for_fifteen_minutes(alice, frozen):
    made = issue(alice)
    assert made.expires_in_s == 900
    assert api_tokens_service.authenticate(made.access).person_id == alice
    frozen.advance(timedelta(minutes=14, seconds=59))
    assert api_tokens_service.authenticate(made.access).person_id == alice
    frozen.advance(timedelta(seconds=1))
    refuse(made.access)


def test_a_token_says_ids_only(alice):
    body = issue(alice).access.split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert set(said) == {"iss", "aud", "sub", "fam", "jti", "iat", "exp"}
    assert "alice" not in json.dumps(said)


def test_each_refresh_gives_new_tokens_and_spends_the_old_one(alice, frozen):
    first = issue(alice)
    frozen.advance(timedelta(days=13))
    second = api_tokens_service.refresh(first.refresh)
    frozen.advance(timedelta(days=13))
    third = api_tokens_service.refresh(second.refresh)
    assert len({first.refresh, second.refresh, third.refresh}) == 3
    assert api_tokens_service.authenticate(third.access).person_id == alice


def test_a_refresh_token_ends_after_fourteen_days(alice, frozen):
    made = issue(alice)
    frozen.advance(timedelta(days=14))
    with pytest.raises(BadToken):
        api_tokens_service.refresh(made.refresh)


def test_a_spent_refresh_token_that_comes_again_revokes_its_whole_family_and_no_other(alice):
    stolen, other = issue(alice), issue(alice)
    mine = api_tokens_service.refresh(stolen.refresh)
    with pytest.raises(BadToken):
        api_tokens_service.refresh(stolen.refresh)
    refuse(mine.access)
    with pytest.raises(BadToken):
        api_tokens_service.refresh(mine.refresh)
    assert api_tokens_service.authenticate(other.access).person_id == alice
    whys = db.session.scalars(sa.select(TokenFamily.revoked_why).order_by(TokenFamily.id)).all()
    assert whys == ["reused", ""]


def test_of_refreshes_at_the_same_moment_one_wins_and_the_family_ends(app, alice):
    made = issue(alice)
    outcomes = at_once(app, [lambda: api_tokens_service.refresh(made.refresh)] * 8)
    won = [one for one in outcomes if isinstance(one, api_tokens_service.Tokens)]
    assert (len(won), sum(isinstance(one, BadToken) for one in outcomes)) == (1, 7)
    refuse(won[0].access)


def test_signing_out_ends_the_family_at_once(alice):
    made = issue(alice)
    api_tokens_service.sign_out(made.refresh)
    commit()
    refuse(made.access)
    with pytest.raises(BadToken):
        api_tokens_service.refresh(made.refresh)
    api_tokens_service.sign_out("nobody knows this one")


def test_a_closed_account_has_no_valid_token(alice):
    made = issue(alice)
    db.session.execute(sa.update(User).where(User.id == alice).values(disabled_at=clock.now()))
    commit()
    refuse(made.access)
    with pytest.raises(BadToken):
        api_tokens_service.refresh(made.refresh)


def test_everything_of_a_person_can_be_revoked(alice):
    made = [issue(alice) for _ in range(3)]
    assert api_tokens_service.revoke_all(alice) == 3
    commit()
    for one in made:
        refuse(one.access)


def test_a_token_remembers_whether_a_second_factor_was_proved(alice):
    assert not api_tokens_service.authenticate(issue(alice).access).has_second_factor
    assert api_tokens_service.authenticate(
        issue(alice, has_second_factor=True).access
    ).has_second_factor


def forged(access, how):
    head, body, signature = access.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "bob"}).encode()).decode()
    own = OctKey.import_key("x" * 32)
    text = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    return {
        "no signature": f"{text}.{body}.",
        "alg none with the old signature": f"{text}.{body}.{signature}",
        "another key": jwt.encode({"alg": "HS256"}, claims, own, algorithms=["HS256"]),
        "another algorithm": jwt.encode({"alg": "RS256"}, claims, RSAKey.generate_key(2048)),
        "changed body": f"{head}.{changed}.{signature}",
        "cut": access[:-5],
        "empty": "",
        "words": "not a token",
        "huge": "a" * 100_000,
        "not ascii": "١٢٣." + access,
        "five parts": access + ".a.b",
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        "no signature",
        "alg none with the old signature",
        "another key",
        "another algorithm",
        "changed body",
        "cut",
        "empty",
        "words",
        "huge",
        "not ascii",
        "five parts",
    ],
)
def test_a_token_that_is_not_ours_speaks_for_nobody(alice, how):
    refuse(forged(issue(alice).access, how))


@pytest.mark.parametrize(
    "wrong",
    [{"iss": "https://else.example"}, {"aud": "other"}, {"exp": 1}, {"sub": None}, {"fam": None}],
)
def test_a_token_with_our_signature_and_wrong_claims_speaks_for_nobody(alice, wrong):
    made = issue(alice)
    claims = json.loads(base64.urlsafe_b64decode(made.access.split(".")[1] + "==")) | wrong
    key = rules._key(config.settings().secret_key)
    signed = jwt.encode({"alg": "HS256", "kid": key.kid}, claims, key, algorithms=["HS256"])
    refuse(signed)


def test_tokens_signed_under_an_earlier_secret_live_on_until_it_is_dropped(alice):
    made, settings = issue(alice), config.settings()
    old = settings.secret_key
    config.use(settings.model_copy(update={"secret_key": "n" * 40, "secret_key_fallbacks": [old]}))
    assert api_tokens_service.authenticate(made.access).person_id == alice
    config.use(settings.model_copy(update={"secret_key": "n" * 40, "secret_key_fallbacks": []}))
    refuse(made.access)


def test_no_token_is_stored_as_it_is(alice):
    made = issue(alice)
    stored = db.session.scalars(sa.select(RefreshToken.hash)).all()
    assert made.refresh not in stored
    assert len(stored[0]) == 64


def test_families_that_ended_long_ago_are_removed(alice, frozen):
    issue(alice)
    frozen.advance(timedelta(days=30))
    young = issue(alice)
    frozen.advance(timedelta(days=13))
    assert api_tokens_service.purge() == 1
    commit()
    assert api_tokens_service.refresh(young.refresh).access
