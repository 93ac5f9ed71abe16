"""Requests for the host of others, and what an answer says of hosts and HTTPS."""

import pytest

from crowdfund import create_app
from crowdfund.kernel import config
from crowdfund.kernel.db import db
from tests.browser import Browser

HEALTH = ("/health", "/health/live", "/health/strict")


@pytest.fixture
def site(app, caplog):
    """Return a browser of an app with settings of its own, on the database of the tests."""

    def made(**settings):
        kept = config.settings()
        with_these = kept.model_copy(update=settings)
        try:
            other = create_app(with_these)
        finally:
            config.use(kept)
        other.config.update(WTF_CSRF_ENABLED=False)
        other.test_client_class = Browser
        apps.append(other)
        return other.test_client()

    apps = []
    yield made
    for other in apps:
        with other.app_context():
            db.engine.dispose()


@pytest.fixture
def ours(site):
    return site(trusted_hosts=["good.example", ".shop.example"], proxy_count=1)


@pytest.mark.parametrize("host", ["evil.example", "good.example.evil.example", "[", "", "a b", "é"])
@pytest.mark.parametrize("path", ["/", "/campaigns", "/nowhere", "/static/app.css", "/healthy"])
def test_a_host_of_others_is_refused_in_plain_text_whatever_is_asked_for(ours, host, path, caplog):
    answer = ours.get(path, headers={"Host": host})
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert host not in answer.text or not host
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize(
    "host", ["good.example", "Good.EXAMPLE", "good.example:443", "a.shop.example"]
)
def test_our_own_host_is_answered_in_every_spelling(ours, host):
    assert ours.get("/sign-in", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", HEALTH)
@pytest.mark.parametrize("host", ["10.0.0.7:8000", "[fd00::1]", "localhost", ""])
def test_a_balancer_that_asks_by_address_is_told_how_all_is(ours, path, host):
    answer = ours.get(path, headers={"Host": host})
    assert answer.status_code == ours.get(path, headers={"Host": "good.example"}).status_code
    assert answer.json["status"] in ("live", "ok", "degraded")


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_a_forwarded_host_is_never_believed(site, proxies):
    browser = site(trusted_hosts=["good.example"], proxy_count=proxies)
    for forwarded in ("good.example", "good.example, good.example", "evil.example"):
        headers = {"Host": "evil.example", "X-Forwarded-Host": forwarded}
        assert browser.get("/sign-in", headers=headers).status_code == 400
        headers = {"Host": "good.example", "X-Forwarded-Host": forwarded}
        assert browser.get("/sign-in", headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "["])
def test_an_address_that_is_corrected_stays_on_this_host(site, host):
    browser = site(trusted_hosts=[])
    answer = browser.get("/account//security?q=a%20b", headers={"Host": host})
    assert (answer.status_code, answer.headers["Location"]) == (308, "/account/security?q=a%20b")


def test_a_site_on_https_is_asked_for_by_https_for_a_year(site, client):
    paths = ("/sign-in", "/nowhere", "/health", "/static/app.css")
    https = site(public_url="https://good.example")
    # the settings of the process, not of the app, decide
    kept = config.settings()
    config.use(kept.model_copy(update={"public_url": "https://good.example"}))
    found = {https.get(path).headers.get("Strict-Transport-Security") for path in paths}
    config.use(kept)
    assert found == {"max-age=31536000"}
    assert {client.get(path).headers.get("Strict-Transport-Security") for path in paths} == {None}
