"""Compare the nonces of our keys with the chain: fill gaps, and detect a key that others use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from crowdfund.adapters.chain.answers import NodeError, Sent
from crowdfund.adapters.chain.errors import NodeUnreachable
from crowdfund.adapters.chain.fees import Market
from crowdfund.adapters.chain.node import Node
from crowdfund.chain import connection, fees, queries, sender, service
from crowdfund.chain.errors import ChainChanged, FeeAboveLimit, KeyMissing
from crowdfund.chain.models import Block, Signer, Tx, Write, WriteTx
from crowdfund.chain.rules import TX_WAITING, TxKind, TxStatus, WriteStatus
from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import db, new_id, reading, rows_changed

log = structlog.get_logger()
_B, _S, _T, _L, _W = (m.__table__ for m in (Block, Signer, Tx, WriteTx, Write))
WAIT = timedelta(minutes=2)  # a reorganised transaction may come back by itself
FILLS_PER_ROUND = 20
PLAIN_GAS = 21_000  # of a transfer without data
ON_CHAIN = (TxStatus.MINED, TxStatus.CONFIRMED, TxStatus.REVERTED)


@dataclass(frozen=True)
class Standing:
    """One key as the node sees it.

    `read`: nonces used up to the block that was read last; `pending`: the first one for which the
    node has nothing. `fill_gas`: what a transfer to itself costs.
    """

    address: str
    read: int
    pending: int
    fill_gas: int


@dataclass
class Look:
    """The node's answers about all keys at one block."""

    standings: list[Standing] = field(default_factory=list)
    market: Market | None = None
    problem: str | None = None


def look() -> Look:
    """Ask the node about every key that signed before; reads only.

    Says nothing while blocks are missing: what is unread may hold the transactions in question.
    """
    with reading():
        cursor, rows = queries.cursor(), queries.signers()
        block_hash = _stored_hash(cursor.number) if cursor else None
        db.session.remove()
    if cursor is None or not rows:
        return Look(problem="No key has signed anything yet.")
    if cursor.read_problem:
        return Look(problem=cursor.read_problem)
    try:
        node = connection.node()
        connection.check_chain(node, cursor)
        made = Look([_standing(node, row.address, cursor.number) for row in rows], node.market())
        block = node.block(cursor.number)
    except (NodeUnreachable, NodeError, ChainChanged) as error:
        log.warning("chain.nonces_not_read", error=str(error))
        return Look(problem=str(error))
    if block is None or block.hash != block_hash:
        return Look(problem="The chain is being reorganised. Try again when its blocks are read.")
    return made


def _stored_hash(number: int) -> str | None:
    return db.session.scalar(sa.select(_B.c.hash).where(_B.c.number == number))


def _standing(node: Node, address: str, number: int) -> Standing:
    try:
        gas = node.estimate(address, address, "0x")
    except NodeError:  # an account without money, for instance
        gas = PLAIN_GAS
    return Standing(address, node.nonce(address, hex(number)), node.nonce(address, "pending"), gas)


def act(found: Look, asked: Mapping[str, str]) -> dict[str, int]:
    """Note foreign use and gaps; fill those that are old enough or `asked` for (address → actor).

    Returns for each address how many nonces were filled.
    """
    filled: dict[str, int] = {}
    for standing in found.standings:
        _note_foreign_use(standing)
        missing = _missing(standing)
        since = _note_gap(standing.address, missing)
        old_enough = since is not None and since < clock.now() - WAIT
        is_asked = standing.address in asked
        if is_asked and not missing:
            missing = _give_up_refused(standing)
        if missing and found.market and (old_enough or is_asked):
            actor = asked.get(standing.address, "system")
            filled[standing.address] = _fill(standing, missing, found.market, actor=actor)
    return filled


# --- the key was used elsewhere -------------------------------------------------------------------


def _note_foreign_use(standing: Standing) -> None:
    """Give up transactions whose nonce the chain has under another hash; their writes go on.

    All blocks up to the count were read. Had one of our versions been in them, it would be known.
    """
    used = sa.and_(_T.c.signer == standing.address, _T.c.nonce < standing.read)
    query = sa.select(_T.c.id, _T.c.nonce).where(used, _T.c.status.in_(TX_WAITING))
    why = "the nonce was used elsewhere"
    for tx_id, nonce in db.session.execute(query.order_by(_T.c.nonce).with_for_update()).all():
        mine = sa.update(_T).where(_T.c.id == tx_id)
        db.session.execute(mine.values(status=TxStatus.LOST, last_error=why))
        service.used_elsewhere(standing.address, nonce, next_nonce=standing.read)
        _requeue_writes(tx_id, why)
    signer = queries.signer(standing.address)
    if signer is not None and signer.next_nonce < standing.read:
        service.used_elsewhere(signer.address, signer.next_nonce, next_nonce=standing.read)


def _requeue_writes(tx_id: str, why: str) -> None:
    writes = sa.select(_W.c.id).where(_W.c.tx_id == tx_id)
    service.requeue(list(db.session.scalars(writes)), why=why)


# --- gaps -----------------------------------------------------------------------------------------


def _missing(standing: Standing) -> list[int]:
    """Return the nonces that the chain waits for and that nothing under way has.

    Empty while one of them is in a block that we know: then the reader has to go back first.
    """
    mine = _T.c.signer == standing.address
    waiting = sa.and_(mine, _T.c.status.in_(TX_WAITING), _T.c.nonce >= standing.read)
    lowest = db.session.scalar(sa.select(sa.func.min(_T.c.nonce)).where(waiting))
    start = max(standing.read, standing.pending)
    if lowest is None or lowest <= start:
        return []
    inside = sa.and_(mine, _T.c.nonce >= start, _T.c.nonce < lowest)
    known = sa.select(_T.c.id).where(inside, _T.c.status.in_(ON_CHAIN)).limit(1)
    if db.session.scalar(known) is not None:
        return []
    return list(range(start, lowest))


def _note_gap(address: str, missing: list[int]) -> datetime | None:
    """Store since when a gap is there; returns that moment, or None without a gap."""
    signer = queries.signer(address)
    nonce = missing[0] if missing else None
    if signer is None or signer.gap_nonce == nonce:
        return signer.gap_since if signer else None
    since = clock.now() if missing else None
    mine = sa.update(_S).where(_S.c.address == address)
    db.session.execute(mine.values(gap_nonce=nonce, gap_since=since))
    live.changed("chain", "writes")
    if missing:
        log.error("chain.nonce_gap", signer=address, nonces=missing[:FILLS_PER_ROUND])
    return since


def _give_up_refused(standing: Standing) -> list[int]:
    """Give up the transaction that the chain waits for, if the node refuses it for good.

    Its writes go into the queue again. Only a person decides this: the node may change its mind.
    Returns the nonce that is missing now.
    """
    tx = queries.refused(standing.address)
    if tx is None or tx.nonce != max(standing.read, standing.pending):
        return []
    why = f"refused by the node: {tx.last_error}"
    where = sa.and_(_T.c.id == tx.id, _T.c.status == TxStatus.SIGNED)
    if not rows_changed(sa.update(_T).where(where).values(status=TxStatus.LOST)):
        return []
    _requeue_writes(tx.id, why)
    return [tx.nonce]


def _fill(standing: Standing, missing: list[int], market: Market, *, actor: str) -> int:
    """Send something for each missing nonce; returns for how many."""
    try:
        key, price = sender.key_for(standing.address), fees.for_new(market)
    except FeeAboveLimit as error:
        fees.report(error.user_message)
        return 0
    except KeyMissing as error:
        service.report_problem("send", error.user_message)
        return 0
    body = sender.Body(standing.address, "0x", standing.fill_gas, TxKind.FILL)
    for nonce in missing[:FILLS_PER_ROUND]:
        again = _stored(standing.address, nonce)
        if again is None:
            sender.store(key, standing.address, nonce, body, fees=price, block=market.block)
        else:
            _send_again(again)
        log.warning(
            "chain.nonce_filled", signer=standing.address, nonce=nonce, actor=actor, again=again
        )
    _note_gap(standing.address, [])
    return len(missing[:FILLS_PER_ROUND])


def _stored(address: str, nonce: int) -> str | None:
    """Return the newest transaction of ours with this nonce that may be sent again.

    One that carries a write which failed or was closed may not: that write must not happen. One
    that the node refuses would be refused again.
    """
    ended = (WriteStatus.FAILED, WriteStatus.CLOSED)
    joined = _L.join(_W, _W.c.id == _L.c.write_id)
    dead = sa.select(_L.c.tx_id).select_from(joined).where(_W.c.status.in_(ended))
    taken = sa.or_(_T.c.refusal.is_(None), _T.c.refusal != Sent.REFUSED)
    mine = sa.and_(_T.c.signer == address, _T.c.nonce == nonce, _T.c.id.notin_(dead), taken)
    query = sa.select(_T.c.id).where(mine).order_by(_T.c.created_at.desc(), _T.c.id.desc())
    return db.session.scalar(query.limit(1))


def _send_again(tx_id: str) -> None:
    """Broadcast stored bytes once more; the intent ids make their effects happen once."""
    mine = sa.update(_T).where(_T.c.id == tx_id)
    db.session.execute(mine.values(status=TxStatus.SIGNED, replaced_by=None))
    outbox.add("chain.broadcast", f"chain.broadcast:{tx_id}:{new_id()}")
