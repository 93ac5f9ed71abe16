"""The staff desk: each queue with its length and its oldest, for those whose work it is."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.admin import service as users
from crowdfund.campaigns.models import Campaign
from crowdfund.chain.models import Signer
from crowdfund.kernel import audit, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.outbox import outbox_table
from crowdfund.reconciliation.models import Comparison
from crowdfund.reports import queues
from crowdfund.reports.models import SelfcheckRun
from tests import raising


@pytest.fixture
def cast(app, frozen):
    roles = {
        "ada": ("admin",),
        "carla": ("compliance",),
        "fay": ("finance",),
        "rita": ("regulator",),
    }
    return {name: raising.person(name, *held) for name, held in roles.items()}


@pytest.fixture
def desk(app, cast):
    """Return the titles and words of the queues that somebody's desk shows."""

    def cards(name):
        page = raising.browser(app, cast[name]).get("/staff/queues").text
        parts = [part.split("</article>")[0] for part in page.split("<article")[1:]]
        return {part.split("</a>")[0].rsplit(">", 1)[1]: part for part in parts}

    return cards


def given_up(kind="reports.selfcheck", key="stuck"):
    outbox.add(kind, key)
    row = outbox_table.c
    db.session.execute(
        sa.update(outbox_table).where(row.key == key).values(state="dead", failures=20)
    )
    commit()
    return db.session.scalar(sa.select(row.id).where(row.key == key))


def test_everybody_sees_the_queues_of_the_own_work_only(desk):
    reviews = {
        "People to verify",
        "Companies to verify",
        "Company changes to review",
        "Campaigns to approve",
    }
    assert set(desk("carla")) == reviews
    money = {
        "Campaigns to release",
        "Limits of campaigns to approve",
        "Exchange rates to approve",
        "Versions of the plan to approve",
        "Payments to review",
        "Releases to approve",
        "Requests to follow a contract",
        "Withdrawals to approve",
    }
    assert set(desk("fay")) == money
    everything = {*reviews, *money, "Requests for a second admin", "Requests about keys and pause"}
    assert set(desk("ada")) == set(desk("rita")) == everything


def test_a_queue_says_how_long_it_is_and_since_when_its_oldest_waits(cast, desk, frozen):
    assert "Nothing waiting" in desk("carla")["Companies to verify"]
    for number, name in enumerate(("alice", "bob")):
        raising.onboarding.submit(
            company := raising.filled_company(raising.person(name), number), actor=name
        )
        commit()
        frozen.advance(timedelta(days=1))
    card = desk("carla")["Companies to verify"]
    assert ">2</span>" in card
    assert "2026-06-15T09:00:00Z" in card
    raising.reviews_service.reject(company, "The paper is too old to be read.", actor=cast["carla"])
    commit()
    assert ">1</span>" in desk("carla")["Companies to verify"]


def put(campaign_id, **values):
    db.session.execute(sa.update(Campaign).where(Campaign.id == campaign_id).values(values))
    commit()


def test_a_success_waits_for_its_release_until_that_is_begun(cast, desk, frozen):
    raising.contracts()
    alice = raising.person("alice")
    company = raising.registered_company(alice, cast["carla"])
    campaign_id = raising.live_campaign(company, alice, cast["carla"])
    put(campaign_id, status="succeeded", closed_at=frozen.now())
    card = desk("fay")["Campaigns to release"]
    assert ">1</span>" in card
    assert "2026-06-15T09:00:00Z" in card
    for held_up in ({"contract_result": "cancelled"}, {"refused_count": 1}, {"ending": "release"}):
        put(campaign_id, **held_up)
        assert "Nothing waiting" in desk("fay")["Campaigns to release"]
        put(campaign_id, contract_result=None, refused_count=0, ending=None)
    assert "Campaigns to release" not in desk("carla")


def test_trouble_that_only_an_admin_may_mend_is_shown_to_admins_and_regulators(cast, desk, frozen):
    key = {"address": "0x" + "1" * 40, "role": "operator", "next_nonce": 0}
    db.session.execute(
        sa.insert(Signer).values(**key, alert="Used elsewhere.", alert_at=frozen.now())
    )
    commit()
    shown = {name for name in cast if "Chain keys used elsewhere" in desk(name)}
    assert shown == {"ada", "rita"}


def test_a_difference_of_a_campaign_is_shown_once_and_other_problems_beside_it(app, cast, frozen):
    campaign_id = "c" * 32
    mine = f"I9 campaign {campaign_id} is live, its contract cancelled: follow the contract"
    other = f"I9 campaign {campaign_id} should have been closed on 2026-06-01"
    facts = {"books": "live", "contract": "cancelled"}
    one = {
        "kind": "status",
        "address": "0x1",
        "campaign_id": campaign_id,
        "title": "Sun",
        "slug": "sun",
    }
    kept = {"id": "1", "at": frozen.now(), "campaigns": 1, "differences": [{**one, "facts": facts}]}
    db.session.execute(sa.insert(Comparison).values(kept))
    run = {"id": "2", "at": frozen.now(), "problems": [mine, other]}
    db.session.execute(sa.insert(SelfcheckRun).values(run))
    commit()
    page = raising.browser(app, cast["fay"]).get("/staff").text
    assert "Our books and the contracts differ" in page
    assert mine not in page
    assert other in page
    assert "Our books are balanced" not in page


def test_a_request_of_an_admin_waits_at_the_desk(cast, desk):
    users.ask(cast["fay"], "give_role", role="admin", reason="She helps out.", actor=cast["ada"])
    commit()
    assert ">1</span>" in desk("ada")["Requests for a second admin"]


def test_what_should_be_empty_shows_only_when_it_is_not(cast, desk):
    assert "Background work" not in desk("ada")
    given_up()
    assert ">1</span>" in desk("ada")["Background work"]
    assert "Background work" not in desk("carla")


def test_every_queue_leads_to_a_list_that_opens(app, cast):
    browser = raising.browser(app, cast["ada"])
    for kind in queues.QUEUES:
        with app.test_request_context():
            from flask import url_for

            address = url_for(kind.endpoint, **kind.args)
        assert browser.get(address).status_code == 200, address


def test_open_desks_hear_of_new_work(app, frozen):
    heard = [
        kind for kind in outbox.SUBSCRIBERS["staff.work"] if kind.endswith("reports.show_work")
    ]
    assert heard == ["staff.work>reports.show_work"]


def test_work_that_was_given_up_is_found_and_tried_again_by_an_admin(app, cast):
    work_id = given_up()
    ada, rita = (raising.browser(app, cast[name]) for name in ("ada", "rita"))
    assert "reports.selfcheck" in ada.get("/staff/work").text
    assert "reports.selfcheck" in rita.get("/staff/work?q=stuck").text
    assert "Nothing is late" in ada.get("/staff/work?q=other").text
    assert "Try again now" not in rita.get("/staff/work").text
    assert rita.post(f"/staff/work/{work_id}/retry").status_code == 403
    assert ada.post(f"/staff/work/{work_id}/retry").status_code == 303
    rollback()
    outbox.drain_all()
    state = sa.select(outbox_table.c.state).where(outbox_table.c.id == work_id)
    assert db.session.scalar(state) == "done"
    (row,) = audit.entries(audit.Filters(action="reports.retry", outcome="done")).rows
    assert (row.actor, row.subject_kind, row.subject_id) == (cast["ada"], "work", work_id)
    assert ada.post(f"/staff/work/{work_id}/retry").status_code == 404


def test_work_that_is_late_by_a_quarter_of_an_hour_is_listed(app, cast, frozen):
    outbox.add("reports.selfcheck", "tardy-row")
    commit()
    ada = raising.browser(app, cast["ada"])
    frozen.advance(timedelta(minutes=15))
    assert "tardy-row" not in ada.get("/staff/work").text
    frozen.advance(timedelta(seconds=1))
    assert "tardy-row" in ada.get("/staff/work").text
