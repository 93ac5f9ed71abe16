"""Staff read words and names, not codes: where they land, their menu, audit log, journal, lists."""

import csv
import io
import re

import pytest

from crowdfund.admin import words
from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.models import Campaign
from crowdfund.kernel import access, audit, clock
from crowdfund.kernel.db import commit, db
from crowdfund.ledger import rules
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import posting
from crowdfund.reports import queues
from tests import raising
from tests.security import factors
from tests.test_guards import plain_app


@pytest.fixture
def live(app, frozen):
    """A live campaign with 500.00 ETB in its escrow; its title, ids, and an admin's browser."""
    owner, ada = raising.person("alice"), raising.person("ada", "admin")
    raising.contracts()
    company_id = raising.registered_company(owner, ada)
    campaign_id = raising.live_campaign(company_id, owner, ada)
    move = Posting(rules.clearing("bill_bitts"), rules.escrow(campaign_id), 50_000)
    outside = Posting(rules.external("bill_bitts"), rules.clearing("bill_bitts"), 50_000)
    posting.post("k:1", [outside], kind="payment settled")
    entry = posting.post("k:2", [move], kind="payment settled", ref={"campaign": campaign_id})
    commit()
    return {
        "title": raising.campaign(campaign_id).title,
        "campaign": campaign_id,
        "company": company_id,
        "entry": entry,
        "ada": raising.browser(app, ada),
    }


def rows(answer):
    text = answer.get_data(as_text=True).removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


def body(page):
    """Return what a page shows: without tags, and without addresses and values in them."""
    return re.sub(r"<[^>]+>", " ", page.text)


def test_every_verb_of_staff_has_words():
    verbs = {
        rule.endpoint
        for rule in plain_app().url_map.iter_rules()
        if "POST" in rule.methods and access.is_staff_only(rule.endpoint)
    }
    assert verbs - set(words.ACTIONS) == set()


@pytest.mark.parametrize(
    ("action", "shown"),
    [
        ("accounts.enter", "Signed in"),
        ("ledger.accounts_csv", "Downloaded a list"),
        ("reports.desk", "Opened a staff page"),
        ("chain.FundEscrow.Paused", "On chain: FundEscrow.Paused"),
        ("a.former.route", "a.former.route"),
    ],
)
def test_an_action_is_shown_in_words(app, action, shown):
    assert words.action_words(action) == shown


def test_the_audit_log_names_actions_and_subjects(live):
    ada = raising.person("ada")
    audit.record(ada, "campaigns.approve", ("campaign", live["campaign"]), roles=("admin",))
    audit.record(ada, "compliance.approve", ("company", live["company"]), roles=("admin",))
    escrow = rules.escrow(live["campaign"])
    audit.record(ada, "ledger.account_csv", ("account", escrow), roles=("admin",))
    commit()
    page = live["ada"].get("/staff/audit")
    assert "Approved a campaign" in body(page)
    assert live["title"] in body(page)
    assert f"A campaign's escrow: {live['title']}" in page.text.replace("&#39;", "'")
    assert "campaigns.approve" not in body(page)
    found = {row["action"]: row for row in rows(live["ada"].get("/staff/audit.csv"))}
    line = found["campaigns.approve"]
    assert line["action_words"] == "Approved a campaign"
    assert line["actor_name"] == "Ada"
    assert line["subject_name"] == live["title"]


def test_the_journal_says_whose_account_it_is_and_leads_there(live):
    ada, escrow = live["ada"], rules.escrow(live["campaign"])
    link = f'<a href="/staff/campaigns/{live["campaign"]}">{live["title"]}</a>'
    for path in ("/staff/journal", f"/staff/journal/{escrow}"):
        assert link in ada.get(path).text
    entry = ada.get(f"/staff/entries/{live['entry']}")
    assert f"A campaign's escrow: {live['title']}" in entry.text.replace("&#39;", "'")
    assert link in entry.text  # what the entry refers to
    other = ada.get(f"/staff/journal/{rules.clearing('bill_bitts')}")
    assert live["title"] in body(other)
    for page in (ada.get("/staff/journal"), entry, other):
        assert escrow not in body(page)


def test_lists_of_the_journal_have_names_beside_the_codes(live):
    escrow = rules.escrow(live["campaign"])
    accounts = {row["account"]: row for row in rows(live["ada"].get("/staff/journal.csv"))}
    assert accounts[escrow]["account_name"] == f"A campaign's escrow: {live['title']}"
    lines = rows(live["ada"].get(f"/staff/journal/{rules.clearing('bill_bitts')}/postings.csv"))
    assert f"A campaign's escrow: {live['title']}" in {row["counterpart_name"] for row in lines}
    assert {row["kind_words"] for row in lines} == {"Payment settled"}


def test_the_owner_of_a_wallet_learns_nobody_elses_name_from_its_list(app, live):
    bob, ben = raising.person("bob"), raising.person("benjamin")
    given = Posting(rules.external("bill_bitts"), rules.user_wallet(ben), 1_000)
    posting.post("k:3", [given], kind="payment settled")
    move = Posting(rules.user_wallet(ben), rules.user_wallet(bob), 1_000)
    posting.post("k:4", [move], kind="payment settled")
    commit()
    answer = raising.browser(app, bob).get("/wallet.csv")
    assert "Benjamin" not in answer.get_data(as_text=True)


def test_staff_land_on_their_desk_with_a_menu_of_their_own(app, frozen):
    raising.person("fay", "finance")
    browser = app.test_client()
    answer = factors.by_mail(browser, "fay@example.com")
    assert answer.headers["Location"] == "/account/security?next=/staff"
    page = raising.browser(app, raising.person("fay")).get("/campaigns").text
    menu = page.split('aria-label="Main"')[1].split("</nav>")[0]
    assert 'href="/staff"' in menu
    assert 'href="/staff/journal"' in menu
    assert 'href="/staff/users"' not in menu  # for admins
    assert 'href="/portfolio"' not in menu
    assert 'href="/portfolio"' in page  # in the menu of the account


def test_investors_land_on_the_campaigns_with_their_menu(app, frozen):
    answer = factors.by_mail(app.test_client(), "alice@example.com")
    assert answer.headers["Location"] == "/campaigns"
    page = raising.browser(app, raising.person("alice")).get("/campaigns").text
    menu = page.split('aria-label="Main"')[1].split("</nav>")[0]
    assert 'href="/portfolio"' in menu
    assert "/staff" not in menu


def test_a_campaign_whose_money_waits_for_its_release_is_in_the_queue_of_finance(live):
    campaign = db.session.get(Campaign, live["campaign"])
    campaign.status, campaign.closed_at = "succeeded", clock.now()
    commit()
    kinds = queues.of(frozenset({"investor", "finance"}))
    release = next(one for one in queues.waiting(kinds) if one.kind.verb == "releases.prepare")
    assert release.count == 1
    assert release.kind.endpoint == "reports.releases"
    assert campaigns.names({live["campaign"]}) == {live["campaign"]: live["title"]}
