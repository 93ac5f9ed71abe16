"""Journey: a verified company changes its address and takes somebody into its team."""

import re

from playwright.sync_api import expect

from . import raising

OWNER, NEWCOMER = "rahel@demo.example", "abel@coldchain.example"
COMPANY = "Blue Nile Cold Chain"


def test_a_verified_company_changes_a_fact_and_new_campaigns_wait(world):
    issuer, officer = world.person(OWNER), world.person("dawit@demo.example")
    issuer.goto("/my/company")
    issuer.get_by_role("link", name="View company details").click()
    company_path = issuer.url
    issuer.get_by_role("link", name="Contact person and address").click()
    issuer.get_by_label("Town or city").fill("Bahir Dar")
    raising.save(issuer)
    issuer.get_by_role("link", name="Check and send the changes").click()
    world.look(issuer, "Changes", "written")
    issuer.get_by_role("button", name="Send the changes").click()
    expect(issuer.get_by_text("A change is waiting for review")).to_be_visible()
    issuer.evaluate("window.neverReloaded = true")

    officer.goto("/staff/companies?status=changes")
    world.look(officer, "Companies", "changes")
    officer.get_by_role("link", name=COMPANY).click()
    expect(officer.get_by_role("cell", name="Bahir Dar")).to_be_visible()
    world.look(officer, COMPANY, "changes at the desk")
    officer.get_by_role("button", name="Approve").click()
    expect(officer.get_by_role("button", name="Approve")).to_have_count(0)
    expect(issuer.get_by_text("A change is waiting for review")).to_have_count(0)
    assert issuer.evaluate("window.neverReloaded")
    issuer.goto(f"{company_path}/check")
    expect(issuer.get_by_text("Bahir Dar")).to_be_visible()


def test_somebody_joins_a_team_by_a_link_and_sees_what_the_role_allows(world):
    issuer = world.person(OWNER)
    issuer.goto("/my/company")
    issuer.get_by_role("link", name="View company details").click()
    issuer.get_by_role("link", name="Team", exact=True).click()
    issuer.get_by_label("E-mail address").fill(NEWCOMER)
    issuer.get_by_role("combobox", name="Role", exact=True).select_option("finance")
    issuer.get_by_role("button", name="Send the invitation").click()
    expect(issuer.get_by_role("cell", name=NEWCOMER, exact=True)).to_be_visible()
    world.look(issuer, "Team", "invited")

    world.wait(lambda: world.mails(NEWCOMER), "the invitation")
    link = re.search(r"/invitations/\S+", world.mails(NEWCOMER)[0]["text"])[0]
    newcomer = world.visitor()
    newcomer.goto(link)
    world.sign_in(newcomer, NEWCOMER, go=False)
    world.look(newcomer, f"Join {COMPANY}")
    newcomer.get_by_role("button", name="Accept").click()
    expect(newcomer.get_by_text("Welcome to the team.")).to_be_visible()
    expect(newcomer.get_by_role("link", name="Bank account")).to_be_visible()
    expect(newcomer.get_by_role("link", name="Company details")).to_have_count(0)
