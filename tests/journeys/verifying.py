"""What a person does on the verification pages, and a reviewer at the desk."""

from datetime import date

from playwright.sync_api import Page, expect

from crowdfund.local.story import pictures

NAME = "Selamawit Bekele Hailu"


def photo(name: str = NAME) -> dict:
    """Return a file as a browser uploads it: a picture of a specimen passport."""
    return {
        "name": "passport.png",
        "mimeType": "image/png",
        "buffer": pictures.passport(name.upper(), "EP0000001", date(2035, 1, 31)),
    }


def about(page: Page, name: str = NAME) -> None:
    """Fill and save the first page of facts."""
    page.get_by_label("Full legal name").fill(name)
    page.get_by_label("Date of birth").fill("1995-04-30")
    page.get_by_label("Nationality").select_option("ET")
    page.get_by_role("button", name="Save and continue").click()


def address(page: Page) -> None:
    """Fill and save the home address."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Home address")
    page.get_by_label("Street, house, sub-city").fill("Churchill Avenue 3")
    page.get_by_label("City or town").fill("Addis Ababa")
    page.get_by_label("Country").select_option("ET")
    page.get_by_role("button", name="Save and continue").click()


def identity(page: Page, number: str) -> None:
    """Say which document there is; the next page takes its picture."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Identity document")
    page.get_by_role("radio", name="Passport").check()
    page.get_by_label("Number of the document").fill(number)
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Passport")


def upload(page: Page, file: dict | None = None) -> None:
    """Send a file on an upload page and wait until it is stored."""
    page.get_by_label("File", exact=True).set_input_files(file or photo())
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("Uploaded, not reviewed yet")).to_be_visible()


def send(page: Page) -> None:
    """Go from an upload page over the answers to the request."""
    page.get_by_role("link", name="Continue").click()
    page.get_by_role("link", name="Check your answers").click()
    page.get_by_label("Everything above is true").check()
    page.get_by_role("button", name="Send for verification").click()
    expect(page.get_by_text("We are checking your details")).to_be_visible()


def accept(desk: Page, document: str = "Passport", until: str = "2034-05-31") -> None:
    """Accept one document at the desk."""
    card = desk.get_by_role("article", name=document)
    card.get_by_role("radio", name="Accept").check()
    card.get_by_label("Valid until").fill(until)
    card.get_by_role("button", name="Save decision").click()
    expect(card.get_by_text("Accepted", exact=True)).to_be_visible()
