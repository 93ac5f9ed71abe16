"""Sign and send. Signing is committed before anything is broadcast; both steps can run twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from .. import clock, config, outbox
from ..adapters import chain
from ..adapters.chain import Fees, Node, NodeError, NodeUnreachable, Outcome, Sent
from ..db import db, insert_ignore, new_id, reading, rows_changed
from . import connection, crash, queries, service
from .errors import ChainChanged, KeyMissing
from .models import Signer, Tx, Write, WriteTx
from .planner import Call, Plan, Refusal
from .rules import TxStatus, WriteStatus

log = structlog.get_logger()
_T, _L, _S, _W = Tx.__table__, WriteTx.__table__, Signer.__table__, Write.__table__
SENDS_PER_ROUND = 200


# --- step one: sign ---------------------------------------------------------------------------


def store_plan(plan: Plan) -> None:
    """Sign what was planned, with nonces from SQL; refuse what the contract refuses."""
    if plan.asked:
        service.report_problem("send", plan.problem)
    for refusal in plan.refusals:
        _refuse(refusal)
    for call in plan.calls:
        _sign_call(call, plan)
    if plan.more:
        outbox.add("chain.sign", f"chain.sign:more:{new_id()}")
    crash.at("before-sign-commit")


def _refuse(refusal: Refusal) -> None:
    row = refusal.write
    # The effect may be on chain although SQL did not know (a restored backup, a campaign that
    # somebody else closed): take it as ours.
    done = queries.effect_of(row)
    if done is not None:
        found = f"found in {done.tx_hash}"
        service.confirm([row.id], tx_hash=done.tx_hash, block=done.block_number, reason=found)
        return
    service.fail(row.id, reason=refusal.text)


def _sign_call(call: Call, plan: Plan) -> None:
    ids = [row.id for row in call.writes]
    query = sa.select(_W.c.id).where(_W.c.id.in_(ids), _W.c.status == WriteStatus.QUEUED)
    free = db.session.scalars(query.order_by(_W.c.id).with_for_update()).all()
    if len(free) != len(ids):
        return  # another sender was faster with some of them; the rest comes next round
    key = connection.key_of(call.role)
    fees = plan.fees or chain.Fees(0, None)
    nonce = _take_nonce(call.signer, call.role, plan.first_nonces.get(call.signer, 0))
    tx_id = _store(key, call.signer, nonce, to=call.to, data=call.data, gas=call.gas, fees=fees)
    _link(tx_id, ids)
    service.move(ids, WriteStatus.SIGNED, reason=f"nonce {nonce}", tx_id=tx_id, last_error=None)


def _take_nonce(address: str, role: str, first: int) -> int:
    """Return the signer's next nonce; the UPDATE locks the row until the commit."""
    insert_ignore(_S, [{"address": address, "role": role, "next_nonce": first}])
    mine = _S.c.address == address
    db.session.execute(sa.update(_S).where(mine).values(next_nonce=_S.c.next_nonce + 1))
    return int(db.session.execute(sa.select(_S.c.next_nonce).where(mine)).scalar_one()) - 1


def _store(  # noqa: PLR0913 - the fields of a transaction
    key: str, signer: str, nonce: int, *, to: str, data: str, gas: int, fees: Fees
) -> str:
    """Sign, keep the bytes, and ask for the broadcast; returns the transaction's id."""
    signed = chain.sign(
        key,
        chain_id=config.settings().chain_id,
        nonce=nonce,
        to=to,
        data=data,
        gas=gas,
        fees=fees,
    )
    tx_id = new_id()
    db.session.execute(
        sa.insert(_T).values(
            id=tx_id, signer=signer, nonce=nonce, hash=signed.hash, raw=signed.raw, to=to,
            data=data, gas=gas, fee_cap=fees.cap, fee_tip=fees.tip, status=TxStatus.SIGNED,
            sends=0, created_at=clock.now(),
        )
    )  # fmt: skip
    outbox.add("chain.broadcast", f"chain.broadcast:{tx_id}")
    return tx_id


def _link(tx_id: str, write_ids: Sequence[str]) -> None:
    rows = [{"write_id": write_id, "tx_id": tx_id} for write_id in write_ids]
    db.session.execute(sa.insert(_L), rows)


# --- step two: broadcast -------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What became of sending one transaction."""

    tx: Any
    status: TxStatus
    error: str | None = None
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
        query = sa.select(_T).where(_T.c.status == TxStatus.SIGNED)
        waiting = db.session.execute(query.order_by(_T.c.created_at, _T.c.nonce))
        rows, cursor = waiting.fetchmany(SENDS_PER_ROUND), queries.cursor()
        db.session.remove()
    done = Sending([])
    if not rows:
        return done
    try:
        node = connection.node()
        connection.check_chain(node, cursor)
        for tx in rows:
            verdict = _send(node, tx)
            done.verdicts.append(verdict)
            if verdict.status == TxStatus.SIGNED:
                done.problem = f"The node refused a transaction of {tx.signer}: {verdict.error}"
    except (NodeUnreachable, NodeError, ChainChanged) as error:
        log.error("chain.not_sent", error=str(error))
        done.problem = str(error)
    return done


def _send(node: Node, tx: Any) -> Verdict:  # noqa: ANN401 - a row
    crash.at("after-sign")
    outcome = node.send_raw(tx.raw)
    crash.at("after-broadcast")
    if outcome.sent == Sent.UNKNOWN:
        # It may have arrived: the same bytes go out again, which can have one effect only.
        raise NodeUnreachable(outcome.detail)
    if outcome.sent == Sent.NONCE_TOO_LOW and not node.knows(tx.hash):
        return _slot_taken(node, tx)
    return _verdict(tx, outcome)


def _verdict(tx: Any, outcome: Outcome) -> Verdict:  # noqa: ANN401
    if outcome.sent in (Sent.ACCEPTED, Sent.KNOWN, Sent.NONCE_TOO_LOW):
        return Verdict(tx, TxStatus.BROADCAST)
    if outcome.sent == Sent.UNDERPRICED:
        # Treated as sent: the watch raises its fee as soon as it looks stuck.
        return Verdict(tx, TxStatus.BROADCAST, outcome.detail)
    log.error("chain.send_refused", tx=tx.hash, error=outcome.detail)
    return Verdict(tx, TxStatus.SIGNED, outcome.detail)


def _slot_taken(node: Node, tx: Any) -> Verdict:  # noqa: ANN401
    """Another transaction has this nonce: one of our versions of it, or somebody else's."""
    with reading():
        query = sa.select(_T.c.hash).where(_T.c.signer == tx.signer, _T.c.nonce == tx.nonce, _T.c.id != tx.id)
        siblings = list(db.session.scalars(query))
        db.session.remove()
    if any(node.knows(sibling) for sibling in siblings):
        return Verdict(tx, TxStatus.REPLACED)
    return Verdict(tx, TxStatus.LOST, "the nonce was used elsewhere", node.nonce(tx.signer, "pending"))


def store_sent(sending: Sending) -> None:
    """Write down what the broadcasts came to."""
    if sending.verdicts or sending.problem:
        service.report_problem("send", sending.problem)
    for verdict in sending.verdicts:
        _store_verdict(verdict)


def _store_verdict(verdict: Verdict) -> None:
    tx = verdict.tx
    where = sa.and_(_T.c.id == tx.id, _T.c.status == TxStatus.SIGNED)
    values = {"status": verdict.status, "last_error": (verdict.error or "")[:500] or None}
    sent = sa.update(_T).where(where).values(sends=_T.c.sends + 1, sent_at=clock.now(), **values)
    if not rows_changed(sent) or verdict.status == TxStatus.SIGNED:
        return
    mine = sa.select(_W.c.id).where(_W.c.tx_id == tx.id)
    ids = list(db.session.scalars(mine))
    if verdict.status == TxStatus.LOST:
        raised = sa.update(_S).where(_S.c.address == tx.signer, _S.c.next_nonce < verdict.chain_nonce)
        db.session.execute(raised.values(next_nonce=verdict.chain_nonce))
        service.requeue(ids, why=verdict.error or "lost")
        return
    service.move(ids, WriteStatus.BROADCAST, reason=tx.hash)
    outbox.add("chain.index", f"chain.index:{tx.id}:{tx.sends}")


# --- replacement -----------------------------------------------------------------------------------


def replace(tx: Any, market: Fees) -> None:  # noqa: ANN401 - a row
    """Sign the same call with the same nonce and higher fees; the old one may still win.

    Raises KeyMissing.
    """
    where = sa.and_(_T.c.id == tx.id, _T.c.status == TxStatus.BROADCAST)
    if not rows_changed(sa.update(_T).where(where).values(status=TxStatus.REPLACED)):
        return
    fees = Fees(tx.fee_cap, tx.fee_tip).bumped(market)
    role = db.session.execute(sa.select(_S.c.role).where(_S.c.address == tx.signer)).scalar_one()
    key = connection.key_of(role)
    if chain.address_of_key(key) != tx.signer:
        raise KeyMissing(f"The key of {tx.signer} is gone; its transaction cannot be replaced.")
    new = _store(key, tx.signer, tx.nonce, to=tx.to, data=tx.data, gas=tx.gas, fees=fees)
    db.session.execute(sa.update(_T).where(_T.c.id == tx.id).values(replaced_by=new))
    ids = list(db.session.scalars(sa.select(_L.c.write_id).where(_L.c.tx_id == tx.id)))
    _link(new, ids)
    db.session.execute(sa.update(_W).where(_W.c.tx_id == tx.id).values(tx_id=new))
    service.note(ids, WriteStatus.BROADCAST, f"fee raised to {fees.cap} wei, nonce {tx.nonce}")
