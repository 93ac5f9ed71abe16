"""Alarms of the self-check, as staff read them: money, a name, a link; the line for operators."""

import re

import pytest

from crowdfund.campaigns.models import Campaign
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.reports import alarms, service
from tests import raising

ID = "01a22c8e6d057003a25aa4f82fc079d8"


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        (f"I5 campaign {ID}: 150000 in escrow, 120000 paid in", "campaign",
         "Its escrow account holds 1,500.00 ETB, but 1,200.00 ETB was paid in."),
        (f"I7 campaign {ID}: 5 in escrow, 0 not returned yet", "campaign",
         "Its escrow account holds 0.05 ETB, but 0.00 ETB has still to be returned."),
        (f"I5 campaign {ID}: reserved and settled are (100, 0), investments say (200, 100)",
         "campaign", "Its totals say 1.00 ETB reserved and 0.00 ETB received, its investments say "
         "2.00 ETB and 1.00 ETB."),
        (f"I5 campaign {ID}: 3 investors, counted 2", "campaign",
         "Investors: it shows 3, but there are 2."),
        (f"I5 campaign {ID}: 150000 on its days, investments say 120000", "campaign",
         "Its days add up to 1,500.00 ETB, its investments to 1,200.00 ETB."),
        (f"I9 campaign {ID}: the contract refused 2 payments of 30000 in all", "campaign",
         "Its contract refused payments of 300.00 ETB in all (number: 2)."),
        (f"I9 campaign {ID}: close is not done since 2026-06-15 09:00: reverted", "campaign",
         "Its end has not been confirmed on chain since 2026-06-15 09:00."),
        (f"I4 payment {ID} is settled; entry for settle: none", "payment",
         "Its state and its postings do not match."),
        ("I4 suspense has 100 USD, open exceptions 0", "",
         "1.00 USD is held for review, but the payments to review add up to 0.00 USD."),
        (f"I2 user:{ID}:wallet ETB: balance 100, postings 0", "account",
         "The balance is 1.00 ETB, but the postings add up to 0.00 ETB."),
        (f"I10 webhook {ID} is dead", "inbox", "It was given up: stored, but not booked."),
        (f"I11 the hash chain breaks at entry {ID} (number 4)", "entry",
         "The journal is not what was written."),
        ("I14 audit entry 4 is missing", "", "The audit log is not what was written."),
        ("I10 3 × mail.send in the outbox is unfinished", "", "Background work is not finished."),
        ("something that no release knows", "", "A check failed. Read the details."),
    ],
)  # fmt: skip
def test_a_line_becomes_a_sentence_about_a_thing(app, line, kind, words):
    (alarm,) = alarms.read([line])
    assert (alarm.kind, alarm.words, alarm.line) == (kind, words, line)
    assert bool(alarm.thing_id) is bool(kind)


def test_two_problems_of_one_campaign_are_two_sentences(app):
    line = f"I5 campaign {ID} has sold more than its goal; I5 campaign {ID}: 1 investors, counted 2"
    assert len(alarms.read([line])) == 2


def test_the_desk_names_the_campaign_and_leads_to_it(app, frozen):
    ada, alice = raising.person("ada", "admin"), raising.person("alice")
    raising.contracts()
    company = raising.registered_company(alice, ada)
    campaign = raising.live_campaign(company, alice, ada)
    db.session.get(Campaign, campaign).investors_count = 7
    commit()
    title = raising.campaign(campaign).title
    rollback()
    assert service.selfcheck()
    page = raising.browser(app, ada).get("/staff").text
    assert f'<a href="/staff/campaigns/{campaign}">{title}</a>: Investors: it shows 7' in page
    before, _details = re.split("Details for an operator", page)
    assert "I5 campaign" not in before
    assert f"I5 campaign {campaign}: 7 investors, counted 0" in page
