"""A real identity provider beside the tests, a person at its page, and the way back."""

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from crowdfund.adapters import mail
from crowdfund.kernel import outbox
from crowdfund.kernel.db import rollback
from crowdfund.local.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
CALLBACK = "http://localhost/sign-in/oidc/callback"
SECRET = "a secret between two"
# plain HTTP only: spares the loading of certificates for each call
HTTP = httpx.Client(verify=False)
FIKIRTE, BIRUK = "7f2c1a", "b90e4d"  # a verified address; one that nobody has verified


@dataclass
class Provider:
    """The running process."""

    issuer: str
    process: subprocess.Popen

    def control(self, **faults):
        """Set how it misbehaves; without arguments it behaves well again."""
        headers = {"X-Control-Key": SECRET}
        return (
            HTTP.post(f"{self.issuer}/_control", json=faults, headers=headers)
            .raise_for_status()
            .json()
        )

    def answer(self, address, sub):
        """Choose an account on its page, or cancel; return where the browser is sent."""
        page = HTTP.get(address)
        assert page.status_code == 200, page.headers.get("Location", page.text)
        answer = HTTP.post(address, data={"sub": sub or ""})
        assert answer.status_code == 303
        return answer.headers["Location"]


def start(folder):
    """Start a provider and wait until it answers."""
    port, secret = free_port(), folder / "secret"
    secret.write_text(SECRET)
    argv = [
        sys.executable,
        "-m",
        "crowdfund.local.identity_provider",
        "--port",
        str(port),
        "--data-dir",
        str(folder),
        "--secret-file",
        str(secret),
        "--redirect-uri",
        CALLBACK,
    ]
    provider = Provider(f"http://127.0.0.1:{port}", subprocess.Popen(argv, cwd=ROOT))
    for _ in range(400):
        try:
            HTTP.get(provider.issuer)
        except httpx.TransportError:
            time.sleep(0.02)
        else:
            return provider
    raise AssertionError("the identity provider does not answer")


def begin(browser, **form):
    """Press the button; return the address at the provider to which the page sends the browser."""
    rollback()
    answer = browser.post("/sign-in/oidc", data=form)
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.headers["Location"])
    assert page.status_code == 200
    address = page.headers["Refresh"].removeprefix("0; url=")
    assert address.replace("&", "&amp;") in page.text
    return address


def come_back(browser, location):
    """Follow the provider's answer back to the platform."""
    assert location.startswith(CALLBACK + "?")
    return browser.get(location.removeprefix("http://localhost"))


def state_of(address):
    """Return a parameter that the browser carries."""
    return parse_qs(urlsplit(address).query)["state"][0]


def sign_in_by_code(browser, address, **form):
    """Sign in by the code that the mail brings; return the last answer."""
    rollback()
    browser.post("/sign-in", data={"identifier": address, **form})
    outbox.drain_all()
    letters = [
        one.get_body(("plain",)).get_content() for one in mail.OUTBOX if one["To"] == address
    ]
    return browser.post("/sign-in/code", data={"code": re.search(r"\b\d{6}\b", letters[-1])[0]})
