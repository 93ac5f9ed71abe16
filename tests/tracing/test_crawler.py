"""Every amount on the named pages leads to its explanation, which shows the same number, adds up to
it to the unit, and whose links all open."""

import sqlalchemy as sa

from crowdfund.kernel.db import db, rollback
from crowdfund.ledger.models import Account, Entry
from crowdfund.payments.models import Payment, PaymentException
from tests import raising
from tests.tracing.reading import Page, explanation

# What needs no explanation, by the term or column in which it stands, and why.
EXEMPT = {
    "Goal": "a term that the company has set",
    "Goal (maximum)": "a term that the company has set",
    "Price of one share": "a term that the company has set",
    "Minimum investment": "a term that the company has set",
    "Maximum investment": "a term that the company has set",
    "Minimum to go ahead": "a limit: 75 % of the goal, as the page says",
    "Minimum": "the same limit, on the company's page",
    "Average per investor": "two numbers of the page divided: received by investors",
    "The contract": "what the contract itself answers: anybody can ask it at the block named there",
}
# The same by the words before it.
SENTENCES = {
    "Needs at least": "a limit: 75 % of the goal",
    "possible once": "the same limit",
    "If at least": "the same limit",
}
# Days of the table beside the chart: parts of the sum above it, whose lines have their dates.
DAYS = {"Received", "Returned", "Total"}
OF_CAMPAIGNS = ("/my/campaigns/", "/staff/campaigns/")


def ids(column):
    rollback()
    found = list(db.session.scalars(sa.select(column)))
    rollback()
    return found


def slugs(story):
    return [raising.campaign(one).slug for one in (story.live, story.released, story.refunded)]


def of_visitor(story):
    return ["/transparency/drift", *(f"/campaigns/{slug}" for slug in slugs(story))]


def of_investor(story, who):
    mine = ["/portfolio", "/wallet", "/wallet/withdrawals", "/wallet/refunds"]
    client_pages = [f"/campaigns/{slug}" for slug in slugs(story)]
    rollback()
    for table, path in (
        ("investment", "investments"),
        ("payment", "payments"),
        ("payout", "wallet/withdrawals"),
        ("refund", "wallet/refunds"),
    ):
        query = sa.text(f"SELECT id FROM {table} WHERE user_id = :id")
        found = db.session.scalars(query, {"id": story.world.people[who]})
        mine += [f"/{path}/{one}" for one in found]
    rollback()
    return mine + client_pages


def of_issuer(story, who):
    campaign = {"alice": story.live, "ivan": story.released, "hana": story.refunded}[who]
    return ["/my/company", f"/my/campaigns/{campaign}"]


def of_staff(story):
    campaigns = (story.live, story.released, story.refunded)
    return [
        "/staff/campaigns?status=",
        *(f"/staff/campaigns/{one}" for one in campaigns),
        *(f"/staff/campaigns/{one}/contract" for one in campaigns),
        "/staff/payments",
        "/staff/payments?gateway=bill_bitts&q=Investment in",
        *(f"/staff/payments/{one}" for one in ids(Payment.id)),
        "/staff/exceptions?state=all",
        *(f"/staff/exceptions/{one}" for one in ids(PaymentException.id)),
        "/staff/payouts?state=all",
        *(f"/staff/payouts/{one}" for one in story.payouts.values()),
        "/staff/journal",
        *(f"/staff/journal/{one}" for one in ids(Account.name)),
        *(f"/staff/entries/{one}" for one in ids(Entry.id)),
        "/transparency/drift",
    ]


READERS = {
    "visitor": of_visitor,
    "charlie": lambda story: of_investor(story, "charlie"),
    "dora": lambda story: of_investor(story, "dora"),
    "alice": lambda story: of_issuer(story, "alice"),
    "ivan": lambda story: of_issuer(story, "ivan"),
    "hana": lambda story: of_issuer(story, "hana"),
    "fiona": of_staff,
}


def amounts(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return Page(answer.text).amounts


def is_exempt(amount, path):
    is_day = path.startswith(OF_CAMPAIGNS) and amount.label in DAYS
    said = any(f"{one} {amount.text}" in amount.near for one in SENTENCES)
    return is_day or said or amount.label in EXEMPT


def crawl(story, app, who):
    """Open everything that somebody sees explained; return what is wrong."""
    client = story.browser(app, None if who == "visitor" else who)
    opened, links, wrong = set(), set(), []
    for path in READERS[who](story):
        for amount in amounts(client, path):
            if not amount.href:
                wrong += [] if is_exempt(amount, path) else [f"{path}: {amount} is not explained"]
            elif amount.href not in opened:
                opened.add(amount.href)
                found = explanation(client, amount.href)
                links |= set(found.links)
                if not amount.minor == found.number == found.sum == sum(found.lines):
                    wrong.append(f"{path}: {amount} is not {found}")
    closed = [link for link in sorted(links - opened) if client.get(link).status_code != 200]
    return len(opened), wrong + [f"{link} does not open" for link in closed]


def test_every_amount_opens_an_explanation_that_adds_up_to_the_unit(story, app):
    """Explain an amount that this names, or name it in EXEMPT with the reason."""
    opened, wrong = {}, {}
    for who in READERS:
        opened[who], wrong[who] = crawl(story, app, who)
    assert {who: found for who, found in wrong.items() if found} == {}
    assert min(opened.values()) >= 1
    assert opened["fiona"] > 100
    assert opened["charlie"] > 30
