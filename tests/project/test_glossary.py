"""The glossary has every state that people read about, and one term for each."""

import re

import pytest

from crowdfund.campaigns.rules.life import Status as CampaignStatus
from crowdfund.chain.rules import WriteStatus
from crowdfund.compliance.rules.reviews import Status as ReviewStatus
from crowdfund.investments.rules import Status as InvestmentStatus
from crowdfund.issuers.rules.life import Status as CompanyStatus
from crowdfund.local.environment import ROOT
from crowdfund.payments.rules import Kind, Resolution
from crowdfund.payments.rules import Status as PaymentStatus
from crowdfund.term_changes.rules.life import Answer
from crowdfund.term_changes.rules.life import Status as ChangeStatus

TEXT = (ROOT / "docs" / "glossary.md").read_text()
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
STATES = {
    "Payment": (PaymentStatus, Kind, Resolution),
    "Investment": (InvestmentStatus,),
    "Campaign": (CampaignStatus,),
    "Changed terms": (ChangeStatus, Answer),
    "Company and person": (CompanyStatus, ReviewStatus),
    "Chain": (WriteStatus,),
}
OF_A_PERSON = {"Company and person": {"pending", "expired"}}  # no class holds these two


@pytest.mark.parametrize("section", STATES)
def test_each_state_has_a_line(section):
    explained = set(re.findall(r"^\| `(\w+)` \| .+ \|$", SECTIONS[section], re.MULTILINE))
    wanted = {str(value) for states in STATES[section] for value in states}
    assert wanted - explained == set(), "without a line"
    assert explained - wanted == OF_A_PERSON.get(section, set()), "lines of states that are gone"


@pytest.mark.parametrize(("language", "column"), [("English", 0), ("Amharic", 2), ("Hindi", 3)])
def test_no_two_states_of_money_share_a_term(language, column):
    rows = re.findall(
        r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", SECTIONS["States of money"], re.MULTILINE
    )
    terms = [row[column].removesuffix(" °") for row in rows if row[0] not in ("term", "---")]
    assert len(terms) >= 20
    assert sorted(terms) == sorted(set(terms)), language
