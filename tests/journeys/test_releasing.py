"""A release in the browser: one prepares it and sees each posting, another approves or refuses."""

import pytest
from playwright.sync_api import expect

from . import checks

TITLE = "Electric vans for city deliveries"
WORDS = {
    "en": ("Release of", "Ask a colleague to approve"),
    "am": ("ገንዘብ መልቀቅ", "ባልደረባ እንዲያጸድቅ ጠይቅ"),
    "hi": ("की राशि जारी करना", "सहकर्मी से अनुमोदन माँगें"),
}
RELEASED = "SELECT released_minor FROM campaign WHERE status = 'succeeded'"


@pytest.fixture
def address(world):
    """Return the address at which the successful campaign of the story is released."""
    [(campaign_id,)] = world.rows("SELECT id FROM campaign WHERE status = 'succeeded'")
    return f"/staff/campaigns/{campaign_id}/release"


@pytest.mark.parametrize("language", WORDS)
def test_the_plan_of_a_release_is_read_in_every_language(world, address, language):
    heading, button = WORDS[language]
    sara = world.person("sara@demo.example")
    sara.goto(address)
    sara.locator(f'.cf-languages button[value="{language}"]').click()
    try:
        title = sara.get_by_role("heading", level=1)
        expect(title).to_contain_text(heading)
        expect(sara.get_by_role("button", name=button)).to_be_visible()
        expect(sara.locator("main tbody tr")).to_have_count(2)
        world.look(sara, title.inner_text(), f"prepare, {language}")
    finally:
        sara.locator('.cf-languages button[value="en"]').click()


def test_a_second_person_refuses_and_later_approves_without_script(world, address):
    sara = world.person("sara@demo.example", java_script_enabled=False, viewport=checks.PHONE)
    world.person("almaz@demo.example")
    almaz = world.person("almaz@demo.example", java_script_enabled=False, viewport=checks.PHONE)
    sara.goto(address)
    sara.get_by_role("button", name="Ask a colleague to approve").click()
    expect(sara.get_by_text("You requested this")).to_be_visible()

    almaz.goto("/staff/releases")
    almaz.get_by_role("link", name="A second person is needed").click()
    almaz.get_by_label("Reason").fill("The bank asked us to wait until Monday.")
    almaz.get_by_role("button", name="Refuse").click()
    expect(almaz.get_by_text("Refused. Nothing was changed.")).to_be_visible()
    assert world.rows(RELEASED) == [(None,)]

    sara.goto(address)
    sara.get_by_role("button", name="Ask a colleague to approve").click()
    request = sara.url
    almaz.goto(request)
    seen = world.person("almaz@demo.example")
    seen.goto(request)
    world.look(seen, seen.get_by_role("heading", level=1).inner_text(), "decide")
    almaz.locator("summary", has_text="Approve").click()
    almaz.get_by_role("button", name="Approve and carry out").click()
    expect(almaz.get_by_text("Money released.")).to_be_visible()
    sara.goto(address.removesuffix("/release"))
    expect(sara.get_by_text("Released 126,750.00 ETB to the company")).to_be_visible()
