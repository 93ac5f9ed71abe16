"""A payment that was not as expected: the investor's page and notices are true at each step."""

import re
from datetime import timedelta

import pytest
from markupsafe import escape

from crowdfund.kernel import money
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.i18n import using
from crowdfund.ledger.rules import account_words
from crowdfund.notifications import queries as notices
from crowdfund.notifications import rendering
from crowdfund.payments import reviews
from crowdfund.payments.service import inbox, resolving, starting
from tests import raising
from tests.investments.test_resolutions import STAFF, open_exceptions

UNTRUE_WHEN_MONEY_CAME = (
    "nothing was taken",
    "Nothing was charged",
    "nothing was charged",
    "did not receive",
)


@pytest.fixture
def charlie(app, world):
    return raising.sign_in(app.test_client(), world.people["charlie"])


def settle(world, investment_id, **truth):
    """Let the bank take and settle something else than was asked for."""
    payment = world.payment(investment_id)
    world.bank.set_truth(payment.tx_id, "SETTLED", **truth)
    for status in ("SUCCESS", "SETTLED"):
        rollback()
        inbox.accept("bill_bitts", *world.bank.webhook(payment.tx_id, status))
        world.work()


def decide(world, resolution):
    (found,) = open_exceptions()
    resolving.resolve(found.id, resolution, actor=STAFF, reason="as agreed by phone")
    commit()
    world.work()
    return found


def text_of(page):
    """Return what a reader sees of the changing part of a page, on one line."""
    section = page.text.split('<section id="', 1)[1].split("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", section).split())


def show(charlie, investment_id):
    return text_of(charlie.get(f"/investments/{investment_id}"))


def notices_of(world, who="charlie"):
    rollback()
    found = notices.notices_of(world.people[who]).rows
    rollback()
    with using("en"):
        shown = {one.kind: rendering.words(one.kind, one.context) for one in found}
    return {kind: f"{one.title} {one.text}" for kind, one in shown.items()}


def test_a_payment_under_review_is_not_said_to_be_on_its_way_to_escrow(world, charlie):
    investment_id = world.place()
    settle(world, investment_id, amount="1100.00")
    page = show(charlie, investment_id)
    assert "We received 1,100.00 ETB instead of 1,000.00 ETB" in page
    assert "Under review" in page
    assert "transfers the money to escrow" not in page
    assert "Our staff will decide" in page


def test_the_portfolio_calls_it_paid_in_part_as_its_own_page_does(world, charlie):
    investment_id, paid_id = world.place(), world.place(key="form-key-2")
    settle(world, investment_id, amount="900.00")
    world.bank_says(paid_id, "SUCCESS")
    assert text_of(charlie.get("/portfolio")).count("Paid in part") == 1
    assert "Paid in part" in show(charlie, investment_id)
    decide(world, "return")
    shown = text_of(charlie.get("/portfolio"))
    assert ("Paid in part" in shown, shown.count("Not invested"), shown.count("Paid")) == (
        False,
        1,
        2,
    )


@pytest.mark.parametrize("amount", ["900.00", "1100.00"])
@pytest.mark.parametrize(
    ("resolution", "sentence"),
    [
        ("return", "We are returning {amount} to the account that paid."),
        ("credit", "We credited {amount} to your wallet on"),
    ],
)
def test_after_the_decision_the_page_says_what_was_decided(
    world, charlie, amount, resolution, sentence
):
    investment_id = world.place()
    settle(world, investment_id, amount=amount)
    decide(world, resolution)
    page = show(charlie, investment_id)
    assert sentence.format(amount=money.fmt(money.parse(amount))) in page
    assert "Our staff will decide" not in page
    assert "Under review" not in page
    assert page.count("Not invested") == 2  # the badge and the last step
    assert "Pay on the bank's page" not in page
    assert "Invest again" in page
    assert not [one for one in UNTRUE_WHEN_MONEY_CAME if one in page]


def test_too_much_that_was_accepted_shows_where_each_part_went(world, charlie):
    investment_id = world.place()
    settle(world, investment_id, amount="1100.00")
    decide(world, "accept")
    page = show(charlie, investment_id)
    assert (
        "We used 1,000.00 ETB as you asked and credited the remaining 100.00 ETB to your wallet"
        in page
    )
    assert "Our staff will decide" not in page
    assert (world.status(investment_id), world.escrow(), world.wallet()) == (
        "settled",
        1_000_00,
        100_00,
    )


def test_money_in_another_currency_is_named_in_its_currency(world, charlie):
    investment_id = world.place()
    settle(world, investment_id, currency="USD")
    assert "We received 1,000.00 USD instead of 1,000.00 ETB" in show(charlie, investment_id)
    decide(world, "return")
    assert "We are returning 1,000.00 USD to the account that paid." in show(charlie, investment_id)
    assert "1,000.00 USD" in notices_of(world)["investment.not_invested"]


def test_money_that_came_late_is_not_said_to_be_missing(world, charlie, frozen):
    investment_id = world.place()
    frozen.advance(timedelta(hours=25))
    world.work()
    assert "did not receive a payment in time" in show(charlie, investment_id)
    settle(world, investment_id)
    page = show(charlie, investment_id)
    assert "Your payment of 1,000.00 ETB arrived too late" in page
    assert "did not receive" not in page
    decide(world, "credit")
    page = show(charlie, investment_id)
    assert "We credited 1,000.00 ETB to your wallet on" in page
    assert "did not receive" not in page


def test_a_second_payment_for_an_investment_shows_on_its_page(world, charlie, frozen):
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS", "SETTLED")
    payment = world.payment(investment_id)
    cprn = world.bank.payments[payment.tx_id]["cprn"]
    second = world.bank.open_payment(cprn, 1_000_00, status="SETTLED", reference=payment.id)
    rollback()
    inbox.accept("bill_bitts", *world.bank.webhook(second, "SETTLED"))
    for _ in range(8):
        frozen.advance(timedelta(seconds=25))
        world.work()
    page = show(charlie, investment_id)
    assert "We received a second payment of 1,000.00 ETB" in page
    assert "transfers the money to escrow" not in page
    decide(world, "return")
    page = show(charlie, investment_id)
    assert "We are returning 1,000.00 ETB to the account that paid." in page
    assert page.count(account_words("platform:suspense")) == 2  # it came in, and it went back


@pytest.mark.parametrize("resolution", ["return", "credit"])
def test_no_notice_says_that_nothing_was_taken_when_money_came(world, resolution):
    investment_id = world.place()
    settle(world, investment_id, amount="1100.00")
    decide(world, resolution)
    told = notices_of(world)
    assert set(told) == {"payment.in_question", "payment.resolved", "investment.not_invested"}
    assert "1,100.00 ETB" in told["investment.not_invested"]
    assert not [text for text in told.values() for one in UNTRUE_WHEN_MONEY_CAME if one in text]


def test_a_payment_that_the_bank_took_back_is_not_said_to_have_never_come(world, charlie):
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS", "FAILED")
    told = notices_of(world)
    assert set(told) == {"investment.reversed"}
    page = show(charlie, investment_id)
    assert "The bank took the payment back" in page
    for text in (*told.values(), page):
        assert not [one for one in UNTRUE_WHEN_MONEY_CAME if one in text]


def test_a_payment_that_never_came_is_still_said_to_have_cost_nothing(world):
    investment_id = world.place()
    world.bank_says(investment_id, "FAILED")
    assert "nothing was charged" in notices_of(world)["investment.failed"]


@pytest.mark.parametrize("resolution", ["accept", "credit", "return"])
def test_investor_and_staff_see_the_same_postings(app, world, charlie, resolution):
    investment_id = world.place()
    settle(world, investment_id, amount="1100.00")
    found = decide(world, resolution)
    rollback()
    entries = reviews.entries(found.payment_id)
    rollback()
    assert entries[-1].key.startswith(f"exception:{found.id}:{resolution}")
    staff = raising.sign_in(app.test_client(), raising.person("fin", "finance"))
    theirs = staff.get(f"/staff/payments/{found.payment_id}").text
    own = charlie.get(f"/investments/{investment_id}").text
    for entry in entries:
        for posting in entry.postings:
            for account in (posting.source, posting.destination):
                assert account in theirs
                is_own = account == f"user:{world.people['charlie']}:wallet"
                assert ("Your wallet" if is_own else escape(account_words(account))) in own
            amount = money.fmt(posting.amount_minor)
            assert amount in theirs
            assert amount in own


def test_a_bank_that_only_claims_to_be_paid_shows_no_money(app, world, charlie, frozen):
    """The webhook says SETTLED, the status query does not: nothing was received."""
    investment_id = world.place(amount="1,100")
    payment = world.payment(investment_id)
    rollback()
    inbox.accept("bill_bitts", *world.bank.webhook(payment.tx_id, "SETTLED"))
    for _ in range(8):
        frozen.advance(timedelta(seconds=25))
        world.work()
    (found,) = open_exceptions()
    assert (found.kind, found.held) == ("contradiction", False)
    for page in (show(charlie, investment_id), text_of(charlie.get(f"/payments/{payment.id}"))):
        assert "received" not in page.lower()
    staff = raising.sign_in(app.test_client(), raising.person("fin", "finance"))
    page = re.sub(r"<[^>]+>", " ", staff.get(f"/staff/exceptions/{found.id}").text)
    assert re.search(r"Received\s+nothing yet", page)
    assert not re.search(r"Received\s+1,100.00", page)


def test_what_only_the_gateway_reports_is_labelled_as_not_verified(app, world):
    payment = world.payment(world.place(amount="1,100"))
    world.bank.set_truth(payment.tx_id, "SETTLED", amount="1200.00")
    starting.check_now(payment.id)
    commit()
    world.work()
    (found,) = open_exceptions()
    assert found.kind == "webhook_missing"
    staff = raising.sign_in(app.test_client(), raising.person("fin", "finance"))
    page = re.sub(r"<[^>]+>", " ", staff.get(f"/staff/exceptions/{found.id}").text)
    assert re.search(r"Received\s+nothing yet", page)
    assert re.search(r"Reported by the gateway, not verified\s+1,200.00", page)
    rows = re.sub(r"<[^>]+>", " ", staff.get("/staff/exceptions").text)
    assert re.search(r"1,200.00\s+ETB\s+not verified", rows)
