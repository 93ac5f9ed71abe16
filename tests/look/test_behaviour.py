"""What base.html, app.js and live.js do in a real browser, under the real content policy."""

import pytest
from playwright.sync_api import expect

from crowdfund.kernel import i18n

from . import sample

pytestmark = pytest.mark.browser


@pytest.fixture
def listening(shown):
    expect(shown.locator("html[data-live-state=open]")).to_be_attached()
    return shown


def test_a_change_reaches_the_page_and_leaves_half_typed_words_alone(site, listening):
    listening.get_by_label("Typed").fill("half a sent")
    site.value = 2
    site.tell()
    expect(listening.locator("#part")).to_have_text("value 2")
    expect(listening.get_by_label("Typed")).to_have_value("half a sent")
    expect(listening.get_by_label("Typed")).to_be_focused()
    assert listening.complaints == []


def test_news_of_other_things_ask_for_nothing(site, listening):
    before = site.asked["/part"]  # a slow stream may have let the page ask once by itself
    site.tell(data="thing:2")
    site.value = 2
    site.tell(data="list:1")  # an element may follow several topics
    expect(listening.locator("#part")).to_have_text("value 2")
    assert site.asked["/part"] == before + 1


def test_refresh_reads_everything_again(site, listening):
    site.value = 3
    site.tell("refresh", "resumed")
    expect(listening.locator("#part")).to_have_text("value 3")


def test_without_a_stream_the_page_asks_every_few_seconds(site, page):
    site.stream_open = False
    page.goto(site.url)
    site.value = 4
    expect(page.locator("#part")).to_have_text("value 4")
    expect(page.locator("html")).to_have_attribute("data-live-state", "polling")


def test_a_final_fragment_closes_the_stream_and_stops_asking(site, listening):
    site.value, site.final = 5, True
    site.tell()
    expect(listening.locator("#part")).to_have_text("value 5")
    expect(listening.locator("html[data-live-state=off]")).to_be_attached()


def test_news_that_comes_while_the_final_fragment_loads_asks_for_nothing_more(site, listening):
    asked = []
    listening.on("request", lambda request: asked.append(request.url.removeprefix(site.url)))
    site.final = True
    site.may_answer.clear()
    with listening.expect_request("**/part"):
        site.tell()
    site.tell()
    listening.wait_for_function("() => document.getElementById('part').cfAgain")
    site.may_answer.set()
    expect(listening.locator("html[data-live-state=off]")).to_be_attached()
    listening.evaluate("() => fetch('/flush')")  # requests leave the page in order
    assert asked == ["/part", "/flush"]


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_refused_refetch_takes_nobody_away_and_shows_nothing(site, listening, status):
    site.part_status = status
    with listening.expect_response("**/part"):
        site.tell()
    listening.get_by_label("Typed").fill("still here")
    expect(listening.locator("#part")).to_have_text("value 1")
    expect(listening.locator(".cf-toast")).to_have_count(0)


@pytest.mark.parametrize("language", list(i18n.LANGUAGES))
def test_a_moment_reads_alike_with_and_without_a_script(site, browser, language):
    """All readers see the platform's clock, wherever they are."""
    site.language = language
    texts = {}
    for zone, with_script in (
        ("Africa/Addis_Ababa", False),
        ("Africa/Addis_Ababa", True),
        ("Asia/Tokyo", True),
    ):
        context = browser.new_context(timezone_id=zone, java_script_enabled=with_script)
        page = context.new_page()
        page.goto(site.url)
        texts[zone, with_script] = page.locator("#moment").inner_text()
        context.close()
    plain = texts["Africa/Addis_Ababa", False]
    with i18n.using(language):
        assert plain == i18n.moment(sample.NOW)
    assert texts["Africa/Addis_Ababa", True] == plain
    assert texts["Asia/Tokyo", True] == plain


@pytest.mark.parametrize("language", list(i18n.LANGUAGES))
@pytest.mark.parametrize("signed_in", [True, False])
def test_the_header_is_one_line_on_every_phone(site, page, language, signed_in):
    site.language, site.signed_in = language, signed_in
    page.goto(site.url)
    for width in (390, 360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.locator(".cf-header").bounding_box()["height"] < 70, width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_two_clicks_send_one_payment(site, shown):
    shown.get_by_role("button", name="Pay").dblclick()
    shown.wait_for_load_state()
    expect(shown.get_by_role("button", name="Pay")).to_be_enabled()
    assert site.asked["/pay"] == 1


def test_a_button_is_busy_until_the_answer_and_free_again_after_going_back(site, shown):
    pay = "document.querySelector('#pay button')"
    assert (
        shown.evaluate(f"() => {{ {pay}.click(); return {pay}.getAttribute('aria-disabled'); }}")
        == "true"
    )
    shown.wait_for_url("**/pay")
    shown.go_back()
    expect(shown.get_by_role("button", name="Pay")).not_to_have_attribute("aria-disabled", "true")


def test_errors_come_with_the_form_and_take_the_focus(site, shown):
    shown.get_by_label("Words").fill("kept")
    shown.get_by_role("button", name="422").click()
    expect(shown.locator("[data-error-summary]")).to_be_focused()
    expect(shown.get_by_label("Words")).to_have_value("kept")
    assert site.asked["csrf"] == 1


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("409", "Nothing was booked."),
        ("500", "Nothing was booked."),
        ("502", "Nothing that you entered was lost."),
    ],
)
def test_a_refusal_is_told_once_and_the_form_stays(shown, answer, sentence):
    shown.get_by_label("Words").fill("precious")
    shown.get_by_role("button", name=answer).click()
    expect(shown.locator(".cf-toast")).to_have_count(1)
    expect(shown.get_by_role("alert")).to_contain_text(sentence)
    expect(shown.get_by_label("Words")).to_have_value("precious")
    expect(shown.get_by_role("button", name=answer)).not_to_have_attribute("aria-disabled", "true")
    shown.get_by_role("button", name="Close").click()
    expect(shown.locator(".cf-toast")).to_have_count(0)


def test_a_lost_connection_is_told_and_the_form_stays(site, shown):
    shown.get_by_label("Words").fill("precious")
    shown.context.set_offline(True)
    shown.get_by_role("button", name="204").click()
    expect(shown.get_by_role("alert")).to_contain_text("Nothing that you entered was lost.")
    expect(shown.get_by_label("Words")).to_have_value("precious")


@pytest.mark.parametrize("away", ["offline", "proxy"])
def test_a_plain_form_is_not_sent_while_the_server_is_away_and_stays_filled(site, shown, away):
    shown.get_by_label("Note").fill("precious")
    if away == "offline":
        shown.context.set_offline(True)
    site.is_away = away == "proxy"
    shown.get_by_role("button", name="Order").click()
    expect(shown.get_by_text("We cannot reach the server.")).to_be_visible()
    expect(shown.get_by_label("Note")).to_have_value("precious")
    expect(shown.get_by_role("button", name="Order")).not_to_have_attribute("aria-disabled", "true")
    assert site.asked["/plain"] == 0


def test_a_form_whose_answer_was_no_page_is_filled_again_on_the_way_back(site, shown):
    shown.get_by_label("Note").fill("precious")
    shown.get_by_role("button", name="Order").click()
    expect(shown.get_by_text("It broke.")).to_be_visible()
    shown.go_back()
    expect(shown.get_by_label("Note")).to_have_value("precious")
    assert site.asked["/plain"] == 1


def test_a_background_read_after_the_session_ended_takes_nobody_away(site, shown):
    shown.get_by_label("Note").fill("precious")
    ended = shown.locator(".cf-toast", has_text="What you typed is kept in this tab.")
    expect(ended).to_be_visible()
    expect(shown.get_by_label("Note")).to_have_value("precious")
    assert shown.url.rstrip("/") == site.url
    ended.get_by_role("link", name="Sign in").click()
    shown.goto(site.url)
    expect(shown.get_by_label("Note")).to_have_value("precious")
    expect(shown.get_by_text("We have filled in again what you typed before.")).to_be_visible()


def test_a_session_that_ended_leads_to_sign_in(shown):
    shown.get_by_role("button", name="401").click()
    shown.wait_for_url("**/signed-out")


def test_an_upload_is_sent_whole_and_its_answer_shown(site, shown):
    shown.get_by_label("File").set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"x" * 2_000_000}
    )
    line = shown.locator("[data-upload-line]")
    expect(line).to_have_text("a.pdf, 1.9 MB")
    shown.get_by_role("button", name="Send").click()
    expect(shown.get_by_role("progressbar", name="Uploading")).to_be_visible()
    expect(line).to_have_text("It is being checked.")
    expect(shown.locator("#status")).to_have_text("It is being checked.")
    expect(shown.locator("#stored")).to_be_visible()
    assert int(shown.locator("#stored").inner_text()) > 2_000_000


def test_a_file_that_is_too_big_is_refused_before_it_is_sent(site, shown):
    shown.get_by_label("File").set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"x" * 3_000_001}
    )
    assert "too big" in shown.get_by_label("File").evaluate("e => e.validationMessage")
    shown.get_by_role("button", name="Send").click()
    assert site.asked["/upload"] == 0


def test_the_theme_is_remembered(shown):
    shown.get_by_role("button", name="Use the dark theme").click()
    shown.reload()
    expect(shown.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(shown.get_by_role("button", name="Use the light theme")).to_be_visible()


def test_the_first_tab_stop_skips_to_the_main_content(shown):
    shown.keyboard.press("Tab")
    expect(shown.get_by_role("link", name="Skip to main content")).to_be_focused()
    shown.keyboard.press("Enter")
    expect(shown.locator("#main")).to_be_focused()


def test_escape_closes_the_menu_and_returns_the_focus(shown):
    menu = shown.locator("summary", has_text="Your account")
    menu.click()
    shown.get_by_role("button", name="Sign out").focus()
    shown.keyboard.press("Escape")
    expect(shown.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(menu).to_be_focused()
