"""Sign in with the demo identity provider: there and back, cancelled, refused,
and whose address it is."""

import re

import httpx
import pytest
from playwright.sync_api import expect

BUTTON = "Continue with Demo ID"


@pytest.fixture
def provider(world):
    """Steer the identity provider of the stack; it behaves well again afterwards."""

    def control(**faults):
        headers = {"X-Control-Key": world.stack.env["OIDC_CLIENT_SECRET"]}
        httpx.post(
            f"{world.stack.url('identity')}/_control", json=faults, headers=headers
        ).raise_for_status()

    yield control
    control()


def choose(page, name):
    """Go to the provider and say who one is there."""
    page.goto("/sign-in?next=/portfolio")
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose an account")
    page.get_by_role("button", name=name).click()


def ways(world, email):
    """Return the kinds of ways in of who has an address."""
    query = (
        "SELECT m.kind FROM sign_in_method m JOIN person p ON p.id = m.person_id"
        " WHERE p.email = ? ORDER BY m.kind"
    )
    return [row[0] for row in world.rows(query, email)]


def test_a_verified_address_opens_an_account_and_the_same_one_the_next_time(world):
    page = world.visitor()
    choose(page, "Fikirte Bogale")
    world.accept_the_terms(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Portfolio")
    expect(page.locator("summary", has_text="Your account: Fikirte Bogale")).to_be_attached()
    page.goto("/account/sign-in-methods")
    expect(page.get_by_text("Demo ID (fikirte@id.example)")).to_be_visible()
    again = world.visitor(java_script_enabled=False)
    choose(again, "Fikirte Bogale")
    expect(again.get_by_role("heading", level=1)).to_have_text("Portfolio")
    assert ways(world, "fikirte@id.example") == ["email", "oidc"]


def test_who_cancels_or_brings_a_false_token_reads_why_and_signs_in_otherwise(world, provider):
    page = world.visitor()
    choose(page, "Cancel")
    world.look(page, "Sign in", "cancelled at the provider")
    expect(page.get_by_text("Sign-in with Demo ID was cancelled")).to_be_visible()
    provider(claims={"nonce": "of another sign-in"})
    choose(page, "Fikirte Bogale")
    expect(page.get_by_role("alert")).to_contain_text(
        "could not be accepted, so nobody was signed in"
    )
    page.get_by_role("link", name="Back to sign-in").click()
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/portfolio$"))
    world.sign_in(page, "after-trouble@demo.example", go=False)
    expect(page).to_have_url(re.compile("/portfolio$"))


def test_the_page_on_the_way_is_whole_by_itself(world):
    page = world.visitor()
    page.route(f"{world.stack.url('identity')}/**", lambda route: route.fulfill(status=204))
    page.goto("/sign-in")
    page.get_by_role("button", name=BUTTON).click()
    page.wait_for_url("**/sign-in/oidc/leave")
    world.look(page, "Continue to Demo ID")


def test_an_unverified_address_is_not_taken_over(world):
    page = world.visitor()
    page.goto("/sign-in")
    page.get_by_role("button", name=BUTTON).click()
    page.get_by_role("button", name="Biruk Haile").click()
    world.accept_the_terms(page)
    expect(page.get_by_text("Add an e-mail address, so that we can write to you")).to_be_visible()
    world.look(page, "Sign-in methods", "without an address")
    assert ways(world, "biruk@id.example") == []


def test_the_owner_of_an_address_proves_it_once_and_then_enters_with_the_provider(world, provider):
    email = "mekdes@demo.example"
    provider(
        accounts=[
            {"sub": "mekdes", "name": "Mekdes at work", "email": email, "email_verified": True}
        ]
    )
    world.sign_in(world.visitor(), email)
    page = world.visitor()
    choose(page, "Mekdes at work")
    world.look(page, "Is this your account?")
    seen = len(world.mails(email))
    page.get_by_role("button", name=f"Send a code to {email}").click()
    page.get_by_label("Six-digit code").fill(world.code(email, after=seen))
    page.get_by_role("button", name="Sign in").click()
    world.look(page, "Connect this sign-in?")
    assert ways(world, email) == ["email"]
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text(f"You can sign in with Demo ID ({email}) from now on.")).to_be_visible()
    other = world.visitor()
    choose(other, "Mekdes at work")
    expect(other.get_by_role("heading", level=1)).to_have_text("Portfolio")
    assert ways(world, email) == ["email", "oidc"]
