"""The verbs of the chain feature: request a write, replay it, watch a contract, move a write on."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from crowdfund.chain import queries, rules
from crowdfund.chain.errors import IntentConflict
from crowdfund.chain.events import Log, WriteConfirmed, WriteFailed
from crowdfund.chain.models import Block, Contract, Cursor, Signer, Write, write_event
from crowdfund.chain.rows import WriteRow
from crowdfund.chain.rules import WriteStatus
from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import Prepared, db, driver, insert_ignore, is_first, new_id, rows_changed
from crowdfund.kernel.errors import Conflict, Invalid, NotFound
from crowdfund.kernel.i18n import _

log = structlog.get_logger()
_W, _S = Write.__table__, Signer.__table__
_INSERT_EVENT = Prepared(
    sa.insert(write_event),
    *("id", "chain_write_id", "at", "actor", "from_status", "to_status", "reason"),
)
LEAST_REASON = 10  # characters


def write(  # noqa: PLR0913 - what a call consists of
    intent_id: str,
    contract: str,
    function: str,
    args: Sequence[object],
    *,
    subject: tuple[str, str],
    address: str | None = None,
    batch: str | None = None,
) -> WriteRow:
    """Ask for one effect on chain, exactly once per intent id; returns the write.

    `args` are JSON values in the order of the ABI (bytes as 0x text, structs as list or dict);
    the first one should be `rules.intent_bytes32(intent_id)`, the contract's own guard.
    `address` is needed for a clone; others are found by name. With `batch`, writes to one
    contract travel together in a call of that function. The outcome comes as the event
    `chain.confirmed` or `chain.failed`. Raises NotDeployed, IntentConflict.
    """
    wanted = Effect(intent_id, contract, function, args, subject, address=address, batch=batch)
    return write_many([wanted])[0]


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect that is wanted on chain; see `write`."""

    intent_id: str
    contract: str
    function: str
    args: Sequence[object]
    subject: tuple[str, str]
    _: KW_ONLY
    address: str | None = None
    batch: str | None = None


def write_many(effects: Sequence[Effect]) -> list[WriteRow]:
    """Ask for several effects, each exactly once per intent id; returns the writes in order.

    Much cheaper for each than `write`. Raises NotDeployed, IntentConflict.
    """
    if not effects:
        return []
    wanted = _wanted(effects)
    now = clock.now()
    common = {"status": WriteStatus.QUEUED, "attempts": 0, "created_at": now, "updated_at": now}
    rows = [
        {
            "id": new_id(),
            "intent_id": intent_id,
            "role": rules.signer_role(values["function"]),
            **common,
            **values,
        }
        for intent_id, values in wanted.items()
    ]
    added = insert_ignore(_W, rows)
    found = {row.intent_id: row for row in queries.writes_of_intents(list(wanted))}
    if missing := wanted.keys() - found.keys():  # inserted now or before, and never deleted
        raise LookupError(f"the write of {min(missing)} cannot be read")
    for intent_id, values in wanted.items():
        if any(getattr(found[intent_id], name) != value for name, value in values.items()):
            raise _conflict(intent_id)
    if added:
        ids = {row.id for row in found.values()}
        new = [row["id"] for row in rows if row["id"] in ids]
        _record([(write_id, None) for write_id in new], WriteStatus.QUEUED)
        if is_first("chain.sign"):  # one wake-up takes all that a transaction asks for
            outbox.add("chain.sign", f"chain.sign:{new[0]}:0")
    return [found[one.intent_id] for one in effects]


def _wanted(effects: Sequence[Effect]) -> dict[str, dict[str, Any]]:
    """Return what is wanted by intent. Raises IntentConflict if two differ."""
    wanted: dict[str, dict[str, Any]] = {}
    for one in effects:
        values = _values(one)
        if wanted.setdefault(one.intent_id, values) != values:
            raise _conflict(one.intent_id)
    return wanted


def _conflict(intent_id: str) -> IntentConflict:
    return IntentConflict(
        _("The intent %(intent_id)s stands for another call already.", intent_id=intent_id)
    )


def _values(effect: Effect) -> dict[str, Any]:
    """Return what makes two effects of one intent the same."""
    return {
        "contract": effect.contract,
        "address": effect.address or queries.address_of(effect.contract),
        "function": effect.function,
        "args": rules.safe_ints(list(effect.args)),
        "batch": effect.batch,
        "subject_kind": effect.subject[0],
        "subject_id": effect.subject[1],
    }


def replay(write_id: str, *, actor: str) -> None:
    """Put a failed write into the queue again (admin). Raises NotFound, Conflict."""
    found = queries.write_by_id(write_id)
    if found is None:
        raise NotFound(_("There is no such chain write."))
    if found.status != WriteStatus.FAILED:
        raise Conflict(_("Only a failed write can be tried again; this one is still on its way."))
    move([write_id], WriteStatus.QUEUED, actor=actor, reason="replayed", attempts=0)
    outbox.add("chain.sign", f"chain.sign:{write_id}:{new_id()}")


def close(write_id: str, reason: str, *, actor: str) -> None:
    """End a failed write for good: it can never succeed, or is no longer wanted (admin).

    Raises NotFound, Conflict, Invalid.
    """
    why = " ".join(reason.split())
    if len(why) < LEAST_REASON:
        raise Invalid(_("Say why in at least 10 characters."), field="reason")
    found = queries.write_by_id(write_id)
    if found is None:
        raise NotFound(_("There is no such chain write."))
    if not move([write_id], WriteStatus.CLOSED, actor=actor, reason=why):
        raise Conflict(_("Only a failed write can be closed."))


def move(
    ids: Sequence[str],
    to: WriteStatus,
    *,
    actor: str = "system",
    reason: str = "",
    **values: object,
) -> list[str]:
    """Move writes to a status, each with an event; returns the ids that were allowed to go.

    Locks the rows in id order. Those whose present status does not lead there stay. `values` are
    other columns to set.
    """
    query = sa.select(_W.c.id, _W.c.status).where(_W.c.id.in_(ids)).order_by(_W.c.id)
    rows = db.session.execute(query.with_for_update()).all()
    going = [(row.id, row.status) for row in rows if rules.can_move(row.status, to)]
    if not going:
        return []
    moved = [write_id for write_id, _ in going]
    db.session.execute(
        sa.update(_W)
        .where(_W.c.id.in_(moved))
        .values(status=to, updated_at=clock.now(), hold=None, held_until=None, **values)
    )
    _record(going, to, actor=actor, reason=reason)
    return moved


def _record(
    rows: Sequence[tuple[str, str | None]], to: str, *, actor: str = "system", reason: str = ""
) -> None:
    if not rows:
        return
    now = clock.now()
    common = {"at": now, "actor": actor, "to_status": str(to), "reason": reason[:1000]}
    history = [
        {"id": new_id(), "chain_write_id": write_id, "from_status": before} | common
        for write_id, before in rows
    ]
    with driver() as sql:
        sql.send(_INSERT_EVENT, history)
    for write_id, _before in rows:
        live.changed("chain_write", write_id)
    live.changed("chain", "writes")


def hold(ids: Sequence[str], kind: str, text: str) -> None:
    """Put queued writes on hold that the contract refuses at present; they are tried again."""
    until = clock.now() + rules.HOLD_FOR
    query = sa.select(_W.c.id, _W.c.hold).where(_W.c.id.in_(ids), _W.c.status == WriteStatus.QUEUED)
    rows = db.session.execute(query.order_by(_W.c.id).with_for_update()).all()
    values = {
        "hold": kind,
        "held_until": until,
        "last_error": text[:500],
        "updated_at": clock.now(),
    }
    db.session.execute(sa.update(_W).where(_W.c.id.in_([row.id for row in rows])).values(values))
    note([row.id for row in rows if row.hold != kind], WriteStatus.QUEUED, f"held: {text}")


def free_held() -> None:
    """Let every held write be tried again at once."""
    held = sa.and_(_W.c.status == WriteStatus.QUEUED, _W.c.held_until > clock.now())
    if rows_changed(sa.update(_W).where(held).values(held_until=clock.now())):
        outbox.add("chain.sign", f"chain.sign:freed:{new_id()}")


def note(ids: Sequence[str], status: WriteStatus, reason: str) -> None:
    """Add a line to the history of writes that keep their status."""
    if ids:
        _record([(write_id, status) for write_id in ids], status, reason=reason)


def requeue(ids: Sequence[str], *, why: str) -> list[str]:
    """Put writes whose transaction is dead into the queue again, with one attempt more."""
    moved = move(
        ids, WriteStatus.QUEUED, reason=why, tx_id=None, attempts=_W.c.attempts + 1, last_error=why
    )
    for write_id in moved:
        outbox.add("chain.sign", f"chain.sign:{write_id}:{new_id()}")
    return moved


def fail(write_id: str, *, reason: str) -> None:
    """End a write that the contract refuses and notify the feature that asked for it."""
    if not move([write_id], WriteStatus.FAILED, reason=reason, last_error=reason[:500]):
        return
    row = queries.write_by_id(write_id)
    if row is not None:
        key = f"{row.id}:{row.updated_at.timestamp()}"
        outbox.emit(WriteFailed(key=key, reason=reason, **_facts(row)))


def confirm(
    ids: Sequence[str], *, tx_hash: str, block: int, reason: str, **values: str
) -> list[str]:
    """Make writes final and notify the features that asked for them, once per intent.

    Each notification has the events of its write; `values` are other columns to set.
    """
    moved = move(ids, WriteStatus.CONFIRMED, reason=reason, last_error=None, **values)
    logs = [Log(e.contract, e.address, e.event, e.args) for e in queries.events_of_tx(tx_hash)]
    rows = queries.writes_by_ids(moved)
    own = rules.events_of_writes([row.args for row in rows], logs, alone=len(ids) == 1)
    outbox.emit_many(
        WriteConfirmed(key=row.id, tx_hash=tx_hash, block=block, events=events, **_facts(row))
        for row, events in zip(rows, own, strict=True)
    )
    return moved


def _facts(row: WriteRow) -> dict[str, Any]:
    return {
        "intent_id": row.intent_id,
        "contract": row.contract,
        "address": row.address,
        "function": row.function,
        "args": row.args,
        "subject": outbox.Subject(row.subject_kind, row.subject_id),
    }


def watch(
    address: str,
    abi: str,
    *,
    name: str | None = None,
    from_block: int = 0,
    code_hash: str | None = None,
) -> bool:
    """Read a contract's logs from now on; returns whether it was new. `name` for singletons."""
    row = {
        "address": address,
        "abi": abi,
        "name": name,
        "from_block": from_block,
        "code_hash": code_hash,
        "created_at": clock.now(),
    }
    return insert_ignore(Contract.__table__, [row]) == 1


def begin_reading(*, chain_id: int, genesis: str, block: Block) -> None:
    """Fix which chain this database belongs to and where its logs begin; does nothing twice."""
    number = block.number
    row = {
        "id": "main",
        "chain_id": chain_id,
        "genesis": genesis,
        "number": number,
        "applied": number,
        "head": number,
        "version": 0,
        "moved_at": clock.now(),
    }
    if insert_ignore(Cursor.__table__, [row]):
        db.session.add(block)
        db.session.flush()


def report_problem(side: str, problem: str | None) -> None:
    """Show a problem with the node to staff; `side` is read, send or fee, None: it is gone."""
    shown = problem[:500] if problem else None
    column = Cursor.__table__.c[f"{side}_problem"]
    row = db.session.execute(sa.select(column)).first()
    if row is not None and row[0] != shown:
        db.session.execute(sa.update(Cursor.__table__).values({column: shown}))
        live.changed("chain", "writes")
        live.changed("desk", "all")


def skip_nonce(signer: str, nonce: int) -> None:
    """Skip a nonce of a key that a command of ours has used: the queue takes a later one."""
    lower = sa.update(_S).where(_S.c.address == signer, _S.c.next_nonce <= nonce)
    db.session.execute(lower.values(next_nonce=nonce + 1))


def used_elsewhere(signer: str, nonce: int, *, next_nonce: int = 0) -> None:
    """Alert staff that a transaction which is not ours used a nonce of our key.

    Raises our next nonce to `next_nonce` if it is lower.
    """
    lower = sa.update(_S).where(_S.c.address == signer, _S.c.next_nonce < next_nonce)
    db.session.execute(lower.values(next_nonce=next_nonce))
    text = (
        f"This key was used elsewhere: nonce {nonce} is on chain in a transaction that this "
        "database does not know. Our own write took another nonce; nothing is lost. Find out who "
        "else has the key, or whether the database was restored from a backup."
    )
    log.error("chain.key_used_elsewhere", signer=signer, nonce=nonce)
    mine = sa.update(_S).where(_S.c.address == signer)
    db.session.execute(mine.values(alert=text, alert_at=clock.now()))
    live.changed("chain", "writes")
    live.changed("desk", "all")


def dismiss_alert(address: str) -> None:
    """Remove a key's alert once someone has looked into it (admin). Raises Conflict."""
    alerting = sa.update(_S).where(_S.c.address == address, _S.c.alert.is_not(None))
    if not rows_changed(alerting.values(alert=None, alert_at=None)):
        raise Conflict(_("This key has no alert."))
    live.changed("chain", "writes")


def ask_fill(address: str, *, actor: str) -> None:
    """Ask the chain worker to fill the nonce that a key's transactions wait for (admin).

    Raises Conflict when none is missing and the node refuses none.
    """
    found = queries.signer(address)
    if found is None or (found.gap_nonce is None and queries.refused(address) is None):
        raise Conflict(_("This key has no nonce gap."))
    outbox.add("chain.nonces", f"chain.nonces:fill:{new_id()}", {"fill": address, "actor": actor})
