"""Prove what the journal has gained since the last run; everything before it was proved then.

The mark `journal` says up to which entry, with its hash; `ledger_proved_balance` holds what the
postings up to there add up to for each account. A run shows

- that the entry at the mark still has the hash it had, so that nothing new hangs on a changed past;
- I1 and I11 for every entry after it, up to the head;
- I2 for the accounts of these entries: what was proved before plus what is new is the balance.

It does not check entries before the mark (see `again`), nor balances that nothing new touched
(their total is checked by `balances.wrong_totals`, each of them by `accounts`).
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from crowdfund.kernel import marks
from crowdfund.kernel.marks import Mark, Step
from crowdfund.ledger.models import ProvedBalance
from crowdfund.ledger.proof import balances
from crowdfund.ledger.proof.chain import Account, Walk, end_problems, hash_at, head_link

MARK = "journal"
CHUNK = 2_000  # entries between two saves
MOST_TOUCHED = 20_000  # accounts of one run whose balances are compared at its end
MOST_SUSPECTS = 100
_B = ProvedBalance.__table__


class News:
    """One run over the new entries, a chunk for each call; `touched` gathers their accounts."""

    def __init__(self) -> None:
        self._touched: set[Account] = set()

    def __call__(self) -> Step:
        """Prove the next chunk. Raises MarkForged."""
        mark = marks.read(MARK)
        if problem := _past_changed(mark):
            return Step([problem])
        walk = Walk(mark.seq, mark.hash)
        while walk.seq - mark.seq < CHUNK and walk.step(until=mark.seq + CHUNK):
            if walk.problems:
                return Step(walk.problems)  # the mark stays: the next run finds them again
        changes = walk.take_changes()
        proved = balances.read(_B, changes) if mark.seal else {}
        after = {account: proved.get(account, 0) + change for account, change in changes.items()}
        head = head_link()
        if head is not None and head[0] > walk.seq and walk.seq - mark.seq >= CHUNK:
            self._remember(changes)
            return Step(saves=[_save(mark, walk, _suspects(mark), after, proved)], more=True)
        if problems := end_problems(walk):
            return Step(problems)
        return self._compare(mark, walk, after, proved)

    def _remember(self, accounts: Mapping[Account, int]) -> None:
        if len(self._touched) < MOST_TOUCHED:
            self._touched.update(accounts)

    def _compare(
        self, mark: Mark, walk: Walk, after: dict[Account, int], proved: dict[Account, int]
    ) -> Step:
        """I2 at the head, for what this run touched and for what was wrong before."""
        suspects = _suspects(mark)
        others = (self._touched | set(suspects)) - after.keys()
        wanted = balances.read(_B, others) if mark.seal else {}
        wrong = dict(
            balances.differing({account: wanted.get(account, 0) for account in others} | after)
        )
        if mark.seal and walk.seq == mark.seq and sorted(wrong) == sorted(suspects):
            return Step(list(wrong.values()))  # nothing to write
        suspects = sorted(wrong)[:MOST_SUSPECTS]
        return Step(list(wrong.values()), [_save(mark, walk, suspects, after, proved)])


def against_mark() -> list[str]:
    """Return whether the journal still is the one that was proved. Raises MarkForged."""
    problem = _past_changed(marks.read(MARK))
    return [problem] if problem else []


def _past_changed(mark: Mark) -> str | None:
    """I11 at the mark: the entry that was proved last is there and has its hash."""
    if hash_at(mark.seq) == mark.hash:
        return None
    return f"I11 entry number {mark.seq} is not what it was when it was proved"


def _suspects(mark: Mark) -> list[Account]:
    """Return the accounts that were wrong in the last run; each run checks them until right."""
    return [(name, currency) for name, currency in mark.state.get("suspects", [])]


def _save(
    mark: Mark,
    walk: Walk,
    suspects: list[Account],
    after: dict[Account, int],
    proved: dict[Account, int],
) -> Callable[[Connection], object]:
    state = {"suspects": [list(account) for account in suspects]}
    return partial(
        _write, mark=mark, to=(walk.seq, walk.link, state), after=after, known=set(proved)
    )


def _write(
    connection: Connection,
    *,
    mark: Mark,
    to: tuple[int, str, dict[str, Any]],
    after: dict[Account, int],
    known: set[Account],
) -> None:
    """Move the mark, and with it the sums of the accounts that it has passed."""
    seq, link, state = to
    marks.move(connection, mark, seq=seq, hash=link, state=state)
    if not mark.seal:
        connection.execute(sa.delete(_B))  # left behind by a mark that is gone
    fresh = [
        {"name": name, "currency": currency, "balance_minor": balance}
        for (name, currency), balance in after.items()
        if (name, currency) not in known
    ]
    if fresh:
        connection.execute(sa.insert(_B), fresh)
    changed = [
        {"n": n, "c": c, "b": balance} for (n, c), balance in after.items() if (n, c) in known
    ]
    if changed:
        mine = sa.and_(_B.c.name == sa.bindparam("n"), _B.c.currency == sa.bindparam("c"))
        update = sa.update(_B).where(mine).values(balance_minor=sa.bindparam("b"))
        connection.execute(update, changed)
