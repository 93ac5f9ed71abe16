"""Both journeys with JavaScript off, up to the bank:
real forms, real links, pages that ask again."""

import re

from playwright.sync_api import expect

from . import raising
from .world import DONE, invest

SLUG = "roasted-where-it-grows"


def test_a_company_raises_without_script(world):
    email, name, title = "dagmawi@weavers.example", "Dorze Weavers", "Houses of bamboo"
    issuer = world.visitor(java_script_enabled=False)
    world.sign_in(issuer, email)
    raising.register(issuer)
    issuer.get_by_role("link", name="Company details").click()
    raising.fill_company(issuer, name)
    raising.fill_contacts(issuer, email)
    raising.fill_officers(issuer)
    raising.fill_bank(issuer)
    raising.fill_wallet(issuer)
    raising.upload_documents(issuer)
    raising.submit_company(issuer)
    raising.approve(world.person("dawit@demo.example"), name)
    _ask_again_until(issuer, "Your company is verified and registered")

    issuer.get_by_role("link", name="Go to your campaigns").click()
    issuer.get_by_role("button", name="Start a campaign").click()
    issuer.get_by_role("link", name="Title and summary").click()
    raising.fill_basics(issuer, title)
    raising.fill_picture(issuer)
    issuer.get_by_label("Story").fill(raising.STORY)
    issuer.get_by_role("button", name="Preview").click()
    expect(issuer.locator("#story-preview table")).to_be_visible()
    raising.save(issuer)
    raising.fill_terms(issuer)
    issuer.get_by_role("link", name="Public documents").click()
    raising.add_document(issuer, "Business plan", raising.PROGRAM)
    expect(issuer.get_by_role("alert")).to_contain_text("This is a program.")
    raising.add_document(issuer, "Business plan", raising.MEMORANDUM)
    expect(issuer.get_by_role("link", name="Business plan")).to_be_visible()
    issuer.get_by_role("link", name="Back to the campaign").click()
    raising.submit_campaign(issuer)
    raising.approve(world.person("almaz@demo.example"), title)
    _ask_again_until(issuer, "See the public page")
    issuer.get_by_role("link", name="See the public page").click()
    expect(issuer.get_by_role("heading", name=title)).to_be_visible()


def test_an_investor_reaches_the_bank_without_script(world):
    person = world.person("yared@demo.example", java_script_enabled=False)
    person.goto(f"/campaigns/{SLUG}")
    person.get_by_role("link", name="Invest from").first.click()
    person.get_by_role("button", name="Go to payment").click()
    expect(person.get_by_role("alert")).to_contain_text("Enter an amount")
    path = invest(person, SLUG, "200")
    # The page asks again by itself (meta refresh) until the bank has answered.
    expect(person.locator("noscript")).to_have_count(1)
    expect(person.get_by_role("link", name=re.compile("^Pay 200.00 ETB"))).to_be_visible()
    person.get_by_role("link", name=re.compile("^Pay 200.00 ETB")).click()
    person.get_by_role("button", name="Pay", exact=True).click()
    person.wait_for_url(f"**{path}")
    expect(person.get_by_text(DONE)).to_be_visible()
    assert len(world.postings_of(world.investments_of("yared@demo.example")[-1][1])) == 2


def _ask_again_until(page, text):
    for _ in range(20):
        page.reload()
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{text!r} did not appear")
