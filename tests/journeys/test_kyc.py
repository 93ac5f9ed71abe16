"""A person is verified: left mid-way, continued elsewhere, sent back, corrected, approved,
changed again."""

import os
import re
import subprocess
import sys

from playwright.sync_api import expect

from . import verifying

EMAIL = "rahel@example.com"
SLUG = "sunlight-for-3-000-homes"
NAME = "Rahel Girma Wolde"


def test_a_person_is_verified_with_documents_through_every_turn(world):
    _begins_and_leaves(world)
    person = _continues_in_another_browser(world)
    desk = _reviewer_sends_it_back(world)
    _person_corrects_it(world, person)
    _reviewer_accepts(world, desk)
    expect(person.get_by_text("You are verified")).to_be_visible()
    world.look(person, "Your verification", "verified")
    assert person.evaluate("window.neverReloaded")
    _person_sees_who_has_looked(world, person)
    _nominees_are_named_and_verified(world, person, desk)
    _a_change_is_checked_again(world, person, desk)
    _time_ends_it(world, person)


def _begins_and_leaves(world):
    page = world.visitor()
    world.sign_in(page, EMAIL)
    page.goto("/account/verification")
    world.look(page, "Your verification", "new")
    page.get_by_role("link", name="Name, birth and nationality").click()
    page.get_by_label("Full legal name").fill("<Rahel>")
    page.get_by_label("Date of birth").fill("2015-01-01")
    page.get_by_role("button", name="Save and continue").click()
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("plain text only")
    expect(summary).to_contain_text("at least 18 years old")
    expect(summary).to_contain_text("Choose your nationality")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Full legal name")).to_have_value("<Rahel>")
    world.look(page, "Name, birth and nationality", "refused")
    verifying.about(page, NAME)
    verifying.address(page)
    expect(page).not_to_have_url(re.compile("/facts/address"))
    world.close(page)


def _continues_in_another_browser(world):
    page = world.visitor()
    world.sign_in(page, EMAIL)
    page.goto("/account/verification")
    tasks = page.get_by_role("listitem")
    expect(tasks.filter(has_text="Home address")).to_contain_text("Completed")
    expect(tasks.filter(has_text="Document type and number")).to_contain_text("Not started")
    page.get_by_role("link", name="Identity document", exact=True).click()
    verifying.identity(page, "EP 555 0001")
    _each_wrong_file_is_refused(page)
    verifying.upload(page)
    world.look(page, "Passport", "stored")
    verifying.send(page)
    world.look(page, "Your verification", "waiting")
    page.evaluate("window.neverReloaded = true")
    return page


def _each_wrong_file_is_refused(page):
    """What the page says about files that are no pictures; the person stays where they were."""
    refused = {
        ("letter.pdf", b"MZ" + b"\0" * 200): "This is a program",
        ("page.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"): "web page or a drawing",
    }
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a file first")
    for (name, data), words in refused.items():
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        page.get_by_label("File", exact=True).set_input_files(file)
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("alert")).to_contain_text(words)


def _reviewer_sends_it_back(world):
    desk = world.person("dawit@demo.example")
    desk.goto("/staff/people?q=rahel")
    world.look(desk, "People")
    desk.get_by_role("link", name=NAME).click()
    world.look(desk, "Rahel Girma Wolde")
    card = desk.get_by_role("article", name="Passport")
    assert _looks(world) == 0  # a picture that is not shown is not opened
    card.get_by_text("Show here").click()
    world.wait(lambda: _looks(world) == 1, "the look at the passport")
    card.get_by_role("radio", name="Reject").check()
    card.get_by_role("button", name="Save decision").click()
    expect(desk.get_by_role("alert")).to_contain_text("at least 10 characters")
    card.get_by_label("Reason").fill("The number cannot be read.")
    card.get_by_role("button", name="Save decision").click()
    expect(card.get_by_text("Rejected", exact=True)).to_be_visible()
    desk.get_by_label("What needs to be corrected?").fill(
        "Please send a sharper photo of your passport."
    )
    desk.get_by_role("button", name="Send back").click()
    expect(desk.get_by_text("The person can read your reason")).to_be_visible()
    return desk


def _looks(world):
    query = (
        "SELECT count(*) FROM document_view v JOIN document d ON d.id = v.document_id"
        " JOIN person p ON p.id = d.owner_id WHERE p.email = ?"
    )
    return world.rows(query, EMAIL)[0][0]


def _person_corrects_it(world, page):
    expect(page.get_by_text("We could not verify you")).to_be_visible()
    expect(page.get_by_text("Please send a sharper photo of your passport.")).to_be_visible()
    expect(page.get_by_text("The number cannot be read.")).to_be_visible()
    world.look(page, "Your verification", "sent back")
    page.get_by_role("link", name="Pictures of your identity document").click()
    verifying.upload(page, verifying.photo(NAME))
    expect(page.get_by_text("The number cannot be read.")).not_to_be_attached()
    verifying.send(page)
    page.evaluate("window.neverReloaded = true")


def _reviewer_accepts(world, desk):
    desk.reload()
    verifying.accept(desk)
    desk.get_by_role("button", name="Verify at the basic level").click()
    expect(desk.get_by_text("Valid until 31 May 2034").first).to_be_visible()


def _person_sees_who_has_looked(world, page):
    page.get_by_role("link", name="Who looked at my documents").click()
    world.look(page, "Who looked at my documents")
    expect(page.get_by_role("cell", name=re.compile(r"Dawit \(compliance\)")).first).to_be_visible()
    expect(page.get_by_role("cell", name="Review by staff").first).to_be_visible()


def _nominees_are_named_and_verified(world, page, desk):
    page.goto("/account/nominees")
    world.look(page, "Your nominees", "none")
    page.get_by_role("link", name="Add a nominee").click()
    page.get_by_label("Full name").fill("Sara Girma Wolde")
    page.get_by_label("How is the nominee related to you?").select_option("child")
    page.get_by_label("Date of birth").fill("2016-02-03")
    page.get_by_label("E-mail address or phone number").fill("0911")
    page.get_by_label("Share").fill("60")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("alert")).to_contain_text("phone number with its country code")
    world.look(page, "Add a nominee", "refused")
    page.get_by_label("E-mail address or phone number").fill("+251 91 123 4567")
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_label("File", exact=True).set_input_files(verifying.photo("SARA"))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("The shares add up to 60 % instead of 100 %.")).to_be_visible()
    expect(page.get_by_role("button", name="Send for verification")).not_to_be_attached()
    page.get_by_role("link", name="Change Sara Girma Wolde").click()
    page.get_by_label("Share").fill("100")
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("button", name="Send for verification").click()
    expect(page.get_by_text("Waiting for review")).to_be_visible()
    world.look(page, "Your nominees", "waiting")
    desk.goto("/staff/people")
    desk.get_by_role("link", name=NAME).click()
    card = desk.get_by_role("article", name="Sara Girma Wolde")
    card.get_by_role("radio", name="Accept").check()
    card.get_by_role("button", name="Save decision").click()
    expect(card.get_by_text("Verified", exact=True)).to_be_visible()
    expect(page.get_by_text("Your nominees are verified")).to_be_visible()


def _a_change_is_checked_again(world, page, desk):
    page.goto("/account/verification/facts/about")
    expect(page.get_by_text("If you change it, we review it again")).to_be_visible()
    verifying.about(page, "Rahel Girma")
    expect(page.get_by_text("We are checking your details")).to_be_visible()
    page.goto(f"/campaigns/{SLUG}/invest")
    expect(page.get_by_text("We are checking your identity.")).to_be_visible()
    desk.goto("/staff/people")
    desk.get_by_role("link", name="Rahel Girma", exact=True).click()
    verifying.accept(desk)
    desk.get_by_role("button", name="Verify at the basic level").click()
    expect(desk.get_by_text("Verified.", exact=True)).to_be_visible()
    page.goto(f"/campaigns/{SLUG}/invest")
    expect(page.get_by_role("textbox", name="Amount")).to_be_visible()
    world.wait(
        lambda: any(
            "reviewing your identity again" in one["subject"] for one in world.mails(EMAIL)
        ),
        "the message about the second check",
    )


# What the hourly job does on the day after the last one: that day is moved instead of the clock of
# all, and it is done for this person alone, as others are in other journeys.
THE_DAY_AFTER = """
from datetime import timedelta
import sqlalchemy as sa
from crowdfund import create_app
from crowdfund.kernel import db
from crowdfund.people import queries as people
from crowdfund.people.models import User
from crowdfund.compliance.queries import files, reviews
from crowdfund.compliance.service import expiry as service
with create_app().app_context():
    person = people.find_by_email({email!r})
    assert person.id not in reviews.lapsed() and not service.expire(person.id)
    yesterday = files.today() - timedelta(days=1)
    same = sa.update(User).where(User.id == person.id)
    db.db.session.execute(same.values(kyc_expires_on=yesterday))
    assert person.id in reviews.lapsed() and service.expire(person.id)
    db.commit()
"""


def _time_ends_it(world, page):
    """On the day after the last one the verification ends, on an open page too;
    a message tells of it."""
    page.goto("/account/verification")
    expect(page.get_by_text("You are verified")).to_be_visible()
    page.evaluate("window.neverReloaded = true")
    code = THE_DAY_AFTER.format(email=EMAIL)
    environ = {**os.environ, **world.stack.env}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    expect(page.get_by_text("Your verification has expired")).to_be_visible()
    assert page.evaluate("window.neverReloaded")
    world.look(page, "Your verification", "expired")
    page.goto(f"/campaigns/{SLUG}/invest")
    expect(page.get_by_role("textbox", name="Amount")).not_to_be_attached()
    expect(page.get_by_text("has expired").first).to_be_visible()
    world.wait(
        lambda: any("has expired" in one["subject"] for one in world.mails(EMAIL)),
        "the message that it ended",
    )
