"""A note about the last step does not stay when it is no longer so."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

NOTES = """() => {
  document.getElementById("flash").innerHTML =
    '<div class="cf-note cf-tone-success">Saved.</div>' +
    '<div class="cf-note cf-tone-danger">Bad.</div>';
}"""


@pytest.fixture
def noted(site, page):
    page.clock.install()
    page.goto(site.url)
    expect(page.locator("html[data-live-state=open]")).to_be_attached()
    page.evaluate(NOTES)
    return page


def test_a_success_goes_when_a_form_was_answered(noted):
    noted.locator("#try button", has_text="422").click()
    expect(noted.get_by_text("There is a problem")).to_be_visible()
    expect(noted.get_by_text("Saved.")).to_have_count(0)
    expect(noted.get_by_text("Bad.")).to_be_visible()


def test_the_title_says_error_while_there_are_errors(noted):
    title = noted.title()
    noted.locator("#try button", has_text="422").click()
    expect(noted).to_have_title(f"Error: {title}")


def test_a_success_stays_long_enough_to_be_read_and_goes_when_the_page_changes(site, noted):
    site.value = 2
    site.tell()
    expect(noted.locator("#part")).to_have_text("value 2")
    expect(noted.get_by_text("Saved.")).to_be_visible()
    noted.clock.fast_forward(7_000)
    site.tell()
    expect(noted.get_by_text("Saved.")).to_be_visible()  # nothing has changed
    site.value = 3
    site.tell()
    expect(noted.locator("#part")).to_have_text("value 3")
    expect(noted.get_by_text("Saved.")).to_have_count(0)
    expect(noted.get_by_text("Bad.")).to_be_visible()
