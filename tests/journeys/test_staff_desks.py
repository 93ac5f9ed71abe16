"""Staff: one admin asks, another confirms, the regulator reads what was done and takes it away."""

import re

from playwright.sync_api import expect

from .checks import PHONE


def test_a_role_is_given_by_four_eyes_and_stands_in_the_audit_log(world):
    almaz, tsion = world.person("almaz@demo.example"), world.person("tsion@demo.example")
    tsion.goto("/staff/requests")
    world.look(tsion, "Requests for a second admin", "nothing waits")

    almaz.goto("/staff")
    world.look(almaz, "Staff desk", "of an admin")
    almaz.get_by_role("link", name="Users").first.click()
    almaz.get_by_label("Name, e-mail, number or id").fill("ruth")
    almaz.get_by_role("button", name="Show").click()
    almaz.get_by_role("link", name="Ruth Assefa").click()
    world.look(almaz, "Ruth Assefa", "to manage")
    almaz.get_by_role("button", name="Send request").click()
    expect(almaz.get_by_role("alert")).to_contain_text("Choose what should be done.")
    world.look(almaz, "Ruth Assefa", "something is missing")
    almaz.get_by_label("Assign role").check()
    almaz.get_by_label("Role (required for a change of roles)").select_option("finance")
    almaz.locator("#ask-reason").fill("She joins the finance team.")
    almaz.get_by_role("button", name="Send request").click()
    expect(almaz.get_by_text("Another admin has seven days")).to_be_visible()

    tsion.get_by_role("link", name="Assign role: Finance").click()  # it came by itself
    world.look(tsion, "Assign role: Finance", "to decide")
    tsion.get_by_role("button", name="Approve and carry out").click()
    expect(tsion.get_by_text("Done. We have notified the person.")).to_be_visible()
    almaz.reload()
    expect(almaz.get_by_text(re.compile(r"^Finance \("))).to_be_visible()

    yonas = world.person("yonas@demo.example")
    yonas.goto("/staff/audit?action=admin.confirm")
    expect(
        yonas.get_by_role("row", name=re.compile("Tsion Alemayehu.*Ruth Assefa"))
    ).to_be_visible()
    world.look(yonas, "Audit log", "filtered")
    with yonas.expect_download() as download:
        yonas.get_by_role("link", name="CSV").click()
    assert "admin.confirm" in download.value.path().read_text()
    yonas.get_by_role("row", name=re.compile("Tsion Alemayehu")).get_by_role("link").first.click()
    world.look(yonas, re.compile(r"^Audit entry \d+$"))
    yonas.goto("/staff/audit?action=admin.audit_csv")
    expect(yonas.get_by_role("row", name=re.compile("Yonas Girma"))).to_be_visible()


def test_a_closed_account_is_out_at_once(world):
    almaz, yared = world.person("almaz@demo.example"), world.visitor(viewport=PHONE)
    world.sign_in(yared, "yared@demo.example")
    almaz.goto("/staff/users?q=yared")
    almaz.get_by_role("link", name="Yared Solomon").click()
    almaz.locator("summary", has_text="Close the account").click()
    expect(almaz.get_by_text("Close the account of Yared Solomon?")).to_be_visible()
    almaz.locator("#reason-close").fill("He asked for it.")
    almaz.get_by_role("button", name="Yes, close the account").click()
    expect(almaz.get_by_text("The account is closed.")).to_be_visible()
    yared.goto("/portfolio")
    expect(yared).to_have_url(re.compile("/sign-in"))
    world.look(almaz, "Yared Solomon", "closed")
    almaz.locator("#reason").fill("He came back.")
    almaz.get_by_role("button", name="Reopen the account").click()
    expect(almaz.get_by_text("The account is open again.")).to_be_visible()


def test_the_other_lists_of_admins(world):
    almaz = world.person("almaz@demo.example")
    for path, heading in {
        "/staff/users?q=nobody": "Users",
        "/staff/audit": "Audit log",
        "/staff/requests?status=all": "Requests for a second admin",
        "/staff/work": "Background work",
        "/staff/work?state=done": "Background work",
    }.items():
        almaz.goto(path)
        world.look(almaz, heading, path)
