"""The wallet is a rail: its money is in the campaign at once, and goes back to the wallet."""

import re

import pytest
import sqlalchemy as sa

from crowdfund.investments import rules
from crowdfund.investments.service import cancelling, placing
from crowdfund.kernel import money
from crowdfund.kernel.db import commit, db, new_id, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import holds, posting
from crowdfund.payments.models import Payment
from crowdfund.payments.service.from_wallet import WalletTooLow
from tests import raising
from tests.investments.test_cancelling_paid import is_proved, sums
from tests.investments.test_resolutions import open_exceptions
from tests.investments.test_reviews import show
from tests.investments.test_views import form, invest_url
from tests.together import at_once


def fund(world, amount, who="charlie"):
    rollback()
    wallet = ledger_rules.user_wallet(world.people[who])
    move = Posting(ledger_rules.external("bill_bitts"), wallet, money.parse(amount))
    posting.post(f"test:{new_id()}", [move], kind="test")
    commit()


def order(world, amount="1,000", *, key="form-key-1", who="charlie"):
    return placing.Order(
        world.people[who], world.slug, money.parse(amount), "wallet", key, has_consented=True
    )


def place(world, amount="1,000", **how):
    rollback()
    investment_id = placing.place(order(world, amount, **how))
    commit()
    world.work()
    return investment_id


def test_money_of_the_wallet_is_in_the_campaign_at_once(world):
    fund(world, "1,500")
    investment_id = place(world)
    assert world.status(investment_id) == "settled"
    assert (world.wallet(), world.escrow()) == (500_00, 1_000_00)
    assert sums(world) == (1_000_00, 1_000_00, 1)
    assert [write.function for write in world.writes(investment_id)] == ["recordInvestment"]
    assert world.bank.calls == []
    payment = world.payment(investment_id)
    assert (payment.gateway, payment.status, payment.tx_id) == ("wallet", "settled", None)
    assert world.books_are_clean()
    assert is_proved(world)


def test_one_entry_moves_it_from_the_wallet_to_the_escrow(world):
    fund(world, "1,000")
    payment = world.payment(place(world))
    rollback()
    (entry,) = ledger.entries_with_key_prefix("payment", payment.id)
    (moved,) = entry.postings
    wallet = ledger_rules.user_wallet(world.people["charlie"])
    escrow = ledger_rules.escrow(world.campaign_id)
    assert (moved.source, moved.destination, moved.amount_minor) == (wallet, escrow, 1_000_00)


def test_the_same_form_sent_twice_pays_once(world):
    fund(world, "2,000")
    assert place(world) == place(world)
    assert (world.wallet(), world.escrow()) == (1_000_00, 1_000_00)


@pytest.mark.parametrize("held", [0, 600_00])
def test_more_than_is_available_changes_nothing(world, held):
    fund(world, "1,500" if held else "999.99")
    if held:
        rollback()
        wallet = ledger_rules.user_wallet(world.people["charlie"])
        holds.hold("test", wallet, held, currency="ETB")
        commit()
    before = world.wallet()
    with raising.refused(WalletTooLow):
        placing.place(order(world))
    world.work()
    assert (world.wallet(), world.escrow(), sums(world)) == (before, 0, (0, 0, 0))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 0


def test_two_forms_at_once_never_spend_the_same_money(app, world):
    fund(world, "1,000")
    outcomes = at_once(
        app,
        [lambda n=n: placing.place(order(world, key=f"form-key-{n}")) for n in range(4)],
    )
    world.work()
    assert sum(isinstance(one, str) for one in outcomes) == 1
    assert (world.wallet(), world.escrow()) == (0, 1_000_00)
    assert world.campaign().reserved_minor == 1_000_00


def test_a_cancelled_one_is_back_in_the_wallet(world):
    fund(world, "1,000")
    investment_id = place(world)
    rollback()
    cancelling.cancel_paid(investment_id, user_id=world.people["charlie"])
    commit()
    assert (world.wallet(), world.escrow(), sums(world)) == (1_000_00, 0, (0, 0, 0))
    assert is_proved(world)


def test_bank_and_wallet_count_for_one_threshold_and_one_maximum(world):
    fund(world, "5,000")
    from_bank = world.place("charlie", "4,000")
    world.bank_says(from_bank, "SUCCESS", "SETTLED")
    place(world, "1,000", key="form-key-2")
    assert sums(world) == (5_000_00, 5_000_00, 1)
    with raising.refused(rules.NotPossible):
        placing.place(order(world, "100", key="form-key-3"))


# --- pages ----------------------------------------------------------------------------------------


@pytest.fixture
def charlie(app, world):
    return raising.sign_in(app.test_client(), world.people["charlie"])


def test_the_form_shows_the_balance_and_pays_from_it(world, charlie):
    fund(world, "1,200")
    page = charlie.get(invest_url(world))
    assert "Available: 1,200.00" in page.text.replace("\u00a0", " ")
    answer = charlie.post(invest_url(world), data=form(amount="1,000", rail="wallet"))
    assert answer.status_code == 303
    world.work()
    page = show(charlie, answer.location.rsplit("/", 1)[1])
    assert "Paid from your wallet" in page
    assert "NEO Bank" not in page


def test_an_empty_wallet_cannot_be_chosen_and_a_forged_choice_is_refused(world, charlie):
    page = charlie.get(invest_url(world)).text
    (choice,) = re.findall(r'<input[^>]*value="wallet"[^>]*>', page)
    assert "disabled" in choice
    answer = charlie.post(invest_url(world), data=form(amount="1,000", rail="wallet"))
    assert answer.status_code == 422
    assert "Nothing was taken" in answer.text
    assert world.campaign().reserved_minor == 0


def test_staff_see_where_it_came_from_and_have_no_bank_to_ask(app, world):
    fund(world, "1,000")
    payment = world.payment(place(world))
    fiona = raising.browser(app, raising.person("fiona", "finance"))
    page = fiona.get(f"/staff/payments/{payment.id}")
    assert page.status_code == 200
    assert "Wallet" in page.text
    answer = fiona.post(f"/staff/payments/{payment.id}/check")
    assert answer.status_code == 409
    world.work()
    assert open_exceptions() == []


def test_the_wallet_lists_what_was_paid_from_it(world, charlie):
    fund(world, "1,000")
    place(world)
    page = charlie.get("/wallet").text
    assert "Paid from the wallet" in page
