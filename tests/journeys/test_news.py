"""Updates and questions in the browser: a company writes, somebody asks, everyone reads."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import raising

from . import checks

SLUG = "sunlight-for-3-000-homes"
DESK = {"width": 1440, "height": 900}
SHOTS = os.environ.get("NEWS_SHOTS", "")


def shoot(page, name):
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def seen(page, heading, _state=""):
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_company_writes_an_update_with_a_picture_and_everyone_reads_it(world, tmp_path, script):
    if script:
        owner = world.person("abel@demo.example")
    else:
        world.person("abel@demo.example")
        owner = world.person("abel@demo.example", java_script_enabled=False)
    look = world.look if script else seen  # the checks are a script
    title = f"A third crew, {'with' if script else 'without'} script"
    owner.goto("/my/company")
    owner.get_by_role("link", name="Manage campaign").first.click()
    owner.get_by_role("link", name="Updates", exact=True).click()
    look(owner, "Updates: Sunlight for 3,000 homes")
    shoot(owner, "team-list")
    owner.get_by_role("link", name="Write an update").click()
    owner.get_by_label("Title").fill(title)
    owner.get_by_label("Text").fill("We have **three** crews now.\n\n- Sheno\n- Ziway")
    owner.get_by_role("button", name="Preview").click()
    expect(owner.locator("#update-preview strong")).to_have_text("three")
    expect(owner.get_by_label("Title")).to_have_value(title)
    look(owner, "Write an update", "with a preview")
    shoot(owner, "editor")
    owner.get_by_role("button", name="Save the draft").click()
    look(owner, title, "draft")
    owner.get_by_role("link", name="Add a picture").click()
    look(owner, "Add a picture")
    picture = tmp_path / "crew.png"
    picture.write_bytes(raising.picture((640, 360)))
    owner.get_by_label("Picture", exact=True).set_input_files(picture)
    owner.get_by_label("What does the picture show?").fill("Three people on a roof.")
    owner.get_by_role("button", name="Add").click()
    expect(owner.get_by_role("img", name="Three people on a roof.")).to_be_attached()
    owner.locator("summary", has_text="Publish").click()
    shoot(owner, "draft")
    owner.get_by_role("button", name="Publish it").click()
    expect(owner.get_by_role("link", name="See the public page")).to_be_visible()
    visitor = world.visitor(viewport=checks.PHONE)
    visitor.goto(f"/campaigns/{SLUG}")
    visitor.get_by_role("link", name=title).click()
    world.look(visitor, title, "phone")
    shoot(visitor, "update-phone")
    visitor.get_by_role("link", name="All updates").click()
    world.look(visitor, "Updates: Sunlight for 3,000 homes", "phone")
    expect(visitor.get_by_role("article").first).to_contain_text(title)
    shoot(visitor, "list-phone")


@pytest.mark.parametrize("size", [DESK, checks.PHONE], ids=["desk", "phone"])
def test_somebody_asks_and_the_company_answers(world, size):
    text = f"How long does a panel last on a roof of {size['width']} tiles?"
    asker = world.person("hanna@demo.example", viewport=size)
    asker.goto(f"/campaigns/{SLUG}")
    shoot(asker, f"detail-{size['width']}")
    asker.get_by_role("link", name="Ask a question").click()
    world.look(asker, "Ask about Sunlight for 3,000 homes")
    expect(asker.get_by_text("Your name is shown as “Hanna D.”")).to_be_visible()
    asker.get_by_role("button", name="Send the question").click()
    expect(asker.get_by_role("alert")).to_contain_text("Enter your question.")
    world.look(asker, "Ask about Sunlight for 3,000 homes", "with an error")
    asker.get_by_label("Your question").fill(text)
    asker.get_by_role("button", name="Send the question").click()
    expect(asker.get_by_text("Waiting for an answer").first).to_be_visible()
    shoot(asker, f"ask-{size['width']}")
    owner = world.person("abel@demo.example", viewport=size)
    owner.goto("/my/company")
    owner.get_by_role("link", name="Questions to answer").click()
    world.look(owner, "Questions: Sunlight for 3,000 homes")
    shoot(owner, f"desk-{size['width']}")
    owner.get_by_role("link", name=text).click()
    world.look(owner, "Question")
    shoot(owner, f"answer-{size['width']}")
    owner.get_by_label("Your answer").fill("About 25 years.")
    owner.get_by_role("button", name="Publish the answer").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text(
        "Questions: Sunlight for 3,000 homes"
    )
    asker.goto(f"/campaigns/{SLUG}/questions")
    world.look(asker, "Questions and answers: Sunlight for 3,000 homes")
    expect(asker.get_by_role("article").first).to_contain_text("About 25 years.")
    shoot(asker, f"questions-{size['width']}")


def test_staff_read_what_is_published_and_asked(world):
    officer = world.person("dawit@demo.example")
    officer.goto("/staff/campaigns?status=live")
    officer.get_by_role("link", name="Sunlight for 3,000 homes").first.click()
    officer.get_by_role("link", name="Updates", exact=True).click()
    world.look(officer, "Updates: Sunlight for 3,000 homes", "staff")
    officer.get_by_role("link", name="The first 40 homes of this year have light").click()
    world.look(officer, "The first 40 homes of this year have light", "staff")
    shoot(officer, "staff-update")
    officer.go_back()
    officer.get_by_role("link", name="Back to the campaign").click()
    officer.get_by_role("link", name="Questions and answers").click()
    world.look(officer, "Questions: Sunlight for 3,000 homes", "staff")
    officer.get_by_role("link", name="What happens when a family").click()
    world.look(officer, "Question", "staff")
    shoot(officer, "staff-question")
