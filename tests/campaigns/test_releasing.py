"""The release of a success: what the journal says of it, and who hears of it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.service import ending, releasing
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import WrongState
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as accounts
from tests import raising


def succeeded(cast, frozen, settled, **terms):
    """Return the id of a campaign that has succeeded with that much settled (minor units)."""
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla, **terms)
    raising.put_in(campaign_id, settled)
    frozen.advance(timedelta(days=30, seconds=1))
    ending.close_due()
    commit()
    raising.confirm("campaign", campaign_id, Closed={"succeeded": True, "total": 0})
    assert raising.campaign(campaign_id).status == "succeeded"
    return campaign_id


def put(**values):
    names = ", ".join(f"{name} = :{name}" for name in values)
    db.session.execute(sa.text(f"UPDATE campaign SET {names}"), values)
    commit()


def release(cast, campaign_id):
    releasing.release(campaign_id, actor=cast.fiona)
    commit()


def test_the_release_is_one_entry_that_names_its_campaign(cast, frozen):
    campaign_id = succeeded(cast, frozen, 8_000_00)
    release(cast, campaign_id)
    row = raising.campaign(campaign_id)
    entry = ledger.entry(row.release_entry_id)
    escrow = accounts.escrow(campaign_id)
    assert (entry.key, entry.kind) == (f"campaign:{campaign_id}:release", "campaign.released")
    assert (entry.currency, entry.ref) == ("ETB", {"campaign": campaign_id})
    assert [(p.source, p.destination, p.amount_minor) for p in entry.postings] == [
        (escrow, accounts.company_wallet(cast.company), 7_800_00),
        (escrow, accounts.PLATFORM_FEE, 200_00),
    ]


@pytest.mark.parametrize("fee_bps", [0, 10_000])
def test_a_part_of_nothing_is_not_posted(cast, frozen, fee_bps):
    campaign_id = succeeded(cast, frozen, 8_000_00)
    put(fee_bps=fee_bps)
    release(cast, campaign_id)
    row = raising.campaign(campaign_id)
    fee = 8_000_00 if fee_bps else 0
    assert (row.released_minor, row.fee_minor) == (8_000_00 - fee, fee)
    assert len(ledger.entry(row.release_entry_id).postings) == 1
    assert ledger.balance(accounts.PLATFORM_FEE) == fee


def test_an_escrow_with_more_than_what_settled_stops_the_release_too(cast, frozen):
    campaign_id = succeeded(cast, frozen, 8_000_00)
    put(settled_minor=7_999_99)
    with raising.refused(releasing.EscrowDisagrees):
        releasing.release(campaign_id, actor=cast.fiona)
    assert ledger.balance(accounts.escrow(campaign_id)) == 8_000_00


def test_a_campaign_that_must_follow_its_contract_is_not_released(cast, frozen):
    campaign_id = succeeded(cast, frozen, 8_000_00)
    put(contract_result="failed")
    with pytest.raises(WrongState, match="follows the contract"):
        releasing.release(campaign_id, actor=cast.fiona)
    rollback()
    assert ledger.balance(accounts.escrow(campaign_id)) == 8_000_00


def test_the_confirmed_release_is_noted_once_and_everybody_hears_of_it(cast, frozen, emitted):
    campaign_id = succeeded(cast, frozen, 8_000_00)
    release(cast, campaign_id)
    frozen.advance(timedelta(minutes=2))
    for tx_hash in ("0xfirst", "0xagain"):
        releasing.released_on_chain(campaign_id, tx_hash=tx_hash)
        commit()
    row = raising.campaign(campaign_id)
    assert (row.status, row.released_at, row.release_tx) == ("released", frozen.now(), "0xfirst")
    assert (row.ending, row.chain_error, row.contract_result) == (None, None, None)
    assert [event for event in emitted if event[0] == "campaign.released"] == [
        ("campaign.released", campaign_id, {"campaign_id": campaign_id})
    ]
    assert "campaign.released" in raising.told(cast.alice)
    letter = raising.mail_to("alice@example.com")
    assert "7,800.00 ETB" in letter
    assert "200.00 ETB" in letter


def test_a_release_that_we_have_not_begun_is_not_noted(cast, frozen):
    campaign_id = succeeded(cast, frozen, 8_000_00)
    releasing.released_on_chain(campaign_id, tx_hash="0xforeign")
    commit()
    row = raising.campaign(campaign_id)
    assert (row.status, row.release_tx) == ("succeeded", None)


def test_a_success_without_money_in_our_books_is_released_without_an_entry(cast, frozen):
    """A contract may have succeeded by money that never was in our books; two people follow it."""
    campaign_id = raising.live_campaign(cast.company, cast.alice, cast.carla)
    put(status="succeeded")
    release(cast, campaign_id)
    releasing.released_on_chain(campaign_id, tx_hash="0xfirst")
    commit()
    row = raising.campaign(campaign_id)
    assert (row.status, row.released_minor, row.fee_minor, row.release_entry_id) == (
        "released",
        0,
        0,
        None,
    )
    letter = raising.mail_to("alice@example.com")
    assert letter.count("0.00 ETB") == 2
    assert "0.01" not in letter
