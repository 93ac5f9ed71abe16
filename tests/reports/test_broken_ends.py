"""The periodic proof without its record, or with a journal whose end does not fit its head."""

import pytest

from crowdfund.ledger.proof import again, news
from crowdfund.reports import service
from tests.ledger.conftest import BOB, WORLD
from tests.unlocking import run

from .conftest import ENTRIES, mark, selfcheck, tamper


def test_the_second_reading_begins_anew_with_the_first_when_its_record_was_removed(
    proved, small_steps, monkeypatch
):
    for _ in range(2):
        assert selfcheck() == []
    assert mark(again.MARK).seq == 4
    run("DELETE FROM proof_mark WHERE name = 'journal'")
    monkeypatch.setattr(news, "CHUNK", 1)
    monkeypatch.setattr(service, "MOST_STEPS", 1)
    assert selfcheck() == []
    assert (mark().seq, mark(again.MARK).seq) == (1, 0)
    tamper("UPDATE journal_entry SET kind = 'other' WHERE seq = 1")
    assert any("number 1" in line for line in selfcheck()), (
        "it is not passed over until a round ends"
    )


LAST = ENTRIES + 2


@pytest.mark.parametrize(
    "changes",
    [
        ("UPDATE journal_head SET hash = '{}'".format("0" * 64),),
        ("UPDATE journal_head SET seq = seq + 1",),
        (
            f"DELETE FROM journal_posting WHERE seq = {LAST}",
            f"DELETE FROM journal_entry WHERE seq = {LAST}",
        ),
    ],
    ids=["hash of the head", "number of the head", "last entry"],
)
def test_an_end_that_does_not_fit_the_head_is_found_and_never_taken_as_proved(proved, changes):
    for key in ("new", "newer"):
        proved.post(key, (WORLD, BOB, "1"))
    tamper(*changes)
    for _ in range(2):
        assert "I11 the head of the hash chain does not match the last entry" in selfcheck()
        assert mark().seq == ENTRIES
