"""Sign in at a second real provider: npm's certified oidc-provider, in a process of Node."""

import fcntl
import json
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from crowdfund.adapters import oidc
from crowdfund.kernel import config
from crowdfund.local import anvil
from crowdfund.local.ports import free_port

from .conftest import count_people, methods_of, person_of, refused
from .providing import CALLBACK, begin, come_back

pytestmark = pytest.mark.node

HERE = Path(__file__).with_name("certified")
TOOLS = anvil.TOOLS / "oidc-provider"
SECRET = "se+cret/with %41 & more"
PEOPLE = {
    "almaz": {"email": "almaz@id.example", "email_verified": True, "name": "Almaz Ayana"},
    "biruk": {"email": "biruk@id.example", "email_verified": False, "name": "Biruk"},
}
CLIENT = {
    "client_id": "crowd fund",
    "client_secret": SECRET,
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code"],
    "response_types": ["code"],
}


@pytest.fixture(scope="session")
def installed():
    """The folder with the pinned package, installed once for all runs in this checkout."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS.parent / "oidc-provider.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (HERE / "package-lock.json").read_text()
        mark = TOOLS / "installed"
        shutil.copytree(HERE, TOOLS, dirs_exist_ok=True)
        if not mark.exists() or mark.read_text() != wanted:
            npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
            done = subprocess.run(npm, cwd=TOOLS, env=with_node(), timeout=120)
            if done.returncode and "CI" not in os.environ:
                pytest.skip("npm could not fetch the provider")
            assert done.returncode == 0
            mark.write_text(wanted)
    return TOOLS


def with_node():
    """Return the environment with Node, of PATH or from the wheel that also brings anvil."""
    return os.environ | {"PATH": f"{anvil.npm_folder()}:{os.environ['PATH']}"}


class Certified:
    """The provider; each `running` is a process of its own on the same port."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self, key, *, broken=None, client=(), **options):
        keys = [key.as_dict(private=True, use="sig")]
        told = {"port": self.port, "issuer": self.issuer, "client": CLIENT | dict(client)}
        told |= {"keys": keys, "people": PEOPLE, "options": options, "broken": broken}
        process = subprocess.Popen(
            ["node", "provider.mjs", json.dumps(told)],
            cwd=self.folder,
            env=with_node(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert any(line.strip() == "ready" for line in process.stdout)
            yield self
        finally:
            process.communicate("", timeout=20)

    def sign_in(self, address, person):
        """Do what a person does at the provider's pages; return where the browser is sent."""
        with httpx.Client(follow_redirects=False) as browser:
            answer = browser.get(address)
            while not answer.headers.get("Location", "").startswith(CALLBACK):
                if answer.is_redirect:
                    answer = browser.get(urljoin(self.issuer, answer.headers["Location"]))
                    continue
                assert answer.status_code == 200, answer.text
                form = re.search(r'action="([^"]+)" method="post"', answer.text)[1]
                prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)[1]
                known = {"login": person, "password": "any"} if prompt == "login" else {}
                answer = browser.post(urljoin(self.issuer, form), data={"prompt": prompt, **known})
            return answer.headers["Location"]

    def cancel(self, address):
        """Give up at the provider's page; return where the browser is sent."""
        with httpx.Client(follow_redirects=False) as browser:
            page = urljoin(self.issuer, browser.get(address).headers["Location"])
            answer = browser.get(f"{page}/abort")
            return browser.get(urljoin(self.issuer, answer.headers["Location"])).headers["Location"]


@pytest.fixture
def certified(app, installed):
    made = Certified(installed)
    before = config.settings()
    ours = {"oidc_issuer": made.issuer, "oidc_client_id": "crowd fund", "oidc_name": "Certified"}
    config.use(before.model_copy(update={**ours, "oidc_client_secret": SECRET}))
    oidc._provider.cache_clear()
    yield made
    config.use(before)


def enter(certified, browser, person):
    return come_back(browser, certified.sign_in(begin(browser), person))


RSA = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "one"})
ED = OKPKey.generate_key("Ed25519", {"kid": "one"})
EC = ECKey.generate_key("P-256", {"kid": "one"})


def test_a_certified_provider_signs_people_in_with_what_userinfo_alone_says(certified, app):
    """Its ID token has no address at all; the secret has signs that a header must encode."""
    first, second = app.test_client(), app.test_client()
    with certified.running(RSA):
        assert enter(certified, first, "almaz").status_code == 303
        enter(certified, second, "biruk")
    person = person_of(first)
    assert (person.email, person.name) == ("almaz@id.example", "Almaz Ayana")
    assert ("oidc", f"{certified.issuer}|almaz") in methods_of(person.id)
    assert person_of(second).email is None


def test_a_key_replaced_under_its_old_name_and_a_userinfo_that_is_broken_let_people_in(
    certified, app
):
    first, second = app.test_client(), app.test_client()
    with certified.running(RSA):
        enter(certified, first, "almaz")
    with certified.running(OTHER_RSA, broken="/me"):
        enter(certified, second, "almaz")
    assert person_of(second).id == person_of(first).id


def test_ed25519_a_signed_userinfo_and_a_full_id_token_are_read(certified, app):
    first = app.test_client()
    signed = {"id_token_signed_response_alg": "Ed25519", "userinfo_signed_response_alg": "Ed25519"}
    features = {"jwtUserinfo": {"enabled": True}, "devInteractions": {"enabled": True}}
    with certified.running(ED, client=signed, features=features):
        enter(certified, first, "almaz")
        assert person_of(first).email == "almaz@id.example"


def test_an_answer_without_its_promised_issuer_and_a_cancelled_sign_in_open_nothing(certified, app):
    first, second = app.test_client(), app.test_client()
    signed = {
        "id_token_signed_response_alg": "ES256",
        "token_endpoint_auth_method": "client_secret_post",
    }
    with certified.running(EC, client=signed, conformIdTokenClaims=False):
        location = certified.sign_in(begin(first), "almaz")
        assert "&iss=" in location
        without = re.sub(r"&iss=[^&]+", "", location)
        refused(first, come_back(first, without), 400, "could not be accepted")
        cancelled = come_back(second, certified.cancel(begin(second)))
    assert "was cancelled. Nothing was changed" in second.get(cancelled.location).text
    assert count_people() == 0
