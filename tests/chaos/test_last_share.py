"""Fifty people press the button for the last share at the same moment,
each in a browser of their own."""

import threading

import httpx

from .town import form

CROWD = 50
FULL = "The campaign is full: someone else has just reserved the rest. Nothing was charged."


def press_together(posts):
    """Send all forms at one moment; returns the answers in order.

    Who is told that the database is busy and nothing was saved sends the same form again.
    """
    start, answers = threading.Barrier(len(posts)), [None] * len(posts)

    def press(place, client, path, fields):
        start.wait()
        for _ in range(5):
            answers[place] = client.post(path, data=fields)
            if answers[place].status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return

    threads = [
        threading.Thread(target=press, args=(place, *post)) for place, post in enumerate(posts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def filled_form(town, person, campaign):
    client, path = town.browser(person), f"/campaigns/{campaign.slug}/invest"
    page = client.get(path)
    assert page.status_code == httpx.codes.OK
    return (
        client,
        path,
        form(page.text) | {"amount": "100.00", "rail": "bill_bitts", "consent": "y"},
    )


def test_exactly_one_of_fifty_gets_the_last_share(town):
    campaign = town.raise_money(goal_minor="10,000", max_minor="10,000")
    first, *crowd = town.investors(1 + CROWD)
    ids = town.invest([first], campaign, minor=9_900_00)
    posts = [filled_form(town, person, campaign) for person in crowd]

    answers = press_together(posts)

    won = [answer for answer in answers if answer.status_code == httpx.codes.SEE_OTHER]
    lost = [answer for answer in answers if answer.status_code == httpx.codes.CONFLICT]
    assert (len(won), len(lost)) == (1, CROWD - 1), sorted(answer.status_code for answer in answers)
    assert all(FULL in answer.text for answer in lost)
    assert town.rows(
        "SELECT goal_minor - reserved_minor FROM campaign WHERE id = ?", campaign.id
    ) == [(0,)]
    ids.append(won[0].headers["location"].rpartition("/")[2])
    town.pay(ids)
    town.until_confirmed(campaign, 2)
    town.recorded_once(campaign)
    paid = town.rows(
        "SELECT settled_minor, investors_count FROM campaign WHERE id = ?", campaign.id
    )
    assert paid == [(10_000_00, 2)]
    assert town.rows(
        "SELECT balance_minor FROM ledger_account WHERE name = ?", f"campaign:{campaign.id}:escrow"
    ) == [(10_000_00,)]


def test_a_form_that_is_sent_twenty_times_at_once_is_one_investment(town):
    campaign = town.raise_money()
    post = filled_form(town, town.investors(1)[0], campaign)
    answers = press_together([post] * 20)
    assert {answer.status_code for answer in answers} == {httpx.codes.SEE_OTHER}
    assert len({answer.headers["location"] for answer in answers}) == 1
    town.pay([answers[0].headers["location"].rpartition("/")[2]])
    town.until_confirmed(campaign, 1)
    town.recorded_once(campaign)
