"""The pages about the platform, and the acceptance of its terms of use."""

import hashlib
import json
import re

import pytest
import sqlalchemy as sa
from markupsafe import Markup

from crowdfund.adapters import mail
from crowdfund.campaigns.rules.terms import DEFAULT_LIMITS
from crowdfund.kernel import access, config, i18n, money, outbox, person
from crowdfund.kernel.db import commit, db
from crowdfund.people import service
from crowdfund.people.models import TermsAcceptance
from tests import raising
from tests.security import factors

PATHS = [path for _label, _endpoint, path in access.SITE]
# A changed text of the terms needs a new TERMS_VERSION: everybody is asked to accept it.
TERMS = {"2026-12-01": "69843f8a33272a45"}


@pytest.fixture
def asking(app):
    app.config["ASKS_FOR_TERMS"] = True
    yield app
    app.config["ASKS_FOR_TERMS"] = False


@pytest.mark.parametrize("path", PATHS)
def test_everybody_may_read_what_the_platform_says_about_itself(client, path):
    page = client.get(path)
    assert page.status_code == 200
    assert "<h1>" in page.text


@pytest.mark.parametrize("path", ["/", "/campaigns", "/sign-in", "/nowhere"])
def test_every_page_links_to_them(client, path):
    page = client.get(path).text
    for one in PATHS:
        assert f'href="{one}"' in page


def test_every_mail_links_to_them_in_both_of_its_forms(client):
    client.post("/sign-in", data={"identifier": "alice@example.com"})
    outbox.drain_all()
    for kind in ("plain", "html"):
        text = mail.OUTBOX[-1].get_body((kind,)).get_content()
        for path in PATHS:
            assert f"http://localhost{path}" in text
        assert config.settings().operator_address in text


def test_the_operator_is_named_as_the_settings_say(app, client):
    named = {
        "operator_name": "Abay PLC",
        "operator_email": "ask@abay.example",
        "operator_phone": "",
    }
    config.use(config.settings().model_copy(update=named | {"operator_registration": "MT/1/2"}))
    for path in ("/contact", "/legal-notice"):
        page = client.get(path).text
        assert "Abay PLC" in page
        assert "mailto:ask@abay.example" in page
        assert "MT/1/2" in page
        assert "Telephone" not in page
    assert "Abay PLC" in client.get("/terms").text
    assert "ask@abay.example" in client.get("/privacy").text


def test_the_fees_are_those_of_the_money_rules(client):
    page = client.get("/fees").text
    fee = money.fee(100_000_00, DEFAULT_LIMITS.fee_bps)
    assert "2.5 % of the money raised" in page
    assert money.fmt(fee) in page
    assert money.fmt(100_000_00 - fee) in page
    assert "at least 75 % of the goal" in page


def test_programs_find_an_icon_a_manifest_and_the_rules_for_robots(client):
    icon = client.get("/favicon.ico")
    assert icon.status_code == 200
    assert icon.data[:4] == b"\x00\x00\x01\x00"
    manifest = client.get("/site.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    for one in json.loads(manifest.text)["icons"]:
        assert client.get(one["src"]).status_code == 200
    robots = client.get("/robots.txt")
    assert robots.mimetype == "text/plain"
    assert "Disallow: /staff" in robots.text
    assert "Disallow: /campaigns\n" not in robots.text


def test_the_first_sign_in_asks_for_the_terms_and_then_goes_on(asking):
    browser = asking.test_client()
    answer = factors.by_mail(browser, "alice@example.com", target="/portfolio")
    assert answer.headers["Location"] == "/terms/accept?next=/portfolio"
    assert "Please read and accept our terms" in browser.get(answer.headers["Location"]).text
    refused = browser.post("/terms/accept", data={"next": "/portfolio"})
    assert refused.status_code == 422
    assert "Tick the box to accept the terms of use" in refused.text
    taken = browser.post("/terms/accept", data={"accept": "y", "next": "/portfolio"})
    assert (taken.status_code, taken.headers["Location"]) == (303, "/portfolio")
    assert browser.get("/portfolio").status_code == 200
    rows = db.session.execute(sa.select(TermsAcceptance.version, TermsAcceptance.language)).all()
    assert rows == [(person.TERMS_VERSION, "en")]
    browser.post("/sign-out")
    again = factors.by_mail(browser, "alice@example.com", target="/portfolio")
    assert again.headers["Location"] == "/portfolio"


def test_without_the_terms_no_page_of_an_account_opens_but_public_ones_do(asking):
    alice = raising.person("alice")
    browser = raising.browser(asking, alice)
    for path in ("/portfolio", "/wallet", "/account"):
        assert browser.get(path).headers["Location"] == f"/terms/accept?next={path}"
    for path in ("/campaigns", "/terms", "/help"):
        assert browser.get(path).status_code == 200


def test_a_new_version_is_asked_for_again_and_says_so(asking, monkeypatch):
    alice = raising.person("alice")
    service.accept_terms(alice)
    commit()
    browser = raising.browser(asking, alice)
    assert browser.get("/portfolio").status_code == 200
    monkeypatch.setattr(person, "TERMS_VERSION", "2027-01-01")
    monkeypatch.setattr(service, "TERMS_VERSION", "2027-01-01")
    asked = browser.get("/portfolio", follow_redirects=True).text
    assert "The terms of use have changed." in asked
    browser.post("/terms/accept", data={"accept": "y"})
    assert browser.get("/portfolio").status_code == 200
    assert db.session.scalar(sa.select(sa.func.count()).select_from(TermsAcceptance)) == 2


def test_what_was_typed_into_an_open_form_is_saved_before_the_terms_are_asked_for(asking):
    alice = raising.person("alice")
    browser = raising.browser(asking, alice)
    form = {"first_name": "Alice", "last_name": "Abebe", "phone": "+251911234567"}
    sent = browser.post("/account", data=form)
    assert sent.headers["Location"] == "/account/sign-in-methods/code"


def test_nobody_invests_or_starts_a_company_before_the_terms_are_accepted(asking):
    alice = raising.person("alice")
    browser = raising.browser(asking, alice)
    for path in ("/campaigns/sunlight/invest", "/companies"):
        sent = browser.post(path, data={"amount": "1000"})
        assert sent.status_code == 403, path
        assert "Read and accept the terms of use first. Nothing was sent" in sent.text
        assert "/terms/accept?next=" in sent.text
    service.accept_terms(alice)
    commit()
    assert browser.post("/campaigns/sunlight/invest").status_code == 404


def test_every_address_that_binds_somebody_exists(app):
    assert access.BINDING <= access.UNDER_TERMS
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= access.BINDING


def test_the_terms_are_never_a_way_to_another_site(asking):
    browser = raising.browser(asking, raising.person("alice"))
    answer = browser.post("/terms/accept", data={"accept": "y", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/campaigns"


def test_another_text_of_the_terms_has_another_version(app):
    with app.test_request_context(), i18n.using("en"):
        page = app.jinja_env.get_template("about/_terms.html")
        operator = config.Settings(_env_file=None).operator
        html = page.render(operator=operator, version=person.TERMS_VERSION)
    words = " ".join(re.sub(r"\s+", " ", Markup(html).striptags()).split())
    assert hashlib.sha256(words.encode()).hexdigest()[:16] == TERMS[person.TERMS_VERSION]
