"""Two clicks, the way back, a lost session, Redis away:
nothing is paid twice and nothing is lost."""

import re

from playwright.sync_api import expect

from .world import DONE, invest, pay_at_bank

SLUG = "sunlight-for-3-000-homes"


def _fill(page, amount):
    page.goto(f"/campaigns/{SLUG}/invest")
    page.get_by_role("textbox", name="Amount").fill(amount)
    page.get_by_label("I have read and understood").check()
    return page.get_by_role("button", name="Go to payment")


def test_a_double_click_reload_and_the_way_back_make_one_payment(world):
    email = "hanna@demo.example"
    before = len(world.investments_of(email))
    page = world.person(email)
    _fill(page, "500").dblclick()
    page.wait_for_url("**/investments/*")
    status_url = page.url
    pay = page.get_by_role("link", name=re.compile("^Pay 500.00 ETB"))
    expect(pay).to_be_visible()
    page.reload()
    # htmx writes a history state with each swap, which Playwright takes for the end of going back.
    expect(page.locator("html[data-live-state=open]")).to_be_attached()
    expect(pay).to_be_visible()
    page.go_back()
    page.go_forward()
    expect(pay).to_be_visible()
    assert page.url == status_url
    made = world.investments_of(email)[before:]
    assert len(made) == 1
    assert len(world.rows("SELECT id FROM payment WHERE purpose_id = ?", made[0][0])) == 1


def test_the_same_form_sent_twice_leads_to_the_same_investment(world):
    email = "hanna@demo.example"
    before = len(world.investments_of(email))
    page = world.person(email)
    _fill(page, "600")
    sent = page.evaluate("Object.fromEntries(new FormData(document.querySelector('main form')))")
    post = page.context.request.post
    first, second = (post(page.url, form=sent, max_redirects=0) for _ in range(2))
    assert (first.status, second.status) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    assert len(world.investments_of(email)) == before + 1
    other = post(page.url, form=sent | {"amount": "700"}, max_redirects=0)
    assert other.status == 409
    assert len(world.investments_of(email)) == before + 1


def test_a_session_that_ends_in_mid_form_loses_nothing(world):
    page = world.visitor()
    world.sign_in(page, "selam@demo.example")
    button = _fill(page, "1,200")
    # else the quote finds the session ended
    expect(page.locator("#quote")).to_contain_text("12 shares")
    page.context.clear_cookies()
    button.click()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    world.sign_in(page, "selam@demo.example", go=False)
    expect(page.get_by_role("heading", name="Invest")).to_be_visible()
    expect(page.get_by_role("textbox", name="Amount")).to_have_value("1,200")
    page.get_by_label("I have read and understood").check()
    page.get_by_role("button", name="Go to payment").click()
    expect(page.get_by_role("link", name=re.compile("^Pay 1,200.00 ETB"))).to_be_visible()


def test_while_redis_is_away_pages_work_and_nothing_is_lost(world):
    page = world.person("tigist@demo.example")
    button = _fill(page, "800")
    world.stack.supervisor.halt("redis")
    try:
        button.click()
        expect(page.get_by_text("Your investment in Sunlight for 3,000 homes")).to_be_visible()
        page.goto("/portfolio")
        expect(page.get_by_role("row", name=re.compile("800.00 ETB"))).to_be_visible()
        page.go_back()
    finally:
        world.stack.supervisor.resume("redis")
        world.stack.supervisor.wait_ready("redis")
    expect(page.get_by_role("link", name=re.compile("^Pay 800.00 ETB"))).to_be_visible(
        timeout=40_000
    )
    pay_at_bank(page)
    expect(page.get_by_text(DONE)).to_be_visible(timeout=40_000)
    assert len(world.postings_of(world.investments_of("tigist@demo.example")[-1][1])) == 2


def test_while_no_stream_can_be_opened_the_page_asks_by_itself(world):
    page = world.person("bereket@demo.example")
    page.route(f"{world.stack.url('events')}/**", lambda route: route.abort())
    invest(page, SLUG, "900")
    pay_at_bank(page)
    page.evaluate("window.neverReloaded = true")
    expect(page.get_by_text(DONE)).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.liveState") != "open"
    assert page.evaluate("window.neverReloaded")
