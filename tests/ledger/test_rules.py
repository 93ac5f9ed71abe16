"""The chart of accounts, sums and hashes, without a database."""

import hashlib

import pytest

from crowdfund.ledger import rules
from crowdfund.ledger.rules import Draft, Posting

from .conftest import ALICE, BOB, CLEARING, COMPANY, ESCROW, WORLD

KINDS = {
    ALICE: "wallet",
    COMPANY: "company",
    ESCROW: "escrow",
    CLEARING: "clearing",
    WORLD: "external",
    rules.PLATFORM_FEE: "fee",
    rules.SUSPENSE: "suspense",
}


@pytest.mark.parametrize(("account", "kind"), KINDS.items())
def test_each_account_has_a_kind_and_only_the_world_has_no_floor(account, kind):
    assert rules.account_kind(account) == kind
    assert rules.has_floor(account) is (kind != "external")
    assert rules.account_words(account)


def test_the_chart_of_accounts_is_what_the_design_says():
    """A changed name would be a second account beside the one that holds the money."""
    assert list(KINDS) == [
        "user:alice:wallet",
        "company:yirga:wallet",
        "campaign:c1:escrow",
        "gateway:bill_bitts:clearing",
        "gateway:bill_bitts:external",
        "platform:fee",
        "platform:suspense",
    ]


@pytest.mark.parametrize(("length", "exists"), [(0, False), (1, True), (32, True), (33, False)])
def test_the_name_in_an_account_has_up_to_32_characters(length, exists):
    account = rules.user_wallet("a" * length)
    if exists:
        assert rules.account_kind(account) == "wallet"
    else:
        with pytest.raises(ValueError, match="chart of accounts"):
            rules.account_kind(account)


def test_the_changes_of_an_entry_are_in_account_order_and_sum_to_zero():
    moves = [Posting("b", "a", 3), Posting("a", "c", 2), Posting("b", "c", 10)]
    changes = rules.deltas(moves)
    assert list(changes.items()) == [("a", 1), ("b", -13), ("c", 12)]


@pytest.mark.parametrize(
    ("amount", "is_good"), [(0, False), (1, True), (10**15, True), (10**15 + 1, False)]
)
def test_an_amount_is_from_one_unit_to_the_greatest(amount, is_good):
    if is_good:
        rules.check([Posting(ALICE, BOB, amount)])
    else:
        with pytest.raises(ValueError, match="positive integer"):
            rules.check([Posting(ALICE, BOB, amount)])


def test_each_posting_of_an_entry_is_checked():
    with pytest.raises(ValueError, match="same account"):
        rules.check([Posting(ALICE, BOB, 1), Posting(BOB, BOB, 1)])


def test_hashes_of_the_journal_never_change():
    """They are computed from stored rows: another way to write them would break every old proof."""
    draft = Draft("k", (Posting(ALICE, BOB, 5),), "test", "ETB", (("payment", "p1"),))
    said = b'["test","ETB",[["user:alice:wallet","user:bob:wallet",5]],[["payment","p1"]]]'
    assert rules.input_hash(draft) == hashlib.sha256(said).hexdigest()
    link = rules.entry_hash("0" * 64, 1, "id", "k", "moment", "body")
    assert link == hashlib.sha256(b"0" * 64 + b"|1|id|k|moment|body").hexdigest()
    assert rules.GENESIS_HASH == "0" * 64
