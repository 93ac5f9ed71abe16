"""Look after what is on its way: wake what was left, send again what was lost, raise stuck fees."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from .. import clock, config, outbox
from ..adapters.chain import Fees, Node, NodeError, NodeUnreachable
from ..db import db, new_id, reading
from . import connection, queries, sender
from .errors import ChainChanged
from .models import Tx
from .rules import TxStatus

log = structlog.get_logger()
_T = Tx.__table__
SIGNED_FOR = timedelta(seconds=2)  # then a broadcast was missed
SENT_FOR = timedelta(seconds=10)  # then the node is asked whether it still has it
STUCK_FOR = timedelta(seconds=60)  # then its fee is raised
LOCAL_NODES = ("anvil", "hardhat")


@dataclass
class Rounds:
    """What one round of the watch found to do."""

    sign: bool = False
    broadcast: bool = False
    resend: list[str] = field(default_factory=list)
    bump: list[Any] = field(default_factory=list)
    market: Fees | None = None


def look() -> Rounds:
    """Compare what SQL holds to be under way with what the node has; reads only."""
    now = clock.now()
    with reading():
        found = Rounds(sign=bool(queries.queued(limit=1)))
        sent = sa.select(_T).where(_T.c.status == TxStatus.BROADCAST)
        rows = db.session.execute(sent.order_by(_T.c.signer, _T.c.nonce).limit(500)).all()
        old = sa.select(_T.c.id).where(_T.c.status == TxStatus.SIGNED, _T.c.created_at < now - SIGNED_FOR)
        found.broadcast = db.session.execute(old.limit(1)).first() is not None
        cursor = queries.cursor()
        waiting = cursor is not None and cursor.applied < cursor.number
        db.session.remove()
    late = [r for r in rows if r.sent_at is None or r.sent_at < now - SENT_FOR]
    if not late and not waiting:
        return found
    try:
        node = connection.node()
        connection.check_chain(node, cursor)
        _look_at(found, node, late)
        if waiting:
            _mine_locally(node)
    except (NodeUnreachable, NodeError, ChainChanged) as error:
        log.warning("chain.watch_failed", error=str(error))
    return found


def _look_at(found: Rounds, node: Node, late: list[Any]) -> None:
    stuck_before = clock.now() - STUCK_FOR
    first: dict[str, int] = {}
    for tx in late:
        first.setdefault(tx.signer, tx.nonce)
        if not node.knows(tx.hash):
            found.resend.append(tx.id)
            continue
        # Only the first of a signer can be stuck by its fee; the others wait behind it.
        old = tx.nonce == first[tx.signer] and (tx.sent_at or tx.created_at) < stuck_before
        if old and node.receipt(tx.hash) is None:
            found.bump.append(tx)
    if found.bump:
        found.market = node.fees()


def _mine_locally(node: Node) -> None:
    """Make the blocks that confirmations wait for, on a development node that mines on demand."""
    settings = config.settings()
    if settings.environment == "production" or settings.chain_confirmations < 2:
        return
    if node.client().lower().startswith(LOCAL_NODES):
        node.rpc("evm_mine")


def act(found: Rounds) -> None:
    """Put the rows for what was found; sign replacements of stuck transactions."""
    if found.resend:
        db.session.execute(
            sa.update(_T)
            .where(_T.c.id.in_(found.resend), _T.c.status == TxStatus.BROADCAST)
            .values(status=TxStatus.SIGNED)
        )
    for tx in found.bump:
        sender.replace(tx, found.market or Fees(0, None))
    if found.sign:
        outbox.add("chain.sign", f"chain.sign:watch:{new_id()}")
    if found.broadcast or found.resend:
        outbox.add("chain.broadcast", f"chain.broadcast:watch:{new_id()}")
