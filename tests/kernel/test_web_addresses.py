"""One normal form of PUBLIC_URL, and which hosts can be reached from outside."""

import pytest
from pydantic import ValidationError

from crowdfund.kernel import web_addresses
from crowdfund.kernel.config import Settings


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("https://crowdfund.com/", "https://crowdfund.com"),
        ("https://crowdfund.com///", "https://crowdfund.com"),
        ("HTTPS://CrowdFund.COM", "https://crowdfund.com"),
        ("https://crowdfund.com:443", "https://crowdfund.com"),
        ("https://crowdfund.com:443/", "https://crowdfund.com"),
        ("http://crowdfund.test:80", "http://crowdfund.test"),
        ("https://crowdfund.com:8443/", "https://crowdfund.com:8443"),
        ("http://crowdfund.test:443", "http://crowdfund.test:443"),
        (" https://crowdfund.com. ", "https://crowdfund.com"),
        ("https://Bücher.de", "https://xn--bcher-kva.de"),
        ("https://straße.de", "https://xn--strae-oqa.de"),
        ("https://አዲስ.et/", "https://xn--syd7soi.et"),
        ("https://ｃｒｏｗｄ.com", "https://crowd.com"),
        ("https://xn--bcher-kva.de", "https://xn--bcher-kva.de"),
        ("http://127.0.0.1:5000/", "http://127.0.0.1:5000"),
        ("http://[::0001]:5000", "http://[::1]:5000"),
        ("http://web:8000", "http://web:8000"),
    ],
)
def test_an_address_has_one_form_which_is_its_own_form(typed, used):
    assert web_addresses.origin(typed) == used
    assert web_addresses.origin(used) == used
    given = Settings(_env_file=None, environment="test", public_url=typed)
    assert given.public_url == used


@pytest.mark.parametrize(
    "typed",
    [
        "crowdfund.com",
        "ftp://crowdfund.com",
        "https://",
        "https:///path",
        "https://crowdfund.com/shop",
        "https://crowdfund.com?x=1",
        "https://crowdfund.com#top",
        "https://crowdfund.com:99999",
        "https://crowdfund.com:port",
        "https://crowd fund.com",
        "https://-.com",
        "https://a..b",
        "https://[::1",
        "https://exa\u200bmple\u202e.com/\x00",
        f"https://{'a' * 64}.com",
        "https://user:hunter2@crowdfund.com",
    ],
)
def test_what_is_no_address_of_a_site_is_refused_and_not_repeated(typed):
    with pytest.raises(ValidationError, match="public_url") as refusal:
        Settings(_env_file=None, environment="test", public_url=typed)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "is_public"),
    [
        ("crowdfund.com", True),
        ("xn--bcher-kva.de", True),
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("localhost", False),
        ("web", False),
        ("shop.localhost", False),
        ("host.docker.internal", False),
        ("printer.local", False),
        ("crowdfund.example", False),
        ("127.0.0.1", False),
        ("10.0.0.5", False),
        ("192.168.1.9", False),
        ("::1", False),
        ("fd00::1", False),
    ],
)
def test_a_host_is_public_when_people_elsewhere_can_reach_it(name, is_public):
    assert web_addresses.is_public(name) is is_public
