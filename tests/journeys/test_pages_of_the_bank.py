"""The pages of the simulated bank when something is over or wrong:
whole, readable, with a way back."""

import re

from playwright.sync_api import expect

from .world import DONE, invest, pay_at_bank

SLUG, TITLE = "sunlight-for-3-000-homes", "Sunlight for 3,000 homes"
BACK = f"Your investment in {TITLE}"


def test_every_dead_end_at_the_bank_leads_back_to_the_investment(world):
    page = world.person("bereket@demo.example")
    invest(page, SLUG, "500")
    page.get_by_role("link", name=re.compile("^Pay .* at NEO Bank")).click()
    page.locator("summary", has_text="Simulate a fault").click()
    page.get_by_label("Pay another amount").fill("fifty")
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged")
    expect(page.get_by_label("Pay another amount")).to_have_value("fifty")
    world.look(page, "Amount to pay", "bad amount")
    checkout = page.url
    second = page.context.new_page()
    second.goto(checkout)
    page.get_by_role("link", name="Back without paying").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(BACK)
    expect(page.get_by_text("Do not pay again.")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Pay .* at NEO Bank"))).to_have_count(0)

    pay_at_bank(page, link="I have not paid yet")
    expect(page.get_by_text(DONE)).to_be_visible()
    second.get_by_role("button", name="Pay", exact=True).click()
    world.look(second, "This payment is already paid")
    second.get_by_role("link", name="Back to crowdfund").click()
    expect(second.get_by_role("heading", level=1)).to_have_text(BACK)
    second.goto(checkout)
    world.look(second, "Amount paid")
    second.get_by_role("link", name="All payments at this bank").click()
    world.look(second, "Simulated bank")
    second.goto(f"{world.stack.url('gateway')}/checkout/NEO-UNKNOWN")
    world.look(second, "Payment not found")
    second.goto(world.stack.url("identity"))
    world.look(second, "Simulated identity provider")
    second.get_by_role("link", name="Go to the platform's sign-in page").click()
    expect(second).to_have_url(re.compile(re.escape(world.stack.url("web"))))
    second.close()
