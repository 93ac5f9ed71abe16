"""Store what a comparison has found, and mark campaigns whose contract differs."""

from crowdfund.campaigns.service import ending, totals
from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import db, new_id
from crowdfund.reconciliation import queries
from crowdfund.reconciliation.models import Comparison, ContractReading
from crowdfund.reconciliation.rules import comparing
from crowdfund.reconciliation.rules.comparing import Contract, Difference, Findings


def request_comparison(campaign_id: str) -> None:
    """Have one campaign compared with its contract, soon and in the background."""
    outbox.add("reconciliation.one", f"reconciliation.one:{new_id()}", {"campaign_id": campaign_id})


def store(found: Findings) -> None:
    """Store a comparison of all contracts: the figures, what differs, or why it failed."""
    comparison = Comparison(
        id=new_id(),
        at=clock.now(),
        block_number=found.block,
        campaigns=len(found.contracts),
        amount_minor=found.amount_minor,
        differences=[one.as_json() for one in found.differences],
        failure=found.failure or None,
    )
    db.session.add(comparison)
    store_one(found)
    live.changed("desk", "all")


def store_one(found: Findings) -> None:
    """Store what the contracts show; the last comparison of all stays as it was."""
    marked = queries.disagreeing()
    for address, contract in sorted(found.contracts.items()):
        campaign_id = found.campaign_of.get(address)
        _store_reading(found, contract, campaign_id)
        if campaign_id:
            _mark(campaign_id, contract, found.differences, is_marked=campaign_id in marked)
            live.changed("contract", campaign_id)


def _store_reading(found: Findings, contract: Contract, campaign_id: str | None) -> None:
    detail = found.details.get(campaign_id or "")
    row = db.session.get(ContractReading, contract.address)
    if row is None:
        row = ContractReading(address=contract.address)
        db.session.add(row)
    row.campaign_id, row.is_ours = campaign_id, contract.factory_knows
    row.status = "none" if contract.problem else contract.status
    row.fiat_units, row.token_units = str(contract.fiat_units), str(contract.token_units)
    row.escrow_units, row.releases = str(contract.escrow_units), contract.releases
    row.block_number, row.at = found.block or 0, clock.now()
    row.missing = detail.missing if detail else None
    row.extra = detail.extra if detail else None
    db.session.flush()


def _mark(
    campaign_id: str, contract: Contract, differences: list[Difference], *, is_marked: bool
) -> None:
    """Stop a campaign whose contract ended differently: it takes no money and releases none.

    It is compared again with the books as they are now: they may have followed since. The mark is
    removed when both agree, as after a reorganisation of the chain.
    """
    differed = any(one.kind == "status" and one.campaign_id == campaign_id for one in differences)
    if contract.problem or not (differed or is_marked):
        return
    totals.lock_for_update(campaign_id)
    [books] = queries.books(campaign_id)
    if all(one.kind != "status" for one in comparing.differences(books, contract)):
        ending.note_agreement(campaign_id)
    elif contract.status != "live":
        ending.note_disagreement(campaign_id, contract.status)
