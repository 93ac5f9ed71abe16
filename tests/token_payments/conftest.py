"""A live campaign with a contract, a rate, and somebody whose wallet is connected."""

import pytest

from crowdfund.investments.service import placing
from crowdfund.kernel import clock
from crowdfund.kernel.db import commit, rollback
from crowdfund.people import service as people
from crowdfund.token_payments import queries
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.service import NewRate
from tests.investments.conftest import world as world

WALLET = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
CALLS = {
    "admission": ["0x" + "11" * 32, 10, 20, "0x" + "22" * 65],
    "invest": "0x01",
    "approve": "0x02",
    "balance": "0x03",
    "allowance": "0x04",
    "nonces": "0x05",
    "permit": None,
}


def add_rate(numerator=1, denominator=1, *, token="cETB", source="By definition", at=None):
    moment = at or clock.now().replace(year=2020)
    wanted = NewRate(token, "ETB", numerator, denominator, moment, source)
    done = token_payments.add_rate(wanted, actor="test")
    commit()
    return done


@pytest.fixture
def charlie(world):
    """Charlie with a connected wallet, and a rate of one to one."""
    add_rate()
    people.add_method(world.people["charlie"], "wallet", WALLET, label="a wallet")
    commit()
    return world


def place(world, amount_minor=1_000_00, who="charlie", key="form-key-1"):
    """Place an investment with tokens; return it with its order."""
    rollback()
    order = placing.Order(
        world.people[who], world.slug, amount_minor, "token", key, has_consented=True
    )
    investment_id = placing.place(order)
    commit()
    return investment_id, order_of(world, investment_id)


def order_of(world, investment_id):
    rollback()
    return queries.order(world.investment(investment_id).payment_id)
