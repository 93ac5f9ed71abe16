"""Sign in by codes: to a mobile, to a second address, wrong ones, by an invitation,
without JavaScript."""

import re

from playwright.sync_api import expect


def ask(world, page, typed):
    """Ask for a code and return how many messages the address had before."""
    with world._own_address(page):
        page.goto("/sign-in")
        page.get_by_label("E-mail address or mobile number").fill(typed)
        page.get_by_role("button", name="Send me a code").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")


def enter(page, code, button="Sign in"):
    page.get_by_label("digit code").fill(code)
    page.get_by_role("button", name=button, exact=True).click()


def signed_in(page):
    expect(page.locator("summary", has_text="Your account")).to_be_attached()


def other_than(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def people(world, kind, value):
    return world.rows(
        "SELECT person_id FROM sign_in_method WHERE kind = ? AND value = ?", kind, value
    )


def test_a_code_by_sms_opens_an_account_and_a_second_address_opens_the_same(world):
    number, email = "+251911700101", "hirut@journey.example"
    page = world.visitor()
    page.goto("/sign-in")
    world.look(page, "Sign in")
    page.get_by_label("E-mail address or mobile number").fill("0911")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_role("alert")).to_contain_text("or a mobile number, like +251 91 123 4567")
    world.look(page, "Sign in", "refused")

    ask(world, page, "0911 70 01 01")
    code = world.code(number, after=0)
    expect(page.get_by_text("+251 91 170 0101 can receive SMS")).to_be_visible()
    world.look(page, "Enter your code")
    enter(page, other_than(code))
    expect(page.get_by_role("alert")).to_contain_text("This code is not valid")
    world.look(page, "Enter your code", "wrong")
    enter(page, code)
    world.look(page, "Accept the terms of use")
    page.get_by_role("button", name="Accept and continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Tick the box to accept the terms of use")
    world.accept_the_terms(page)

    page.goto("/account")
    world.look(page, "Your account")
    page.get_by_role("link", name="Sign-in methods").click()
    expect(page.get_by_text("Your only way to sign in cannot be removed")).to_be_visible()
    page.get_by_label("E-mail address or mobile number").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    enter(page, world.code(email, after=0), button="Confirm")
    expect(page.get_by_text(f"{email} is confirmed")).to_be_visible()
    world.look(page, "Sign-in methods")

    other = world.visitor()
    world.sign_in(other, email)
    assert people(world, "phone", number) == people(world, "email", email)


def test_five_wrong_codes_end_a_code_and_a_new_one_works(world):
    email, page = "lulit@journey.example", world.visitor()
    ask(world, page, email)
    code = world.code(email, after=0)
    for _ in range(5):
        enter(page, other_than(code))
        expect(page.get_by_role("alert")).to_contain_text(
            re.compile("ask for a new code", re.IGNORECASE)
        )
    enter(page, code)
    expect(page.get_by_role("alert")).to_contain_text("a wrong code was entered 5 times")
    assert people(world, "email", email) == []
    page.get_by_role("link", name="Send a new code or use another address").click()
    seen = len(world.mails(email))
    ask(world, page, email)
    enter(page, world.code(email, after=seen))
    signed_in(page)
    assert len(people(world, "email", email)) == 1


def test_an_invitation_is_followed_without_javascript(world):
    host = world.person("selam@demo.example")
    host.goto("/account")
    invitation = host.get_by_role("link", name="/join/").get_attribute("href")
    number, page = "+251911700102", world.visitor(java_script_enabled=False)
    page.goto(invitation)
    expect(page.get_by_label("Invitation code")).to_have_value(invitation[-8:])
    with world._own_address(page):
        page.get_by_label("E-mail address or mobile number").fill(number)
        page.get_by_role("button", name="Send me a code").click()
        enter(page, world.code(number, after=0))
        world.accept_the_terms(page)
    sponsor = world.rows(
        "SELECT s.email FROM person p JOIN person s ON s.id = p.sponsor_id WHERE p.phone = ?",
        number,
    )
    assert sponsor == [("selam@demo.example",)]
    page.goto("/account")
    page.get_by_label("First name").fill("Tigist")
    page.get_by_label("Last name").fill("Alemu")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_label("Language of pages and messages").select_option("am")
    page.get_by_role("button", name="Save language").click()
    expect(page.locator("html")).to_have_attribute("lang", "am")
