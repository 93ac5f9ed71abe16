"""Run things at the same moment in threads, each with its own session,
and collect what came of them."""

import threading
from collections.abc import Callable

from crowdfund.kernel.db import commit, db, rollback


def at_once(app, works: list[Callable[[], object]]) -> list[object]:
    """Start all works together; each is one transaction. Return results or exceptions in order."""
    start, outcomes = threading.Barrier(len(works)), [None] * len(works)

    def run(place: int, work: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            try:
                outcomes[place] = work()
                commit()
            except Exception as error:  # noqa: BLE001 - the outcome is what is asked for
                rollback()
                outcomes[place] = error
            finally:
                db.session.remove()

    rollback()
    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
