"""Campaigns whose money waits for its release, as finance sees them."""

import re
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.service import redirects
from crowdfund.kernel.db import commit, db
from crowdfund.releases import service as releases
from tests import raising


@pytest.fixture
def cast(app, frozen):
    """Alice's campaign has succeeded with 8,000 birr; fiona and fred work in finance."""
    raising.contracts()
    staff = {
        "carla": ("compliance",),
        "adam": ("admin",),
        "fiona": ("finance",),
        "fred": ("finance",),
        "rita": ("regulator",),
    }
    people = {name: raising.person(name, *staff.get(name, ())) for name in ("alice", *staff)}
    company = raising.registered_company(people["alice"], people["carla"])
    campaign_id = raising.live_campaign(company, people["alice"], people["carla"])
    raising.put_in(campaign_id, 8_000_00)
    put(campaign_id, status="succeeded", closed_at=frozen.now())
    return SimpleNamespace(company=company, campaign_id=campaign_id, **people)


def put(campaign_id, **values):
    db.session.execute(sa.update(Campaign).where(Campaign.id == campaign_id).values(values))
    commit()


def rows(app, person):
    """Return the cells of each row, without tags."""
    answer = raising.browser(app, person).get("/staff/releases")
    assert answer.status_code == 200
    body = answer.text.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in answer.text else ""
    found = [re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL) for row in body.split("</tr>")[:-1]]
    return [[" ".join(re.sub(r"<[^>]+>", "", cell).split()) for cell in row] for row in found]


def test_a_success_waits_with_company_amounts_and_since_when(app, cast):
    assert rows(app, cast.fiona) == [
        [
            raising.BASICS["title"],
            "Yirga Coffee",
            "15 Jun 2026, 12:00 EAT",
            "8,000.00 ETB",
            "7,800.00 ETB",
            "Ready to release",
        ]
    ]
    page = raising.browser(app, cast.fiona).get("/staff/releases").text
    assert f'href="/staff/campaigns/{cast.campaign_id}"' in page


def test_the_queue_on_the_desk_leads_to_the_list(app, cast):
    desk = raising.browser(app, cast.fiona).get("/staff").text
    assert '<a href="/staff/releases">Campaigns to release</a>' in desk


def state(app, person):
    return rows(app, person)[0][-1]


def test_somebody_of_the_company_is_told_that_a_second_person_is_needed(app, cast):
    raising.join(cast.company, cast.fred, "viewer")
    assert state(app, cast.fred) == "A colleague has to release it: you belong to this company"
    assert state(app, cast.fiona) == "Ready to release"
    for part in ("", "/state"):
        page = (
            raising.browser(app, cast.fred).get(f"/staff/campaigns/{cast.campaign_id}{part}").text
        )
        assert "Two colleagues are needed" in page
        assert "Release the money" not in page
    page = raising.browser(app, cast.fiona).get(f"/staff/campaigns/{cast.campaign_id}").text
    assert "Release the money" in page


def test_a_prepared_release_waits_for_a_second_person_and_leads_to_it(app, cast):
    request = releases.ask(cast.campaign_id, "", actor=cast.fiona)
    commit()
    assert state(app, cast.fiona) == "A second person is needed"
    assert (
        f'href="/staff/releases/{request}"'
        in raising.browser(app, cast.adam).get("/staff/releases").text
    )


def test_a_release_to_another_wallet_waits_for_a_second_person(app, cast):
    wallet = "0x" + "12" * 20
    request = redirects.ask_redirect(
        cast.campaign_id, wallet, "The company has lost its key.", actor=cast.adam
    )
    commit()
    assert state(app, cast.fiona) == "A second person is needed"
    page = raising.browser(app, cast.adam).get("/staff/releases").text
    assert request in page
    assert request not in raising.browser(app, cast.fiona).get("/staff/releases").text  # admins'


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"contract_result": "failed"}, "The contract and our books differ"),
        ({"refused_count": 1}, "The contract and our books differ"),
        ({"ending": "release", "tranches_paid": 1}, "Being recorded on chain"),
    ],
)
def test_what_cannot_be_released_now_says_why(app, cast, values, words):
    put(cast.campaign_id, **values)
    assert state(app, cast.fiona) == words


def test_a_released_campaign_is_gone_from_the_list(app, cast, frozen):
    put(cast.campaign_id, status="released", released_at=frozen.now())
    assert rows(app, cast.fiona) == []
    assert "Nothing to release" in raising.browser(app, cast.fiona).get("/staff/releases").text


def test_finance_admins_and_the_regulator_read_the_list_and_nobody_else(app, cast):
    for person in (cast.fiona, cast.adam, cast.rita):
        assert len(rows(app, person)) == 1
    for person in (cast.alice, cast.carla):
        assert raising.browser(app, person).get("/staff/releases").status_code == 403
    page = raising.browser(app, cast.rita).get(f"/staff/campaigns/{cast.campaign_id}").text
    assert "Release the money" not in page
