"""Run the proofs and save what they found.

The proofs read from snapshots and hold no lock; each result is written in a short transaction of
its own afterwards. So the session must have no transaction when these are called.
"""

from collections.abc import Callable, Iterable

import sqlalchemy as sa

from crowdfund.kernel import audit, clock
from crowdfund.kernel.db import db, new_id, own_transaction, snapshot
from crowdfund.kernel.marks import MarkForged, MarkMoved, Step
from crowdfund.ledger import proof as journal
from crowdfund.reports import proofs
from crowdfund.reports.models import SelfcheckRun

MOST_STEPS = 25  # of one part in one run; the next run goes on
_S = SelfcheckRun.__table__


def selfcheck() -> list[str]:
    """Prove what is new and a slice of the rest; save the result and return what is broken.

    Takes about the same time however much data there is.
    """
    found = _run(proofs.periodic(), most=MOST_STEPS)
    _save(found)
    return found


def prove_slices() -> list[str]:
    """Prove the next slices of what was proved before; return what is broken.

    Nothing is saved about a problem: the slice stays where it is, so the next self-check finds it.
    """
    return _run(proofs.slices(), most=1)


def prove_all() -> list[str]:
    """Prove everything from its beginning, in one snapshot; save and return what is broken.

    If all is well but the record of a periodic proof was changed, all of them begin anew.
    """
    with snapshot():
        found = [*proofs.problems(), *proofs.against_marks()]
        is_forged = proofs.marks_are_forged()
    if not found and is_forged:
        with own_transaction() as connection:
            journal.begin_anew(connection)
            audit.begin_anew(connection)
            proofs.begin_anew(connection)
    _save(found)
    return found


def catch_up() -> list[str]:
    """Prove what is new until nothing is new, however long it takes; return what is broken."""
    return _run([*journal.periodic()[:1], *audit.periodic()[:1]], most=None)


def _run(parts: Iterable[Callable[[], Step]], *, most: int | None) -> list[str]:
    return [problem for part in parts for problem in _steps(part, most)]


def _steps(part: Callable[[], Step], most: int | None) -> Iterable[str]:
    """Run one part, step by step, and save after each how far it came."""
    done = 0
    while most is None or done < most:
        try:
            with snapshot():
                step = part()
            if step.saves:
                with own_transaction() as connection:
                    for save in step.saves:
                        save(connection)
        except MarkForged as error:
            yield str(error)
            return
        except MarkMoved:  # another run is at work here; what it finds is enough
            return
        yield from step.problems
        done += 1
        if not step.more:
            return


def _save(found: list[str]) -> None:
    with own_transaction() as connection:
        connection.execute(sa.insert(_S).values(id=new_id(), at=clock.now(), problems=found))
    db.session.remove()
