"""Watch what is under way: queue what was missed, send again what was lost, raise stuck fees."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from crowdfund.adapters.chain.answers import NodeError
from crowdfund.adapters.chain.errors import NodeUnreachable
from crowdfund.adapters.chain.fees import Fees, Market
from crowdfund.adapters.chain.node import Node
from crowdfund.chain import connection, fees, queries, sender
from crowdfund.chain.errors import ChainChanged, FeeAboveLimit, KeyMissing
from crowdfund.chain.models import Tx
from crowdfund.chain.rows import WaitingTx
from crowdfund.chain.rules import TxStatus
from crowdfund.kernel import clock, config, outbox
from crowdfund.kernel.db import db, new_id, reading
from crowdfund.kernel.db.rows import columns, read_all

log = structlog.get_logger()
_T = Tx.__table__
SIGNED_FOR = timedelta(seconds=2)  # then a broadcast was missed
SENT_FOR = timedelta(seconds=10)  # then the node is asked whether it still has it
STUCK_FOR = timedelta(seconds=60)  # then its fees are compared with the market


@dataclass
class Rounds:
    """What one round of the watch found to do.

    `resend` holds transactions that the node forgot, `retry` those whose price is good now, and
    `raises` transactions with the fees of their replacements. `market` is None when the
    node was not asked or did not answer; else `too_dear` says why it is not paid.
    """

    sign: bool = False
    broadcast: bool = False
    resend: list[str] = field(default_factory=list)
    retry: list[str] = field(default_factory=list)
    raises: list[tuple[WaitingTx, Fees]] = field(default_factory=list)
    market: Market | None = None
    too_dear: str | None = None


def look() -> Rounds:
    """Compare what SQL holds to be under way with what the node has; reads only."""
    now = clock.now()
    with reading():
        found = Rounds(sign=bool(queries.queued(limit=1)), broadcast=_is_broadcast_missed(now))
        rows, cursor = _under_way(), queries.cursor()
        db.session.remove()
    waiting = cursor is not None and cursor.applied < cursor.number
    late = [tx for tx in rows if tx.status == TxStatus.UNDERPRICED or _is_late(tx, now)]
    asks_market = late or (cursor is not None and (found.sign or cursor.fee_problem))
    if not asks_market and not waiting:
        return found
    try:
        node = connection.node()
        connection.check_chain(node, cursor)
        if asks_market:
            _look_at(found, node, late)
        if waiting:
            _mine_locally(node)
    except (NodeUnreachable, NodeError, ChainChanged) as error:
        log.warning("chain.watch_failed", error=str(error))
    return found


def _is_broadcast_missed(now: datetime) -> bool:
    old = sa.select(_T.c.id).where(
        _T.c.status == TxStatus.SIGNED,
        sa.or_(_T.c.created_at < now - SIGNED_FOR, _T.c.created_at > now + clock.CLOCKS_DIFFER),
    )
    return db.session.execute(old.limit(1)).first() is not None


def _under_way() -> list[WaitingTx]:
    sent = _T.c.status.in_((TxStatus.BROADCAST, TxStatus.UNDERPRICED))
    query = sa.select(*columns(WaitingTx, _T)).where(sent)
    return read_all(WaitingTx, query.order_by(_T.c.signer, _T.c.nonce).limit(500))


def _is_late(tx: WaitingTx, now: datetime) -> bool:
    return tx.sent_at is None or clock.is_past(tx.sent_at, SENT_FOR, now)


def _look_at(found: Rounds, node: Node, late: list[WaitingTx]) -> None:
    now = clock.now()
    market = node.market()
    first: dict[str, int] = {}
    for tx in late:
        first.setdefault(tx.signer, tx.nonce)
        refused = tx.status == TxStatus.UNDERPRICED
        if not refused and not node.knows(tx.hash):
            found.resend.append(tx.id)
            continue
        if refused or clock.is_past(tx.sent_at or tx.created_at, STUCK_FOR, now):
            offer = fees.Offer(
                Fees(tx.fee_cap, tx.fee_tip),
                judged_at=tx.judged_at,
                refusal=tx.refusal if refused else None,
                is_first=tx.nonce == first[tx.signer],
            )
            _judge(found, node, tx, offer, market)
    if found.sign and found.too_dear is None:
        found.too_dear = _too_dear(market)
    found.market = market


def _judge(found: Rounds, node: Node, tx: WaitingTx, offer: fees.Offer, market: Market) -> None:
    step = fees.step(offer, market)
    if step == fees.Step.RESEND:
        found.retry.append(tx.id)
    if step != fees.Step.RAISE or (offer.refusal is None and node.receipt(tx.hash) is not None):
        return
    try:
        found.raises.append((tx, fees.for_replacement(offer.fees, market)))
    except FeeAboveLimit as error:
        found.too_dear = error.user_message
        if offer.refusal is not None and market.admits(offer.fees):
            found.retry.append(tx.id)  # it is cheap, but it can wait in the node


def _too_dear(market: Market) -> str | None:
    try:
        fees.for_new(market)
    except FeeAboveLimit as error:
        return error.user_message
    return None


def _mine_locally(node: Node) -> None:
    """Make the blocks that confirmations wait for, on a development node that mines on demand."""
    if config.settings().chain_confirmations > 1 and connection.is_local(node):
        node.rpc("evm_mine")


def act(found: Rounds) -> None:
    """Put the rows for what was found; sign replacements of transactions that pay too little."""
    _send_again(found.resend, TxStatus.BROADCAST)
    if found.market is not None:
        _send_again(found.retry, TxStatus.UNDERPRICED, judged_at=found.market.block)
        fees.report(found.too_dear)
        for tx, new in found.raises:
            _replace(tx, new, found.market)
    if found.sign:
        outbox.add("chain.sign", f"chain.sign:watch:{new_id()}")
    if found.broadcast or found.resend or found.retry:
        outbox.add("chain.broadcast", f"chain.broadcast:watch:{new_id()}")


def _send_again(ids: list[str], status: TxStatus, **values: int) -> None:
    if ids:
        where = sa.and_(_T.c.id.in_(ids), _T.c.status == status)
        db.session.execute(sa.update(_T).where(where).values(status=TxStatus.SIGNED, **values))


def _replace(tx: WaitingTx, new: Fees, market: Market) -> None:
    try:
        sender.replace(tx, new, block=market.block)
    except KeyMissing as error:
        log.error("chain.not_replaced", tx=tx.hash, error=error.user_message)
