"""Journey 2: a new person is verified, invests by the bank's gateway,
and everybody sees the money arrive."""

import re

from playwright.sync_api import expect

from crowdfund.local import rpc

from . import checks, verifying
from .world import DONE, pay_at_bank

SLUG, TITLE = "sunlight-for-3-000-homes", "Sunlight for 3,000 homes"
EMAIL = "selamawit@example.com"
REFUSALS = {
    "12.345": "at most 2 decimals",
    "five hundred": "digits",
    "-500": "digits",
    "1e9": "digits",
    "550": "Enter a multiple of 100.00 ETB",
    "200": "The minimum investment in this campaign is 500.00 ETB",
    "150000": "at most 100,000.00 ETB",
    "9,000,000": "is still available",
}


def test_a_new_investor_pays_at_the_bank_and_everybody_sees_the_money_arrive(world):
    raised, left = _raised_and_left(world)  # other journeys invest here too
    person = world.visitor()
    _get_verified(world, person)
    watcher, other = _people_who_watch(world)

    world.look(person, "Invest")
    _each_refusal_is_in_plain_words(person)
    world.look(person, "Invest", "quote refused")
    _fill_by_keyboard_alone(world, person)
    status_path = person.url

    expect(person.get_by_role("link", name=re.compile("^Pay 1,500.00 ETB"))).to_be_visible()
    world.look(person, f"Your investment in {TITLE}", "to be paid")
    person.get_by_role("link", name=re.compile("^Pay 1,500.00 ETB")).click()
    world.look(person, "Amount to pay")
    person.go_back()
    pay_at_bank(person)
    assert person.url == status_path
    person.evaluate("window.neverReloaded = true")
    expect(person.get_by_text(DONE)).to_be_visible()
    steps = person.get_by_role("list", name="Progress of your investment").get_by_role("listitem")
    expect(steps).to_contain_text(
        ["Investment placed", "Paid at NEO Bank", "Settled", "Recorded on chain"]
    )
    assert person.evaluate("window.neverReloaded")
    world.look(person, f"Your investment in {TITLE}", "recorded")

    expect(watcher.get_by_text(f"{raised + 1_500:,.2f} ETB")).to_be_visible()
    percent = (raised + 1_500) * 100 // 500_000
    expect(watcher.locator("progress")).to_have_attribute("value", str(percent))
    assert watcher.evaluate("window.neverReloaded")
    expect(other.get_by_text(f"{left - 1_500:,.2f} ETB is still available")).to_be_visible()
    expect(other.get_by_role("textbox", name="Amount")).to_have_value("12")
    expect(other.get_by_role("textbox", name="Amount")).to_be_focused()
    assert other.evaluate("window.neverReloaded")
    _the_money_is_told_everywhere(world, person)


def _raised_and_left(world):
    """Return the settled money and the room of the campaign, in whole birr."""
    query = "SELECT settled_minor, goal_minor - reserved_minor FROM campaign WHERE slug = ?"
    return tuple(minor // 100 for minor in world.rows(query, SLUG)[0])


def _get_verified(world, person):
    """From the campaign's page over signing in and verification back to where it began."""
    person.goto(f"/campaigns/{SLUG}")
    for size in ({"width": 1280, "height": 720}, checks.PHONE):
        person.set_viewport_size(size)
        assert checks.in_view(person, "progress")
        assert checks.in_view(person, "a:text-matches('^Invest from 500.00 ETB')")
    world.look(person, TITLE)
    person.get_by_role("link", name="Invest from 500.00 ETB").first.click()
    world.sign_in(person, EMAIL, go=False)
    expect(person.get_by_text("You cannot invest yet")).to_be_visible()
    world.look(person, "Invest", "not verified")
    person.get_by_role("link", name="Go to my verification").click()
    person.get_by_role("link", name="Name, birth and nationality").click()
    verifying.about(person)
    verifying.address(person)
    verifying.identity(person, "EP7777001")
    verifying.upload(person)
    verifying.send(person)

    compliance = world.person("dawit@demo.example")
    compliance.goto("/staff/people")
    compliance.get_by_role("link", name=verifying.NAME).click()
    verifying.accept(compliance)
    compliance.get_by_role("button", name="Verify at the basic level").click()
    expect(compliance.get_by_text("Verified.", exact=True)).to_be_visible()
    expect(person.get_by_text("You are verified")).to_be_visible()
    person.get_by_role("link", name=f"Continue to your investment in {TITLE}").click()
    expect(person.get_by_role("textbox", name="Amount")).to_be_visible()


def _people_who_watch(world):
    """A visitor on the campaign's page, and another investor with a half-typed amount."""
    watcher = world.visitor(viewport=checks.PHONE)
    watcher.goto(f"/campaigns/{SLUG}")
    other = world.person("tigist@demo.example")
    other.goto(f"/campaigns/{SLUG}/invest")
    other.get_by_role("textbox", name="Amount").press_sequentially("12")
    for page in (watcher, other):
        page.evaluate("window.neverReloaded = true")
    return watcher, other


def _each_refusal_is_in_plain_words(person):
    for amount, words in REFUSALS.items():
        person.get_by_role("textbox", name="Amount").fill(amount)
        expect(person.locator("#quote")).to_contain_text(words)
    person.get_by_role("button", name="Go to payment").click()
    expect(person.get_by_role("alert")).to_contain_text("Read the risk warning")
    expect(person.get_by_role("textbox", name="Amount")).to_have_value("9,000,000")
    person.get_by_label("I have read and understood").check()
    person.get_by_role("button", name="Go to payment").click()
    expect(person.get_by_role("alert")).to_contain_text("is still available")
    expect(person.get_by_role("alert")).to_be_focused()


def _fill_by_keyboard_alone(world, person):
    person.goto(f"/campaigns/{SLUG}/invest")
    _tab_to(person, person.get_by_role("textbox", name="Amount"))
    person.keyboard.type("1,500")
    expect(person.locator("#quote")).to_contain_text("15 shares")
    _tab_to(person, person.get_by_role("radio", name=re.compile("NEO Bank")))
    _tab_to(person, person.get_by_label("I have read and understood"))
    person.keyboard.press("Space")
    world.look(person, "Invest", "ready")
    _tab_to(person, person.get_by_role("button", name="Go to payment"))
    person.keyboard.press("Enter")
    person.wait_for_url("**/investments/*")


def _tab_to(page, target):
    for _ in range(40):
        page.keyboard.press("Tab")
        if target.evaluate("(one) => one === document.activeElement"):
            return
    raise AssertionError(f"{target} cannot be reached by the keyboard")


def _the_money_is_told_everywhere(world, person):
    [(investment_id, payment_id, status, amount)] = world.investments_of(EMAIL)
    assert (status, amount) == ("confirmed", 1_500_00)
    bank, escrow = "gateway:bill_bitts:", r"campaign:\w+:escrow"
    [paid, settled] = world.postings_of(payment_id)
    assert paid == (f"{bank}external", f"{bank}clearing", amount)
    assert settled[0] == f"{bank}clearing"
    assert re.fullmatch(escrow, settled[1])
    tx_hash = (
        person.get_by_text("Transaction:").locator("[data-copy]").first.get_attribute("data-copy")
    )
    receipt = rpc.call(world.stack.url("chain"), "eth_getTransactionReceipt", tx_hash)
    assert receipt["status"] == "0x1"
    with person.expect_download() as download:
        person.get_by_role("link", name="Download the receipt (PDF)").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    person.locator("summary", has_text="Where is my money?").click()
    expect(person.get_by_role("row", name=re.compile("campaign's escrow"))).to_contain_text(
        "1,500.00 ETB"
    )
    world.wait(
        lambda: "settled" in world.mails(EMAIL)[0]["subject"], "the e-mail about the settlement"
    )
    person.goto("/portfolio")
    row = person.get_by_role("row", name=re.compile(TITLE))
    expect(row).to_contain_text("1,500.00 ETB")
    expect(row).to_contain_text("Confirmed")
    world.look(person, "Portfolio")
    row.get_by_role("link", name=TITLE, exact=True).click()
    assert person.url.endswith(investment_id)
    person.goto("/wallet")
    world.look(person, "Wallet", "empty")
