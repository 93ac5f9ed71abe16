"""The key ring: what was made under a former secret key is accepted until the key is dropped."""

import hmac

import pytest
from flask import Flask, session
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

from crowdfund.adapters import sealing
from crowdfund.kernel import config, csrf, keys, topics
from crowdfund.kernel.web import app as web_app

OLD, NEW = "old secret key of some length", "new secret key of some length"


@pytest.fixture
def use_keys():
    """Let the process use these secret keys, the present one first."""
    before = config.settings()

    def use(present, *former):
        update = {"secret_key": present, "secret_key_fallbacks": list(former)}
        config.use(before.model_copy(update=update))

    yield use
    config.use(before)


def test_the_present_key_comes_first_and_signs(use_keys):
    use_keys(NEW, OLD)
    assert keys.in_force() == (NEW, OLD)
    assert keys.present() == NEW
    assert keys.for_itsdangerous() == [OLD, NEW]
    assert keys.keyed_hashes(b"text") == [
        hmac.digest(key.encode(), b"text", "sha256").hex() for key in (NEW, OLD)
    ]


def test_a_seal_outlives_a_rotation_and_ends_with_its_key(use_keys):
    use_keys(OLD)
    seal = keys.keyed_hashes(b"text")[0]
    use_keys(NEW, OLD)
    assert keys.is_keyed_hash(seal, b"text")
    assert keys.is_keyed_hash(seal[:32], b"text", digits=32)
    use_keys(NEW)
    assert not keys.is_keyed_hash(seal, b"text")


@pytest.mark.parametrize("seal", ["", "0" * 64, "é", "short"])
def test_anything_else_is_no_seal(use_keys, seal):
    use_keys(OLD)
    assert not keys.is_keyed_hash(seal, b"text")
    assert not keys.is_keyed_hash(seal[:32], b"text", digits=32)
    genuine = keys.keyed_hashes(b"text")[0]
    assert not keys.is_keyed_hash(genuine[:32], b"text")
    assert not keys.is_keyed_hash(genuine, b"other text")


def test_sealed_secrets_and_their_hashes_follow_a_rotation(use_keys):
    use_keys(OLD)
    sealed = sealing.seal("purpose", "name", b"secret")
    (old_hash,) = sealing.fingerprints("purpose", "name", "text")
    use_keys(NEW, OLD)
    assert sealing.unseal("purpose", "name", sealed) == b"secret"
    assert sealing.fingerprints("purpose", "name", "text")[1:] == [old_hash]
    use_keys(NEW)
    with pytest.raises(sealing.UnsealError):
        sealing.unseal("purpose", "name", sealed)


def test_hashes_under_derived_keys_never_change(use_keys):
    """They are stored: another way to derive the key would lose every recovery code."""
    use_keys("development-only-secret-key")
    assert sealing.fingerprints("recovery code", "p1", "abcd") == [
        "756a878c70a467f12c6f1e986fe80673211001eaf46d485e57f368bf792cdf36"
    ]


def test_a_token_of_an_open_page_follows_a_rotation(use_keys):
    use_keys(OLD)
    token = topics.sign(["campaign:1"])
    use_keys(NEW, OLD)
    assert topics.verify(token) == {"campaign:1"}
    use_keys(NEW)
    with pytest.raises(topics.TokenError):
        topics.verify(token)


def test_a_form_that_was_open_at_a_rotation_still_posts(use_keys):
    use_keys(OLD)
    before = web_app_with_settings()
    use_keys(NEW, OLD)
    after = web_app_with_settings()
    use_keys(NEW)
    later = web_app_with_settings()
    with before.test_request_context():
        token = generate_csrf()
        secret = session["csrf_token"]
    with after.test_request_context():
        session["csrf_token"] = secret
        validate_csrf(token)
        validate_csrf(csrf.token())
    with later.test_request_context():
        session["csrf_token"] = secret
        with pytest.raises(ValidationError):
            validate_csrf(token)


def web_app_with_settings():
    made = Flask("made")
    web_app._configure(made, config.settings())
    return made
