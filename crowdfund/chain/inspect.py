"""Look at both sides, SQL and node, for the commands `status` and `reconcile`."""

from dataclasses import dataclass

import sqlalchemy as sa

from crowdfund.adapters.chain.node import Node
from crowdfund.chain import connection, deploy, fees, queries, rules
from crowdfund.chain.errors import KeyMissing
from crowdfund.chain.models import Tx
from crowdfund.chain.rules import TxStatus, WriteStatus
from crowdfund.kernel import config, outbox
from crowdfund.kernel.db import db, new_id

_T = Tx.__table__


@dataclass(frozen=True)
class Report:
    """Lines for a person and what is wrong."""

    lines: list[str]
    problems: list[str]


def report() -> Report:
    """Describe node, contracts, signers, queue and cursor. Raises NodeUnreachable, ChainChanged."""
    node = connection.node()
    cursor = queries.cursor()
    connection.check_chain(node, cursor)
    head = node.head()
    lines = [
        f"node      {node.client()} at {node.url}",
        f"chain     {config.settings().chain_id}, head {head.number} {head.hash}",
    ]
    problems = deploy.compare(node)
    if cursor is not None:
        behind = head.number - cursor.number
        lines.append(f"cursor    read {cursor.number}, applied {cursor.applied}, behind {behind}")
        problems += [text for text in (cursor.problem, cursor.fee_problem) if text]
    lines += [f"contract  {c.name or c.abi} {c.address}" for c in queries.contracts()[:20]]
    lines.append(_fee_line(node))
    lines += _signer_lines(node)
    problems += [f"{row.role}: {row.alert}" for row in queries.signers() if row.alert]
    counts = queries.counts()
    lines.append("writes    " + ", ".join(f"{name} {n}" for name, n in counts.items()))
    if counts[WriteStatus.FAILED]:
        problems.append(f"{counts[WriteStatus.FAILED]} failed writes")
    return Report(lines, [*problems, *queries.nonce_problems()])


def _fee_line(node: Node) -> str:
    asks, most = fees.gwei(node.market().asks), fees.gwei(fees.limit())
    return f"fees      the network asks {asks} gwei per unit of gas, the limit is {most}"


def _signer_lines(node: Node) -> list[str]:
    lines = []
    for role in rules.ROLES:
        try:
            address = connection.address_of(role)
        except KeyMissing as error:
            lines.append(f"signer    {role}: {error.user_message}")
            continue
        row = queries.signer(address)
        mined, pending = node.nonce(address), node.nonce(address, "pending")
        ours = row.next_nonce if row else "-"
        lines.append(
            f"signer    {role} {address} next nonce {ours}, on chain {mined}, pending {pending}, "
            f"gas money {node.balance(address) / 10**18:.4f}"
        )
    return lines


def drive() -> int:
    """Ask for a new look at everything unfinished; returns how many writes that are."""
    node = connection.node()
    connection.check_chain(node, queries.cursor())
    sent = sa.select(_T.c.id, _T.c.hash).where(_T.c.status == TxStatus.BROADCAST)
    lost = [tx_id for tx_id, tx_hash in db.session.execute(sent) if not node.knows(tx_hash)]
    if lost:
        db.session.execute(sa.update(_T).where(_T.c.id.in_(lost)).values(status=TxStatus.SIGNED))
    for kind in ("chain.index", "chain.sign", "chain.broadcast", "chain.watch"):
        outbox.add(kind, f"{kind}:reconcile:{new_id()}")
    counts = queries.counts()
    return counts[WriteStatus.QUEUED] + sum(counts[status] for status in rules.IN_FLIGHT)


def differences() -> list[str]:
    """Compare SQL with the chain: contracts, final transactions, nonces, unfinished writes."""
    node = connection.node()
    problems = deploy.compare(node)
    final = sa.select(_T.c.hash, _T.c.succeeded).where(_T.c.status.in_(rules.TX_FINAL))
    for tx_hash, ours in db.session.execute(final.order_by(_T.c.created_at.desc()).limit(500)):
        receipt = node.receipt(tx_hash)
        if receipt is None:
            problems.append(f"{tx_hash} is final in SQL but the node has no receipt")
        elif receipt.ok != ours:
            problems.append(
                f"{tx_hash} succeeded={ours} in SQL but succeeded={receipt.ok} on chain"
            )
    for row in queries.signers():
        on_chain = node.nonce(row.address)
        if on_chain > row.next_nonce:
            problems.append(f"{row.role} has nonce {on_chain} on chain, {row.next_nonce} in SQL")
    return problems + _unfinished()


def _unfinished() -> list[str]:
    counts = queries.counts()
    waiting = counts[WriteStatus.QUEUED] + sum(counts[status] for status in rules.IN_FLIGHT)
    failed = counts[WriteStatus.FAILED]
    return ([f"{waiting} writes are not finished"] if waiting else []) + (
        [f"{failed} writes failed and wait for a decision"] if failed else []
    )
