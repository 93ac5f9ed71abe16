"""Sign and send. Signing is committed before anything is broadcast; both steps can run twice."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from crowdfund.adapters.chain import signing
from crowdfund.adapters.chain.answers import PRICE_REFUSALS, NodeError, Outcome, Sent
from crowdfund.adapters.chain.errors import NodeUnreachable
from crowdfund.adapters.chain.fees import Fees
from crowdfund.adapters.chain.node import Node
from crowdfund.chain import connection, crash, fees, queries, service
from crowdfund.chain.errors import ChainChanged
from crowdfund.chain.models import Signer, Tx, Write, WriteTx
from crowdfund.chain.planner import Call, Plan, Refusal
from crowdfund.chain.rows import CursorRow, SignedTx, WaitingTx
from crowdfund.chain.rules import TxKind, TxStatus, WriteStatus
from crowdfund.kernel import clock, config, outbox
from crowdfund.kernel.db import db, insert_ignore, new_id, reading, rows_changed
from crowdfund.kernel.db.rows import columns, read_all

log = structlog.get_logger()
_T, _L, _S, _W = Tx.__table__, WriteTx.__table__, Signer.__table__, Write.__table__
SENDS_PER_ROUND = 200


# --- step one: sign ---------------------------------------------------------------------------


def store_plan(plan: Plan) -> None:
    """Sign what was planned, with nonces from SQL; refuse what the contract refuses."""
    if plan.asked:
        service.report_problem("send", plan.problem)
    if plan.too_dear:
        fees.report(plan.too_dear)
    for refusal in plan.refusals:
        _refuse(refusal)
    for held in plan.holds:
        service.hold([row.id for row in held.writes], held.kind, held.text)
    if plan.fees is not None:
        for call in plan.calls:
            _sign_call(call, plan, plan.fees)
    if plan.more:
        outbox.add("chain.sign", f"chain.sign:more:{new_id()}")
    crash.at("before-sign-commit")


def _refuse(refusal: Refusal) -> None:
    row = refusal.write
    # The effect may be on chain although SQL does not know it (a restored backup, a campaign that
    # others closed): count it as ours.
    done = queries.effect_of(row)
    if done is not None:
        found = f"found in {done.tx_hash}"
        service.confirm([row.id], tx_hash=done.tx_hash, block=done.block_number, reason=found)
        return
    service.fail(row.id, reason=refusal.text)


def _sign_call(call: Call, plan: Plan, price: Fees) -> None:
    ids = [row.id for row in call.writes]
    query = sa.select(_W.c.id).where(_W.c.id.in_(ids), _W.c.status == WriteStatus.QUEUED)
    free = db.session.scalars(query.order_by(_W.c.id).with_for_update()).all()
    if len(free) != len(ids):
        return  # another sender was faster with some of them; the rest comes next round
    key = connection.key_of(call.role)
    nonce = _take_nonce(call.signer, call.role, plan.first_nonces.get(call.signer, 0))
    body = Body(call.to, call.data, call.gas)
    tx_id = store(key, call.signer, nonce, body, fees=price, block=plan.block)
    _link(tx_id, ids)
    service.move(ids, WriteStatus.SIGNED, reason=f"nonce {nonce}", tx_id=tx_id, last_error=None)


def _take_nonce(address: str, role: str, first: int) -> int:
    """Return the signer's next nonce; the UPDATE locks the row until the commit."""
    insert_ignore(_S, [{"address": address, "role": role, "next_nonce": first}])
    mine = _S.c.address == address
    db.session.execute(sa.update(_S).where(mine).values(next_nonce=_S.c.next_nonce + 1))
    return int(db.session.execute(sa.select(_S.c.next_nonce).where(mine)).scalar_one()) - 1


@dataclass(frozen=True)
class Body:
    """What a transaction does, whatever its nonce and fees."""

    to: str
    data: str
    gas: int
    kind: str = TxKind.CALL


def store(key: str, signer: str, nonce: int, body: Body, *, fees: Fees, block: int) -> str:
    """Sign, store the bytes, and queue the broadcast; returns the transaction's id.

    `block` is the one whose market the fees come from.
    """
    call = signing.Call(body.to, body.data, body.gas)
    chain_id = config.settings().chain_id
    signed = signing.sign(key, call, chain_id=chain_id, nonce=nonce, fees=fees)
    tx_id = new_id()
    values = {
        "id": tx_id,
        "signer": signer,
        "nonce": nonce,
        "kind": body.kind,
        "hash": signed.hash,
        "to": body.to,
        "data": body.data,
        "raw": signed.raw,
        "gas": body.gas,
        "fee_cap": fees.cap,
        "fee_tip": fees.tip,
        "judged_at": block,
        "status": TxStatus.SIGNED,
        "sends": 0,
        "created_at": clock.now(),
    }
    db.session.execute(sa.insert(_T).values(values))
    outbox.add("chain.broadcast", f"chain.broadcast:{tx_id}")
    return tx_id


def _link(tx_id: str, write_ids: Sequence[str]) -> None:
    rows = [{"write_id": write_id, "tx_id": tx_id} for write_id in write_ids]
    db.session.execute(sa.insert(_L), rows)


# --- step two: broadcast -------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """The result of sending one transaction."""

    tx: SignedTx
    status: TxStatus
    error: str | None = None
    refusal: str | None = None
    chain_nonce: int | None = None


@dataclass
class Sending:
    """Outcome of a round of broadcasts."""

    verdicts: list[Verdict]
    problem: str | None = None


def send_signed() -> Sending:
    """Broadcast everything that is signed, in the order of signing; outside of any transaction.

    That order also holds between signers: a record follows the campaign that it belongs to.
    """
    with reading():
        query = sa.select(*columns(SignedTx, _T)).where(_T.c.status == TxStatus.SIGNED)
        query = query.order_by(_T.c.created_at, _T.c.nonce).limit(SENDS_PER_ROUND)
        rows, cursor = read_all(SignedTx, query), queries.cursor()
        db.session.remove()
    done = Sending([])
    if not rows:
        return done
    try:
        node = connection.node()
        connection.check_chain(node, cursor)
        for tx in rows:
            verdict = _send(node, tx, cursor)
            done.verdicts.append(verdict)
            if verdict.status == TxStatus.SIGNED:
                done.problem = f"The node refused a transaction of {tx.signer}: {verdict.error}"
    except (NodeUnreachable, NodeError, ChainChanged) as error:
        log.error("chain.not_sent", error=str(error))
        done.problem = str(error)
    return done


def _send(node: Node, tx: SignedTx, cursor: CursorRow | None) -> Verdict:
    crash.at("after-sign")
    outcome = node.send_raw(tx.raw)
    crash.at("after-broadcast")
    if outcome.sent == Sent.UNKNOWN:
        # It may have arrived: sending the same bytes again can have one effect only.
        raise NodeUnreachable(outcome.detail)
    if outcome.sent == Sent.NONCE_TOO_LOW and not node.knows(tx.hash):
        return _slot_taken(node, tx, cursor)
    return _verdict(tx, outcome)


def _verdict(tx: SignedTx, outcome: Outcome) -> Verdict:
    if outcome.sent in (Sent.ACCEPTED, Sent.KNOWN, Sent.NONCE_TOO_LOW):
        return Verdict(tx, TxStatus.BROADCAST)
    if outcome.sent in PRICE_REFUSALS:
        # The node does not have it; the watch looks for a better price at the next block.
        log.warning("chain.price_refused", tx=tx.hash, error=outcome.detail)
        return Verdict(tx, TxStatus.UNDERPRICED, outcome.detail, outcome.sent)
    log.error("chain.send_refused", tx=tx.hash, error=outcome.detail)
    return Verdict(tx, TxStatus.SIGNED, outcome.detail, outcome.sent)


def _slot_taken(node: Node, tx: SignedTx, cursor: CursorRow | None) -> Verdict:
    """Another transaction has this nonce: one of our versions of it, a foreign one, or our own.

    A node that is behind does not know what the one before it has in a block. So it is foreign only
    if the nonce was used up to the block that was read, where ours would have been found.
    """
    with reading():
        query = sa.select(_T.c.hash).where(
            _T.c.signer == tx.signer, _T.c.nonce == tx.nonce, _T.c.id != tx.id
        )
        siblings = list(db.session.scalars(query))
        db.session.remove()
    if any(node.knows(sibling) for sibling in siblings):
        return Verdict(tx, TxStatus.REPLACED)
    if cursor is None or node.nonce(tx.signer, hex(cursor.number)) <= tx.nonce:
        return Verdict(tx, TxStatus.BROADCAST)
    nonce = node.nonce(tx.signer, "pending")
    return Verdict(tx, TxStatus.LOST, "the nonce was used elsewhere", chain_nonce=nonce)


def store_sent(sending: Sending) -> None:
    """Store the results of the broadcasts."""
    if sending.verdicts or sending.problem:
        service.report_problem("send", sending.problem)
    for verdict in sending.verdicts:
        _store_verdict(verdict)


def _store_verdict(verdict: Verdict) -> None:
    tx = verdict.tx
    where = sa.and_(_T.c.id == tx.id, _T.c.status == TxStatus.SIGNED)
    error = (verdict.error or "")[:500] or None
    values = {"status": verdict.status, "last_error": error, "refusal": verdict.refusal}
    sent = sa.update(_T).where(where).values(sends=_T.c.sends + 1, sent_at=clock.now(), **values)
    if not rows_changed(sent) or verdict.status in (TxStatus.SIGNED, TxStatus.UNDERPRICED):
        return
    mine = sa.select(_W.c.id).where(_W.c.tx_id == tx.id)
    ids = list(db.session.scalars(mine))
    if verdict.status == TxStatus.LOST:
        service.used_elsewhere(tx.signer, tx.nonce, next_nonce=verdict.chain_nonce or 0)
        service.requeue(ids, why=verdict.error or "lost")
        return
    service.move(ids, WriteStatus.BROADCAST, reason=tx.hash)
    outbox.add("chain.index", f"chain.index:{tx.id}:{tx.sends}")


# --- replacement ----------------------------------------------------------------------------------


def replace(tx: WaitingTx, new: Fees, *, block: int) -> None:
    """Sign the same call with the same nonce and higher fees; the old one may still win.

    `block` is the one whose market the fees come from. Raises KeyMissing.
    """
    key = key_for(tx.signer)
    waiting = _T.c.status.in_((TxStatus.BROADCAST, TxStatus.UNDERPRICED))
    where = sa.and_(_T.c.id == tx.id, waiting)
    if not rows_changed(sa.update(_T).where(where).values(status=TxStatus.REPLACED)):
        return
    body = Body(tx.to, tx.data, tx.gas, tx.kind)
    made = store(key, tx.signer, tx.nonce, body, fees=new, block=block)
    db.session.execute(sa.update(_T).where(_T.c.id == tx.id).values(replaced_by=made))
    _carry_over(tx.id, made, f"fee raised to {fees.gwei(new.cap)} gwei, nonce {tx.nonce}")


def _carry_over(old: str, made: str, text: str) -> None:
    """Let a transaction carry the writes of the one that it replaces."""
    ids = list(db.session.scalars(sa.select(_L.c.write_id).where(_L.c.tx_id == old)))
    if not ids:
        return
    _link(made, ids)
    db.session.execute(sa.update(_W).where(_W.c.tx_id == old).values(tx_id=made))
    for status in (WriteStatus.SIGNED, WriteStatus.BROADCAST):
        own = sa.select(_W.c.id).where(_W.c.tx_id == made, _W.c.status == status)
        service.note(list(db.session.scalars(own)), status, text)


def key_for(signer: str) -> str:
    """Return the private key of a signer, present or replaced. Raises KeyMissing if it is gone."""
    role = db.session.execute(sa.select(_S.c.role).where(_S.c.address == signer)).scalar_one()
    return connection.key_for(signer, role)
