"""Add up every account from its first posting on, some accounts in each run, one after the other.

It needs no earlier result, so it also finds a balance that was changed together with its proved
sum. An account with very many postings is added up over several runs: up to a fixed entry
first, and when that is done, what was posted after it.
"""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import marks
from crowdfund.kernel.db import db
from crowdfund.kernel.marks import Step
from crowdfund.ledger.models import Account as AccountModel
from crowdfund.ledger.models import Entry, PostingRow, ProvedBalance
from crowdfund.ledger.proof.balances import differing, is_after
from crowdfund.ledger.proof.chain import Account, head_link

MARK = "journal.accounts"
MOST_POSTINGS, MOST_ACCOUNTS = 20_000, 200  # in one run
MOST_SUSPECTS = 100
_A, _B, _E, _P = (m.__table__ for m in (AccountModel, ProvedBalance, Entry, PostingRow))


@dataclass(slots=True)
class Under:
    """An account that is being added up: to which entry, and how far its two sides have come."""

    name: str
    currency: str
    until: int
    into: int = 0
    out_of: int = 0
    sum_minor: int = 0

    @property
    def account(self) -> Account:
        """Return name and currency."""
        return self.name, self.currency


def prove() -> Step:
    """I2 for the next accounts, from their postings alone. Raises MarkForged."""
    mark = marks.read(MARK)
    wrong: dict[Account, tuple[Under, str]] = {}
    for saved in mark.state.get("suspects", []):
        wrong |= _judge(Under(**saved))  # checked again in each run until it is right
    under = Under(**mark.state["under"]) if mark.state.get("under") else None
    after = _account(mark.state.get("after"))
    budget = MOST_POSTINGS
    for _ in range(MOST_ACCOUNTS):
        under = under or _next(after)
        if under is None:  # all were added up: begin again
            after = None
            break
        budget = _add_up(under, budget)
        if budget <= 0:
            break
        wrong |= _judge(under)
        after, under = under.account, None
    state = {
        "after": list(after) if after else None,
        "under": asdict(under) if under else None,
        "suspects": [asdict(wrong[account][0]) for account in sorted(wrong)[:MOST_SUSPECTS]],
    }
    saves = [] if state == mark.state else [partial(marks.move, mark=mark, state=state)]
    return Step([sentence for _under, sentence in wrong.values()], saves)


def _account(pair: list[str] | None) -> Account | None:
    return (pair[0], pair[1]) if pair else None


def _judge(under: Under) -> dict[Account, tuple[Under, str]]:
    """Add what was posted after a finished sum, and compare it with the balance now."""
    head = head_link()
    for column, sign in _SIDES.values():
        under.sum_minor += sign * _sum(under, column, under.until, None)
    under.until = under.into = under.out_of = head[0] if head else 0
    found = differing({under.account: under.sum_minor})
    return {account: (under, sentence) for account, sentence in found}


def _next(after: Account | None) -> Under | None:
    """Return the account after one, of those with a balance or with postings."""
    found = []
    for table in (_A, _B):
        query = (
            sa.select(table.c.name, table.c.currency)
            .order_by(table.c.name, table.c.currency)
            .limit(1)
        )
        found.append((query if after is None else query.where(is_after(table, after))).subquery())
    both = sa.union(*(sa.select(one) for one in found)).subquery()
    row = db.session.execute(
        sa.select(both).order_by(both.c.name, both.c.currency).limit(1)
    ).first()
    if row is None:
        return None
    head = head_link()
    return Under(row.name, row.currency, until=head[0] if head else 0)


_SIDES: dict[str, tuple[Any, int]] = {"into": (_P.c.destination, 1), "out_of": (_P.c.source, -1)}


def _add_up(under: Under, budget: int) -> int:
    """Add up an account's postings to its last entry or the budget; return what is left of it."""
    for side, (column, sign) in _SIDES.items():
        begin = getattr(under, side)
        if begin >= under.until:
            continue
        end, count = _reach(under, column, begin, budget)
        under.sum_minor += sign * _sum(under, column, begin, end)
        setattr(under, side, end)
        budget -= count
        if end < under.until:
            return 0
    return max(budget, 1)


def _reach(under: Under, column: sa.ColumnElement[Any], begin: int, budget: int) -> tuple[int, int]:
    """Return up to which entry the budget goes on one side, and how many postings that are."""
    mine = sa.select(_P.c.seq).where(
        column == under.name, _P.c.seq > begin, _P.c.seq <= under.until
    )
    limited = mine.order_by(_P.c.seq).limit(max(budget, 1)).subquery()
    query = sa.select(sa.func.count(), sa.func.max(limited.c.seq)).select_from(limited)
    count, last = db.session.execute(query).one()
    return (last if count >= max(budget, 1) else under.until), count


def _sum(under: Under, column: sa.ColumnElement[Any], begin: int, end: int | None) -> int:
    """Return the sum of one side in one currency after an entry, up to another or to the end."""
    query = sa.select(sa.func.coalesce(sa.func.sum(_P.c.amount_minor), 0))
    query = query.select_from(_P.join(_E, _E.c.seq == _P.c.seq))
    query = query.where(column == under.name, _P.c.seq > begin, _E.c.currency == under.currency)
    return int(db.session.scalar(query if end is None else query.where(_P.c.seq <= end)) or 0)
