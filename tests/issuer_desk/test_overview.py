"""The desk of a campaign: figures, the money per day as chart and table, and what happens next."""

import re
from datetime import timedelta

import sqlalchemy as sa

from crowdfund.kernel.db import commit, db, rollback
from crowdfund.questions import service as questions
from tests import raising
from tests.investments.test_notices import settled


def desk(team, who="alice"):
    answer = team.ask(who, "")
    assert answer.status_code == 200
    return answer.text


def put(**values):
    rollback()
    names = ", ".join(f"{name} = :{name}" for name in values)
    db.session.execute(sa.text(f"UPDATE campaign SET {names}"), values)
    commit()


def figure(page, label):
    """Return what stands beside a label of the figures, without tags."""
    found = re.search(rf"<dt>{label}</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found[1]).strip()


def bars(page):
    return page.split('class="cf-chart-days"')[1].count("<rect ")


def test_the_figures_are_those_that_matter(invested):
    page = desk(invested)
    assert [
        figure(page, label)
        for label in (
            "Received",
            "On its way",
            "Minimum",
            "Goal",
            "Time",
            "Investors",
            "Average per investor",
        )
    ] == [
        "1,800.00 ETB18 % of the goal",
        "200.00 ETB",
        "7,500.00 ETB",
        "10,000.00 ETB",
        "30 days left",
        "2",
        "900.00 ETB",
    ]


def test_the_chart_says_in_words_what_it_shows_and_a_table_stands_beside_it(invested, frozen):
    frozen.advance(timedelta(days=2))
    settled(invested, "4,000", key="z", who="dora")
    page = desk(invested)
    charts = re.findall(r'role="img" aria-labelledby="([^"]+)" aria-describedby="([^"]+)"', page)
    assert len(charts) == 2
    for named, described in charts:
        assert f'<title id="{named}">' in page
        assert f'<desc id="{described}">' in page
    assert "5,800.00 ETB received. Minimum to go ahead: 7,500.00 ETB. Goal: 10,000.00 ETB." in page
    assert "Most on 17 Jun 2026: 4,000.00 ETB." in page
    assert bars(page) == 2
    table = page.split('aria-label="Money per day, table"')[1].split("</table>")[0]
    cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", table, re.DOTALL)]
    assert [" ".join(cell.split()) for cell in cells] == [
        "17 Jun 2026",
        "4,000.00 ETB",
        "5,800.00 ETB",
        "15 Jun 2026",
        "1,800.00 ETB",
        "1,800.00 ETB",
    ]


def test_a_campaign_without_money_has_a_desk_too(team):
    page = desk(team)
    assert figure(page, "Average per investor") == "–"
    assert "No payment has arrived yet." in page
    assert bars(page) == 0


def test_the_desk_updates_itself_when_money_comes(invested):
    page = desk(invested)
    assert f'data-live="campaign:{invested.campaign_id}"' in page
    part = invested.ask("alice", "state").text
    assert "Average per investor" in part
    assert "<html" not in part


def test_the_desk_leads_to_everything_about_the_campaign(app, invested):
    here = f"/my/campaigns/{invested.campaign_id}"
    questions.ask(invested.campaign_id, "How many roasters?", actor=invested.people["charlie"])
    commit()
    page = desk(invested)
    for what in ("investors", "updates", "questions", "documents", "days.csv", "public-preview"):
        assert f'href="{here}/{what}' in page
    assert "1 to answer" in page
    assert f'src="{here}/qr.svg"' in page
    assert "0 people follow your campaign." in page


def test_a_viewer_sees_the_desk_without_its_buttons(invested):
    put(settled_minor=8_000_00, reserved_minor=8_000_00)
    assert "Close now" in desk(invested)
    page = desk(invested, "vera")
    assert "Close now" not in page
    assert figure(page, "Received").startswith("8,000.00 ETB")


def test_what_happens_next_is_said_in_every_state(team, frozen):
    assert "If at least" in desk(team)
    put(settled_minor=7_500_00, reserved_minor=7_600_00)
    assert "The minimum has been reached." in desk(team)
    frozen.advance(timedelta(days=31))
    assert "Payments that were made in time can still arrive until" in desk(team)
    put(reserved_minor=7_500_00)
    assert "The campaign is being closed." in desk(team)
    put(ending="cancel")
    assert "The campaign is being cancelled." in desk(team)
    put(ending=None, status="succeeded", closed_at="2026-07-16 09:00:00.000000")
    page = " ".join(re.sub(r"<[^>]+>", "", desk(team)).split())
    assert "7,312.50 ETB goes to your company's wallet, and the platform keeps a fee of" in page
    put(ending="release")
    assert "It is being recorded on chain." in desk(team)
    put(ending=None, status="released", released_minor=7_312_50, fee_minor=187_50)
    assert "You now see the full names of your investors." in desk(team)
    for status, words in {
        "failed": "The minimum was not reached.",
        "cancelled": "The campaign was cancelled.",
        "refunded": "There is nothing left to do.",
    }.items():
        put(status=status)
        assert words in desk(team)


def test_a_draft_has_tasks_and_a_preview_and_no_figures(app, team):
    company = raising.campaign(team.campaign_id).company_id
    draft = raising.complete_draft(company, team.people["alice"])
    page = raising.browser(app, team.people["alice"]).get(f"/my/campaigns/{draft}").text
    assert "Average per investor" not in page
    assert f'href="/my/campaigns/{draft}/public-preview"' in page
