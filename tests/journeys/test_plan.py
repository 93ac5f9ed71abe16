"""A visitor asks the simulator; finance proposes other terms, and a colleague decides."""

from datetime import timedelta

from playwright.sync_api import expect

from crowdfund.kernel import clock
from crowdfund.plans.rules import terms

from . import checks


def test_a_visitor_asks_what_the_plan_would_pay(world):
    page = world.visitor()
    page.goto("/plan")
    world.look(page, "What the plan pays", "usual network")
    _ask(page)
    world.look(page, "What the plan pays", "three members")
    page.get_by_label("Months").fill("0")
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a whole number from 1 to 36.")
    world.look(page, "What the plan pays", "no month")


def test_the_simulator_needs_no_javascript(world):
    page = world.visitor(java_script_enabled=False)
    page.goto("/plan")
    _ask(page)


def _ask(page):
    page.get_by_label("How the network grows").select_option("balanced")
    page.get_by_label("Members").first.fill("3")
    page.get_by_label("What each member has paid for a vehicle").fill("500")
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_text("This cannot last")).to_be_visible()


def test_two_people_change_the_plan(world):
    sara, almaz = world.person("sara@demo.example"), world.person("almaz@demo.example")
    sara.goto("/staff/plan")
    world.look(sara, "Plan", "first terms")
    sara.get_by_role("link", name="Propose other terms").click()
    sara.get_by_label("Amount of a pair").fill("1,800")
    day = terms.business_date(clock.real()) + timedelta(days=40)
    sara.get_by_label("First day").fill(day.isoformat())
    sara.get_by_label("Reason").fill("The plan pays more than it can.")
    world.look(sara, "Propose other terms", "filled")
    sara.get_by_role("button", name="Send proposal").click()
    expect(sara.get_by_text("You requested this")).to_be_visible()
    path = sara.url
    almaz.set_viewport_size(checks.PHONE)
    almaz.goto(path)
    expect(almaz.get_by_text("What both would pay").first).to_be_visible()
    world.look(almaz, almaz.get_by_role("heading", level=1).inner_text(), "to decide")
    almaz.locator("summary", has_text="Approve").click()
    almaz.get_by_role("button", name="Approve and carry out").click()
    expect(almaz.get_by_text("Approved, not in force yet")).to_be_visible()
    sara.goto("/plan")
    expect(sara.get_by_text("Other terms apply from")).to_be_visible()
