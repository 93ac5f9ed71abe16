"""What of the chain needs an operator, from SQL alone: for `/health`, which must not load web3."""

from collections.abc import Iterator

import sqlalchemy as sa

from crowdfund.chain.models import Cursor, GasMoney
from crowdfund.kernel import config, health, outbox
from crowdfund.kernel.db import db
from crowdfund.kernel.health import Reason

READER = "chain reader"
BEHIND = 50  # blocks; the reader takes a hundred at once
_C, _G = Cursor.__table__, GasMoney.__table__


@health.check
def reasons() -> Iterator[Reason]:
    """Yield what is wrong with reading the chain and with the money for gas."""
    cursor = db.session.execute(sa.select(_C)).first()
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
    if cursor.read_problem or cursor.send_problem:
        yield Reason(
            "chain_problem", "The chain cannot be read or written: see `flask chain status`."
        )
    low = config.settings().chain_low_gas_ether
    for row in db.session.execute(sa.select(_G).order_by(_G.c.role)):
        ether = row.balance_gwei / 10**9
        if ether < low:
            text = f"The {row.role} has {ether:.4f} ether left for gas: send more to {row.address}."
            yield Reason(f"gas_low:{row.role}", text)
