"""The issuer's desk in the browser: how the campaign is doing, who invests, what visitors see."""

import csv
import re

import pytest
from playwright.sync_api import expect

from . import checks

SLUG, TITLE = "sunlight-for-3-000-homes", "Sunlight for 3,000 homes"
DESCRIBED = re.compile(
    r"[\d,.]+ ETB received\. Minimum to go ahead: [\d,.]+ ETB\. Goal: [\d,.]+ ETB\."
)
COUNTED = """
    SELECT count(*) FROM investment JOIN campaign ON campaign.id = investment.campaign_id
    WHERE slug = ? AND settled_at IS NOT NULL
"""
LANGUAGES = {
    "en": ("Money per day", f"Investors: {TITLE}", "Preview"),
    "am": ("ገንዘብ በየቀኑ", f"ባለሀብቶች፦ {TITLE}", "ቅድመ ዕይታ"),
    "hi": ("प्रतिदिन की राशि", f"निवेशक: {TITLE}", "पूर्वावलोकन"),
}


def open_desk(page):
    page.goto("/my/company")
    page.get_by_role("link", name=TITLE, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)


def test_a_company_follows_its_campaign_from_money_to_investors(world):
    abel = world.person("abel@demo.example")
    open_desk(abel)
    world.look(abel, TITLE, "desk")
    chart = abel.get_by_role("img", name="Total received, day by day")
    expect(chart).to_have_accessible_description(DESCRIBED)
    rows = abel.get_by_role("region", name="Money per day, table").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("ETB")
    abel.get_by_role("link", name="Investors", exact=True).click()
    world.look(abel, f"Investors: {TITLE}")
    expect(abel.get_by_role("cell", name="Investor 1", exact=True).first).to_be_visible()
    expect(abel.get_by_text("Hanna")).to_have_count(0)
    with abel.expect_download() as got:
        abel.get_by_role("link", name="CSV").click()
    assert got.value.suggested_filename == f"{SLUG}-investors.csv"
    with got.value.path().open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert {line["name"] for line in lines} == {""}
    assert len(lines) == world.rows(COUNTED, SLUG)[0][0] > 1
    abel.get_by_role("link", name="Back to the campaign").click()
    abel.get_by_role("link", name="Preview as investors see it").click()
    world.look(abel, TITLE, "preview")
    expect(abel.get_by_role("button", name="Invest from")).to_be_disabled()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_desk_works_on_a_phone_without_script_in_every_language(world, language):
    money, investors, preview = LANGUAGES[language]
    world.person("abel@demo.example")
    abel = world.person("abel@demo.example", java_script_enabled=False, viewport=checks.PHONE)
    abel.goto("/my/company")
    abel.locator(f'.cf-languages button[value="{language}"]').click()
    try:
        abel.get_by_role("link", name=TITLE, exact=True).click()
        expect(abel.get_by_role("heading", name=money, exact=True)).to_be_visible()
        here = abel.url
        expect(abel.locator(".cf-chart svg[role=img]")).to_have_count(2)
        abel.locator('main a[href$="/investors"]').click()
        expect(abel.get_by_role("heading", level=1)).to_have_text(investors)
        abel.goto(f"{here}/public-preview")
        expect(abel.get_by_text(preview, exact=True)).to_be_visible()
        expect(abel.locator("main form")).to_have_count(0)
    finally:
        abel.locator('.cf-languages button[value="en"]').click()


@pytest.mark.parametrize("language", ["am", "hi"])
def test_the_desk_has_no_barrier_in_other_languages(world, language):
    money, investors, _preview = LANGUAGES[language]
    abel = world.person("abel@demo.example")
    open_desk(abel)
    abel.locator(f'.cf-languages button[value="{language}"]').click()
    try:
        expect(abel.get_by_role("heading", name=money, exact=True)).to_be_visible()
        world.look(abel, TITLE, f"desk, {language}")
        abel.goto(f"{abel.url}/investors")
        world.look(abel, investors, language)
    finally:
        abel.locator('.cf-languages button[value="en"]').click()


def test_finance_finds_what_waits_for_its_release(world):
    sara = world.person("sara@demo.example")
    sara.goto("/staff/releases")
    world.look(sara, "Campaigns to release")
