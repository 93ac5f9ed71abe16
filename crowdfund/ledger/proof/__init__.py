"""The proofs of the journal: `problems` reads all of it, `periodic` a part every ten minutes.

The periodic proof stays flat however long the journal grows: it proves what is new (`news`), all
totals by one sum in SQL, and a slice of what was proved before (`again` by entries, `accounts` by
balances). What it cannot show at once, a change in the verified part, it finds one round later, and
`problems` finds in one go.
"""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from crowdfund.kernel import marks
from crowdfund.kernel.marks import Step
from crowdfund.ledger.models import ProvedBalance
from crowdfund.ledger.proof import accounts, again, news
from crowdfund.ledger.proof.balances import under_floor, wrong_totals
from crowdfund.ledger.proof.chain import head_link
from crowdfund.ledger.proof.full import problems
from crowdfund.ledger.proof.news import News, against_mark

__all__ = ["MARKS", "against_mark", "begin_anew", "head_link", "periodic", "problems", "slices"]
MARKS = (news.MARK, again.MARK, accounts.MARK)


def periodic() -> list[Callable[[], Step]]:
    """Return the parts of one run; each works inside a snapshot of its own."""
    return [News(), _totals, *slices()]


def slices() -> list[Callable[[], Step]]:
    """Return the parts that prove a slice of the verified journal once more."""
    return [again.prove, accounts.prove]


def begin_anew(connection: Connection) -> None:
    """Forget what was proved, so that the next runs prove the journal from its first entry on."""
    marks.forget(connection, list(MARKS))
    connection.execute(sa.delete(ProvedBalance))


def _totals() -> Step:
    """I2 over all balances together, I3."""
    return Step([*wrong_totals(), *under_floor()])
