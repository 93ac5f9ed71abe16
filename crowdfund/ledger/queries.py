"""Reads of the journal: balances and an account's history; its proofs are in `proof`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.ledger.models import Account, Entry, PostingRow
from crowdfund.ledger.proof import problems

__all__ = [
    "Line",
    "accounts",
    "available",
    "balance",
    "entries_for",
    "entry",
    "exists",
    "history",
    "problems",
    "totals",
]

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


def balances(account: str) -> dict[str, int]:
    """Return an account's balance in each currency, in minor units."""
    query = sa.select(_A.c.currency, _A.c.balance_minor).where(_A.c.name == account)
    return {currency: int(amount) for currency, amount in db.session.execute(query)}


def available(account: str, currency: str = "ETB") -> int:
    """Return the balance less what is held, in minor units."""
    free = _A.c.balance_minor - _A.c.held_minor
    query = sa.select(free).where(_A.c.name == account, _A.c.currency == currency)
    return db.session.execute(query).scalar() or 0


def exists(account: str) -> bool:
    """Return whether anything was ever posted to an account, in any currency."""
    return bool(db.session.scalar(sa.select(sa.exists().where(_A.c.name == account))))


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
