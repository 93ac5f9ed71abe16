"""Reads of the chain feature: writes, transactions, addresses, and the proof I8."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from crowdfund.chain import rules
from crowdfund.chain.errors import NotDeployed
from crowdfund.chain.models import Contract, Cursor, Event, Signer, Tx, Write, WriteTx, write_event
from crowdfund.chain.rows import (
    ContractRow,
    CursorRow,
    EventRow,
    SignerRow,
    TxRow,
    WriteRow,
)
from crowdfund.chain.rules import TxKind, TxStatus, WriteStatus
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.paging import START, Key, Page, Place, counts_up_to, read_page, values_of
from crowdfund.kernel.db.rows import columns, read_all, read_each, read_first
from crowdfund.kernel.db.searching import mentions

_W, _T, _L, _E, _S, _C = (m.__table__ for m in (Write, Tx, WriteTx, Event, Signer, Contract))
GAP_LIMIT = timedelta(minutes=10)
PAGE = 50
_NEWEST = (Key(_W.c.created_at, is_descending=True), Key(_W.c.id, is_descending=True))


_WRITE = sa.select(
    *columns(WriteRow, _W, tx_hash=_T.c.hash, block_number=_T.c.block_number)
).select_from(sa.outerjoin(_W, _T, _W.c.tx_id == _T.c.id))
_OLDEST_FIRST = (_W.c.created_at, _W.c.id)


def write(intent_id: str) -> WriteRow | None:
    """Return the write of an intent, or None."""
    return read_first(WriteRow, _WRITE.where(_W.c.intent_id == intent_id))


def write_by_id(write_id: str) -> WriteRow | None:
    """Return a write by its own id, or None."""
    return read_first(WriteRow, _WRITE.where(_W.c.id == write_id))


def writes_by_ids(ids: Sequence[str]) -> list[WriteRow]:
    """Return writes by their own ids, oldest first."""
    return read_all(WriteRow, _WRITE.where(_W.c.id.in_(ids)).order_by(*_OLDEST_FIRST))


def writes_of_intents(intent_ids: Sequence[str]) -> list[WriteRow]:
    """Return the writes of intents, in no order."""
    if len(intent_ids) == 1:  # half the work of a list of one
        found = write(intent_ids[0])
        return [found] if found else []
    return read_all(WriteRow, _WRITE.where(_W.c.intent_id.in_(intent_ids)))


def writes_of(kind: str, subject_id: str) -> list[WriteRow]:
    """Return the writes about a thing, oldest first."""
    query = _WRITE.where(_W.c.subject_kind == kind, _W.c.subject_id == subject_id)
    return read_all(WriteRow, query.order_by(*_OLDEST_FIRST))


def queued(limit: int = rules.WRITES_PER_ROUND) -> list[WriteRow]:
    """Return writes that can be signed now, oldest first; those on hold only after their time."""
    free = sa.or_(_W.c.held_until.is_(None), _W.c.held_until <= clock.now())
    query = _WRITE.where(_W.c.status == WriteStatus.QUEUED, free)
    return read_all(WriteRow, query.order_by(*_OLDEST_FIRST).limit(limit))


def busy_addresses() -> set[str]:
    """Return contracts with writes under way: a refusal there may only mean "too early"."""
    query = sa.select(_W.c.address).where(_W.c.status.in_(rules.IN_FLIGHT)).distinct()
    return set(db.session.scalars(query))


def page(
    *,
    status: str = "",
    contract: str = "",
    search: str = "",
    place: Place = START,
    size: int = PAGE,
) -> Page[WriteRow]:
    """Return writes, newest first; search covers intent, subject, transaction hash and address."""
    query = _WRITE
    if status:
        query = query.where(_W.c.status == status)
    if contract:
        query = query.where(_W.c.contract == contract)
    if search:
        query = query.where(_matching(search.strip()))
    return read_page(query, _NEWEST, place, size=size, row=WriteRow)


def _matching(text: str) -> sa.ColumnElement[bool]:
    small = text.lower()
    return sa.or_(
        mentions(_W.c.intent_id, text),
        _W.c.subject_id == small,
        sa.func.lower(_W.c.address) == small,
        sa.func.lower(_W.c.function) == small,
        _T.c.hash == small,
    )


def counts() -> dict[str, int]:
    """Return how many writes are in each status, counted up to 1,001 (see `paging`)."""
    return counts_up_to(
        {str(one): sa.select(_W.c.id).where(_W.c.status == one) for one in WriteStatus}
    )


def contract_names() -> list[str]:
    """Return the contracts that were written to, for the filter."""
    return values_of(_W.c.contract)


def transactions(write_id: str) -> list[TxRow]:
    """Return every transaction that carried a write, oldest first."""
    query = sa.select(*columns(TxRow, _T)).join(_L, _L.c.tx_id == _T.c.id)
    query = query.where(_L.c.write_id == write_id)
    return read_all(TxRow, query.order_by(_T.c.created_at, _T.c.id))


def companions(tx_id: str) -> int:
    """Return how many writes a transaction carries."""
    query = sa.select(sa.func.count()).where(_L.c.tx_id == tx_id)
    return db.session.scalar(query) or 0


def history(write_id: str) -> list[StatusChange]:
    """Return the status changes of a write, oldest first."""
    return status_changes(write_event, write_id)


_EVENT = sa.select(*columns(EventRow, _E))


def events_of_tx(tx_hash: str) -> list[EventRow]:
    """Return the decoded events of a transaction, without those of dropped blocks."""
    query = _EVENT.where(_E.c.tx_hash == tx_hash, _E.c.status != "orphaned")
    return read_all(EventRow, query.order_by(_E.c.ordinal))


def has_event(tx_hash: str, address: str) -> bool:
    """Return whether a contract has an event in a transaction, without those of dropped blocks."""
    is_here = sa.func.lower(_E.c.address) == address.lower()
    query = sa.select(_E.c.id).where(_E.c.tx_hash == tx_hash, is_here, _E.c.status != "orphaned")
    return db.session.execute(query.limit(1)).first() is not None


def newest_event(intent: str) -> EventRow | None:
    """Return the newest event of an intent (0x hex) that is in a block now, final or not."""
    query = _EVENT.where(_E.c.intent == intent, _E.c.status != "orphaned")
    return read_first(EventRow, query.order_by(_E.c.block_number.desc()).limit(1))


def final_events(address: str, event: str) -> list[EventRow]:
    """Return the final events of one name at a contract, oldest first."""
    is_here = sa.func.lower(_E.c.address) == address.lower()
    query = _EVENT.where(is_here, _E.c.event == event, _E.c.status == "applied")
    return read_all(EventRow, query.order_by(_E.c.block_number, _E.c.log_index))


def effect_of(row: WriteRow) -> EventRow | None:
    """Return the confirmed event that proves that a write's effect is on chain, whoever sent it."""
    name, repeated = rules.EFFECTS.get(row.function, ("", ()))
    query = _EVENT.where(_E.c.address == row.address, _E.c.event == name, _E.c.status == "applied")
    if repeated and repeated[0] in rules.INTENT_ARGS:
        query = query.where(_E.c.intent == (row.args or [None])[0])
    for event in read_each(EventRow, query):
        if rules.is_effect(row.function, row.args, event.event, event.args):
            return event
    return None


def in_flight(address: str | None) -> int:
    """Return how many writes are on their way that move money or end a contract."""
    waiting = (WriteStatus.QUEUED, *rules.IN_FLIGHT)
    counts = sa.and_(_W.c.address == address, _W.c.function != "changeTerms")
    query = sa.select(sa.func.count()).where(counts, _W.c.status.in_(waiting))
    return int(db.session.scalar(query) or 0)


def is_paused() -> bool:
    """Return whether the escrow takes no new money, by the newest final event."""
    query = sa.select(_E.c.event).where(
        _E.c.event.in_(("Paused", "Unpaused")), _E.c.status == "applied"
    )
    newest = query.order_by(_E.c.block_number.desc(), _E.c.log_index.desc()).limit(1)
    return db.session.scalar(newest) == "Paused"


def held() -> dict[str, int]:
    """Return how many writes are held, by the reason."""
    query = sa.select(_W.c.hold, sa.func.count())
    query = query.where(_W.c.status == WriteStatus.QUEUED, _W.c.hold.is_not(None))
    return {row[0]: row[1] for row in db.session.execute(query.group_by(_W.c.hold))}


def is_ours(address: str) -> bool:
    """Return whether an address is a contract of the platform or one of its signers."""
    lowered = address.lower()
    contract = sa.select(_C.c.address).where(sa.func.lower(_C.c.address) == lowered)
    signer_row = sa.select(_S.c.address).where(sa.func.lower(_S.c.address) == lowered)
    return any(db.session.execute(query.limit(1)).first() for query in (contract, signer_row))


def given_address(name: str) -> str:
    """Return the address that CONTRACT_* gives to a contract; empty if there is none."""
    return str(getattr(config.settings(), rules.setting_name(name), ""))


def address_of(name: str) -> str:
    """Return a contract's address: that of the settings, else what was deployed.

    Raises NotDeployed.
    """
    given = given_address(name)
    which = sa.func.lower(_C.c.address) == given.lower() if given else _C.c.name == name
    found = db.session.scalar(sa.select(_C.c.address).where(which)) or given
    if not found:
        raise NotDeployed(f"The contract {name} is not deployed yet. Run: flask chain deploy")
    return str(found)


def contracts() -> list[ContractRow]:
    """Return the watched contracts, named ones first."""
    query = sa.select(*columns(ContractRow, _C))
    return read_all(ContractRow, query.order_by(_C.c.name.is_(None), _C.c.name))


def cursor() -> CursorRow | None:
    """Return how far the chain was read; None before the first deploy."""
    table = Cursor.__table__
    problem = sa.func.coalesce(table.c.send_problem, table.c.read_problem)
    return read_first(CursorRow, sa.select(*columns(CursorRow, table, problem=problem)))


_SIGNER = sa.select(*columns(SignerRow, _S))


def signers() -> list[SignerRow]:
    """Return the signers and their next nonces."""
    return read_all(SignerRow, _SIGNER.order_by(_S.c.role))


def signer(address: str) -> SignerRow | None:
    """Return one signer's row, or None before its first transaction."""
    return read_first(SignerRow, _SIGNER.where(_S.c.address == address))


def refused(address: str) -> TxRow | None:
    """Return a key's first transaction under way, if the node refuses it whatever it costs."""
    mine = sa.select(*columns(TxRow, _T)).where(_T.c.signer == address)
    # A status at a time: with IN a database may look for the first nonce among all that are final.
    waiting = [mine.where(_T.c.status == status) for status in rules.TX_WAITING]
    first = read_page(waiting, (Key(_T.c.nonce), Key(_T.c.id)), size=1, row=TxRow).rows
    if first and first[0].status == TxStatus.SIGNED and first[0].refusal == rules.REFUSED:
        return first[0]
    return None


def fills(limit: int = 10) -> list[TxRow]:
    """Return the newest transactions that only used up a missing nonce."""
    query = sa.select(*columns(TxRow, _T)).where(_T.c.kind == TxKind.FILL)
    return read_all(TxRow, query.order_by(_T.c.created_at.desc()).limit(limit))


# --- proofs --------------------------------------------------------------------------------------


def nonce_problems() -> list[str]:
    """Return what breaks invariant I8: two finals, two successes of an intent, old nonce gaps."""
    found = [*double_finals(), *double_success()]
    return [sentence for _id, sentence in found] + gaps()


def double_finals(ids: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """Return (id, sentence) for each nonce with two final transactions; with ids, of theirs."""
    mine = _T if ids is None else _with_same_nonce(ids)
    query = (
        sa.select(sa.func.min(_T.c.id), _T.c.signer, _T.c.nonce, sa.func.count())
        .select_from(mine)
        .where(_T.c.status.in_(rules.TX_FINAL))
        .group_by(_T.c.signer, _T.c.nonce)
        .having(sa.func.count() > 1)
    )
    return [
        (tx_id, f"{n} final transactions of {who} with nonce {nonce}")
        for tx_id, who, nonce, n in db.session.execute(query)
    ]


def _with_same_nonce(ids: Sequence[str]) -> sa.FromClause:
    pairs = sa.select(_T.c.signer, _T.c.nonce).where(_T.c.id.in_(ids)).distinct().subquery()
    return _T.join(pairs, sa.and_(pairs.c.signer == _T.c.signer, pairs.c.nonce == _T.c.nonce))


def double_success(ids: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """Return (id, sentence) for each write that succeeded twice, or without a trace."""
    return [*_succeeded_twice(ids), *_succeeded_without_trace(ids)]


def _succeeded_twice(ids: Sequence[str] | None) -> list[tuple[str, str]]:
    joined = _L.join(_T, _T.c.id == _L.c.tx_id).join(_W, _W.c.id == _L.c.write_id)
    query = (
        sa.select(_W.c.id, _W.c.intent_id, sa.func.count())
        .select_from(joined)
        .where(_T.c.status == TxStatus.CONFIRMED)
        .group_by(_W.c.id, _W.c.intent_id)
        .having(sa.func.count() > 1)
    )
    if ids is not None:
        query = query.where(_W.c.id.in_(ids))
    return [
        (write_id, f"intent {intent} succeeded {n} times")
        for write_id, intent, n in db.session.execute(query)
    ]


def _succeeded_without_trace(ids: Sequence[str] | None) -> list[tuple[str, str]]:
    bare = _WRITE.where(_W.c.status == WriteStatus.CONFIRMED, _W.c.tx_id.is_(None))
    if ids is not None:
        bare = bare.where(_W.c.id.in_(ids))
    return [
        (row.id, f"intent {row.intent_id} is confirmed without a transaction or an event")
        for row in read_all(WriteRow, bare)
        if effect_of(row) is None
    ]


def gaps() -> list[str]:
    """Return nonces that wait too long: a transaction behind a gap can never be mined."""
    query = (
        sa.select(_T.c.signer, sa.func.min(_T.c.nonce))
        .where(
            _T.c.status.in_(rules.TX_WAITING),
            _T.c.created_at < clock.now() - GAP_LIMIT,
        )
        .group_by(_T.c.signer)
    )
    gaps = {row.address: row.gap_nonce for row in signers()}
    return [
        f"signer {who} waits at nonce {nonce} for over 10 min"
        + (f"; no transaction has nonce {gaps[who]}" if gaps.get(who) is not None else "")
        for who, nonce in db.session.execute(query)
    ]
