"""I2 and I3: balances against sums of postings, floors, and what is held against open holds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.rows import columns, read_all
from crowdfund.ledger import rules
from crowdfund.ledger.models import Account as AccountModel
from crowdfund.ledger.models import Hold, ProvedBalance
from crowdfund.ledger.proof.chain import Account
from crowdfund.ledger.proof.sums import Sums

_A, _B = AccountModel.__table__, ProvedBalance.__table__
BATCH = 500  # accounts asked for in one query


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account in one currency as the database has it (minor units)."""

    name: str
    currency: str
    balance_minor: int
    held_minor: int
    has_floor: bool


_ACCOUNT = columns(StoredAccount, _A)


def wrong_balances(sums: Sums) -> Iterator[str]:
    """I2: each balance is the sum of its postings; all balances of a currency sum to zero."""
    for row in all_accounts():
        expected = sums.take((row.name, row.currency))
        if row.balance_minor != expected:
            yield _differs((row.name, row.currency), row.balance_minor, expected)
    for account in sums.rest():
        yield _lost(account)
    yield from wrong_totals()


def wrong_totals() -> Iterator[str]:
    """I2 over all accounts at once: one wrong balance makes the sum of its currency not zero."""
    query = sa.select(_A.c.currency, sa.func.sum(_A.c.balance_minor)).group_by(_A.c.currency)
    for currency, total in db.session.execute(query.order_by(_A.c.currency)).all():
        if total:
            yield f"I2 all {currency} balances sum to {int(total)}, not 0"


def differing(expected: Mapping[Account, int]) -> Iterator[tuple[Account, str]]:
    """I2 for some accounts: yield those whose balance is not what their postings sum up to."""
    present = read(_A, expected)
    for account, sum_ in expected.items():
        balance = present.get(account)
        if balance is None and sum_:
            yield account, _lost(account)
        elif (balance or 0) != sum_:
            yield account, _differs(account, balance or 0, sum_)


def under_floor() -> Iterator[str]:
    """I3: no account is under its floor; what is held is the sum of open holds.

    Reads only accounts that hold something, are below what they hold, or have an odd floor.
    """
    query = sa.select(Hold.account, Hold.currency, sa.func.sum(Hold.amount_minor))
    query = query.where(Hold.status == "held").group_by(Hold.account, Hold.currency)
    held = {(row[0], row[1]): int(row[2]) for row in db.session.execute(query)}
    odd = sa.or_(
        _A.c.held_minor != 0, _A.c.balance_minor < _A.c.held_minor, _A.c.has_floor == sa.false()
    )
    seen = set()
    for row in read_all(StoredAccount, sa.select(*_ACCOUNT).where(odd)):
        account = (row.name, row.currency)
        seen.add(account)
        if rules.has_floor(row.name) and row.balance_minor < row.held_minor:
            yield f"I3 {row.name} {row.currency} is under its floor: {row.balance_minor}"
        if rules.has_floor(row.name) and not row.has_floor:
            yield f"I3 {row.name} {row.currency} has lost its floor"
        if held.get(account, 0) != row.held_minor:
            yield f"I3 {row.name} {row.currency}: held {row.held_minor} does not match its holds"
    yield from _forgotten({account: held[account] for account in held.keys() - seen})


def _forgotten(held: Mapping[Account, int]) -> Iterator[str]:
    known = read(_A, held)
    for name, currency in sorted(held):
        if (name, currency) in known:
            yield f"I3 {name} {currency}: held 0 does not match its holds"
        else:
            yield f"I3 {name} {currency} has holds but no balance"


def read(table: sa.Table, accounts: Iterable[Account]) -> dict[Account, int]:
    """Return the balances of some accounts in a table, a few hundred at a time."""
    found: dict[Account, int] = {}
    rest = iter(accounts)
    while part := list(islice(rest, BATCH)):
        query = sa.select(table.c.name, table.c.currency, table.c.balance_minor)
        query = query.where(table.c.name.in_({name for name, _currency in part}))
        found |= {(row[0], row[1]): int(row[2]) for row in db.session.execute(query)}
    return found


def all_accounts() -> Iterator[StoredAccount]:
    """Yield every account, a page at a time."""
    after: Account | None = None
    while True:
        query = sa.select(*_ACCOUNT).order_by(_A.c.name, _A.c.currency).limit(BATCH)
        rows = read_all(StoredAccount, query if after is None else query.where(is_after(_A, after)))
        yield from rows
        if len(rows) < BATCH:
            return
        after = (rows[-1].name, rows[-1].currency)


def is_after(table: sa.FromClause, account: Account) -> sa.ColumnElement[bool]:
    """Return the condition of accounts that come after one, in the database's own order."""
    name, currency = account
    return sa.or_(table.c.name > name, sa.and_(table.c.name == name, table.c.currency > currency))


def _differs(account: Account, balance: int, expected: int) -> str:
    return f"I2 {account[0]} {account[1]}: balance {balance}, postings {expected}"


def _lost(account: Account) -> str:
    return f"I2 {account[0]} {account[1]} has postings but no balance"
