"""A campaign's money per day, as its company exports it: adds up, names nobody."""

import csv
import io
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from crowdfund.investments import days
from crowdfund.investments.rows import MoveRow
from crowdfund.investments.rules import Status
from crowdfund.kernel import money
from tests import raising

from .test_notices import end_campaign, refund_all, settled

ADDIS = ZoneInfo("Africa/Addis_Ababa")


def move(day, hour, minor, status=Status.SETTLED):
    return MoveRow(datetime(2026, 6, day, hour, tzinfo=UTC), status, minor)


def test_a_day_begins_at_midnight_in_addis_ababa_not_in_greenwich():
    found = days.per_day([move(15, 20, 100), move(15, 21, 200)], ADDIS)
    assert [(one.on, one.came_minor) for one in found] == [
        (date(2026, 6, 15), 100),
        (date(2026, 6, 16), 200),
    ]


def test_the_total_of_a_day_is_all_that_came_less_all_that_went_before():
    moves = [move(17, 9, 70, Status.RETURNED), move(16, 9, 70), move(15, 9, 30), move(15, 8, 1)]
    found = [
        (one.came, one.came_minor, one.went, one.went_minor, one.total_minor)
        for one in days.per_day(moves, ADDIS)
    ]
    assert found == [(2, 31, 0, 0, 31), (1, 70, 0, 0, 101), (0, 0, 1, 70, 31)]


def test_a_campaign_without_money_has_no_days():
    assert days.per_day([], ADDIS) == []


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


def test_nobody_else_gets_the_file(app, world):
    path = f"/my/campaigns/{world.campaign_id}/days.csv"
    assert raising.browser(app, world.people["dora"]).get(path).status_code == 404
    alice = raising.browser(app, world.people["alice"])
    assert path in alice.get(f"/my/campaigns/{world.campaign_id}").text
