"""The list of investors: numbers before the release, names after it, and nothing else ever."""

import csv
import io

import sqlalchemy as sa

from crowdfund.compliance.service import files
from crowdfund.investments.service import giving_back, refunding, states
from crowdfund.kernel import audit
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.people import queries as people
from tests import raising
from tests.investments.test_notices import settled

PRIVATE = ("charlie@example.com", "dora@example.com", "+251911234567", "911234567")


def set_status(status):
    rollback()
    db.session.execute(sa.text("UPDATE campaign SET status = :status"), {"status": status})
    commit()


def rows_of(answer):
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))


def exports_recorded():
    rollback()
    done = [row for row in audit.all_of(audit.Filters()) if row.outcome != "denied"]
    found = [row for row in done if row.action.startswith("issuer_desk.")]
    rollback()
    return found


def test_before_the_release_a_company_sees_numbers_days_amounts_and_shares(invested):
    page = invested.ask("alice").text
    assert page.count('<td data-label="Investor">') == 3
    assert page.count("Investor 1<") == 2  # the same person has one number
    assert page.count("Investor 2<") == 1
    for text in ("1,000.00 ETB", "500.00 ETB", "10 shares", "5 shares", "3 shares", "15 Jun 2026"):
        assert text in page
    assert "200.00 ETB" not in page  # has not paid: the company sees the sum alone


def test_before_the_release_nothing_names_anybody(invested):
    for what in ("investors", "investors.csv", ""):
        text = invested.ask("alice", what).text
        for private in ("Charlie", "Dora", "Tadesse", *PRIVATE):
            assert private not in text
        for name in ("charlie", "dora"):
            assert invested.people[name] not in text


def test_after_the_release_a_company_sees_full_names_and_still_no_way_to_the_people(invested):
    set_status("released")
    page = invested.ask("alice").text
    assert page.count("Charlie Tadesse") == 2
    assert page.count("Dora Tadesse") == 1
    rows = rows_of(invested.ask("alice", "investors.csv"))
    assert [(row["investor"], row["name"], row["shares"]) for row in rows] == [
        ("1", "Charlie Tadesse", "3"),
        ("2", "Dora Tadesse", "5"),
        ("1", "Charlie Tadesse", "10"),
    ]
    for private in (*PRIVATE, *(invested.people[name] for name in ("charlie", "dora"))):
        assert private not in page + str(rows)


def test_the_name_of_the_identity_document_goes_before_the_one_that_was_typed(invested):
    about = {"legal_name": "Charles Kebede Tadesse", "born_on": "1990-01-01", "nationality": "ET"}
    files.save_facts(invested.people["charlie"], "about", about)
    commit()
    set_status("released")
    page = invested.ask("alice").text
    assert page.count("Charles Kebede Tadesse") == 2
    assert "1990" not in page


def test_somebody_who_gave_no_name_stays_a_number_and_no_address_takes_its_place(invested):
    db.session.execute(sa.text("UPDATE person SET first_name = '', last_name = ''"))
    commit()
    set_status("released")
    page = invested.ask("alice").text
    assert page.count("Investor 1<") == 2
    assert "@example.com" not in page.split("<main")[1]
    assert people.full_names({invested.people["charlie"]}) == {}


def test_whose_money_went_back_is_no_holder_and_not_named(invested):
    rollback()
    giving_back.give_back(states.lock(invested.ids[1]), "returned", reason="For this test.")
    commit()
    set_status("released")
    rows = rows_of(invested.ask("alice", "investors.csv"))
    assert [(row["name"], row["status"]) for row in rows if row["investor"] == "2"] == [
        ("", "returned")
    ]
    assert "Dora" not in invested.ask("alice").text


def test_a_campaign_that_was_refunded_names_nobody(invested):
    set_status("failed")
    refunding.refund_next(invested.campaign_id, reason="For this test.")
    commit()
    set_status("refunded")
    assert "Tadesse" not in invested.ask("alice", "investors.csv").text


def test_numbers_stay_when_others_leave_and_are_never_given_twice(invested):
    rollback()
    giving_back.give_back(states.lock(invested.ids[1]), "returned", reason="For this test.")
    commit()
    settled(invested, "100", key="e", who="dora")
    rows = rows_of(invested.ask("alice", "investors.csv"))
    assert [row["investor"] for row in rows] == ["2", "1", "2", "1"]


def test_the_file_has_a_line_for_each_investment_and_adds_up(invested):
    rows = rows_of(invested.ask("alice", "investors.csv"))
    assert list(rows[0]) == ["investor", "name", "day", "currency", "amount", "shares", "status"]
    assert [(row["day"], row["amount"], row["name"]) for row in rows] == [
        ("2026-06-15", "300.00", ""),
        ("2026-06-15", "500.00", ""),
        ("2026-06-15", "1000.00", ""),
    ]


def test_a_name_that_is_a_formula_is_defused_in_the_file(invested):
    about = {"legal_name": "Charlie Tadesse", "born_on": "1990-01-01", "nationality": "ET"}
    files.save_facts(invested.people["charlie"], "about", about)
    db.session.execute(sa.text("UPDATE kyc_file SET legal_name = '=HYPERLINK(1)'"))
    commit()
    set_status("released")
    rows = rows_of(invested.ask("alice", "investors.csv"))
    assert rows[0]["name"] == "'=HYPERLINK(1)"


def test_each_export_is_recorded_with_who_took_it_and_whether_it_had_names(invested):
    invested.ask("alice", "investors.csv")
    set_status("released")
    invested.ask("vera", "investors.csv")
    invested.ask("rita", "investors.csv", "staff")
    people_of = invested.people
    assert [(row.actor, row.subject_id, row.detail) for row in exports_recorded()] == [
        (people_of["alice"], invested.campaign_id, {"names": False}),
        (people_of["vera"], invested.campaign_id, {"names": True}),
        (people_of["rita"], invested.campaign_id, {"export": {}}),
    ]


def test_investors_strangers_and_other_companies_are_told_nothing(invested):
    raising.registered_company(invested.people["bob"], invested.people["carla"], number=1)
    for who in ("bob", "charlie", "dora"):
        for what in ("investors", "investors.csv", "public-preview", ""):
            assert invested.ask(who, what).status_code == 404
            assert invested.ask(who, what, "staff").status_code == 403
    assert exports_recorded() == []


def test_every_role_in_the_team_reads_and_so_do_staff_and_the_regulator(invested):
    assert invested.ask("vera").status_code == 200
    for who in ("fiona", "rita"):
        page = invested.ask(who, desk="staff")
        assert page.status_code == 200
        assert "Investor 2<" in page.text
        assert "/staff/campaigns/" in page.text
        assert invested.ask(who, "", "staff").text.count("Money per day") > 1


def test_a_draft_has_no_investors(app, team):
    alice = team.people["alice"]
    company = raising.campaign(team.campaign_id).company_id
    draft = raising.complete_draft(company, alice)
    browser = raising.browser(app, alice)
    for what in ("investors", "investors.csv"):
        assert browser.get(f"/my/campaigns/{draft}/{what}").status_code == 404


def test_the_list_is_read_page_by_page(invested, monkeypatch):
    monkeypatch.setattr("crowdfund.issuer_desk.views.SIZE", 2)
    first = invested.ask("alice").text
    assert first.count('<td data-label="Investor">') == 2
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = invested.ask("alice", older.rsplit("/", 1)[1]).text
    assert second.count('<td data-label="Investor">') == 1
    assert "1,000.00 ETB" in second


def test_an_empty_list_says_when_somebody_appears(team):
    team.place("dora", "200", key="d")
    assert "No investors yet" in team.ask("alice").text


def test_who_invests_is_told_before_what_the_company_sees(app, team):
    sentence = "it also sees your full name"
    slug = raising.campaign(team.campaign_id).slug
    dora = raising.browser(app, team.people["dora"])
    assert sentence in dora.get(f"/campaigns/{slug}/invest").text
    assert sentence in raising.browser(app).get("/privacy").text
