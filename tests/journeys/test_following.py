"""Follow and share a campaign in the browser, with JavaScript and without."""

from playwright.sync_api import expect

from . import checks

SLUG, TITLE = "sunlight-for-3-000-homes", "Sunlight for 3,000 homes"
# Phones and most desks have a share sheet; the browser of the tests has none.
SHEET = "navigator.share = (what) => { window.shared = what; return Promise.resolve(); };"


def test_a_visitor_signs_in_follows_and_unfollows(world):
    person = world.visitor()
    person.goto(f"/campaigns/{SLUG}")
    person.get_by_role("link", name="Sign in to follow").click()
    world.sign_in(person, "selam@followers.example", go=False)
    expect(person).to_have_url(world.stack.url("web") + f"/campaigns/{SLUG}")
    button = person.locator("#follow-button")
    button.focus()
    person.keyboard.press("Enter")
    expect(button).to_have_text("Unfollow")
    expect(button).to_be_focused()
    world.look(person, TITLE, "following")
    person.goto("/account/following")
    world.look(person, "Campaigns you follow")
    person.get_by_role("button", name=f"Unfollow {TITLE}").click()
    expect(person.get_by_text("You do not follow any campaign yet")).to_be_visible()
    world.look(person, "Campaigns you follow", "none")


def test_following_works_without_script(world):
    person = world.person("hanna@demo.example", java_script_enabled=False, viewport=checks.PHONE)
    person.goto(f"/campaigns/{SLUG}")
    person.get_by_role("button", name="Follow", exact=True).click()
    expect(person.get_by_role("button", name="Unfollow")).to_be_visible()
    person.get_by_text("Share this campaign").click()
    expect(person.get_by_role("link", name="E-mail")).to_be_visible()
    expect(person.get_by_role("button", name="Copy link")).to_be_hidden()
    person.get_by_role("button", name="Unfollow").click()
    expect(person.get_by_role("button", name="Follow", exact=True)).to_be_visible()


def test_a_link_is_copied_or_given_to_the_systems_share_sheet(world):
    visitor = world.visitor()
    visitor.goto(f"/campaigns/{SLUG}")
    visitor.get_by_text("Share this campaign").click()
    expect(visitor.get_by_role("button", name="Copy link")).to_be_visible()
    world.look(visitor, TITLE, "sharing")
    expect(visitor.get_by_role("button", name="Share …")).to_be_hidden()
    visitor.add_init_script(SHEET)
    visitor.reload()
    visitor.get_by_text("Share this campaign").click()
    visitor.get_by_role("button", name="Share …").click()
    shared = visitor.evaluate("window.shared")
    assert shared["title"] == TITLE
    assert shared["url"].endswith(f"/campaigns/{SLUG}")


def test_the_company_shares_a_qr_code(world):
    abel = world.person("abel@demo.example")
    abel.goto("/my/company")
    abel.get_by_role("link", name=TITLE, exact=True).click()
    code = abel.get_by_role("img", name="QR code of the address of the public page")
    expect(code).to_be_visible()
    assert code.evaluate("picture => picture.naturalWidth") > 0
    world.look(abel, TITLE, "share")
    with abel.expect_download() as got:
        abel.get_by_role("link", name="QR code as picture (PNG)").click()
    assert got.value.suggested_filename == f"{SLUG}.png"
