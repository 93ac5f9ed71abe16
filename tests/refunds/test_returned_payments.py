"""Held money goes back to its payer: through the gateway, once, and a failure is decided anew."""

import re
from functools import partial

import pytest
import sqlalchemy as sa

from crowdfund.adapters import gateways
from crowdfund.kernel.db import commit, db, reading, rollback
from crowdfund.kernel.errors import Conflict, Invalid, NotFound
from crowdfund.ledger import queries as ledger
from crowdfund.payments import queries as payments
from crowdfund.payments.models import PaymentException
from crowdfund.payments.service import inbox, resolving, returning, short
from crowdfund.payouts import queries as payouts
from crowdfund.payouts.models import Payout
from crowdfund.payouts.service import asking, deciding, following, requests
from crowdfund.reports import proofs
from tests import raising
from tests.together import at_once

REASON = "For this test."
SUSPENSE, CLEARING = "platform:suspense", "gateway:bill_bitts:clearing"
EXTERNAL = "gateway:bill_bitts:external"


def too_much(world):
    """Charlie has paid 1,100 for 1,000."""
    investment_id = world.paid(received="1100.00")
    (found,) = payments.exceptions_of(world.investment(investment_id).payment_id)
    return found


def stranger(world):
    """Somebody whom nobody knows has paid 70."""
    tx_id = world.bank.open_payment("CPRN-AAAAAAAA", 70_00, status="SETTLED")
    rollback()
    inbox.accept("bill_bitts", *world.bank.webhook(tx_id, "SETTLED"))
    for _ in range(8):
        world.later(seconds=25)
    exception_id = db.session.scalar(sa.select(PaymentException.id))
    return exception(exception_id)


def exception(exception_id):
    rollback()
    found = payments.exception(exception_id)
    rollback()
    return found


def decide(world, found, resolution="return", **how):
    world.do(
        resolving.resolve,
        found.id,
        resolution,
        actor=world.people["fin"],
        reason=REASON,
        **how,
    )
    return exception(found.id)


def returns_of(found):
    rollback()
    return payouts.of_exception(found.id)


def sent_back(world, found):
    """Decide that money goes back, and let it go to the bank; return the payout's id."""
    return_id = decide(world, found).return_id
    world.work()
    return return_id


def balances(currency="ETB"):
    rollback()
    return tuple(ledger.balance(one, currency) for one in (SUSPENSE, CLEARING))


def told(world, who="charlie"):
    """Return the kinds of notice about payments, oldest first."""
    rollback()
    kinds = reversed(raising.told(world.people[who]))
    return [kind for kind in kinds if kind.startswith("payment.")]


def test_the_decision_takes_the_money_out_of_suspense_and_one_order_goes_to_the_bank(world):
    found = too_much(world)
    assert balances() == (1_100_00, 0)
    after = decide(world, found)
    assert (balances(), after.state, after.returned_at) == ((0, 1_100_00), "resolved", None)
    world.work()
    order = world.bank.payouts[after.return_id]
    assert (order["tx_id"], order["amount"], world.orders()) == (found.tx_id, "1100.00", 1)
    assert world.get(after.return_id).status == "submitted"
    assert told(world) == ["payment.in_question", "payment.resolved"]
    assert world.problems() == []


def test_when_the_bank_confirms_the_money_is_outside_and_the_payer_is_notified_once(world):
    found = too_much(world)
    before = ledger.balance(EXTERNAL)
    return_id = sent_back(world, found)
    for _ in range(3):
        world.bank_ends(return_id)
    assert balances() == (0, 0)
    assert ledger.balance(EXTERNAL) == before + 1_100_00
    assert exception(found.id).returned_at is not None
    assert told(world) == ["payment.in_question", "payment.resolved", "payment.returned"]
    assert world.problems() == []


def test_a_return_that_fails_is_in_suspense_once_and_open_for_a_decision(world):
    found = too_much(world)
    return_id = sent_back(world, found)
    for _ in range(3):
        world.bank_ends(return_id, "FAILED", reason="The account is closed")
    assert (balances(), world.purse()) == ((1_100_00, 0), (0, 0))
    after = exception(found.id)
    assert (after.state, after.resolution, after.return_id) == ("open", None, return_id)
    rollback()
    assert payments.exception_history(found.id)[-1].reason == returning.FAILED
    assert told(world)[-1] == "payment.not_returned"
    assert told(world).count("payment.not_returned") == 1
    assert world.problems() == []


def test_after_a_failure_it_can_be_returned_again_and_is_paid_once(world):
    found = too_much(world)
    first = sent_back(world, found)
    world.bank_ends(first, "FAILED")
    second = sent_back(world, exception(found.id))
    assert second != first
    world.bank_ends(second)
    assert [one.status for one in returns_of(found)] == ["failed", "paid"]
    assert (balances(), world.orders()) == ((0, 0), 2)
    assert told(world).count("payment.resolved") == 2
    assert told(world)[-1] == "payment.returned"
    assert world.problems() == []


def test_after_a_failure_it_can_be_credited_but_not_accepted_by_what_has_ended(world):
    found = too_much(world)
    world.bank_ends(sent_back(world, found), "FAILED")
    with pytest.raises(Conflict):
        decide(world, found, "accept")
    rollback()
    decide(world, found, "credit")
    world.work()
    assert (balances(), world.purse()) == ((0, 0), (1_100_00, 1_100_00))
    assert world.problems() == []


def test_what_came_short_and_could_not_be_returned_is_not_completed_by_a_rest(world):
    investment_id = world.paid(received="400.00")
    payment_id = world.investment(investment_id).payment_id
    (found,) = payments.exceptions_of(payment_id)
    world.bank_ends(sent_back(world, found), "FAILED")
    rollback()
    assert short.rest(payment_id) is None


def test_an_order_that_the_bank_refuses_opens_the_exception_again(world):
    found = too_much(world)
    world.bank.refuse_payouts = True
    return_id = sent_back(world, found)
    assert (world.get(return_id).status, exception(found.id).state) == ("failed", "open")
    assert balances() == (1_100_00, 0)


def test_money_in_another_currency_goes_back_in_that_currency(world):
    investment_id = world.place()
    payment = world.payment(investment_id)
    world.bank.set_truth(payment.tx_id, "SETTLED", currency="USD")
    rollback()
    inbox.accept("bill_bitts", *world.bank.webhook(payment.tx_id, "SETTLED"))
    world.work()
    (found,) = payments.exceptions_of(payment.id)
    return_id = sent_back(world, found)
    assert world.bank.payouts[return_id]["currency"] == "USD"
    assert (balances("USD"), balances()) == ((0, 1_000_00), (0, 0))
    world.bank_ends(return_id)
    assert balances("USD") == (0, 0)
    assert world.problems() == []


def test_money_of_an_unknown_payer_goes_back_and_nobody_is_notified(world):
    found = stranger(world)
    assert found.user_id is None
    return_id = sent_back(world, found)
    assert world.get(return_id).user_id is None
    world.bank_ends(return_id, "FAILED")
    assert (exception(found.id).state, balances()) == ("open", (70_00, 0))
    again = sent_back(world, exception(found.id))
    world.bank_ends(again)
    assert balances() == (0, 0)
    assert world.problems() == []


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_worker_killed_around_the_order_pays_once(world, is_sent):
    found = too_much(world)
    return_id = decide(world, found).return_id
    world.do(requests.submit, return_id)
    with reading():
        wanted = asking.orders([return_id])
    rollback()
    if is_sent:
        asking.ask(wanted)  # ordered, and then it died before anything was booked
    else:
        assert asking.count_send(return_id)  # it died just before it was sent
    world.later(minutes=1)
    assert list(world.bank.payouts) == [return_id]
    assert len([key for key in world.bank.answers if key == return_id]) == 1
    world.bank_ends(return_id)
    assert balances() == (0, 0)
    assert world.problems() == []


@pytest.mark.parametrize("end", ["PAID", "FAILED"])
def test_a_worker_killed_at_each_step_moves_the_money_whole_or_not_at_all(world, end):
    """Each step is one transaction: dying right before its commit leaves the step before."""
    found = too_much(world)
    staff = world.people["fin"]
    resolving.resolve(found.id, "return", actor=staff, reason=REASON)
    rollback()  # died before the decision was stored
    assert (balances(), exception(found.id).state, returns_of(found)) == ((1_100_00, 0), "open", [])
    return_id = decide(world, found).return_id
    requests.submit(return_id)
    rollback()  # died while handing it over
    assert world.get(return_id).status == "requested"
    world.work()
    world.bank.set_payout(return_id, end)
    with reading():
        wanted = asking.orders([return_id])
    rollback()
    answers = asking.ask(wanted)
    following.apply(wanted[return_id][0], answers[return_id], destination=found.tx_id)
    rollback()  # died after it was booked, before the commit
    assert (balances(), exception(found.id).state) == ((0, 1_100_00), "resolved")
    world.later(seconds=2)
    after = {"PAID": ((0, 0), "resolved"), "FAILED": ((1_100_00, 0), "open")}[end]
    assert (balances(), exception(found.id).state) == after
    assert world.problems() == []


def test_four_clicks_at_once_are_one_return(app, world):
    found = too_much(world)
    rollback()
    click = partial(resolving.resolve, found.id, "return", actor=world.people["fin"], reason=REASON)
    at_once(app, [click] * 4)
    world.work()
    assert (len(returns_of(found)), world.orders()) == (1, 1)
    assert balances() == (0, 1_100_00)


def test_a_gateway_that_cannot_send_back_is_named_and_nothing_moves(world, monkeypatch):
    found = too_much(world)
    monkeypatch.setattr(gateways, "can_refund", lambda _name: False)
    with pytest.raises(Conflict, match="does not fit"):
        decide(world, found)
    rollback()
    with pytest.raises(Conflict, match="returned by hand"):
        returning.send(found, actor=world.people["fin"])
    assert (balances(), exception(found.id).state) == ((1_100_00, 0), "open")


def test_money_returned_by_hand_leaves_suspense_and_its_reference_is_stored(world):
    found = too_much(world)
    for reference in ("", "  ", "F", "x" * 81, "<b>"):
        with pytest.raises(Invalid):
            decide(world, found, "by_hand", reference=reference)
        rollback()
    assert balances() == (1_100_00, 0)
    after = decide(world, found, "by_hand", reference=" FT26335X ")
    world.work()
    assert (after.bank_reference, after.state) == ("FT26335X", "resolved")
    assert (balances(), world.orders()) == ((0, 0), 0)
    assert world.problems() == []


def test_a_return_whose_bank_never_answers_can_be_ended_by_hand(world):
    found = too_much(world)
    return_id = sent_back(world, found)
    world.later(days=3)
    world.do(deciding.settle, return_id, "failed", actor=world.people["fin"], reason=REASON * 2)
    assert (exception(found.id).state, balances()) == ("open", (1_100_00, 0))
    assert world.problems() == []


def test_it_is_no_withdrawal_of_the_payer(world):
    found = too_much(world)
    return_id = decide(world, found).return_id
    rollback()
    charlie = world.people["charlie"]
    with pytest.raises(NotFound):
        payouts.for_owner(return_id, charlie)
    assert payouts.of_person(charlie).rows == []


def test_the_self_check_names_a_return_whose_entry_is_missing_or_that_is_too_much(world):
    found = too_much(world)
    return_id = sent_back(world, found)
    row = Payout.__table__
    is_it = row.c.id == return_id
    db.session.execute(sa.update(row).where(is_it).values(status="paid"))
    commit()
    assert any(f"I6 withdrawal {return_id} is paid" in one for one in proofs.problems())
    db.session.execute(
        sa.update(row).where(is_it).values(status="submitted", amount_minor=1_200_00)
    )
    commit()
    assert any(f"I7 return {return_id}" in one for one in proofs.problems())


# --- pages ----------------------------------------------------------------------------------------


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def fin(app, world):
    return raising.sign_in(app.test_client(), world.people["fin"])


@pytest.fixture
def charlie(app, world):
    return raising.sign_in(app.test_client(), world.people["charlie"])


def test_staff_return_money_and_follow_it_from_page_to_page(world, fin):
    found = too_much(world)
    url = f"/staff/exceptions/{found.id}"
    check = words(fin.get(f"{url}/resolve?resolution=return").text)
    assert "1,100.00 ETB" in check
    assert "If that fails, the money is held again and you decide again." in check
    assert "Reference of the bank" not in check
    fin.post(f"{url}/resolve", data={"resolution": "return"})
    page = fin.get(url).text
    return_id = exception(found.id).return_id
    assert "The bank is sending the money back" in page
    assert f"/staff/payouts/{return_id}" in page
    world.work()
    its_own = fin.get(f"/staff/payouts/{return_id}").text
    assert f'href="{url}"' in its_own
    assert "Payment sent back" in its_own
    assert "Returned payment" in fin.get("/staff/payouts?state=return").text
    world.bank_ends(return_id, "FAILED")
    page = words(fin.get(url).text)
    assert "The bank could not send the money back" in page
    assert "Continue" in page
    fin.post(f"{url}/resolve", data={"resolution": "return"})
    world.work()
    world.bank_ends(exception(found.id).return_id)
    assert "The bank has sent the money back on" in fin.get(url).text


def test_every_amount_of_a_return_is_explained_to_staff_and_adds_up(world, fin):
    found = too_much(world)
    first = sent_back(world, found)
    world.bank_ends(first, "FAILED")
    second = sent_back(world, exception(found.id))
    world.bank_ends(second)
    for return_id in (first, second):
        for url in re.findall(
            r'href="(/explain/[^"]+)"', fin.get(f"/staff/payouts/{return_id}").text
        ):
            answer = fin.get(url)
            assert answer.status_code == 200, url
            assert "does not add up" not in answer.text
    rollback()
    payment = fin.get(f"/staff/payments/{found.payment_id}").text
    assert payment.count(CLEARING) >= 6


def test_the_payer_reads_how_far_the_return_is(world, charlie):
    found = too_much(world)
    url = f"/payments/{found.payment_id}"
    return_id = sent_back(world, found)
    assert "We are returning 1,100.00 ETB to the account that paid." in charlie.get(url).text
    world.bank_ends(return_id, "FAILED")
    page = charlie.get(url).text
    assert "could not send 1,100.00 ETB back" in page
    assert "Your money is safe" in page
    world.bank_ends(sent_back(world, exception(found.id)))
    assert "We returned 1,100.00 ETB to your bank on" in charlie.get(url).text


def test_staff_record_a_return_by_hand_where_the_gateway_cannot(world, fin, monkeypatch):
    found = stranger(world)
    monkeypatch.setattr(gateways, "can_refund", lambda _name: False)
    url = f"/staff/exceptions/{found.id}"
    page = words(fin.get(url).text)
    assert "This money cannot go back through the gateway" in page
    assert "Return to the payer" not in page
    answer = fin.post(f"{url}/resolve", data={"resolution": "return"})
    assert answer.status_code == 409
    answer = fin.post(f"{url}/resolve", data={"resolution": "by_hand", "reason": "As agreed."})
    assert answer.status_code == 422
    assert "Enter the reference that the bank gave" in answer.text
    assert "As agreed." in answer.text
    data = {"resolution": "by_hand", "reference": "FT26335X"}
    assert fin.post(f"{url}/resolve", data=data).status_code == 303
    assert "FT26335X" in fin.get(url).text
    assert balances() == (0, 0)
