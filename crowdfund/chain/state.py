"""Chain problems for an operator, from SQL alone: for `/health`, which must not load web3."""

from collections.abc import Iterator

import sqlalchemy as sa

from crowdfund.chain import queries
from crowdfund.chain.models import GasMoney
from crowdfund.kernel import config, health, outbox
from crowdfund.kernel.db import db
from crowdfund.kernel.health import Reason

READER = "chain reader"
BEHIND = 50  # blocks; the reader takes a hundred at once
_G = GasMoney.__table__


@health.check
def reasons() -> Iterator[Reason]:
    """Yield what is wrong with reading the chain and with the money for gas."""
    cursor = queries.cursor()
    if cursor is None:
        return  # nothing is deployed yet
    if words := health.silence(READER, outbox.beats()):
        yield Reason(
            "chain_not_read", f"The reader of the chain {words}: see `flask chain status`."
        )
    behind = cursor.head - cursor.number
    if behind > BEHIND:
        yield Reason(
            "chain_behind", f"SQL is {behind} blocks behind the chain: see `flask chain status`."
        )
    if cursor.problem:
        yield Reason(
            "chain_problem", "The chain cannot be read or written: see `flask chain status`."
        )
    low = config.settings().chain_low_gas_ether
    query = sa.select(_G.c.role, _G.c.address, _G.c.balance_gwei).order_by(_G.c.role)
    for role, address, gwei in db.session.execute(query):
        ether = gwei / 10**9
        if ether < low:
            text = f"The {role} has {ether:.4f} ether left for gas: send more to {address}."
            yield Reason(f"gas_low:{role}", text)
