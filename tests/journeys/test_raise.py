"""Journey 1: a company registers, is verified, writes a campaign, and the campaign goes live."""

import re

from playwright.sync_api import expect

from crowdfund.local import rpc

from . import raising

COMPANY, TITLE = "Gondar Sun Bakers", "Bread from sunlight"
EMAIL = "marta@bakers.example"


def test_a_company_raises_from_an_empty_file_to_a_live_campaign(world):
    issuer = world.visitor()
    _sign_in_for_the_first_time(world, issuer)
    raising.register(issuer)
    company_path = issuer.url
    world.look(issuer, "Register your company")

    issuer.get_by_role("link", name="Company details").click()
    raising.save(issuer)
    expect(issuer.get_by_role("alert")).to_be_focused()
    world.look(issuer, "Company details", "with errors")
    raising.fill_company(issuer, COMPANY)
    world.look(issuer, "Contact person and address")

    # Leave in the middle, come back with another browser.
    world.close(issuer)
    issuer = world.visitor()
    issuer.goto(company_path)
    expect(issuer.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    world.sign_in(issuer, EMAIL, go=False)
    assert issuer.url == company_path
    expect(issuer.get_by_role("listitem").filter(has_text="Company details")).to_contain_text(
        "Completed"
    )
    world.look(issuer, COMPANY, "half way")

    issuer.get_by_role("link", name="Contact person").click()
    raising.fill_contacts(issuer, EMAIL)
    raising.fill_officers(issuer)
    world.look(issuer, "Bank account")
    raising.fill_bank(issuer)
    world.look(issuer, "Company wallet")
    raising.fill_wallet(issuer)
    world.look(issuer, "Documents")
    issuer.get_by_role("link", name=re.compile("^Upload.*Business licence")).click()
    raising.upload(issuer, "Business licence", raising.PROGRAM)
    expect(issuer.get_by_role("alert")).to_contain_text("PDF")
    world.look(issuer, "Business licence", "refused")
    issuer.get_by_role("link", name="Back to the documents").click()
    raising.upload_documents(issuer)
    expect(issuer.get_by_role("link", name="Check your answers and submit")).to_be_visible()
    raising.submit_company(issuer)
    world.look(issuer, COMPANY, "submitted")

    compliance = world.person("dawit@demo.example")
    compliance.goto("/staff/approvals")
    world.look(compliance, "Approvals")
    compliance.get_by_role("link", name=COMPANY).click()
    world.look(compliance, COMPANY, "desk")
    raising.accept_documents(compliance)
    issuer.evaluate("window.neverReloaded = true")
    compliance.get_by_role("button", name="Approve").click()
    expect(issuer.get_by_text("Your company is verified and registered")).to_be_visible()
    assert issuer.evaluate("window.neverReloaded")
    world.look(issuer, COMPANY, "registered")

    issuer.get_by_role("link", name="Go to your campaigns").click()
    issuer.get_by_role("button", name="Start a campaign").click()
    world.look(issuer, "New campaign")
    _write_the_campaign(world, issuer)
    expect(issuer.get_by_role("link", name="Check and submit")).to_be_visible()
    issuer.get_by_role("link", name="Check and submit").click()
    world.look(issuer, "Check your campaign")
    issuer.go_back()
    raising.submit_campaign(issuer)
    world.look(issuer, TITLE, "submitted")

    campaign_id = issuer.url.rsplit("/", 1)[1]
    _nobody_approves_their_own(issuer, campaign_id)
    issuer.goto(f"/my/campaigns/{campaign_id}")
    issuer.evaluate("window.neverReloaded = true")
    admin = world.person("almaz@demo.example")
    admin.goto("/staff/approvals")
    admin.get_by_role("link", name=TITLE).click()
    world.look(admin, TITLE, "desk")
    admin.get_by_role("button", name="Approve").click()
    expect(issuer.get_by_role("link", name="See the public page")).to_be_visible()
    assert issuer.evaluate("window.neverReloaded")
    expect(admin.get_by_text("Live", exact=True).first).to_be_visible()
    world.look(issuer, TITLE, "live")
    _the_public_page_shows_it(world, issuer)


def _sign_in_for_the_first_time(world, page):
    page.goto("/sign-in")
    world.look(page, "Sign in")
    seen = len(world.mails(EMAIL))
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Six-digit code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("This code is not valid")
    world.look(page, "Enter your code", "wrong")
    page.get_by_label("Six-digit code").fill(world.code(EMAIL, after=seen))
    page.get_by_role("button", name="Sign in").click()
    world.accept_the_terms(page)
    expect(page.get_by_text("You are signed in")).to_be_visible()


def _write_the_campaign(world, issuer):
    issuer.get_by_role("link", name="Title and summary").click()
    world.look(issuer, "Title and summary")
    raising.fill_basics(issuer, TITLE)
    world.look(issuer, "Picture")
    raising.fill_picture(issuer)
    issuer.get_by_label("Story").fill(raising.STORY)
    issuer.get_by_role("button", name="Preview").click()
    expect(issuer.locator("#story-preview table")).to_be_visible()
    world.look(issuer, "Story", "preview")
    raising.save(issuer)
    raising.fill_terms(issuer, goal="40,050")
    expect(issuer.get_by_role("alert")).to_contain_text("must be a multiple of")
    expect(issuer.get_by_label("Duration")).to_have_value("45")
    world.look(issuer, "Goal, limits and price", "refused")
    raising.fill_terms(issuer)
    _publish_a_document(world, issuer)


def _publish_a_document(world, issuer):
    """Add a document for everybody: what is refused is told, what is sent shows its progress."""
    issuer.get_by_role("link", name="Public documents").click()
    world.look(issuer, "Public documents")
    raising.add_document(issuer, "Business plan", raising.PROGRAM)
    expect(issuer.get_by_role("alert")).to_contain_text("This is a program.")
    world.look(issuer, "Public documents", "refused")
    with issuer.expect_request("**/documents") as sent:
        raising.add_document(issuer, "Business plan", raising.MEMORANDUM)
    assert sent.value.headers["hx-request"] == "true"
    expect(issuer.get_by_role("link", name="Business plan")).to_be_visible()
    world.look(issuer, "Public documents", "one")
    issuer.get_by_role("link", name="Back to the campaign").click()
    expect(issuer.get_by_role("listitem").filter(has_text="Public documents")).to_contain_text(
        "Completed"
    )


def _nobody_approves_their_own(issuer, campaign_id):
    answer = issuer.goto(f"/staff/campaigns/{campaign_id}")
    assert answer.status == 403
    expect(issuer.get_by_role("heading", name="Not for this account")).to_be_visible()


def _the_public_page_shows_it(world, issuer):
    issuer.get_by_role("link", name="See the public page").click()
    expect(issuer.get_by_role("heading", name=TITLE)).to_be_visible()
    visitor = world.visitor()
    visitor.goto(issuer.url)
    assert visitor.title().startswith(TITLE)
    with visitor.expect_download() as document:
        visitor.get_by_role("link", name="Business plan").click()
    assert document.value.suggested_filename == "paper.pdf"
    assert visitor.locator(".cf-prose script").count() == 0
    assert visitor.locator(".cf-prose a[href^='javascript']").count() == 0
    expect(visitor.get_by_role("img", name="A round oven under a low sun")).to_be_visible()
    row = visitor.locator(".cf-answers > div", has_text="Campaign contract")
    address = row.locator("[data-copy]").get_attribute("data-copy")
    assert len(rpc.call(world.stack.url("chain"), "eth_getCode", address, "latest")) > 10
    made = visitor.locator(".cf-answers > div", has_text="Created in transaction").locator(
        "[data-copy]"
    )
    receipt = rpc.call(
        world.stack.url("chain"), "eth_getTransactionReceipt", made.get_attribute("data-copy")
    )
    assert receipt["status"] == "0x1"
    with visitor.expect_download() as document:
        visitor.get_by_role("link", name="Information memorandum").click()
    assert document.value.path().read_bytes().startswith(b"%PDF-")
    world.look(visitor, TITLE, "public")
