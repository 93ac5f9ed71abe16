"""The periodic proof: what is new at once, what was proved before within a round."""

import pytest
import sqlalchemy as sa

from crowdfund.kernel import config, marks
from crowdfund.kernel.db import db, own_transaction, rollback, snapshot
from crowdfund.ledger import proof, rules
from crowdfund.ledger.models import Entry, Head, PostingRow
from crowdfund.ledger.proof import accounts, news
from crowdfund.ledger.proof.sums import Sums
from crowdfund.ledger.rules import Draft, Posting
from crowdfund.reports import service
from tests.ledger.conftest import ALICE, BOB, COMPANY, WORLD
from tests.unlocking import run

from .conftest import ENTRIES, head, mark, runs_until_found, selfcheck, tamper

ROUND = ENTRIES  # more runs than a round takes in small steps
CHANGE_AMOUNT = (
    "UPDATE journal_posting SET amount_minor = amount_minor + 1 WHERE seq = {} AND n = 0"
)


def test_a_run_moves_the_mark_to_the_head(proved):
    assert (mark().seq, mark().hash) == tuple(head())
    proved.post("next", (WORLD, BOB, "1"))
    assert selfcheck() == []
    assert (mark().seq, mark().hash) == tuple(head())


def test_a_run_reads_only_entries_that_are_new_and_one_slice(proved, small_steps, monkeypatch):
    proved.post("next", (WORLD, BOB, "1"))
    read = []
    real = proof.chain._entries
    monkeypatch.setattr(proof.chain, "_entries", lambda *how: read.extend(real(*how)) or real(*how))
    assert selfcheck() == []
    assert sorted(row.seq for row in read) == [1, 2, ENTRIES + 1]


@pytest.mark.parametrize(
    "change",
    [
        CHANGE_AMOUNT.format(ENTRIES + 1),
        f"UPDATE journal_entry SET kind = 'other' WHERE seq = {ENTRIES + 1}",
        f"UPDATE journal_entry SET currency = 'USD' WHERE seq = {ENTRIES + 1}",
    ],
)
def test_a_change_after_the_mark_is_found_by_every_next_run(proved, change):
    proved.post("next", (WORLD, BOB, "1"))
    tamper(change)
    for _ in range(2):
        assert any(
            line.startswith("I11") and f"number {ENTRIES + 1}" in line for line in selfcheck()
        )
    assert mark().seq == ENTRIES, "nothing broken is ever taken as proved"


def test_an_entry_cut_off_at_the_end_is_found_by_the_next_run(proved):
    tamper(
        f"DELETE FROM journal_posting WHERE seq = {ENTRIES}",
        f"DELETE FROM journal_entry WHERE seq = {ENTRIES}",
    )
    assert f"I11 entry number {ENTRIES} is not what it was when it was proved" in selfcheck()


@pytest.mark.parametrize("seq", [1, 2, 3, 8, 9])
def test_a_change_before_the_mark_is_found_by_the_slices_within_a_round(proved, small_steps, seq):
    tamper(CHANGE_AMOUNT.format(seq))
    _runs, found = runs_until_found(most=ROUND)
    assert any(line.startswith(("I11", "I2")) for line in found)
    assert selfcheck(), "it is found again until it is put right"


@pytest.mark.parametrize("seq", [1, 5, 9])
def test_a_change_before_the_mark_is_found_by_the_full_proof_at_once(proved, seq):
    tamper(CHANGE_AMOUNT.format(seq))
    rollback()
    assert any(f"number {seq}" in line for line in service.prove_all() if line.startswith("I11"))


def test_an_entry_removed_before_the_mark_is_found_within_a_round(proved, small_steps):
    tamper("DELETE FROM journal_posting WHERE seq = 4", "DELETE FROM journal_entry WHERE seq = 4")
    found = {line for _ in range(ROUND) for line in selfcheck()}
    assert "I11 entries 4 to 4 are missing" in found


def rewrite(seq, *, until, change_head):
    """Change an entry's amount and compute all hashes anew from there on, as the platform would."""
    rollback()
    entries = db.session.execute(sa.select(Entry.__table__).order_by(Entry.seq)).all()
    postings = db.session.execute(sa.select(PostingRow.__table__).order_by(PostingRow.n)).all()
    link, updates = rules.GENESIS_HASH, []
    for entry in entries:
        moves = tuple(
            Posting(p.source, p.destination, p.amount_minor + (p.seq == seq and p.n == 0))
            for p in postings
            if p.seq == entry.seq
        )
        body = rules.input_hash(
            Draft(entry.key, moves, entry.kind, entry.currency, tuple(map(tuple, entry.ref)))
        )
        link = rules.entry_hash(link, entry.seq, entry.id, entry.key, entry.at.isoformat(), body)
        if seq <= entry.seq <= until:
            updates.append(
                f"UPDATE journal_entry SET input_hash = '{body}', hash = '{link}'"
                f" WHERE seq = {entry.seq}"
            )
    balances = [
        f"UPDATE ledger_account SET balance_minor = balance_minor + {sign} WHERE name = '{name}'"
        for name, sign in ((ALICE, 1), (WORLD, -1))
    ]
    heads = [f"UPDATE journal_head SET hash = '{link}'"] if change_head else []
    tamper(CHANGE_AMOUNT.format(seq), *updates, *balances, *heads)


def test_a_journal_rewritten_to_its_end_no_longer_fits_the_mark(proved):
    rewrite(3, until=ENTRIES, change_head=True)
    rollback()
    with snapshot():
        assert list(proof.problems()) == [], "the full proof alone cannot know: all hashes fit"
    gone = f"I11 entry number {ENTRIES} is not what it was when it was proved"
    assert gone in selfcheck()
    assert gone in service.prove_all(), "the command compares it with the mark too"


def test_a_journal_rewritten_up_to_the_mark_breaks_where_the_old_hashes_begin(proved, small_steps):
    rewrite(3, until=ENTRIES - 1, change_head=False)
    _runs, found = runs_until_found(most=ROUND)
    assert any("number 9" in line for line in found)


# --- the record of the proof ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", ["seq = seq - 1", "hash = replace(hash, substr(hash, 1, 1), '-')", "state = '{}'"]
)
def test_a_changed_mark_is_not_believed_until_a_full_proof(proved, change):
    if change == "state = '{}'":
        change = 'state = \'{"suspects": [["x", "ETB"]]}\''
    run(f"UPDATE proof_mark SET {change} WHERE name = 'journal'")
    for _ in range(2):
        assert any("record of how far the proof 'journal'" in line for line in selfcheck())
    assert service.prove_all() == []
    assert selfcheck() == []
    assert mark().seq == ENTRIES


def test_a_mark_made_under_another_secret_is_not_believed(proved, monkeypatch):
    monkeypatch.setattr(config.settings(), "secret_key", "another")
    assert any("sealed under another SECRET_KEY" in line for line in selfcheck())
    monkeypatch.setattr(config.settings(), "secret_key_fallbacks", ["development-only-secret-key"])
    assert selfcheck() == []


def test_a_removed_mark_only_makes_the_proof_begin_anew(proved):
    run("DELETE FROM proof_mark")
    tamper(CHANGE_AMOUNT.format(2))
    assert any("number 2" in line for line in selfcheck())


def test_a_mark_of_one_proof_is_not_good_for_another(proved):
    run("DELETE FROM proof_mark WHERE name = 'audit'")
    run("UPDATE proof_mark SET name = 'audit' WHERE name = 'journal'")
    assert any("proof 'audit'" in line for line in selfcheck())


def test_of_two_runs_at_once_one_keeps_its_mark(proved):
    proved.post("next", (WORLD, BOB, "1"))
    rollback()
    with snapshot():
        first = news.News()()
    with snapshot():
        second = news.News()()
    with own_transaction() as connection:
        first.saves[0](connection)
    with pytest.raises(marks.MarkMoved), own_transaction() as connection:
        second.saves[0](connection)
    assert selfcheck() == []


# --- balances -------------------------------------------------------------------------------------


def shift(table, name, minor):
    run(f"UPDATE {table} SET balance_minor = balance_minor + {minor} WHERE name = '{name}'")


def test_a_changed_balance_is_found_by_the_next_run(proved):
    shift("ledger_account", BOB, 5)
    assert "I2 all ETB balances sum to 5, not 0" in selfcheck()


def test_two_changed_balances_that_add_up_are_found_when_one_is_touched(proved):
    assert selfcheck() == []
    shift("ledger_account", BOB, 5)
    shift("ledger_account", ALICE, -5)
    proved.post("next", (WORLD, BOB, "1"))
    assert f"I2 {BOB} ETB: balance 1005, postings 1000" in selfcheck()
    assert f"I2 {BOB} ETB: balance 1005, postings 1000" in selfcheck(), "until it is right"
    shift("ledger_account", BOB, -5)
    shift("ledger_account", ALICE, 5)
    assert selfcheck() == []


def test_balances_changed_together_with_their_proved_sums_are_found_within_a_round(
    proved, small_steps
):
    for table in ("ledger_account", "ledger_proved_balance"):
        shift(table, BOB, 5)
        shift(table, ALICE, -5)
    found = {line for _ in range(ROUND) for line in selfcheck()}
    assert f"I2 {BOB} ETB: balance 905, postings 900" in found
    assert f"I2 {ALICE} ETB: balance 8095, postings 8100" in found
    assert len(selfcheck()) == 2, "they are named until they are right"


def test_a_lost_balance_is_found_within_a_round(proved, small_steps):
    run(f"DELETE FROM ledger_account WHERE name = '{BOB}'")
    found = {line for _ in range(ROUND) for line in selfcheck()}
    assert f"I2 {BOB} ETB has postings but no balance" in found


def test_an_account_with_many_postings_is_added_up_over_several_runs(proved, monkeypatch):
    monkeypatch.setattr(accounts, "MOST_POSTINGS", 3)
    under = []
    for number in range(3 * ENTRIES):
        proved.post(f"more:{number}", (WORLD, COMPANY, "1"))  # it grows while it is added up
        assert selfcheck() == []
        under.append(mark(accounts.MARK).state["under"])
    assert len({one["name"] for one in under if one}) > 1, "it comes to more than one account"
    shift("ledger_account", COMPANY, 1)
    shift("ledger_account", ALICE, -1)
    found = {line for _ in range(3 * ENTRIES) for line in selfcheck()}
    assert any(line.startswith(f"I2 {COMPANY} ETB: balance 2701") for line in found)


def test_a_floor_that_was_taken_away_is_found(proved):
    run(
        f"UPDATE ledger_account SET has_floor = {sa.false().compile(db.engine)}"
        f" WHERE name = '{BOB}'"
    )
    assert f"I3 {BOB} ETB has lost its floor" in selfcheck()


# --- long journals --------------------------------------------------------------------------------


def test_a_long_journal_is_proved_over_several_runs(book, monkeypatch):
    monkeypatch.setattr(news, "CHUNK", 2)
    monkeypatch.setattr(service, "MOST_STEPS", 2)
    for number in range(ENTRIES):
        book.post(f"entry:{number}", (WORLD, ALICE, "10"))
    seen = []
    while not seen or seen[-1] < ENTRIES:
        assert selfcheck() == []
        seen.append(mark().seq)
    assert seen == [4, 8, 9]


def test_what_earlier_steps_of_a_run_touched_is_compared_at_its_end(book, monkeypatch):
    monkeypatch.setattr(news, "CHUNK", 2)
    book.post("first", (WORLD, BOB, "1"))
    for number in range(ENTRIES):
        book.post(f"entry:{number}", (WORLD, ALICE, "10"))
    shift("ledger_account", BOB, 5)
    shift("ledger_account", ALICE, -5)
    assert f"I2 {BOB} ETB: balance 105, postings 100" in selfcheck()


def test_catching_up_ignores_the_limit_of_a_run(book, monkeypatch):
    monkeypatch.setattr(news, "CHUNK", 1)
    monkeypatch.setattr(service, "MOST_STEPS", 1)
    for number in range(ENTRIES):
        book.post(f"entry:{number}", (WORLD, ALICE, "10"))
    rollback()
    assert service.catch_up() == []
    assert mark().seq == ENTRIES


def test_sums_are_the_same_in_memory_and_in_a_file(monkeypatch):
    changes = [
        {("a", "ETB"): 3, ("b", "ETB"): -3},
        {("a", "ETB"): 4, ("c", "USD"): 1},
        {("b", "ETB"): 2},
    ]
    taken = []
    for most in (100, 1):
        monkeypatch.setattr("crowdfund.ledger.proof.sums.MOST_IN_MEMORY", most)
        sums = Sums()
        for change in changes:
            sums.add(change)
        taken.append(
            ([sums.take(a) for a in (("a", "ETB"), ("b", "ETB"), ("x", "ETB"))], list(sums.rest()))
        )
    assert taken[0] == taken[1] == ([7, -1, 0], [("c", "USD")])


def test_the_full_proof_with_sums_in_a_file_still_names_a_wrong_balance(proved, monkeypatch):
    monkeypatch.setattr("crowdfund.ledger.proof.sums.MOST_IN_MEMORY", 1)
    assert proved.problems() == []
    shift("ledger_account", BOB, 5)
    run(f"DELETE FROM ledger_account WHERE name = '{WORLD}'")
    found = proved.problems()
    assert f"I2 {BOB} ETB: balance 905, postings 900" in found
    assert f"I2 {WORLD} ETB has postings but no balance" in found


def test_a_posting_without_its_entry_is_found(book):
    book.post("one", (WORLD, ALICE, "10"))
    if db.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite lets foreign keys be switched off by whoever writes")
    rollback()
    with db.engine.connect() as connection:
        lent = connection.connection.cursor()
        lent.execute("PRAGMA foreign_keys=OFF")
        lent.execute(f"INSERT INTO journal_posting VALUES (7, 0, '{WORLD}', '{BOB}', 5)")
        lent.execute("PRAGMA foreign_keys=ON")
        connection.rollback()
    assert "I1 1 postings after number 1 belong to no entry" in book.problems()
    assert Head.__tablename__ == "journal_head"
