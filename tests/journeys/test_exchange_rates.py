"""Finance proposes an exchange rate, a colleague approves it; a slip of a digit is asked about."""

from playwright.sync_api import expect

from . import checks


def test_two_people_change_an_exchange_rate(world):
    sara, almaz = world.person("sara@demo.example"), world.person("almaz@demo.example")
    sara.goto("/staff/rates")
    world.look(sara, "Exchange rates", "in force")
    sara.get_by_role("link", name="Propose a rate").click()
    world.look(sara, "Propose a rate", "empty")
    sara.get_by_label("Rate", exact=False).first.fill("1.5")
    sara.get_by_label("First day").fill(sara.locator("#from_on").get_attribute("min"))
    sara.get_by_label("Source").fill("National Bank of Ethiopia")
    sara.get_by_label("Reason").fill("The issuer has changed its terms.")
    sara.get_by_role("button", name="Send proposal").click()
    expect(sara.get_by_role("alert")).to_contain_text("this is a change of +50.0 %")
    world.look(sara, "Propose a rate", "a large change")
    sara.get_by_label("I have checked this rate").check()
    sara.get_by_role("button", name="Send proposal").click()
    expect(sara.get_by_text("You requested this")).to_be_visible()
    path = sara.url
    almaz.set_viewport_size(checks.PHONE)
    almaz.goto(path)
    expect(almaz.get_by_text("This is a large change")).to_be_visible()
    expect(almaz.get_by_text("Payments with this token will stop")).to_be_visible()
    almaz.get_by_label("Reason").fill("Campaigns could not be paid with tokens then.")
    almaz.get_by_role("button", name="Refuse").click()
    expect(almaz.get_by_text("Refused. Nothing was changed.")).to_be_visible()
    for page in (almaz, sara):
        page.goto("/staff/rates")
        expect(page.get_by_text("Refused").first).to_be_visible()
        world.look(page, "Exchange rates", "refused")
        page.goto("/staff/rates/history")
        world.look(page, "All rates, by date")
