"""A company's way from an empty file to a live campaign, page by page;
works with and without script."""

import io
import re

from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.raising import PDF

MEMORANDUM = {"name": "paper.pdf", "mimeType": "application/pdf", "buffer": PDF}
PROGRAM = {"name": "memorandum.pdf", "mimeType": "application/pdf", "buffer": b"MZ" + b"\0" * 500}
STORY = """## Why

Bread in Gondar is baked with wood from far away.

| Use | Part |
|---|---|
| Ovens that run on the sun | 80 % |
| Working capital | 20 % |

<script>document.title = "taken over"</script>

[Read on](https://example.com) or [do not](javascript:alert(1)). You may **lose** all of your money.
"""


def picture() -> dict:
    """Return a picture to upload, as a form takes it."""
    image = Image.new("RGB", (1280, 720), (246, 214, 160))
    draw = ImageDraw.Draw(image)
    draw.ellipse((840, 80, 1040, 280), fill=(233, 162, 59))
    draw.rounded_rectangle((280, 330, 900, 620), 120, fill=(150, 92, 48))
    out = io.BytesIO()
    image.save(out, "JPEG")
    return {"name": "oven.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def register(page: Page) -> None:
    """Open a file for a company."""
    page.goto("/my/company")
    page.get_by_role("button", name="Register a company").click()
    expect(page.get_by_role("heading", name="Register your company")).to_be_visible()


def save(page: Page) -> None:
    """Go on to the next page of a wizard."""
    page.get_by_role("button", name="Save and continue").click()


def fill_company(page: Page, name: str) -> None:
    """Fill the page about the company."""
    page.get_by_label("Legal name").fill(f"{name} PLC")
    page.get_by_label("Trade name").fill(name)
    page.get_by_label("Country of registration").select_option("ET")
    page.get_by_label("Registration number").fill(f"MT/AA/1/{abs(hash(name)) % 10**7:07d}/2018")
    page.get_by_label("Tax number (TIN)").fill(f"{abs(hash(name)) % 10**10:010d}")
    page.get_by_label("Sector").select_option("energy")
    save(page)


def fill_contacts(page: Page, email: str) -> None:
    """Fill the page about whom to ask."""
    page.get_by_label("Contact person").fill("Marta Ayele")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Phone number").fill("+251 91 123 4567")
    page.get_by_label("Street and house").fill("Piazza 3")
    page.get_by_label("Town or city").fill("Gondar")
    page.get_by_label("Region or state").fill("Amhara")
    save(page)


def fill_officers(page: Page) -> None:
    """Name one person who runs and owns the company."""
    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("Full name").fill("Marta Ayele")
    page.get_by_label("Role").select_option("chief_executive")
    page.get_by_label("Date of birth").fill("1985-05-01")
    page.get_by_label("Nationality").select_option("ET")
    page.get_by_label("Share of the company").fill("60")
    page.get_by_label("Beneficial owner").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Continue").click()


def fill_bank(page: Page, number: str = "1000123456789") -> None:
    """Enter the company's account; holder and kind are filled in already."""
    page.get_by_label("Bank", exact=False).and_(page.locator("select")).select_option("cbe")
    page.get_by_label("Account number").fill(number)
    save(page)


def fill_wallet(page: Page) -> None:
    """Let the platform hold the company's wallet."""
    page.get_by_role("radio", name=re.compile("Use a custodial wallet")).check()
    save(page)


def upload(page: Page, document: str, file: dict = MEMORANDUM) -> None:
    """Upload one document."""
    page.get_by_label(document, exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload and continue").click()


def upload_documents(page: Page) -> None:
    """Upload what Ethiopia asks for: each upload leads to the next."""
    page.get_by_role("link", name=re.compile("^Upload.*Business licence")).click()
    for document in ("Business licence", "Tax registration certificate", "Information memorandum"):
        upload(page, document)
    page.get_by_role("link", name="Continue").click()


def submit_company(page: Page) -> None:
    """Check the answers, stand by them and submit."""
    page.get_by_role("link", name="Check your answers and submit").click()
    for statement in page.get_by_role("checkbox").all():
        statement.check()
    page.get_by_role("button", name="Submit to compliance").click()
    expect(page.get_by_text("We are reviewing your company")).to_be_visible()


def fill_basics(page: Page, title: str) -> None:
    """Fill the first page of a campaign."""
    page.get_by_label("Title").fill(title)
    page.get_by_label("Summary").fill("Ovens that bake with sunlight save forty bakers their wood.")
    page.get_by_label("Sector").select_option("energy")
    page.get_by_role("radio", name=re.compile("^Equity")).check()
    save(page)


def fill_picture(page: Page) -> None:
    """Upload a picture and say what it shows."""
    page.get_by_label("Picture", exact=True).set_input_files(picture())
    page.get_by_label("What does the picture show?").fill("A round oven under a low sun")
    save(page)


def fill_story(page: Page) -> None:
    """Write the story."""
    page.get_by_label("Story").fill(STORY)
    save(page)


def fill_terms(page: Page, goal: str = "40,000") -> None:
    """Enter goal, price and limits."""
    page.get_by_label("Goal").fill(goal)
    page.get_by_label("Price of one share").fill("100")
    page.get_by_label("Minimum investment per person").fill("200")
    page.get_by_label("Maximum investment per person").fill("20000")
    page.get_by_label("Duration").fill("45")
    save(page)


def add_document(page: Page, title: str, file: dict) -> None:
    """Add a document for everybody to a draft."""
    page.get_by_label("What is it?").fill(title)
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Add", exact=True).click()


def submit_campaign(page: Page) -> None:
    """Check the draft, stand by it and submit."""
    page.get_by_role("link", name="Check and submit").click()
    page.get_by_label("I have the right to offer this").check()
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("We are reviewing your campaign")).to_be_visible()


def accept_documents(staff: Page) -> None:
    """Accept each document that waits on this page."""
    expect(staff.get_by_role("heading", name="History")).to_be_visible()
    for left in range(staff.get_by_role("button", name="Accept", exact=True).count(), 0, -1):
        staff.get_by_role("button", name="Accept", exact=True).first.click()
        expect(staff.get_by_role("button", name="Accept", exact=True)).to_have_count(left - 1)


def approve(staff: Page, name: str) -> None:
    """Approve a company or campaign that waits."""
    staff.goto("/staff/approvals")
    staff.get_by_role("link", name=name, exact=True).click()
    accept_documents(staff)
    staff.get_by_role("button", name="Approve").click()
    expect(staff.get_by_role("button", name="Approve")).to_have_count(0)
