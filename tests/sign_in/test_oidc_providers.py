"""Providers as they differ: names of keys, algorithms, userinfo, and how a secret is sent."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_plus

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from crowdfund.adapters import oidc

CLIENT, NONCE = "crowd fund", "n" * 32
EMAIL = {"email": "a@id.example", "email_verified": True}


class Scripted:
    """A provider whose answers a test sets; the code is not looked at."""

    def __init__(self):
        self.keys, self.names, self.claims, self.discovery = [], True, {}, {}
        self.userinfo, self.asked, self.algorithm = {"sub": "s", **EMAIL}, [], "RS256"

    def token(self):
        key, now = self.keys[0], int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "nonce": NONCE, "sub": "s", "iat": now}
        return self.signed(key, claims | {"exp": now + 300} | self.claims)

    def signed(self, key, claims):
        header = {"alg": self.algorithm} | ({"kid": key.kid} if self.names else {})
        return jwt.encode(header, claims, key, algorithms=[self.algorithm])

    def answer(self, path):
        if path.endswith("openid-configuration"):
            names = ("authorization", "token", "userinfo")
            found = {f"{name}_endpoint": f"{self.url}/{name}" for name in names}
            return found | {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"} | self.discovery
        if path == "/jwks":
            found = KeySet(self.keys).as_dict(private=False)
            for one in found["keys"]:
                one.pop("kid", None) if not self.names else None
            return found
        if path == "/token":
            return {"access_token": "t", "token_type": "Bearer", "id_token": self.token()}
        return self.userinfo


@pytest.fixture(scope="module")
def server():
    """One scripted provider for all tests; each begins with `reset`."""
    scripted = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            scripted.asked.append((self.path, self.headers.get("Authorization")))
            found = scripted.answer(self.path)
            status = found if isinstance(found, int) else 200
            kind = "application/jwt" if isinstance(found, str) else "application/json"
            body = (found if isinstance(found, str) else json.dumps(found)).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            self.do_GET()

        def log_message(self, *_args):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    scripted.url = f"http://127.0.0.1:{http.server_address[1]}"
    yield scripted
    http.shutdown()
    http.server_close()


RSA = [RSAKey.generate_key(2048, {"kid": "one"}) for _ in range(3)]
ED = OKPKey.generate_key("Ed25519", {"kid": "one"})
EC = ECKey.generate_key("P-256", {"kid": "one"})


@pytest.fixture
def scripted(app, server):
    url = server.url
    server.__init__()
    server.url, server.keys = url, [RSA[0]]
    return server


@pytest.fixture
def client(scripted):
    return oidc.Provider(scripted.url, CLIENT, "se+cret %/:é", "openid email", "http://us/back")


def enter(client):
    return client.identity("code", nonce=NONCE, verifier="v" * 43)


# --- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [RSA[1], EC], ids=["of the same kind", "of another kind"])
@pytest.mark.parametrize("names", [True, False], ids=["under its name", "without names"])
def test_a_key_that_was_replaced_is_read_once_more(scripted, client, other, names):
    scripted.names = names
    enter(client)
    scripted.keys = [other]
    scripted.algorithm = "ES256" if other is EC else "RS256"
    assert enter(client).subject == "s"
    assert [path for path, _ in scripted.asked].count("/jwks") == 2


def test_a_signature_of_a_stranger_is_refused_after_one_more_reading(scripted, client):
    enter(client)
    keys = scripted.keys
    scripted.token = lambda: None
    stranger = RSA[2]
    scripted.keys = [stranger]
    forged = Scripted.token(scripted)
    scripted.keys, scripted.token = keys, lambda: forged
    with pytest.raises(oidc.ProviderRefused):
        enter(client)
    assert [path for path, _ in scripted.asked].count("/jwks") == 2
    del scripted.token


def test_of_several_keys_without_names_the_one_that_fits_counts(scripted, client):
    scripted.names = False
    scripted.keys = [RSA[0], RSA[1], EC]
    assert enter(client).subject == "s"
    scripted.keys = [RSA[2], RSA[1], RSA[0]]
    client._cache.clear()
    assert enter(client).subject == "s"


def test_of_several_keys_of_one_name_the_one_that_fits_counts(scripted, client):
    scripted.keys = [RSA[0], RSA[1]]
    enter(client)
    scripted.keys = [RSA[1], RSA[0]]
    assert enter(client).subject == "s"
    assert [path for path, _ in scripted.asked].count("/jwks") == 1


@pytest.mark.parametrize("algorithm", ["Ed25519", "EdDSA"])
@pytest.mark.parametrize("published", ["Ed25519", "EdDSA", None])
def test_ed25519_is_taken_under_both_of_its_names(scripted, client, algorithm, published):
    scripted.algorithm = algorithm
    named = {"kid": "one"} | ({"alg": published} if published else {})
    scripted.keys = [OKPKey.import_key(ED.as_dict(private=True), {"kid": "one"})]
    answer = scripted.answer

    def with_name(path):
        found = answer(path)
        return {"keys": [one | named for one in found["keys"]]} if path == "/jwks" else found

    scripted.answer = with_name
    try:
        assert enter(client).subject == "s"
    finally:
        del scripted.answer


# --- userinfo -------------------------------------------------------------------------------------


def test_an_address_may_be_called_verified_by_userinfo_only(scripted, client):
    scripted.claims = {"email": "a@id.example"}
    found = enter(client)
    assert (found.email, found.email_verified) == ("a@id.example", True)


def test_userinfo_verifies_no_other_address_than_its_own(scripted, client):
    scripted.claims = {"email": "owner@id.example"}
    found = enter(client)
    assert (found.email, found.email_verified) == ("owner@id.example", False)


def test_what_the_id_token_says_is_not_changed_by_userinfo(scripted, client):
    scripted.claims = {"email": "a@id.example", "email_verified": False}
    assert enter(client).email_verified is False
    assert "/userinfo" not in [path for path, _ in scripted.asked]


@pytest.mark.parametrize(
    "answer", [500, 401, 404, "no token", [], {"email": "x@id.example", "sub": "s"}]
)
def test_a_userinfo_that_fails_leaves_what_the_id_token_proved(scripted, client, answer):
    scripted.claims, scripted.userinfo = {"email": "a@id.example", "name": "Abebe"}, answer
    found = enter(client)
    assert (found.subject, found.email, found.name) == ("s", "a@id.example", "Abebe")
    assert found.email_verified is False


def test_a_userinfo_endpoint_that_hangs_up_or_is_no_address_does_the_same(scripted, client):
    for address in ("http://127.0.0.1:1/userinfo", "ftp://x", 7):
        scripted.discovery = {"userinfo_endpoint": address}
        client._cache.clear()
        assert enter(client).subject == "s"


def test_userinfo_of_somebody_else_is_not_used(scripted, client):
    scripted.userinfo = EMAIL | {"sub": "another"}
    assert enter(client).email == ""


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({}, "a@id.example"),
        ({"aud": [CLIENT, "others"]}, "a@id.example"),
        ({"aud": "others"}, ""),
        ({"iss": "http://elsewhere"}, ""),
        ({"sub": "another"}, ""),
    ],
)
def test_userinfo_may_be_a_signed_token(scripted, client, claims, email):
    ours = {"sub": "s", "iss": scripted.url, "aud": CLIENT, **EMAIL}
    scripted.userinfo = scripted.signed(RSA[0], ours | claims)
    found = enter(client)
    assert (found.email, found.email_verified) == (email, bool(email))


def test_userinfo_signed_by_a_stranger_is_not_used(scripted, client):
    scripted.userinfo = scripted.signed(RSA[2], {"sub": "s", **EMAIL})
    assert enter(client).email == ""


# --- the secret -----------------------------------------------------------------------------------


def test_name_and_secret_are_encoded_before_they_are_joined(scripted, client):
    enter(client)
    (sent,) = [shown for path, shown in scripted.asked if path == "/token"]
    name, _, secret = base64.b64decode(sent.removeprefix("Basic ")).decode("ascii").partition(":")
    assert (unquote_plus(name), unquote_plus(secret)) == (CLIENT, "se+cret %/:é")


def test_a_provider_that_takes_secrets_in_the_form_gets_no_header(scripted, client):
    scripted.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    enter(client)
    assert [shown for path, shown in scripted.asked if path == "/token"] == [None]
