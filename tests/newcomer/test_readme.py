"""The README as a newcomer follows it: `make run`, then each demo account's "try" to its end.

No setting is touched. The tests run in the order of the file, in one installation.
"""

import re
import signal

from playwright.sync_api import expect

from crowdfund.local.environment import ROOT
from crowdfund.local.story import cast

from .newcomer import menu, never_reloaded, remember

SOLAR, BIKES, VANS = (
    "Sunlight for 3,000 homes",
    "Electric bikes for the hills of Addis",
    "Cold vans for fresh milk",
)
DONE = "Your investment is settled and recorded on chain."
PHONE = {"width": 390, "height": 844}
PLAYED = ("hanna", "abel", "natnael", "almaz", "tsion", "dawit", "sara", "yonas")


def test_the_readme_names_the_accounts_that_the_story_made_and_make_run_prints(newcomer):
    table = re.findall(r"^\| .* \| `(\S+@\S+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    told = {email for _, email in cast.accounts()}
    assert set(table) == told == {f"{name}@{cast.DOMAIN}" for name in PLAYED}
    printed = "".join(newcomer.made.said)
    assert [email for email in sorted(told) if email not in printed] == []


def test_an_investor_pays_at_the_bank_and_everybody_sees_the_money_arrive(newcomer):
    watcher = newcomer.visitor(viewport=PHONE)
    watcher.goto("/campaigns")
    watcher.get_by_role("link", name=SOLAR).click()
    progress = watcher.locator("progress").first
    expect(watcher.get_by_text("305,000.00 ETB").first).to_be_visible()
    before = progress.get_attribute("value")
    remember(watcher)

    hanna = newcomer.person("hanna@demo.example")
    hanna.get_by_role("link", name=SOLAR).first.click()
    hanna.get_by_role("link", name="Invest from 500.00 ETB").first.click()
    hanna.get_by_role("textbox", name="Amount").fill("20000")
    hanna.get_by_label("I have read and understood").check()
    hanna.get_by_role("button", name="Go to payment").click()
    hanna.get_by_role("link", name=re.compile("^Pay 20,000.00 ETB at NEO Bank")).click()
    expect(hanna.get_by_role("heading", name="Amount to pay")).to_be_visible()
    hanna.get_by_role("button", name="Pay", exact=True).click()
    expect(hanna.get_by_role("heading", name=f"Your investment in {SOLAR}")).to_be_visible()
    remember(hanna)

    expect(hanna.get_by_text(DONE)).to_be_visible()
    steps = hanna.get_by_role("list", name="Progress of your investment").get_by_role("listitem")
    expect(steps).to_contain_text(
        ["Investment placed", "Paid at NEO Bank", "Settled", "Recorded on chain"]
    )
    expect(steps.last).to_contain_text("Done")
    assert never_reloaded(hanna)

    expect(watcher.get_by_text("325,000.00 ETB").first).to_be_visible()
    expect(progress).not_to_have_attribute("value", before or "")
    assert never_reloaded(watcher)


def test_the_bank_answers_a_second_try_with_a_page_that_leads_back(newcomer):
    hanna = newcomer.person("hanna@demo.example")
    hanna.goto(newcomer.made.address("NEO Bank"))
    newest = hanna.get_by_role("listitem").filter(has_text=SOLAR).first
    newest.get_by_role("link", name="20,000.00 ETB").click()
    expect(hanna.get_by_text("Paid and settled")).to_be_visible()
    hanna.get_by_role("link", name="Back to crowdfund").click()
    expect(hanna.get_by_role("heading", name=f"Your investment in {SOLAR}")).to_be_visible()
    hanna.goto(f"{newcomer.made.address('NEO Bank')}/checkout/NEO-UNKNOWN")
    expect(hanna.get_by_role("heading", name="Payment not found")).to_be_visible()
    hanna.get_by_role("link", name="Back to crowdfund").click()
    expect(hanna.locator("summary", has_text="Your account")).to_be_visible()


def test_an_issuer_sees_the_state_of_a_live_campaign_and_its_contract(newcomer):
    abel = newcomer.person("abel@demo.example")
    menu(abel, "My company")
    expect(abel.get_by_role("heading", name="Addis Solar")).to_be_visible()
    abel.get_by_role("link", name=SOLAR, exact=True).click()
    expect(abel.get_by_role("list", name="Progress")).to_contain_text("Contract created")
    abel.get_by_role("link", name="See the public page").click()
    contract = abel.locator(".cf-answers > div", has_text="Campaign contract")
    expect(contract.locator("[data-copy]")).to_have_attribute(
        "data-copy", re.compile("^0x[0-9a-fA-F]{40}$")
    )


def test_an_admin_approves_a_campaign_and_it_goes_live_by_itself(newcomer):
    natnael = newcomer.person("natnael@demo.example")
    menu(natnael, "My company")
    natnael.get_by_role("link", name=BIKES).click()
    expect(natnael.get_by_text("We are reviewing your campaign")).to_be_visible()
    remember(natnael)

    almaz = newcomer.person("almaz@demo.example")
    menu(almaz, "Approvals")
    almaz.get_by_role("link", name=BIKES).click()
    almaz.get_by_role("button", name="Approve").click()
    expect(almaz.get_by_text("Live", exact=True).first).to_be_visible()

    expect(natnael.get_by_role("link", name="See the public page")).to_be_visible()
    assert never_reloaded(natnael)
    natnael.get_by_role("link", name="See the public page").click()
    expect(natnael.get_by_role("heading", name=BIKES)).to_be_visible()
    expect(natnael.get_by_text("0.00 ETB").first).to_be_visible()


def test_a_second_admin_confirms_a_role_that_the_first_one_asked_for(newcomer):
    almaz = newcomer.person("almaz@demo.example")
    menu(almaz, "Staff desk")
    almaz.get_by_role("link", name="Users").first.click()
    almaz.get_by_label("Name, e-mail, number or id").fill("ruth")
    almaz.get_by_role("button", name="Show").click()
    almaz.get_by_role("link", name="Ruth Assefa").click()
    almaz.get_by_label("Assign role").check()
    almaz.get_by_label("Role (required for a change of roles)").select_option("finance")
    almaz.locator("#ask-reason").fill("She joins the finance team.")
    almaz.get_by_role("button", name="Send request").click()
    expect(almaz.get_by_text("Another admin has seven days")).to_be_visible()

    tsion = newcomer.person("tsion@demo.example")
    menu(tsion, "Staff desk")
    tsion.get_by_role("link", name="Requests for a second admin").click()
    tsion.get_by_role("link", name="Assign role: Finance").click()
    tsion.get_by_role("button", name="Approve and carry out").click()
    expect(tsion.get_by_text("Done. We have notified the person.")).to_be_visible()
    almaz.reload()
    expect(almaz.get_by_text(re.compile(r"^Finance \("))).to_be_visible()


def test_compliance_verifies_a_person_who_waits(newcomer):
    dawit = newcomer.person("dawit@demo.example")
    menu(dawit, "Staff desk")
    dawit.get_by_role("link", name="People").first.click()
    dawit.get_by_role("link", name="Mahlet Zewde Alemu").click()
    document = dawit.get_by_role("article", name="Passport")
    document.get_by_role("radio", name="Accept").check()
    document.get_by_label("Valid until").fill("2034-05-31")
    document.get_by_role("button", name="Save decision").click()
    dawit.get_by_role("button", name="Verify at the basic level").click()
    expect(dawit.get_by_text("Verified.", exact=True)).to_be_visible()


def test_finance_looks_at_payments_releases_a_success_and_reads_the_journal(newcomer):
    sara = newcomer.person("sara@demo.example")
    menu(sara, "Staff desk")
    sara.get_by_role("link", name="Payments", exact=True).first.click()
    row = sara.get_by_role("row").filter(has_text="Hanna Desta").filter(has_text="20,000.00 ETB")
    expect(row).to_contain_text("Settled")
    row.get_by_role("link", name=re.compile("^Investment in")).click()
    expect(sara.get_by_role("row", name=re.compile("Payment settled"))).to_contain_text(
        "20,000.00 ETB"
    )

    menu(sara, "Staff desk")
    sara.get_by_role("link", name="Payments to review").click()
    expect(sara.get_by_role("heading", name="Payments to review")).to_be_visible()

    menu(sara, "Staff desk")
    sara.get_by_role("link", name="Campaigns to release").click()
    sara.get_by_role("link", name=VANS).click()
    sara.get_by_role("link", name="Release the money").click()
    moves = sara.get_by_role("table", name="Postings").get_by_role("row")
    expect(moves.nth(1)).to_contain_text("126,750.00 ETB")
    sara.get_by_role("button", name="Ask a colleague to approve").click()
    expect(sara.get_by_text("You requested this")).to_be_visible()
    almaz = newcomer.person("almaz@demo.example")
    menu(almaz, "Staff desk")
    almaz.get_by_role("link", name="Campaigns to release").click()
    almaz.get_by_role("link", name="A second person is needed").click()
    almaz.locator("summary", has_text="Approve").click()
    almaz.get_by_role("button", name="Approve and carry out").click()
    expect(almaz.get_by_text("Money released.")).to_be_visible()
    sara.get_by_role("link", name=VANS).click()
    expect(
        sara.get_by_text("Released 126,750.00 ETB to the company, fee 3,250.00 ETB.")
    ).to_be_visible()
    expect(sara.get_by_role("button", name="Copy Transaction").last).to_be_visible()

    menu(sara, "Staff desk")
    sara.get_by_role("link", name="Journal").first.click()
    expect(sara.get_by_text("All balances sum to zero")).to_be_visible()
    fee = sara.get_by_role("row", name=re.compile("Platform fees"))
    expect(fee).to_contain_text("7,437.50 ETB")  # 2.5 % of 167,500 and of 130,000


def test_the_regulator_reads_everything_and_changes_nothing(newcomer):
    yonas = newcomer.person("yonas@demo.example")
    menu(yonas, "Staff desk")
    listed = yonas.locator("main a").evaluate_all(
        "(all) => all.map((one) => one.getAttribute('href'))"
    )
    assert len(set(listed)) >= 10
    for path in dict.fromkeys(listed):
        _reads(yonas, path)
        first = yonas.locator("main tbody a[href^='/staff/']").first
        if first.count():
            _reads(yonas, first.get_attribute("href"))

    yonas.goto("/staff/campaigns?status=live")
    yonas.get_by_role("link", name=SOLAR).click()
    token = yonas.locator("input[name=csrf_token]").first.get_attribute("value")
    for verb in ("cancel", "release", "approve", "retry"):
        answer = yonas.request.post(
            f"{yonas.url}/{verb}",
            form={"csrf_token": token, "reason": "By hand, with a long reason."},
        )
        assert answer.status == 403, verb
    yonas.reload()
    expect(yonas.get_by_text("Live", exact=True).first).to_be_visible()


def _reads(page, path):
    """Open a page of the desk: it can be read, and no form on it would change anything."""
    answer = page.goto(path)
    assert answer.status == 200, path
    changing = page.locator(
        "main form[method=post], main [hx-post], main [hx-put], main [hx-delete]"
    )
    assert changing.count() == 0, path


def test_any_other_address_opens_a_new_account(newcomer):
    somebody = newcomer.person("somebody.new@example.com")
    menu(somebody, "Portfolio")
    expect(somebody.get_by_role("heading", level=1)).to_have_text("Portfolio")


def test_demo_id_signs_somebody_in(newcomer):
    page = newcomer.visitor()
    page.goto("/")
    page.get_by_role("link", name="Sign in").first.click()
    page.get_by_text("Continue with Demo ID").click()
    expect(page.get_by_role("heading", name="Choose an account")).to_be_visible()
    page.get_by_role("button").first.click()
    expect(page.locator("summary", has_text="Your account")).to_be_visible()


def test_ctrl_c_ends_everything(newcomer):
    for page in newcomer.pages:
        page.goto("about:blank")
    # `make` passes the signal on to itself
    assert newcomer.made.press_ctrl_c() in (0, -signal.SIGINT)
    assert "Stopping ..." in newcomer.made.rest()
    assert newcomer.made.left_behind() == []
    newcomer.complaints.clear()


def test_make_run_goes_on_where_it_stopped_also_with_a_copy_of_the_example_settings(newcomer):
    again = newcomer.made.copy_example_and_run_again()
    try:
        page = newcomer.visitor()
        page.goto(again.address("The platform"))
        page.get_by_role("link", name=SOLAR).first.click()
        expect(page.get_by_text("325,000.00 ETB").first).to_be_visible()
        expect(page.locator("#live")).to_have_attribute(
            "data-events-url", re.compile(re.escape(again.address("Event stream")))
        )
        page.goto("about:blank")
    finally:
        again.press_ctrl_c()
    assert again.left_behind() == []
