"""Pages beside the two journeys, in the states that the demo story leaves:
no barrier, nothing cut off."""

import re

import pytest
from playwright.sync_api import expect

from . import checks
from .world import DONE, invest, pay_at_bank

SLUG, TITLE = "sunlight-for-3-000-homes", "Sunlight for 3,000 homes"
DESK = {
    "/staff": "Staff desk",
    "/staff/companies?status=": "Companies",
    "/staff/companies": "Companies",
    "/staff/campaigns?status=": "Campaigns",
    "/staff/payments": "Payments",
    "/staff/payments?q=nothing": "Payments",
    "/staff/exceptions": "Payments to review",
    "/staff/webhooks": "Webhooks",
    "/staff/chain/writes": "Chain writes",
    "/staff/journal": "Journal",
    "/staff/people?q=nobody": "People",
}
FIRST_OF = {
    "/staff/payments": r"^Investment in ",
    "/staff/webhooks": "^Webhook$",
    "/staff/chain/writes": r"^\w+$",
    "/staff/journal": "^A campaign's escrow$",
    "/staff/campaigns?status=": r"^(?!Campaigns$)\w",
}


def test_public_pages_and_their_empty_states(world):
    visitor = world.visitor()
    for path, heading in {
        "/": "Invest in companies and follow every birr",
        "/campaigns?q=zzz": "Campaigns",
        "/nothing-here": "Page not found",
        "/how-it-works": "How it works",
        "/fees": "Fees",
        "/help": "Help",
        "/contact": "Contact",
        "/terms": "Terms of use",
        "/privacy": "Privacy",
        "/legal-notice": "Legal notice",
        "/campaigns/cold-vans-for-fresh-milk": "Cold vans for fresh milk",
        "/campaigns/hand-woven-cotton-for-europe": "Hand-woven cotton for Europe",
    }.items():
        visitor.goto(path)
        world.look(visitor, heading, path)


def test_a_search_is_in_the_address_and_survives_reload_and_the_way_back(world):
    visitor = world.visitor()
    visitor.goto("/campaigns")
    visitor.get_by_label("Search").fill("coffee")
    visitor.get_by_role("button", name="Show").click()
    expect(visitor.get_by_role("article")).to_have_count(1)
    expect(visitor).to_have_url(re.compile("q=coffee"))
    visitor.reload()
    expect(visitor.get_by_role("article")).to_have_count(1)
    visitor.get_by_role("link", name="Roasted where it grows").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Roasted where it grows")
    visitor.go_back()
    expect(visitor.get_by_label("Search")).to_have_value("coffee")
    expect(visitor.get_by_role("article")).to_have_count(1)


@pytest.mark.parametrize(
    "size", [{"width": 1280, "height": 720}, checks.PHONE], ids=["desk", "phone"]
)
def test_progress_and_the_call_to_action_are_seen_without_scrolling(world, size):
    visitor = world.visitor(viewport=size)
    visitor.goto(f"/campaigns/{SLUG}")
    assert checks.in_view(visitor, "progress")
    assert checks.in_view(visitor, "a:text-matches('^Invest from 500.00 ETB')")


def test_a_persons_own_pages(world):
    hanna = world.person("hanna@demo.example")
    for path, heading in {
        "/portfolio": "Portfolio",
        "/wallet": "Wallet",
        "/my/company": "My company",
    }.items():
        hanna.goto(path)
        world.look(hanna, heading)
    hanna.goto("/portfolio")
    hanna.get_by_role("link", name="Hand-woven cotton for Europe").click()
    world.look(hanna, "Your investment in Hand-woven cotton for Europe", "returned")
    hanna.locator("summary", has_text="Your account").click()
    for name in ("Your account", "Portfolio", "Wallet", "My company"):
        expect(hanna.locator(".cf-menu-panel").get_by_role("link", name=name).first).to_be_visible()
    world.look(hanna, "Your investment in Hand-woven cotton for Europe", "menu open")


def test_the_companys_own_pages(world):
    abel = world.person("abel@demo.example")
    abel.goto("/my/company")
    world.look(abel, "My company", "live campaign")
    abel.get_by_role("link", name=TITLE, exact=True).click()
    world.look(abel, TITLE, "own")
    abel.goto(f"/campaigns/{SLUG}/invest")
    expect(abel.get_by_text("This is your own company")).to_be_visible()
    world.look(abel, "Invest", "own company")


@pytest.mark.parametrize("path", DESK)
def test_the_desks_lists(world, path):
    admin = world.person("almaz@demo.example")
    admin.goto(path)
    expect(admin.get_by_role("link", name="Staff desk").first).to_be_visible()
    world.look(admin, DESK[path], path)


@pytest.mark.parametrize("path", FIRST_OF)
def test_the_first_thing_of_each_list(world, path):
    finance = world.person("yonas@demo.example")  # the regulator reads everything
    finance.goto(path)
    finance.locator("main tbody a, main .cf-table-frame a").first.click()
    world.look(finance, re.compile(FIRST_OF[path]), path)


def test_a_payment_that_does_not_fit_waits_with_a_proposal(world):
    person = world.person("kaleb@demo.example")
    invest(person, SLUG, "1000")
    expect(person.get_by_role("link", name=re.compile("^Pay 1,000.00 ETB"))).to_be_visible()
    payment_id = world.investments_of("kaleb@demo.example")[-1][1]
    tx_id = world.rows("SELECT tx_id FROM payment WHERE id = ?", payment_id)[0][0]
    world.control("pay", tx_ids=[tx_id], amount="400.00")
    world.wait(lambda: bool(world.rows("SELECT id FROM payment_exception")), "the exception")
    finance = world.person("sara@demo.example")
    expect(person.get_by_text("We received 400.00 ETB of 1,000.00 ETB")).to_be_visible()
    world.look(person, f"Your investment in {TITLE}", "too little came")
    finance.goto("/staff/exceptions")
    world.look(finance, "Payments to review", "one")
    finance.get_by_role("link", name="Too little received").click()
    world.look(finance, "Too little received")
    expect(finance.get_by_role("radio", checked=True)).to_have_count(0)
    finance.get_by_role("radio", name="Credit to the wallet").check()
    finance.get_by_role("button", name="Continue").click()
    expect(finance.get_by_role("heading", name="Credit the money to the wallet?")).to_be_visible()
    world.look(finance, "Credit the money to the wallet?", "to confirm")
    finance.get_by_role("button", name="Credit to the wallet").click()
    expect(finance.get_by_text("Your decision has been carried out")).to_be_visible()
    world.look(finance, "Too little received", "decided")
    person.reload()
    expect(person.get_by_text("We credited 400.00 ETB to your wallet")).to_be_visible()
    world.look(person, f"Your investment in {TITLE}", "too little")
    assert DONE not in person.content()
    assert "Nothing was charged" not in person.content()
    person.goto("/wallet")
    expect(person.get_by_role("row", name=re.compile("400.00 ETB"))).to_be_visible()


def test_the_banks_page_in_every_colour(world):
    person = world.person("nahom@demo.example")
    invest(person, SLUG, "1100")
    person.get_by_role("link", name=re.compile("^Pay 1,100.00 ETB")).click()
    person.locator("summary", has_text="Simulate a fault").click()
    world.look(person, "Amount to pay", "faults")
    person.go_back()
    pay_at_bank(person)
