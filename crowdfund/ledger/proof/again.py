"""Prove once more what was proved before, a slice in each run, from the first entry to the mark.

When the walk has come to the mark `journal` it starts again at entry 1, so every entry is proved
over and over: a changed entry in the verified part is found at the latest one round later.
Rewriting all hashes from there on does not help, because the walk must end at the hash that the
mark holds, and the mark is sealed.
"""

from functools import partial

from crowdfund.kernel import marks
from crowdfund.kernel.marks import Step
from crowdfund.ledger.proof import news
from crowdfund.ledger.proof.chain import Walk

MARK = "journal.again"
SLICE = 10_000  # entries in one run


def prove() -> Step:
    """I1 and I11 for the next slice of entries that were proved before. Raises MarkForged."""
    end, mark = marks.read(news.MARK), marks.read(MARK)
    if mark.seq > end.seq:  # the proof was begun anew
        return Step(saves=[partial(marks.move, mark=mark)])
    walk = Walk(mark.seq, mark.hash)
    stop = min(end.seq, mark.seq + SLICE)
    while walk.step(until=stop):
        walk.take_changes()
        if walk.problems:
            return Step(walk.problems)
    if walk.seq < stop:
        return Step([f"I11 entries {walk.seq + 1} to {stop} are missing"])
    if walk.seq == end.seq and walk.link != end.hash:
        return Step([f"I11 the entries up to number {end.seq} are not those that were proved"])
    if walk.seq == end.seq:
        return Step(saves=[partial(marks.move, mark=mark)] if mark.seq else [])
    return Step(saves=[partial(marks.move, mark=mark, seq=walk.seq, hash=walk.link)])
