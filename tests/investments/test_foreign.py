"""Money in a contract without an investment here: it takes room, and staff are notified once."""

import pytest
import sqlalchemy as sa

from crowdfund.chain.events import ContractEvent
from crowdfund.chain.rules import UNITS_PER_MINOR, intent_bytes32
from crowdfund.investments import rules
from crowdfund.investments.models import ForeignMoney
from crowdfund.investments.service import foreign
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.payments.models import PaymentException
from tests import raising

STRANGER = "0x" + "5" * 40
ELSEWHERE = "0x" + "6" * 40


def contract_event(name, amount_minor, *, address=raising.CONTRACT, ordinal=3, **args):
    return ContractEvent(
        key="1",
        contract="CampaignImplementation",
        address=address,
        event=name,
        tx_hash="0x" + "ab" * 32,
        ordinal=ordinal,
        block=9,
        args={"amount": str(amount_minor * UNITS_PER_MINOR), **args},
    )


def invested(amount_minor, **where):
    return contract_event("Invested", amount_minor, intentId="0x01", investor=STRANGER, **where)


def kept():
    rollback()
    names = ("kind", "amount_minor", "room_minor", "who", "refunded_at")
    return [
        tuple(row)
        for row in db.session.execute(sa.select(*(ForeignMoney.__table__.c[n] for n in names)))
    ]


def asked():
    rollback()
    table = PaymentException.__table__
    return list(
        db.session.execute(sa.select(table.c.amount_minor, table.c.currency, table.c.detail))
    )


def test_token_money_of_a_stranger_takes_room_and_is_shown_to_staff_once(world):
    before = world.campaign().reserved_minor
    for _ in range(2):
        foreign.token_money_came(invested(400_00))
        commit()
    assert kept() == [("token", 400_00, 400_00, STRANGER, None)]
    assert world.campaign().reserved_minor == before + 400_00
    [(amount, currency, detail)] = asked()
    assert (amount, currency) == (400_00, "ETB")
    assert world.campaign().title[:60] in detail
    assert "It has taken its room" in detail


def test_what_finds_no_room_is_named(world):
    goal = world.campaign().goal_minor
    foreign.token_money_came(invested(goal + 25_00))
    commit()
    assert kept() == [("token", goal + 25_00, goal, STRANGER, None)]
    [(_amount, _currency, detail)] = asked()
    assert "25.00 ETB of it found no room" in detail


def test_money_in_a_contract_that_no_campaign_here_has_is_shown_to_staff_all_the_same(world):
    foreign.token_money_came(invested(400_00, address=ELSEWHERE))
    commit()
    assert kept() == []
    [(amount, _currency, detail)] = asked()
    assert (amount, ELSEWHERE in detail) == (400_00, True)
    assert "no room was taken" in detail


@pytest.mark.parametrize(("is_ours", "number"), [(True, 0), (False, 1)])
def test_fiat_that_another_transaction_recorded_is_foreign_only_if_its_reference_is(
    world, is_ours, number
):
    investment_id = world.place()
    reference = intent_bytes32(rules.reference(investment_id)) if is_ours else "0x" + "9" * 64
    foreign.fiat_recorded(
        contract_event(
            "InvestmentRecorded", 100_00, paymentRef=reference, investorKey="0x" + "7" * 64
        )
    )
    commit()
    assert len(kept()) == len(asked()) == number


def test_token_money_that_went_back_is_noted_for_its_investor_alone(world):
    other = "0x" + "8" * 40
    foreign.token_money_came(invested(400_00))
    foreign.token_money_came(
        contract_event("Invested", 100_00, intentId="0x02", investor=other, ordinal=4)
    )
    commit()
    foreign.token_money_went_back(raising.CONTRACT, STRANGER)
    commit()
    assert {(who, refunded is not None) for _, _, _, who, refunded in kept()} == {
        (STRANGER, True),
        (other, False),
    }
