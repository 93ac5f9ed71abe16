"""Investments with tokens from the investor's own wallet, against the real contract."""

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.service import ending, releasing, totals
from crowdfund.chain import queries, rules
from crowdfund.investments import rules as investment_rules
from crowdfund.investments.models import ForeignMoney
from crowdfund.investments.service import reservations
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import WrongState
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.service import posting
from crowdfund.reports import drift
from crowdfund.reports import service as reports
from crowdfund.token_payments import rules as token_rules
from crowdfund.token_payments import service as token_payments
from tests import raising

from .conftest import campaign, look_after, settle, use_node
from .wallet_investor import Investor, one_to_one, tell_again, tokens_of, view, work

GOAL = 10_000_00


@pytest.fixture
def raise_(app, own_node, deployed):
    """A live campaign in SQL and the contract that belongs to it; returns (id, contract)."""
    one_to_one()
    alice, carol = raising.person("alice"), raising.person("carol", "compliance")
    campaign_id = raising.live_campaign(raising.registered_company(alice, carol), alice, carol)
    address = campaign("bakery", goal=GOAL, most=GOAL)
    db.session.execute(
        sa.update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(contract_address=address, max_minor=GOAL, price_minor=1)
    )
    commit()
    outbox.drain_all()
    return campaign_id, address


@pytest.fixture
def charlie(own_node, raise_):
    return Investor(own_node, raise_[0])


def proofs():
    rollback()
    return [one for one in reports.selfcheck() if one[:2] in ("I2", "I3", "I4", "I5", "I7", "I8")]


def both_sides_agree(campaign_id, address):
    found = raising.campaign(campaign_id)
    tokens = found.token_minor + found.paid_token_minor
    assert view(address, "tokenTotal") == rules.to_units(tokens)
    assert drift.problems() == []
    commit()
    assert proofs() == []


def test_tokens_from_a_wallet_settle_and_record_an_investment_at_once(raise_, charlie):
    campaign_id, address = raise_
    investment_id = charlie.invest(1_000_00)
    found = charlie.investment(investment_id)
    assert (found.status, found.rail) == ("confirmed", "token")
    assert found.tx_hash == charlie.order(investment_id).tx_hash is not None
    assert tokens_of(campaign_id) == 1_000_00
    assert ledger.balance(ledger_rules.escrow(campaign_id)) == 0
    shown = raising.campaign(campaign_id)
    assert (shown.reserved_minor, shown.settled_minor, shown.investors_count) == (
        1_000_00,
        1_000_00,
        1,
    )
    assert (shown.paid_token_minor, shown.token_minor) == (1_000_00, 0)
    assert queries.writes_of("investment", investment_id) == []  # nobody records token money
    assert "investment.settled_tokens" in raising.told(charlie.person_id)
    both_sides_agree(campaign_id, address)


def test_a_signed_permit_takes_the_place_of_the_approval(raise_, charlie):
    _campaign_id, address = raise_
    charlie.get_tokens(1_000_00)
    investment_id = charlie.place(1_000_00)
    order = charlie.choose(investment_id)
    calls = token_payments.permit_calls(order, 0, charlie.sign_permit(order))
    charlie.send(address, calls["invest"])
    work()
    assert charlie.status(investment_id) == "confirmed"
    assert charlie.has() == 0


def test_a_permit_of_another_key_or_number_is_refused_before_anything_is_sent(raise_, charlie):
    dora = Investor(charlie.node, raise_[0], "dora")
    investment_id = charlie.place(1_000_00)
    order = charlie.choose(investment_id)
    for nonce, signature in (
        (0, charlie.sign_permit(order, key=dora.key)),
        (1, charlie.sign_permit(order, nonce=0)),
        (0, "0x12"),
    ):
        with raising.refused(token_rules.PermitRefused):
            token_payments.permit_calls(order, nonce, signature)


def test_what_the_page_says_of_a_transaction_pays_nothing(raise_, charlie):
    investment_id = charlie.place(1_000_00)
    order = charlie.choose(investment_id)
    token_payments.note_sent(order.payment_id, "0x" + "cd" * 32)
    commit()
    work()
    assert charlie.status(investment_id) == "paying"
    assert tokens_of(raise_[0]) == 0


def test_a_dropped_transaction_that_is_sent_again_by_hand_pays_once(raise_, charlie):
    """The event counts: whatever hash the page named, and without any page at all."""
    campaign_id, address = raise_
    charlie.get_tokens(2_000_00)
    investment_id = charlie.place(1_000_00)
    order = charlie.choose(investment_id)
    token_payments.note_sent(order.payment_id, "0x" + "cd" * 32)
    commit()
    charlie.approve_and_invest(order)
    work()
    charlie.send(order.token_address, order.calls["approve"])
    assert not charlie.send(address, order.calls["invest"], must=False).ok  # the intent is spent
    tell_again()
    assert charlie.status(investment_id) == "confirmed"
    assert raising.campaign(campaign_id).settled_minor == 1_000_00
    both_sides_agree(campaign_id, address)


def test_a_person_pays_with_a_connected_wallet_only_and_with_one(raise_, charlie):
    dora = Investor(charlie.node, raise_[0], "dora")
    investment_id = charlie.place(1_000_00)
    with raising.refused(token_rules.WalletNotLinked):
        charlie.choose(investment_id, dora.wallet)
    charlie.choose(investment_id)
    from crowdfund.people import service as people

    other = Investor(charlie.node, raise_[0], "eve").key.address.replace("0x", "0x")
    assert people.add_method(charlie.person_id, "wallet", other) is False
    with raising.refused(token_rules.WalletNotLinked):
        charlie.choose(investment_id, other)


def test_money_of_another_payer_under_the_same_intent_is_foreign(raise_, charlie):
    """An admission names its investor, so only an operator's key in wrong hands can do this."""
    from crowdfund.chain import admissions

    campaign_id, address = raise_
    dora = Investor(charlie.node, campaign_id, "dora")
    investment_id = charlie.place(1_000_00)
    order = charlie.choose(investment_id)
    stolen = admissions.sign_for(
        address,
        intent=order.intent,
        investor=dora.wallet,
        amount_minor=1_000_00,
        valid_until=order.valid_until,
    )
    from crowdfund.chain import token_calls

    dora.get_tokens(1_000_00)
    dora.send(order.token_address, order.calls["approve"])
    dora.send(address, token_calls.invest(stolen))
    work()
    assert charlie.status(investment_id) == "paying"
    assert db.session.scalars(sa.select(ForeignMoney.who)).all() == [dora.wallet]
    both_sides_agree(campaign_id, address)


def test_a_reservation_cannot_be_cancelled_while_a_transaction_may_be_under_way(raise_, charlie):
    first = charlie.place(1_000_00)
    reservations.cancel(first, user_id=charlie.person_id)
    commit()
    assert charlie.status(first) == "cancelled"
    second = charlie.place(1_000_00)
    charlie.choose(second)
    with raising.refused(token_rules.UnderWay):
        reservations.cancel(second, user_id=charlie.person_id)


def test_only_one_reservation_with_tokens_is_open_at_a_time(raise_, charlie):
    charlie.place(1_000_00)
    with raising.refused(investment_rules.NotPossible):
        charlie.place(1_000_00)


def test_a_quote_ends_and_its_room_is_free_again(raise_, charlie, later):
    investment_id = charlie.place(1_000_00)
    later(15 * 60 + 1)
    work()
    assert charlie.status(investment_id) == "expired"
    assert raising.campaign(raise_[0]).reserved_minor == 0


def test_with_an_admission_the_room_is_held_until_late_blocks_were_read(raise_, charlie, later):
    investment_id = charlie.place(1_000_00)
    charlie.choose(investment_id)
    later(15 * 60 + 1)
    work()
    assert charlie.status(investment_id) == "paying"
    later(10 * 60)
    work()
    assert charlie.status(investment_id) == "expired"


def unseen_payment(charlie, minor):
    """Pay, and let the reservation expire before the block is read."""
    charlie.get_tokens(minor)
    investment_id = charlie.place(minor)
    charlie.approve_and_invest(charlie.choose(investment_id))
    return investment_id


def expire_unread(charlie, investment_id, later):
    later(26 * 60)
    token_payments.expire(charlie.investment(investment_id).payment_id)
    commit()
    while outbox.drain("payments"):
        pass
    assert charlie.status(investment_id) == "expired"


def test_an_event_that_comes_after_the_reservation_has_ended_takes_its_room_again(
    raise_, charlie, later
):
    campaign_id, address = raise_
    investment_id = unseen_payment(charlie, 1_000_00)
    expire_unread(charlie, investment_id, later)
    work()
    assert charlie.status(investment_id) == "confirmed"
    assert raising.campaign(campaign_id).reserved_minor == 1_000_00
    both_sides_agree(campaign_id, address)


def test_an_event_that_finds_its_room_taken_by_others_is_shown_to_staff_and_never_lost(
    raise_, charlie, later
):
    campaign_id, address = raise_
    investment_id = unseen_payment(charlie, 1_000_00)
    expire_unread(charlie, investment_id, later)
    totals.reserve(campaign_id, GOAL - 400_00)
    commit()
    work()
    assert charlie.status(investment_id) == "expired"
    [row] = db.session.execute(sa.select(ForeignMoney.__table__)).all()
    assert (row.amount_minor, row.room_minor) == (1_000_00, 400_00)
    totals.unreserve(campaign_id, GOAL - 400_00)
    commit()
    tell_again()  # there is room now, but it was counted
    assert charlie.status(investment_id) == "expired"
    both_sides_agree(campaign_id, address)


def test_before_the_confirmations_nothing_counts_and_a_reorganisation_undoes_it(
    raise_, charlie, own_node
):
    campaign_id, address = raise_
    own_node.mine(10)
    look_after()
    use_node(own_node, chain_confirmations=6)
    investment_id = charlie.place(1_000_00)
    order = charlie.choose(investment_id)
    charlie.get_tokens(1_000_00)
    charlie.approve_and_invest(order)
    look_after()
    assert charlie.status(investment_id) == "paying"
    assert queries.newest_event(order.intent).status == "seen"
    depth = queries.cursor().head - queries.newest_event(order.intent).block_number + 1
    own_node.rpc("anvil_reorg", depth, [])
    look_after()
    assert queries.newest_event(order.intent) is None
    assert view(address, "tokenTotal") == 0
    charlie.send(address, order.calls["invest"])
    own_node.mine(6)
    look_after()
    assert charlie.status(investment_id) == "confirmed"
    assert raising.campaign(campaign_id).settled_minor == 1_000_00


def cancel_campaign(campaign_id):
    ending.cancel(campaign_id, "The company asked for it.", actor="carol")
    commit()
    for _ in range(4):
        work()


def test_a_failed_campaign_pays_all_tokens_back_and_the_journal_follows(raise_, charlie):
    campaign_id, _address = raise_
    dora = Investor(charlie.node, campaign_id, "dora")
    mine = [charlie.invest(1_000_00), charlie.invest(500_00)]
    hers = dora.invest(2_000_00)
    cancel_campaign(campaign_id)
    assert [charlie.status(one) for one in (*mine, hers)] == ["returned"] * 3
    assert charlie.has() == rules.to_units(1_500_00)
    assert dora.has() == rules.to_units(2_000_00)
    assert tokens_of(campaign_id) == 0
    assert ledger.balance(ledger_rules.OUTSIDE_WALLETS) == 0
    assert raising.campaign(campaign_id).status == "refunded"
    assert "investment.refunded_tokens" in raising.told(dora.person_id)
    assert drift.problems() == []
    commit()
    assert proofs() == []


def test_an_investor_may_take_the_tokens_back_without_the_platform(raise_, charlie):
    campaign_id, address = raise_
    investment_id = charlie.invest(1_000_00)
    ending.cancel(campaign_id, "The company asked for it.", actor="carol")
    commit()
    settle()  # the cancellation is on chain; our own refund has not been sent
    from crowdfund.adapters.chain import abi

    charlie.send(address, abi.encode("CampaignImplementation", "claimRefund", []), must=False)
    for _ in range(3):
        work()
    assert charlie.status(investment_id) == "returned"
    assert charlie.has() == rules.to_units(1_000_00)
    assert tokens_of(campaign_id) == 0


@pytest.mark.parametrize("token_minor", [100_39, 3_333_33, 7_501_19, 7_899_99, 8_000_00])
def test_a_release_pays_the_same_integers_here_and_on_chain(raise_, charlie, token_minor):
    """Never more tokens than came in, and both fees together are the fee on the total."""
    campaign_id, address = raise_
    fiat = 8_000_00 - token_minor
    charlie.invest(token_minor)
    if fiat:
        pay_from_the_balance(Investor(charlie.node, campaign_id, "dora"), fiat)
    before = charlie.has()
    ending.close_early(campaign_id, actor="alice")
    commit()
    work()
    assert raising.campaign(campaign_id).status == "succeeded"
    releasing.release(campaign_id, actor=raising.person("fiona", "finance"))
    commit()
    work()
    found = raising.campaign(campaign_id)
    assert found.status == "released"
    token_fee = ledger.balance(ledger_rules.TOKEN_FEE)
    assert token_fee + found.fee_minor == 8_000_00 * 250 // 10_000
    assert token_fee == token_minor * 250 // 10_000
    to_issuer = token_minor - token_fee
    assert ledger.balance(ledger_rules.OUTSIDE_WALLETS) == to_issuer - token_minor
    wallet = view(address, "issuerWallet")
    from crowdfund.chain import connection

    on_chain = connection.node().call("PaymentToken", charlie.token, "balanceOf", wallet)
    assert on_chain == rules.to_units(to_issuer)
    assert tokens_of(campaign_id) == 0
    assert charlie.has() == before
    assert drift.problems() == []
    commit()
    assert proofs() == []


def test_a_release_waits_for_tokens_that_may_be_under_way(raise_, charlie, later):
    campaign_id, _address = raise_
    fiona = raising.person("fiona", "finance")
    charlie.invest(7_500_00)
    dora = Investor(charlie.node, campaign_id, "dora")
    dora.choose(dora.place(1_000_00))
    ending.close_early(campaign_id, actor="alice")
    commit()
    work()
    assert raising.campaign(campaign_id).status == "succeeded"
    with raising.refused(WrongState):
        releasing.release(campaign_id, actor=fiona)
    later(26 * 60)
    work()
    rollback()
    releasing.release(campaign_id, actor=fiona)
    commit()
    work()
    assert raising.campaign(campaign_id).status == "released"


def pay_from_the_balance(investor, minor):
    """Invest fiat: from the balance here, recorded on chain by the platform."""
    rollback()
    to = ledger_rules.user_wallet(investor.person_id)
    move = ledger_rules.Posting(ledger_rules.external("bill_bitts"), to, minor)
    posting.post(f"test:{investor.name}", [move], kind="test")
    commit()
    investment_id = investor.place(minor, "wallet")
    work()
    assert investor.status(investment_id) == "confirmed"


def test_a_development_node_gives_tokens_to_try_it(charlie, app):
    give = app.test_cli_runner().invoke
    done = give(args=["chain", "give-tokens", charlie.wallet, "1,250.50"])
    assert "tokens more" in done.output
    assert charlie.has() == rules.to_units(1_250_50)
    assert give(args=["chain", "give-tokens", "0x12", "5"]).exit_code == 1
