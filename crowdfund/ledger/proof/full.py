"""The full proof of the journal, from its first entry on; it trusts no earlier result."""

from collections.abc import Iterator

from crowdfund.ledger.proof.balances import under_floor, wrong_balances
from crowdfund.ledger.proof.chain import Walk, end_problems
from crowdfund.ledger.proof.sums import Sums


def problems() -> Iterator[str]:
    """Yield a sentence for each broken invariant of the journal (I1–I3, I11, holds).

    Reads everything, a page at a time: memory is bounded, time grows with the journal. While others
    write, call it inside `db.snapshot()`.
    """
    walk, sums = Walk(), Sums()
    while walk.step():
        yield from walk.take_problems()
        sums.add(walk.take_changes())
    yield from wrong_balances(sums)
    yield from under_floor()
    yield from end_problems(walk)
