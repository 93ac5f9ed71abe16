"""Apply what the reader found: cursor and effect in one transaction, final at N confirmations."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import structlog

from crowdfund.adapters.chain.values import Receipt
from crowdfund.chain import contract_events, crash, queries, rules, service
from crowdfund.chain.events import ContractEvent
from crowdfund.chain.models import Block, Cursor, Event, Tx, Write, WriteTx
from crowdfund.chain.reader import Found, Scan
from crowdfund.chain.rules import TxKind, TxStatus, WriteStatus
from crowdfund.kernel import clock, config, live, outbox
from crowdfund.kernel.db import db, new_id, rows_changed

log = structlog.get_logger()
_B, _C, _E, _T, _L, _W = (m.__table__ for m in (Block, Cursor, Event, Tx, WriteTx, Write))


def apply(scan: Scan) -> bool:
    """Apply a scan; returns whether more blocks wait. Does nothing if another worker was first."""
    if scan.problem:
        service.report_problem("read", scan.problem)
        return False
    depth = config.settings().chain_confirmations - 1
    ready = max(scan.last - depth, min(scan.cursor.applied, scan.fork))
    if not _advance(scan, ready):
        return False
    if scan.fork < scan.cursor.number:
        _walk_back(scan.fork)
    for address, abi, number in scan.spawned:
        service.watch(address, abi, from_block=number)
    _keep_blocks(scan)
    _keep_events(scan.found)
    for receipt in scan.receipts:
        _mined(receipt)
    _finish(ready)
    if scan.receipts and queries.queued(limit=1):
        # What was refused as perhaps too early can be judged now.
        outbox.add("chain.sign", f"chain.sign:after:{new_id()}")
    crash.at("before-index-commit")
    return scan.last < scan.head


def _advance(scan: Scan, ready: int) -> bool:
    """Move the cursor if it is still where the scan began; the UPDATE is the lock."""
    at = scan.cursor
    moved = {"number": scan.last, "applied": ready, "head": scan.head}
    same = all(getattr(at, name) == value for name, value in moved.items())
    if same and not scan.blocks and not at.read_problem:
        return False
    done = rows_changed(
        sa.update(_C)
        .where(_C.c.version == at.version)
        .values(version=at.version + 1, read_problem=None, moved_at=clock.now(), **moved)
    )
    live.changed("chain", "writes")
    return done == 1


def _walk_back(fork: int) -> None:
    """Un-apply blocks above the fork: events go, transactions wait for a block again."""
    db.session.execute(sa.delete(_B).where(_B.c.number > fork))
    above = _E.c.block_number > fork
    db.session.execute(sa.delete(_E).where(above, _E.c.status == "seen"))
    orphaned = rows_changed(
        sa.update(_E).where(above, _E.c.status == "applied").values(status="orphaned")
    )
    rows = db.session.execute(sa.select(_T).where(_T.c.block_number > fork)).all()
    ids = [row.id for row in rows]
    if ids:
        db.session.execute(
            sa.update(_T)
            .where(_T.c.id.in_(ids))
            .values(
                status=TxStatus.BROADCAST, block_number=None, block_hash=None, gas_used=None,
                succeeded=None, sent_at=None,
            )
        )  # fmt: skip
        writes = list(db.session.scalars(sa.select(_W.c.id).where(_W.c.tx_id.in_(ids))))
        service.move(writes, WriteStatus.BROADCAST, reason=f"block lost, chain forked at {fork}")
    outbox.add("chain.watch", f"chain.watch:{new_id()}")
    log.warning("chain.reorg", fork=fork, transactions=len(ids), final_events_lost=orphaned)


def _keep_blocks(scan: Scan) -> None:
    if not scan.blocks:
        return
    rows = [
        {"number": b.number, "hash": b.hash, "parent": b.parent, "timestamp": b.timestamp}
        for b in scan.blocks
    ]
    db.session.execute(sa.insert(_B), rows)
    old = scan.last - rules.REORG_WINDOW
    db.session.execute(sa.delete(_B).where(_B.c.number < old))


def _keep_events(found: Sequence[Found]) -> None:
    rows = [
        {
            "id": new_id(), "address": f.log.address, "contract": f.contract, "event": f.event,
            "args": f.args, "intent": rules.intent_of(f.args), "tx_hash": f.log.tx_hash,
            "log_index": f.log.index, "ordinal": f.ordinal, "block_number": f.log.block_number,
            "block_hash": f.log.block_hash, "status": "seen",
        }
        for f in found
    ]  # fmt: skip
    if rows:
        # A block may come back after two reorganisations: its old orphans stand again.
        keys = {row["block_hash"] for row in rows}
        db.session.execute(
            sa.delete(_E).where(_E.c.block_hash.in_(keys), _E.c.status == "orphaned")
        )
        db.session.execute(sa.insert(_E), rows)


def _mined(receipt: Receipt) -> None:
    """Note the block of one of our transactions; its other versions are out of the race."""
    tx = db.session.execute(sa.select(_T).where(_T.c.hash == receipt.hash)).one()
    slot = sa.and_(_T.c.signer == tx.signer, _T.c.nonce == tx.nonce)
    db.session.execute(
        sa.update(_T)
        .where(slot, _T.c.id != tx.id, _T.c.status.notin_(rules.TX_FINAL))
        .values(status=TxStatus.REPLACED, replaced_by=tx.id)
    )
    db.session.execute(
        sa.update(_T)
        .where(_T.c.id == tx.id)
        .values(
            status=TxStatus.MINED,
            block_number=receipt.block_number,
            block_hash=receipt.block_hash,
            gas_used=receipt.gas_used,
            succeeded=receipt.ok,
            replaced_by=None,
        )
    )
    rivals = sa.select(_T.c.id).where(slot)
    carried = sa.select(_L.c.write_id).where(_L.c.tx_id == tx.id)
    mine = sa.select(_W.c.id).where(_W.c.id.in_(carried), _W.c.tx_id.in_(rivals))
    ids = list(db.session.scalars(mine))
    if ids:
        db.session.execute(sa.update(_W).where(_W.c.id.in_(ids)).values(tx_id=tx.id))
    service.move(ids, WriteStatus.MINED, reason=f"block {receipt.block_number}")


def _finish(ready: int) -> None:
    """Make final what is deep enough: events first, so that confirmations can name them."""
    query = sa.select(_E).where(_E.c.status == "seen", _E.c.block_number <= ready)
    events = db.session.execute(query.order_by(_E.c.block_number, _E.c.log_index)).all()
    if events:
        ids = [event.id for event in events]
        db.session.execute(sa.update(_E).where(_E.c.id.in_(ids)).values(status="applied"))
        if any(event.event in rules.FREES for event in events):
            service.free_held()
    deep = sa.select(_T).where(_T.c.status == TxStatus.MINED, _T.c.block_number <= ready)
    for tx in db.session.execute(deep.order_by(_T.c.block_number, _T.c.nonce)).all():
        _confirm(tx)
    _tell_foreign(events)


def _confirm(tx: Any) -> None:  # noqa: ANN401 - a row
    # Every function that is written to emits an event. None means that no contract was there
    # when the call was mined, as after a node lost its newest blocks: it "succeeded" in nothing.
    did = tx.succeeded and (tx.kind == TxKind.FILL or _has_event_of(tx))
    final = TxStatus.CONFIRMED if did else TxStatus.REVERTED
    db.session.execute(sa.update(_T).where(_T.c.id == tx.id).values(status=final))
    if did:
        # Also those that were given up or moved to another transaction: the effect is here.
        ids = list(db.session.scalars(sa.select(_L.c.write_id).where(_L.c.tx_id == tx.id)))
        service.confirm(
            ids, tx_hash=tx.hash, block=tx.block_number, reason=f"in {tx.hash}", tx_id=tx.id
        )
        return
    for row in db.session.execute(sa.select(_W).where(_W.c.tx_id == tx.id)).all():
        # The next simulation names the reason; it is not told by the receipt.
        if row.attempts + 1 >= rules.MAX_ATTEMPTS:
            service.fail(row.id, reason=f"reverted on chain {rules.MAX_ATTEMPTS} times")
        else:
            why = "had no effect" if tx.succeeded else "reverted"
            service.requeue([row.id], why=f"{why} on chain in {tx.hash}")


def _has_event_of(tx: Any) -> bool:  # noqa: ANN401 - a row
    return any(event.address.lower() == tx.to.lower() for event in queries.events_of_tx(tx.hash))


def _tell_foreign(events: Sequence[Any]) -> None:
    """Emit `chain.event` for what others did, such as an investment from a browser wallet."""
    events = [event for event in events if contract_events.is_heard(event.contract, event.event)]
    hashes = {event.tx_hash for event in events}
    ours = set(db.session.scalars(sa.select(_T.c.hash).where(_T.c.hash.in_(hashes))))
    for event in events:
        if event.tx_hash in ours:
            continue
        outbox.emit(
            ContractEvent(
                key=f"{event.tx_hash}:{event.ordinal}",
                contract=event.contract,
                address=event.address,
                event=event.event,
                args=event.args,
                tx_hash=event.tx_hash,
                ordinal=event.ordinal,
                block=event.block_number,
            )
        )
