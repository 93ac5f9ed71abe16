"""Reads of the journal: balances, an account's history, and the proofs I1–I4 and I11."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..db import db
from . import rules
from .models import Account, Entry, Head, Hold, PostingRow
from .rules import Draft, Posting

_A, _E, _P = Account.__table__, Entry.__table__, PostingRow.__table__


@dataclass(frozen=True, slots=True)
class Line:
    """One posting as an account sees it: signed amount and the balance after it (minor units)."""

    entry_id: str
    seq: int
    n: int
    at: datetime
    kind: str
    counterpart: str
    amount_minor: int
    balance_minor: int
    ref: dict[str, str]


def balance(account: str, currency: str = "ETB") -> int:
    """Return the balance in minor units; an account without postings has zero."""
    query = sa.select(_A.c.balance_minor).where(_A.c.name == account, _A.c.currency == currency)
    return db.session.execute(query).scalar() or 0


def available(account: str, currency: str = "ETB") -> int:
    """Return the balance less what is held, in minor units."""
    free = _A.c.balance_minor - _A.c.held_minor
    query = sa.select(free).where(_A.c.name == account, _A.c.currency == currency)
    return db.session.execute(query).scalar() or 0


def history(
    account: str, *, currency: str = "ETB", limit: int = 50, before: tuple[int, int] | None = None
) -> list[Line]:
    """Return an account's postings, newest first, each with the balance after it.

    `before` is the (seq, n) of the last line of the previous page.
    """
    side = sa.or_(_P.c.source == account, _P.c.destination == account)
    signed = sa.case((_P.c.destination == account, _P.c.amount_minor), else_=-_P.c.amount_minor)
    joined = _P.join(_E, _E.c.seq == _P.c.seq)
    mine = sa.and_(side, _E.c.currency == currency)
    # Balance and lines in one statement: what is posted meanwhile must not fall between them.
    opening = sa.select(_A.c.balance_minor).where(_A.c.name == account, _A.c.currency == currency)
    start: sa.ColumnElement[Any] = sa.func.coalesce(opening.scalar_subquery(), 0)
    query = sa.select(_E.c.id, _E.c.at, _E.c.kind, _E.c.ref, _P, signed.label("signed"))
    query = query.select_from(joined).where(mine).order_by(_P.c.seq.desc(), _P.c.n.desc())
    if before is not None:
        seq, n = before
        later = sa.or_(_P.c.seq > seq, sa.and_(_P.c.seq == seq, _P.c.n >= n))
        newer = sa.select(sa.func.sum(signed)).select_from(joined).where(mine, later)
        start = start - sa.func.coalesce(newer.correlate(None).scalar_subquery(), 0)
        query = query.where(sa.or_(_P.c.seq < seq, sa.and_(_P.c.seq == seq, _P.c.n < n)))
    rows = db.session.execute(query.add_columns(start.label("start")).limit(limit)).all()
    running = int(rows[0].start) if rows else 0
    lines = []
    for row in rows:
        other = row.source if row.destination == account else row.destination
        amount = int(row.signed)
        lines.append(Line(row.id, row.seq, row.n, row.at, row.kind, other, amount, running, dict(row.ref)))
        running -= amount
    return lines


def entry(entry_id: str) -> dict[str, Any] | None:
    """Return one entry with its postings, or None."""
    row = db.session.execute(sa.select(_E).where(_E.c.id == entry_id)).mappings().first()
    if row is None:
        return None
    postings = db.session.execute(sa.select(_P).where(_P.c.seq == row["seq"]).order_by(_P.c.n)).all()
    return {**row, "ref": dict(row["ref"]), "postings": postings}


def entries_for(ref_key: str, ref_value: str, *, limit: int = 50) -> list[dict[str, Any]]:
    """Return the entries whose key starts with `<ref_key>:<ref_value>:`, oldest first, with postings."""
    found = db.session.scalars(
        sa.select(_E.c.id)
        .where(_E.c.key.startswith(f"{ref_key}:{ref_value}:", autoescape=True))
        .order_by(_E.c.seq)
        .limit(limit)
    ).all()
    return [one for entry_id in found if (one := entry(entry_id))]


def accounts(prefix: str = "", *, page: int = 1, size: int | None = None) -> list[Any]:
    """Return accounts with their balances, by name; with a size, a page of them and one row more."""
    query = sa.select(_A).where(_A.c.name.startswith(prefix, autoescape=True))
    query = query.order_by(_A.c.name, _A.c.currency)
    if size is not None:
        query = query.offset((page - 1) * size).limit(size + 1)
    return list(db.session.execute(query))


def totals() -> dict[str, int]:
    """Return the sum of all balances in each currency (minor units): zero, if everything is right."""
    query = sa.select(_A.c.currency, sa.func.sum(_A.c.balance_minor)).group_by(_A.c.currency)
    return {row[0]: int(row[1]) for row in db.session.execute(query)}


# --- proofs ---------------------------------------------------------------------------------------


def problems() -> Iterator[str]:
    """Yield a sentence for each broken invariant of the journal (I1–I3, I11, holds)."""
    yield from _unbalanced()
    yield from _wrong_balances()
    yield from _under_floor()
    yield from _broken_chain()


def _unbalanced() -> Iterator[str]:
    """I1: a posting moves an amount between two accounts, so an entry needs one and no odd one."""
    bare = sa.select(_E.c.id).outerjoin(_P, _P.c.seq == _E.c.seq).where(_P.c.seq.is_(None))
    for entry_id in db.session.scalars(bare):
        yield f"I1 entry {entry_id} has no postings"
    odd = sa.select(_P.c.seq).where(sa.or_(_P.c.amount_minor <= 0, _P.c.source == _P.c.destination))
    for seq in db.session.scalars(odd):
        yield f"I1 entry number {seq} has a posting that moves nothing"


def _sums() -> dict[tuple[str, str], int]:
    joined = _P.join(_E, _E.c.seq == _P.c.seq)
    total: dict[tuple[str, str], int] = {}
    for column, sign in ((_P.c.destination, 1), (_P.c.source, -1)):
        query = sa.select(column, _E.c.currency, sa.func.sum(_P.c.amount_minor)).select_from(joined)
        for name, currency, amount in db.session.execute(query.group_by(column, _E.c.currency)):
            total[name, currency] = total.get((name, currency), 0) + sign * int(amount)
    return total


def _wrong_balances() -> Iterator[str]:
    """I2: each balance is the sum of its postings; all balances of a currency sum to zero."""
    sums = _sums()
    whole: dict[str, int] = {}
    for row in db.session.execute(sa.select(_A)):
        expected = sums.pop((row.name, row.currency), 0)
        whole[row.currency] = whole.get(row.currency, 0) + row.balance_minor
        if row.balance_minor != expected:
            yield f"I2 {row.name} {row.currency}: balance {row.balance_minor}, postings {expected}"
    for name, currency in sums:
        yield f"I2 {name} {currency} has postings but no balance"
    for currency, total in whole.items():
        if total:
            yield f"I2 all {currency} balances sum to {total}, not 0"


def _under_floor() -> Iterator[str]:
    """I3: no account is under its floor; what is held is the sum of open holds."""
    held = sa.select(Hold.account, Hold.currency, sa.func.sum(Hold.amount_minor))
    open_holds = held.where(Hold.status == "held").group_by(Hold.account, Hold.currency)
    sums = {(name, currency): int(total) for name, currency, total in db.session.execute(open_holds)}
    for row in db.session.execute(sa.select(_A)):
        if rules.has_floor(row.name) and row.balance_minor < row.held_minor:
            yield f"I3 {row.name} {row.currency} is under its floor: {row.balance_minor}"
        if sums.pop((row.name, row.currency), 0) != row.held_minor:
            yield f"I3 {row.name} {row.currency}: held {row.held_minor} does not match its holds"
    for name, currency in sums:
        yield f"I3 {name} {currency} has holds but no balance"


def _broken_chain() -> Iterator[str]:
    """I11: each entry's hash covers its content and its predecessor, up to the head."""
    link, expected_seq = rules.GENESIS_HASH, 0
    postings = db.session.execute(sa.select(_P).order_by(_P.c.seq, _P.c.n)).all()
    by_seq: dict[int, list[Posting]] = {}
    for row in postings:
        by_seq.setdefault(row.seq, []).append(Posting(row.source, row.destination, row.amount_minor))
    for row in db.session.execute(sa.select(_E).order_by(_E.c.seq)):
        expected_seq += 1
        ref = tuple((name, value) for name, value in row.ref)
        draft = Draft(row.key, tuple(by_seq.get(row.seq, ())), row.kind, row.currency, ref)
        body = rules.input_hash(draft)
        at = row.at.astimezone(UTC).isoformat()
        link = rules.entry_hash(link, row.seq, row.id, row.key, at, body)
        is_same = (body, link, dict(ref).get("reverses")) == (row.input_hash, row.hash, row.reverses_id)
        if row.seq != expected_seq or not is_same:
            yield f"I11 the hash chain breaks at entry {row.id} (number {row.seq})"
            return
    head = db.session.execute(sa.select(Head.seq, Head.hash)).first()
    if (head.seq, head.hash) != (expected_seq, link) if head else expected_seq:
        yield "I11 the head of the hash chain does not match the last entry"
