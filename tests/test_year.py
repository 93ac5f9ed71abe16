"""A month lived through services, workers and contracts, twice: the same journal, byte for byte."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks import year
from benchmarks.__main__ import NAMES
from crowdfund.ledger import rules

SEEDS = ("one", "one", "another")


@pytest.fixture(scope="module")
def lives():
    """Three months, each in a process of its own, as the hashes of Python differ between them."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda seed: year.live(seed, short=True), SEEDS))


def lines(data):
    return [json.loads(line) for line in data.decode().splitlines()]


def test_two_lives_with_one_seed_write_the_same_journal_byte_for_byte(lives):
    (first, _), (second, _), _other = lives
    assert first == second


def test_the_transactions_on_chain_are_the_same_up_to_the_last_block(lives):
    """No entry names a transaction, but the books follow the contracts."""
    (_, first), (_, second), (_, other) = lives
    for what in ("transactions", "last_block"):
        assert first[what] == second[what] != other[what]


def test_another_seed_writes_another_journal_of_the_same_length(lives):
    (first, found), _second, (other, told) = lives
    assert first != other
    assert found["entries"] == told["entries"]
    # The last line is the head of the hash chain: number of the last entry, and its hash.
    assert lines(first)[-1][1] == lines(other)[-1][1] == found["entries"]
    assert lines(first)[-1][2] != lines(other)[-1][2]


def test_the_head_of_the_journal_is_what_its_entries_give(lives):
    for data, found in lives:
        names, *rows = lines(data)
        entries = [dict(zip(names, row, strict=True)) for row in rows[: found["entries"]]]
        link = rules.GENESIS_HASH
        for one in entries:
            moment = one["at"]["at"]
            link = rules.entry_hash(
                link, one["seq"], one["id"], one["key"], moment, one["input_hash"]
            )
        assert lines(data)[-1][2] == link


def test_books_contracts_and_refunds_agree_at_the_end_of_each_life(lives):
    for _data, found in lives:
        assert found["problems"] == []
        # By bank 12,000 and 20,000, from a wallet 3,000, with tokens 5,000; one has it sent back.
        assert found["given_back_minor"] == 40_000_00
        assert found["paid_out_minor"] == 12_000_00


def test_the_year_is_part_of_every_smoke_run():
    assert "year" in NAMES
