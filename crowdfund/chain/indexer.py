"""Apply what the reader found: cursor and effect in one transaction, final at N confirmations."""

from collections.abc import Sequence

import sqlalchemy as sa
import structlog

from crowdfund.adapters.chain.values import Receipt
from crowdfund.chain import contract_events, crash, queries, rules, service
from crowdfund.chain.events import ContractEvent
from crowdfund.chain.models import Block, Cursor, Event, Tx, Write, WriteTx
from crowdfund.chain.reader import Found, Scan
from crowdfund.chain.rows import EventRow, MinedTx
from crowdfund.chain.rules import TxKind, TxStatus, WriteStatus
from crowdfund.kernel import clock, config, live, outbox
from crowdfund.kernel.db import db, new_id, rows_changed
from crowdfund.kernel.db.rows import columns, read_all

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
    _store_blocks(scan)
    _store_events(scan.found)
    for receipt in scan.receipts:
        _mined(receipt)
    _finish(ready)
    if scan.receipts and queries.queued(limit=1):
        # Writes whose refusal may only have meant "too early" can be tried again now.
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
    lost = _unmine(fork)
    outbox.add("chain.watch", f"chain.watch:{new_id()}")
    log.warning("chain.reorg", fork=fork, transactions=lost, final_events_lost=orphaned)


def _unmine(fork: int) -> int:
    """Take transactions out of the blocks above the fork; return how many."""
    ids = list(db.session.scalars(sa.select(_T.c.id).where(_T.c.block_number > fork)))
    if not ids:
        return 0
    names = ("block_number", "block_hash", "gas_used", "succeeded", "sent_at")
    unmined = sa.update(_T).where(_T.c.id.in_(ids))
    db.session.execute(unmined.values(status=TxStatus.BROADCAST, **dict.fromkeys(names)))
    writes = list(db.session.scalars(sa.select(_W.c.id).where(_W.c.tx_id.in_(ids))))
    service.move(writes, WriteStatus.BROADCAST, reason=f"block lost, chain forked at {fork}")
    return len(ids)


def _store_blocks(scan: Scan) -> None:
    if not scan.blocks:
        return
    rows = [
        {"number": b.number, "hash": b.hash, "parent": b.parent, "timestamp": b.timestamp}
        for b in scan.blocks
    ]
    db.session.execute(sa.insert(_B), rows)
    old = scan.last - rules.REORG_WINDOW
    db.session.execute(sa.delete(_B).where(_B.c.number < old))


def _store_events(found: Sequence[Found]) -> None:
    rows = [
        {
            "id": new_id(),
            "address": one.log.address,
            "contract": one.contract,
            "event": one.event,
            "args": one.args,
            "intent": rules.intent_of(one.args),
            "tx_hash": one.log.tx_hash,
            "log_index": one.log.index,
            "ordinal": one.ordinal,
            "block_number": one.log.block_number,
            "block_hash": one.log.block_hash,
            "status": "seen",
        }
        for one in found
    ]
    if rows:
        # A block may come back after two reorganisations: its events replace their old orphans.
        keys = {row["block_hash"] for row in rows}
        db.session.execute(
            sa.delete(_E).where(_E.c.block_hash.in_(keys), _E.c.status == "orphaned")
        )
        db.session.execute(sa.insert(_E), rows)


def _mined(receipt: Receipt) -> None:
    """Note the block of one of our transactions; its other versions can no longer be mined."""
    ours = sa.select(_T.c.id, _T.c.signer, _T.c.nonce).where(_T.c.hash == receipt.hash)
    tx_id, signer, nonce = db.session.execute(ours).one()
    slot = sa.and_(_T.c.signer == signer, _T.c.nonce == nonce)
    rivals = sa.update(_T).where(slot, _T.c.id != tx_id, _T.c.status.notin_(rules.TX_FINAL))
    db.session.execute(rivals.values(status=TxStatus.REPLACED, replaced_by=tx_id))
    mined = {
        "status": TxStatus.MINED,
        "block_number": receipt.block_number,
        "block_hash": receipt.block_hash,
        "gas_used": receipt.gas_used,
        "succeeded": receipt.ok,
        "replaced_by": None,
    }
    db.session.execute(sa.update(_T).where(_T.c.id == tx_id).values(mined))
    ids = _claim_writes(tx_id, slot)
    service.move(ids, WriteStatus.MINED, reason=f"block {receipt.block_number}")


def _claim_writes(tx_id: str, slot: sa.ColumnElement[bool]) -> list[str]:
    """Make a transaction the current one of the writes that it and its other versions carry."""
    carried = sa.select(_L.c.write_id).where(_L.c.tx_id == tx_id)
    versions = sa.select(_T.c.id).where(slot)
    mine = sa.select(_W.c.id).where(_W.c.id.in_(carried), _W.c.tx_id.in_(versions))
    ids = list(db.session.scalars(mine))
    if ids:
        db.session.execute(sa.update(_W).where(_W.c.id.in_(ids)).values(tx_id=tx_id))
    return ids


def _finish(ready: int) -> None:
    """Make final what is deep enough: events first, so that confirmations can name them."""
    seen = sa.and_(_E.c.status == "seen", _E.c.block_number <= ready)
    query = sa.select(*columns(EventRow, _E)).where(seen)
    events = read_all(EventRow, query.order_by(_E.c.block_number, _E.c.log_index))
    if events:
        ids = [event.id for event in events]
        db.session.execute(sa.update(_E).where(_E.c.id.in_(ids)).values(status="applied"))
        if any(event.event in rules.FREES for event in events):
            service.free_held()
    is_deep = sa.and_(_T.c.status == TxStatus.MINED, _T.c.block_number <= ready)
    deep = sa.select(*columns(MinedTx, _T)).where(is_deep)
    for tx in read_all(MinedTx, deep.order_by(_T.c.block_number, _T.c.nonce)):
        _confirm(tx)
    _emit_foreign(events)


def _confirm(tx: MinedTx) -> None:
    # Every function that is written to emits an event. None means that no contract was there
    # when the call was mined, as after a node lost its newest blocks: it "succeeded" in nothing.
    is_done = tx.succeeded and (tx.kind == TxKind.FILL or _has_event_of(tx))
    final = TxStatus.CONFIRMED if is_done else TxStatus.REVERTED
    db.session.execute(sa.update(_T).where(_T.c.id == tx.id).values(status=final))
    if not is_done:
        _repeat_writes(tx)
        return
    # Also those that have failed or moved to another transaction: the effect is here.
    ids = list(db.session.scalars(sa.select(_L.c.write_id).where(_L.c.tx_id == tx.id)))
    service.confirm(
        ids, tx_hash=tx.hash, block=tx.block_number, reason=f"in {tx.hash}", tx_id=tx.id
    )


def _repeat_writes(tx: MinedTx) -> None:
    """Queue the writes of a transaction without effect again, or give them up after many tries."""
    why = "had no effect" if tx.succeeded else "reverted"
    query = sa.select(_W.c.id, _W.c.attempts).where(_W.c.tx_id == tx.id)
    for write_id, attempts in db.session.execute(query).all():
        # The next simulation finds the reason, which the receipt does not have.
        if attempts + 1 >= rules.MAX_ATTEMPTS:
            service.fail(write_id, reason=f"reverted on chain {rules.MAX_ATTEMPTS} times")
        else:
            service.requeue([write_id], why=f"{why} on chain in {tx.hash}")


def _has_event_of(tx: MinedTx) -> bool:
    return queries.has_event(tx.hash, tx.to)


def _emit_foreign(events: Sequence[EventRow]) -> None:
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
