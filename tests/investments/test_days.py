"""A campaign's money per day, as its company exports it: adds up, names nobody."""

import csv
import io
from datetime import date, timedelta

from crowdfund.investments import days, queries
from crowdfund.investments.rows import DayRow
from crowdfund.kernel import money
from crowdfund.kernel.db import rollback
from tests import raising

from .test_notices import end_campaign, refund_all, settled


def row(day, came=0, went=0):
    on = date(2026, 6, day)
    return DayRow(on, int(came > 0), came, int(went > 0), went)


def test_the_total_of_a_day_is_all_that_came_less_all_that_went_before():
    found = days.with_totals([row(15, 31), row(16, 70), row(18, went=70)])
    assert [(one.on.day, one.total_minor) for one in found] == [(15, 31), (16, 101), (18, 31)]


def test_a_campaign_without_money_has_no_days():
    assert days.with_totals([]) == []


def test_a_chart_has_the_quiet_days_with_the_total_of_the_day_before():
    found = days.with_totals([row(14, 5), row(16, 30), row(18, went=5), row(21, 9)])
    shown = list(days.without_gaps(found, date(2026, 6, 15), date(2026, 6, 19)))
    assert [(one.on.day, one.came_minor, one.total_minor) for one in shown] == [
        (15, 0, 5),
        (16, 30, 35),
        (17, 0, 35),
        (18, 0, 30),
        (19, 0, 30),
    ]


def test_a_day_begins_at_midnight_in_addis_ababa_not_in_greenwich(app, world, frozen):
    frozen.advance(timedelta(hours=11, minutes=59))  # 20:59 in Greenwich, 23:59 in Addis Ababa
    settled(world, "1,000")
    frozen.advance(timedelta(minutes=1))
    settled(world, "500", key="b", who="dora")
    rollback()
    assert [(one.day, one.came_minor) for one in queries.days_of(world.campaign_id)] == [
        (date(2026, 6, 15), 1_000_00),
        (date(2026, 6, 16), 500_00),
    ]


def export(app, world, who="alice"):
    answer = raising.browser(app, world.people[who]).get(
        f"/my/campaigns/{world.campaign_id}/days.csv"
    )
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))


def test_the_companys_file_adds_up_to_what_the_campaign_shows_and_names_nobody(app, world, frozen):
    settled(world, "1,000")
    settled(world, "500", key="b", who="dora")
    world.place("dora", "300", key="c")  # not paid
    rows = export(app, world)
    assert [(row["investments"], row["received"], row["total"]) for row in rows] == [
        ("2", "1500.00", "1500.00")
    ]
    assert money.decimal_str(world.campaign().settled_minor) == rows[-1]["total"]
    text = str(rows)
    assert "charlie" not in text.lower()
    assert world.people["charlie"] not in text


def test_what_was_refunded_is_returned_in_the_file(app, world):
    settled(world, "1,000")
    end_campaign("failed")
    refund_all(world)
    (row,) = export(app, world)
    assert (row["received"], row["investments returned"], row["returned"], row["total"]) == (
        "1000.00",
        "1",
        "1000.00",
        "0.00",
    )


def test_money_that_came_too_late_is_on_no_day(app, world, frozen):
    investment_id = world.place()
    frozen.advance(timedelta(days=40))
    world.bank_says(investment_id, "SETTLED")
    assert world.status(investment_id) == "returned"
    assert export(app, world) == []


def test_nobody_else_gets_the_file(app, world):
    path = f"/my/campaigns/{world.campaign_id}/days.csv"
    assert raising.browser(app, world.people["dora"]).get(path).status_code == 404
    alice = raising.browser(app, world.people["alice"])
    assert path in alice.get(f"/my/campaigns/{world.campaign_id}").text
