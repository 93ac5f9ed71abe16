"""The second factor in a real browser: an app, codes on paper, a passkey; devices;
a stopped change."""

import re

import pytest
from playwright.sync_api import expect

WHO = "samuel@demo.example"


@pytest.fixture(scope="module")
def enrolled(session_world):
    """Samuel's secret and recovery codes, once the first journey has set them up."""
    return {}


def half_way(world, page, email):
    """Sign in by code, up to the question for the second factor."""
    with world._own_address(page):
        page.goto("/sign-in")
        seen = len(world.mails(email))
        page.get_by_label("E-mail address").fill(email)
        page.get_by_role("button", name="Send me a code").click()
        page.get_by_label("Six-digit code").fill(world.code(email, after=seen))
        page.get_by_role("button", name="Sign in").click()


def sign_out(page):
    page.locator("summary", has_text="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def confirmed(page):
    expect(page.locator("summary", has_text="Your account")).to_be_attached()


def test_an_authenticator_app_is_set_up_asked_for_and_replaced_by_a_code_on_paper(world, enrolled):
    page = world.visitor()
    world.sign_in(page, WHO)
    page.goto("/account/security")
    world.look(page, "Security", "without a factor")
    page.get_by_role("link", name="Set up an authenticator app").click()
    world.look(page, "Set up an authenticator app")
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.get_by_label("Enter the code the app shows now").fill("000000")
    page.get_by_role("button", name="Confirm and switch on").click()
    expect(page.get_by_role("alert")).to_contain_text("not the code that the app shows")
    assert page.locator("#secret").inner_text().replace(" ", "") == secret
    page.get_by_label("Enter the code the app shows now").fill(world.app_code(WHO, secret=secret))
    page.get_by_role("button", name="Confirm and switch on").click()
    world.look(page, "Your recovery codes")
    codes = page.locator(".cf-codes code").all_inner_texts()
    assert len(set(codes)) == 10
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as a file").click()
    assert download.value.suggested_filename == "crowdfund-recovery-codes.txt"
    assert download.value.path().read_text("utf-8-sig").splitlines()[-10:] == codes
    page.evaluate("window.print = () => { window.printed = true }")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")
    page.get_by_role("button", name="I have stored them").click()
    expect(page.get_by_text("10 codes are left.")).to_be_visible()
    world.look(page, "Security", "with an app")
    enrolled |= {"secret": secret, "codes": codes}

    sign_out(page)
    half_way(world, page, WHO)
    world.look(page, "Confirm that it is you")
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the six digits")
    world.prove(page, WHO, secret=secret)
    confirmed(page)

    sign_out(page)
    half_way(world, page, WHO)
    page.get_by_role("link", name="use a recovery code").click()
    world.look(page, "Use a recovery code")
    page.get_by_label("Recovery code").fill(codes[0].lower())
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_text("9 recovery codes are left.")).to_be_visible()
    world.wait(
        lambda: any("recovery code" in mail["subject"].lower() for mail in world.mails(WHO)),
        "the notice",
    )


def test_a_passkey_is_made_and_signs_in(world):
    email = "ruth@demo.example"
    page = world.visitor()
    world.sign_in(page, email)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    trusted = {
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": kind | trusted})
    page.goto("/account/security/passkeys/new")
    world.look(page, "Add a passkey")
    page.get_by_role("button", name="Create the passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Give the passkey a name")
    page.get_by_label("Name of the passkey").fill("This laptop")
    page.get_by_role("button", name="Create the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    page.get_by_role("button", name="I have stored them").click()
    expect(page.get_by_text("This laptop", exact=True)).to_be_visible()
    world.look(page, "Security", "with a passkey")

    sign_out(page)
    half_way(world, page, email)
    world.look(page, "Confirm that it is you", "by passkey")
    page.get_by_role("button", name="Use a passkey").click()
    confirmed(page)
    page.goto("/account/security")
    expect(page.get_by_text("last used")).to_be_visible()

    sign_out(page)
    page.goto("/sign-in?next=/portfolio")
    world.look(page, "Sign in", "with a passkey")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Portfolio")


def test_a_device_is_signed_out_from_another_one(world):
    email = "elias@demo.example"
    phone, laptop = world.visitor(), world.visitor()
    world.sign_in(phone, email)
    world.sign_in(laptop, email)
    world.wait(
        lambda: any("New sign-in" in mail["subject"] for mail in world.mails(email)), "the notice"
    )
    laptop.goto("/account/sessions")
    world.look(laptop, "Your devices")
    other = laptop.get_by_role("listitem").filter(
        has=laptop.get_by_role("button", name="Sign it out")
    )
    expect(other.first).to_contain_text("Chrome, Linux")
    laptop.locator("summary", has_text="Sign out all others").click()
    laptop.get_by_role("button", name="Yes, sign them out").click()
    expect(laptop.get_by_text("No other device is signed in.")).to_be_visible()
    phone.goto("/wallet")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_payout_account_is_asked_for_held_and_stopped(world, enrolled):
    """Goes on with Samuel, who has a second factor,
    and whose input survives the question for it."""
    page = world.visitor()
    half_way(world, page, WHO)
    page.get_by_role("link", name="use a recovery code").click()
    page.get_by_label("Recovery code").fill(enrolled["codes"][1])
    page.get_by_role("button", name="Confirm", exact=True).click()
    confirmed(page)
    page.goto("/account/payout-account")
    world.look(page, "Payout account", "none")
    page.get_by_role("link", name="A bank in Ethiopia").click()
    page.get_by_label("Bank", exact=True).select_option("cbe")
    page.get_by_label("Account number", exact=True).fill("12345")
    page.get_by_label("Account number again").fill("12345")
    page.get_by_role("button", name="Add this account").click()
    expect(page.get_by_role("alert")).to_contain_text("has 13 digits")
    world.look(page, "A bank in Ethiopia", "refused")
    page.get_by_label("Account number", exact=True).fill("1000 1234 56789")
    page.get_by_label("Account number again").fill("1000 1234 56789")
    page.get_by_role("button", name="Add this account").click()
    world.look(page, "A change of your account", "waits")
    expect(page.get_by_text("ET •••• 6789")).to_be_visible()

    asked = "Change requested"
    world.wait(lambda: any(asked in mail["subject"] for mail in world.mails(WHO)), "the notice")
    (letter,) = [mail for mail in world.mails(WHO) if asked in mail["subject"]]
    page.goto(re.search(r"http://localhost:\d+/account/changes/\w+", letter["text"])[0])
    page.get_by_role("button", name="Cancel this change").click()
    expect(page.get_by_text("This change was cancelled")).to_be_visible()
    world.look(page, "A change of your account", "cancelled")
    page.goto("/account/payout-account")
    expect(page.get_by_text("You have no payout account yet")).to_be_visible()


def test_without_script_an_app_is_set_up_and_asked_for(world):
    email = "amina@paper.example"
    page = world.visitor(java_script_enabled=False)
    world.sign_in(page, email)
    page.goto("/account/payout-account/iban")
    expect(page.get_by_text("Set up a second factor to continue")).to_be_visible()
    page.get_by_role("link", name="Add a passkey").click()
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Set up an authenticator app").click()
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.get_by_label("Enter the code the app shows now").fill(world.app_code(email, secret=secret))
    page.get_by_role("button", name="Confirm and switch on").click()
    page.get_by_role("button", name="I have stored them").click()
    expect(page.get_by_text("Enter your name first.")).to_be_visible()
    sign_out(page)
    half_way(world, page, email)
    world.prove(page, email, secret=secret)
    confirmed(page)
