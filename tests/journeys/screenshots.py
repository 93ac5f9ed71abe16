"""`python -m tests.journeys.screenshots`: make the pictures under docs/screenshots/ again."""

import io
import re
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests import chromium

from . import checks, raising
from .world import DONE, World, invest, open_world, pay_at_bank

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SLUG = "sunlight-for-3-000-homes"
COLOURS = 192


def take(page: Page, name: str, *, full: bool = False) -> None:
    """Save what the page shows as a small PNG."""
    page.evaluate("document.activeElement?.blur()")
    page.wait_for_function(
        "[...document.images].every((one) => one.complete || one.loading === 'lazy')"
    )
    image = Image.open(io.BytesIO(page.screenshot(full_page=full))).convert("RGB")
    small = image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(FOLDER / f"{name}.png", optimize=True)


def in_the_dark(page: Page, name: str) -> None:
    """Save the page as it is at night."""
    page.emulate_media(color_scheme="dark")
    take(page, name)
    page.emulate_media(color_scheme="light")


def public(world: World) -> None:
    """Home and a campaign, wide, on a phone, in the dark."""
    page = world.visitor()
    page.goto("/")
    take(page, "home")
    page.goto(f"/campaigns/{SLUG}")
    take(page, "campaign")
    in_the_dark(page, "campaign-dark")
    page.set_viewport_size(checks.PHONE)
    take(page, "campaign-phone")


def investor(world: World) -> None:
    """From the amount to the wallet."""
    page = world.person("hanna@demo.example")
    page.goto(f"/campaigns/{SLUG}/invest")
    page.get_by_role("textbox", name="Amount").fill("2,500")
    expect(page.locator("#quote")).to_contain_text("25 shares")
    take(page, "invest", full=True)
    invest(page, SLUG, "2,500")
    page.get_by_role("link", name=re.compile("^Pay 2,500.00 ETB")).click()
    page.locator("summary", has_text="Simulate a fault").click()
    take(page, "checkout-simulator")
    page.go_back()
    pay_at_bank(page)
    expect(page.get_by_text(DONE)).to_be_visible()
    page.locator("summary", has_text="Where is my money?").click()
    take(page, "investment", full=True)
    page.set_viewport_size(checks.PHONE)
    in_the_dark(page, "investment-phone-dark")
    page.set_viewport_size(checks.DESK)
    for name in ("portfolio", "wallet"):
        page.goto(f"/{name}")
        take(page, name)


def issuer(world: World) -> None:
    """The task list of a company that has begun."""
    page = world.person("marta@bakers.example")
    raising.register(page)
    page.get_by_role("link", name="Company details").click()
    raising.fill_company(page, "Gondar Sun Bakers")
    raising.fill_contacts(page, "marta@bakers.example")
    page.get_by_role("link", name="Back to the task list").click()
    take(page, "company-tasks")
    page.set_viewport_size(checks.PHONE)
    take(page, "company-tasks-phone")


def staff(world: World) -> None:
    """The desk and its lists."""
    page = world.person("almaz@demo.example")
    for name, path in {
        "staff-desk": "/staff",
        "approvals": "/staff/approvals",
        "payments": "/staff/payments",
        "chain-writes": "/staff/chain/writes",
    }.items():
        page.goto(path)
        take(page, name)


def people(world: World) -> None:
    """Ways in, verification, security, languages; and the desks that look after people."""
    page = world.visitor()
    page.goto("/sign-in")
    expect(page.get_by_text("No wallet was found")).to_be_visible()
    take(page, "sign-in")
    page.goto("/")
    page.get_by_role("button", name="አማርኛ").click()
    take(page, "home-amharic")
    page.set_viewport_size(checks.PHONE)
    page.get_by_role("button", name="हिन्दी").click()
    in_the_dark(page, "home-hindi-phone-dark")
    page = world.person("hanna@demo.example")
    for name, path in {
        "account": "/account",
        "ways-in": "/account/sign-in-methods",
        "security": "/account/security",
        "devices": "/account/sessions",
        "notices": "/notifications",
        "messages": "/account/notifications",
    }.items():
        page.goto(path)
        if name == "ways-in":
            expect(page.get_by_text("No wallet was found")).to_be_visible()
        take(page, name, full=True)
    page = world.person("tsion@people.example")
    page.goto("/account/verification")
    take(page, "verification", full=True)
    page.set_viewport_size(checks.PHONE)
    in_the_dark(page, "verification-phone-dark")
    page = world.person("almaz@demo.example")
    for name, path in {
        "people": "/staff/people?status=",
        "companies": "/staff/companies?status=",
        "users": "/staff/users",
        "audit": "/staff/audit",
    }.items():
        page.goto(path)
        take(page, name)
    page.goto("/staff/people?status=")
    page.get_by_role("table").get_by_role("link").first.click()
    take(page, "person", full=True)
    page.goto("/staff/companies?status=")
    page.get_by_role("table").get_by_role("link").first.click()
    take(page, "company-desk", full=True)


def main() -> None:
    """Start a seeded stack and take all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(**chromium.launch_args())
        with open_world(Path(folder), browser) as world:
            for part in (public, issuer, investor, staff, people):
                part(world)
        browser.close()
    for file in sorted(FOLDER.glob("*.png")):
        print(f"{file.stat().st_size:>8,}  {file.name}")


if __name__ == "__main__":
    main()
