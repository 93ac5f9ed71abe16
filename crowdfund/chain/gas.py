"""Keep in SQL what each signer has for gas, so that `/health` can say that it runs out."""

from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from crowdfund.adapters.chain.answers import NodeError
from crowdfund.adapters.chain.errors import NodeUnreachable
from crowdfund.chain import connection
from crowdfund.chain.errors import KeyMissing
from crowdfund.chain.models import GasMoney
from crowdfund.chain.rules import ROLES
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, insert_ignore, rows_changed

log = structlog.get_logger()
GWEI = 10**9
_G = GasMoney.__table__


@dataclass(frozen=True, slots=True)
class Balance:
    """What a signer has, in gwei, rounded down."""

    role: str
    address: str
    gwei: int


def ask() -> list[Balance]:
    """Ask the node for the balance of each signer whose key is set; nothing while it is away."""
    found = []
    for role in ROLES:
        try:
            address = connection.address_of(role)
            found.append(Balance(role, address, connection.node().balance(address) // GWEI))
        except KeyMissing:
            continue
        except (NodeUnreachable, NodeError) as error:
            log.warning("chain.gas_not_read", error=str(error))
            break
    return found


def store(balances: list[Balance]) -> None:
    """Keep the balances in the current transaction."""
    for one in balances:
        values = {"address": one.address, "balance_gwei": one.gwei, "at": clock.now()}
        if not rows_changed(sa.update(_G).where(_G.c.role == one.role).values(values)):
            insert_ignore(_G, [{"role": one.role, **values}])


def balances() -> list[Balance]:
    """Return the balances that were last kept."""
    query = sa.select(_G.c.role, _G.c.address, _G.c.balance_gwei).order_by(_G.c.role)
    return [Balance(*row) for row in db.session.execute(query)]
