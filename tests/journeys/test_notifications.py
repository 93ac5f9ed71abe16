"""Notices: the bell rings while a page is open, in every tab; people get what they have chosen."""

import re

from playwright.sync_api import expect

from .world import invest, pay_at_bank

SLUG = "sunlight-for-3-000-homes"
EMAIL, SILENT = "kaleb@demo.example", "liya@demo.example"
CHOICE = "Your investment in a campaign is settled"
SETTLED = re.compile("^Your investment in .* is settled$")


def _bell(page):
    return page.locator("#bell")


def _unread(page):
    found = re.search(r"\d+", _bell(page).inner_text())
    return int(found[0]) if found else 0


def _everything_is_sent(world):
    query = (
        "SELECT count(*) FROM outbox "
        "WHERE queue = 'messages' AND state <> 'done' AND kind LIKE 'notif%'"
    )
    world.wait(lambda: world.rows(query) == [(0,)], "the messages to be sent")


def _no_email_about_settlement(page):
    """Switch one kind off by keyboard alone."""
    page.goto("/account/notifications")
    page.locator("summary", has_text="Your investments and money").press("Enter")
    box = page.get_by_role("checkbox", name=f"{CHOICE}: E-mail")
    expect(box).to_be_checked()
    box.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(page.get_by_text("Your choices have been saved")).to_be_visible()
    page.locator("summary", has_text="Your investments and money").press("Enter")
    expect(box).not_to_be_checked()


def test_the_bell_rings_in_every_tab_and_a_kind_that_is_off_sends_no_email(world):
    person = world.person(EMAIL)
    _no_email_about_settlement(person)
    world.look(person, "Messages you get")
    before = len(world.mails(EMAIL))

    elsewhere = person.context.new_page()  # a page that is kept for all readers, in another tab
    elsewhere.goto("/campaigns")
    start = _unread(elsewhere)
    elsewhere.evaluate("window.neverReloaded = true")
    path = invest(person, SLUG, "1,000")
    pay_at_bank(person)
    # the chain may be as quick as the bank
    rung = re.compile(f"({start + 1}|{start + 2}) unread notice")
    expect(_bell(elsewhere)).to_contain_text(rung)
    expect(person.get_by_text("recorded on chain")).to_be_visible()
    expect(_bell(elsewhere)).to_contain_text(f"{start + 2} unread notices")
    expect(_bell(person)).to_contain_text(f"{start + 2} unread notices")
    assert elsewhere.evaluate("window.neverReloaded")
    _everything_is_sent(world)
    assert [
        mail["subject"] for mail in world.mails(EMAIL)[: len(world.mails(EMAIL)) - before]
    ] == []

    _bell(person).click()
    world.look(person, "Notices")
    settled = person.locator("#notices li", has_text="is settled").first
    settled.get_by_role("button", name="Follow your investment").click()
    person.wait_for_url(f"**{path}")
    expect(_bell(elsewhere)).to_contain_text(f"{start + 1} unread notice")
    elsewhere.goto("/notifications?show=unread")
    expect(elsewhere.locator("#notices li.cf-unread")).to_have_count(start + 1)
    person.goto("/notifications")
    person.get_by_role("button", name="Mark all as read").click()
    expect(elsewhere.get_by_text("You have read all your notices.")).to_be_visible()
    expect(_bell(elsewhere)).to_contain_text("none unread")


def test_notices_and_choices_work_without_script_and_an_email_can_be_ended_from_itself(world):
    payer = world.person(SILENT)
    invest(payer, SLUG, "500")
    pay_at_bank(payer)
    world.wait(
        lambda: any(SETTLED.match(mail["subject"]) for mail in world.mails(SILENT)), "the e-mail"
    )
    person = world.person(SILENT, java_script_enabled=False)
    person.goto("/notifications?show=unread")
    settled = person.locator("#notices li.cf-unread", has_text="is settled")
    count = settled.count()
    settled.first.get_by_role("button", name="Mark as read").click()
    expect(settled).to_have_count(count - 1)
    assert "show=unread" in person.url

    letter = next(mail for mail in world.mails(SILENT) if SETTLED.match(mail["subject"]))
    link = re.search(r"\S+(/unsubscribe/\S+)", letter["text"])[1]
    visitor = world.visitor(java_script_enabled=False)
    visitor.goto(link)
    visitor.get_by_role("button", name="Unsubscribe").click()
    expect(visitor.get_by_text("You have unsubscribed from these e-mails")).to_be_visible()
    person.goto("/account/notifications")
    person.locator("summary", has_text="Your investments and money").click()
    box = person.get_by_role("checkbox", name=f"{CHOICE}: E-mail")
    expect(box).not_to_be_checked()
    box.check()
    person.get_by_role("button", name="Save", exact=True).click()
    person.locator("summary", has_text="Your investments and money").click()
    expect(box).to_be_checked()


def test_staff_see_what_went_out_without_addresses_and_codes(world):
    admin = world.person("almaz@demo.example")
    admin.goto("/staff/messages")
    world.look(admin, "Messages")
    admin.get_by_label("Name or full address").fill("almaz@demo.example")
    admin.get_by_role("button", name="Show").click()
    admin.get_by_role("link", name="Sign-in code").first.click()
    expect(admin.get_by_text("Your sign-in code is ••••••")).to_be_visible()
    assert "almaz@demo.example" not in admin.locator("main").inner_text()
    world.look(admin, "•••••• is your crowdfund code")
    admin.goto("/staff/messages/preview?kind=campaign.rejected")
    world.look(admin, "Message previews")
    frame = admin.frame_locator("iframe.cf-preview")
    expect(frame.get_by_role("link", name="Correct it")).to_be_visible()
