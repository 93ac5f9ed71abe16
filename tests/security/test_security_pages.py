"""The pages about security speak the reader's language, whole, and refuse with a sentence."""

import re

import pytest

from crowdfund.kernel import i18n
from crowdfund.kernel.db import commit
from crowdfund.kernel.web import app as web_app
from crowdfund.people import service
from crowdfund.security.service import changes
from tests import raising

from .factors import enrolled

PAGES = (
    "/account/security",
    "/account/security/app",
    "/account/security/passkeys/new",
    "/account/payout-account",
    "/account/payout-account/et",
    "/account/payout-account/in",
    "/account/payout-account/iban",
    "/account/sessions",
    "/sign-in/recovery-code",
)
NO_WORDS = r"<(script|svg|time|option|code)\b.*?</\1>"
OURS = {"There is a problem"}  # the summary's heading, whose words are the components' own


def untranslated(page):
    """Return the texts of a page in the pseudo-locale that were never marked as texts."""
    main = re.sub(NO_WORDS, "", page.split("<main")[-1].split("</main>")[0], flags=re.DOTALL)
    texts = {text.strip() for text in re.findall(r">([^<]+)<", main)} - OURS
    return [
        t for t in texts if re.search(r"[A-Za-z]{3}", t) and not re.search("[⟦⟧áçéĝíñóŕšúýž]", t)
    ]


@pytest.fixture
def alice(app, frozen):
    person_id = enrolled(raising.person("alice"))
    service.save_profile(person_id, first_name="Æ", last_name="Ø")
    changes.request(person_id, "phone", {"value": "+251911234567"}, actor=person_id)
    commit()
    return person_id


@pytest.mark.parametrize("url", PAGES)
def test_every_text_is_marked_as_one(app, alice, monkeypatch, url):
    monkeypatch.setattr(web_app, "language_of", lambda _asked: i18n.PSEUDO)
    browser = raising.sign_in(app.test_client(), alice, second_factor=True)
    page = browser.get(url)
    assert (page.status_code, "⟦" in page.text) == (200, True)
    assert untranslated(page.text) == []
    assert untranslated(browser.post(url).text) == []


@pytest.mark.parametrize(
    "url", [url for url in PAGES if re.search("app|new|/et|/in$|iban|code", url)]
)
def test_an_empty_form_is_refused_and_says_what_is_missing(app, alice, url):
    browser = raising.sign_in(app.test_client(), alice, second_factor=True)
    answer = browser.post(url)
    assert answer.status_code == 422
    assert re.search(r'<li><a href="#\w+">[A-Z][^<]+\.</a></li>', answer.text)
