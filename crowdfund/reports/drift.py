"""I9: what the contracts hold against what SQL says; read from contract state, not from events."""

from collections.abc import Iterator

from ..adapters.chain import NodeError, NodeUnreachable, Reverted
from ..chain import connection
from ..chain import rules as chain_rules
from ..investments import queries as investments


def problems() -> list[str]:
    """Return a sentence for each campaign whose contract and journal disagree."""
    try:
        return list(_campaigns())
    except (NodeError, NodeUnreachable) as error:
        return [f"I9 the chain does not answer: {error}"]


def _campaigns() -> Iterator[str]:
    node = connection.node()
    for row in investments.on_chain():
        try:
            units = node.call("CampaignImplementation", row.contract_address, "fiatTotal")
        except Reverted as error:
            yield f"I9 campaign {row.id}: the contract answers {error}"
            continue
        if units != chain_rules.to_units(int(row.recorded)):
            yield f"I9 campaign {row.id}: contract has {units} units, SQL {row.recorded} recorded"
