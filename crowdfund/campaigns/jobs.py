"""Handle what the chain confirms about campaigns, and close those whose deadline has passed."""

from collections.abc import Callable, Sequence
from typing import Any

from crowdfund.adapters import ipfs, storage
from crowdfund.campaigns import queries
from crowdfund.campaigns.service import documents as campaign_documents
from crowdfund.campaigns.service import drafts, ending, followers, life, redirects, releasing
from crowdfund.chain.events import RequestDone, WriteConfirmed, WriteEvent, WriteFailed
from crowdfund.issuers.events import CompanyRenamed
from crowdfund.kernel import outbox
from crowdfund.kernel.db import reading


def _args(write: WriteConfirmed, event: str) -> dict[str, Any]:
    """Return the arguments of the event of that name in a confirmed write."""
    return next(log.args for log in write.events if log.event == event)


def _created(write: WriteConfirmed) -> None:
    address = _args(write, "CampaignCreated")["campaign"]
    locks = [log.args for log in write.events if log.event == "LockAcquired"]
    year = int(locks[0]["year"]) if locks else None
    life.go_live(
        write.subject.id, contract_address=address, tx_hash=write.tx_hash, started_year=year
    )


def _closed(write: WriteConfirmed) -> None:
    succeeded = bool(_args(write, "Closed")["succeeded"])
    if any(log.event == "FiatNotConfirmed" for log in write.events):
        ending.forget_difference(write.subject.id)
    ending.closed_on_chain(write.subject.id, tx_hash=write.tx_hash, succeeded=succeeded)


def _cancelled(write: WriteConfirmed) -> None:
    ending.cancelled_on_chain(write.subject.id, tx_hash=write.tx_hash)


def _released(write: WriteConfirmed) -> None:
    releasing.released_on_chain(write.subject.id, tx_hash=write.tx_hash)


_CONFIRMED: dict[str, Callable[[WriteConfirmed], None]] = {
    "createCampaign": _created,
    "close": _closed,
    "closeConfirmed": _closed,
    "cancel": _cancelled,
    "release": _released,
}


def _is_ours(write: WriteEvent) -> bool:
    return write.subject.kind == "campaign" and write.function in _CONFIRMED


@outbox.on(WriteConfirmed, where=_is_ours)
def write_confirmed(writes: list[WriteConfirmed]) -> None:
    """Move campaigns on when their contract was made, closed, cancelled or released."""
    for write in writes:
        _CONFIRMED[write.function](write)


@outbox.on(WriteFailed, where=_is_ours)
def write_failed(writes: list[WriteFailed]) -> None:
    """Show staff what a contract refused, and go back to where it can be tried again."""
    for write in writes:
        failed = life.deploy_failed if write.function == "createCampaign" else ending.ending_failed
        failed(write.subject.id, write.reason, intent_id=write.intent_id)


@outbox.on(CompanyRenamed)
def company_renamed(companies: list[CompanyRenamed]) -> None:
    """Let the campaigns of companies be found and shown by their new names."""
    for company in companies:
        drafts.renamed(company.company_id)


@outbox.on(RequestDone, where=lambda request: request.kind == "redirect")
def request_done(requests: list[RequestDone]) -> None:
    """Continue a release that now goes to another wallet."""
    for request in requests:
        redirects.redirected(request.subject_id, request.address, request_id=request.request_id)


@outbox.every(10, "campaigns.close_due")
def close_due() -> None:
    """Close campaigns whose deadline has passed and whose money has arrived."""
    ending.close_due()


@outbox.every(300, "campaigns.remind_due")
def remind_due() -> None:
    """Announce the campaigns that close within 48 hours, for those who follow them."""
    followers.remind_due()


# --- public documents on IPFS ---------------------------------------------------------------------


@outbox.every(60, "campaigns.pin_due")
def pin_due() -> None:
    """Queue the documents of public campaigns that no node holds yet."""
    if ipfs.is_configured():
        campaign_documents.pin_due()


@outbox.every(86_400, "campaigns.sweep_papers")
def sweep_documents() -> None:
    """Remove files of documents that left a draft, or whose upload was never committed."""
    campaign_documents.sweep()


def _pin(rows: Sequence[outbox.Row]) -> str:
    """Pin a document on the node; return what makes that impossible for good, if anything."""
    [row] = rows
    with reading():
        document = queries.document(row.payload["document_id"])
    try:
        ipfs.pin(document.cid, storage.read_cid(document.cid))
    except ipfs.IpfsUnavailable as error:
        raise outbox.Retry(min(5 * 2**row.attempts, 3600), str(error)) from error
    except ipfs.OtherCid as error:
        return str(error)
    return ""


@outbox.handler("campaigns.pin", prepare=_pin)
def pinned(rows: Sequence[outbox.Row], problem: str) -> None:
    """Note that the node holds a document, or why it never will."""
    campaign_documents.note_pinned(rows[0].payload["document_id"], problem)
