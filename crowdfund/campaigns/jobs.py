"""What the chain says about campaigns, and the clock that closes them."""

from collections.abc import Callable, Sequence
from typing import Any

from crowdfund.adapters import ipfs, storage
from crowdfund.campaigns import queries
from crowdfund.campaigns.service import ending, life, papers, redirects, releasing
from crowdfund.kernel import outbox
from crowdfund.kernel.db import reading


def _event(payload: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the arguments of the event of that name in a confirmed write."""
    found = [event for event in payload["events"] if event["event"] == name]
    return dict(found[0]["args"])


def _created(campaign_id: str, payload: dict[str, Any]) -> None:
    address = _event(payload, "CampaignCreated")["campaign"]
    locks = [event["args"] for event in payload["events"] if event["event"] == "LockAcquired"]
    year = int(locks[0]["year"]) if locks else None
    life.go_live(campaign_id, contract_address=address, tx_hash=payload["tx_hash"], started_year=year)


def _closed(campaign_id: str, payload: dict[str, Any]) -> None:
    succeeded = bool(_event(payload, "Closed")["succeeded"])
    if any(event["event"] == "FiatNotConfirmed" for event in payload["events"]):
        ending.forget_difference(campaign_id)
    ending.closed_on_chain(campaign_id, tx_hash=payload["tx_hash"], succeeded=succeeded)


def _cancelled(campaign_id: str, payload: dict[str, Any]) -> None:
    ending.cancelled_on_chain(campaign_id, tx_hash=payload["tx_hash"])


def _released(campaign_id: str, payload: dict[str, Any]) -> None:
    releasing.released_on_chain(campaign_id, tx_hash=payload["tx_hash"])


_CONFIRMED: dict[str, Callable[[str, dict[str, Any]], None]] = {
    "createCampaign": _created,
    "close": _closed,
    "closeConfirmed": _closed,
    "cancel": _cancelled,
    "release": _released,
}


def _ours(rows: Sequence[outbox.Row]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (row.payload["function"], row.payload["subject"][1], row.payload)
        for row in rows
        if row.payload["subject"][0] == "campaign" and row.payload["function"] in _CONFIRMED
    ]


@outbox.on("chain.confirmed", queue="default")
def write_confirmed(rows: Sequence[outbox.Row]) -> None:
    """Move campaigns on when their contract was made, closed, cancelled or released."""
    for function, campaign_id, payload in _ours(rows):
        _CONFIRMED[function](campaign_id, payload)


@outbox.on("chain.failed", queue="default")
def write_failed(rows: Sequence[outbox.Row]) -> None:
    """Show staff what a contract refused, and go back to where it can be tried again."""
    for function, campaign_id, payload in _ours(rows):
        failed = life.deploy_failed if function == "createCampaign" else ending.ending_failed
        failed(campaign_id, payload["reason"], intent_id=payload["intent_id"])


@outbox.on("chain.request_done", queue="default")
def request_done(rows: Sequence[outbox.Row]) -> None:
    """Go on with a release that now goes to another wallet."""
    for row in rows:
        if row.payload["kind"] == "redirect":
            redirects.redirected(
                row.payload["subject_id"], row.payload["address"], request_id=row.payload["request_id"]
            )


@outbox.every(10, "campaigns.close_due")
def close_due() -> None:
    """Close campaigns whose deadline has passed and whose money has arrived."""
    ending.close_due()


# --- public papers on IPFS --------------------------------------------------------------------------


@outbox.every(60, "campaigns.pin_due")
def pin_due() -> None:
    """Queue the papers of public campaigns that no node holds yet."""
    if ipfs.is_configured():
        papers.pin_due()


@outbox.every(86_400, "campaigns.sweep_papers")
def sweep_papers() -> None:
    """Remove files of papers that were taken out of a draft, or whose upload was never committed."""
    papers.sweep_papers()


def _pin(rows: Sequence[outbox.Row]) -> str:
    """Hand a paper to the node; return what is wrong for good, if anything is."""
    [row] = rows
    with reading():
        paper = queries.document(row.payload["document_id"])
    try:
        ipfs.pin(paper.cid, storage.read_cid(paper.cid))
    except ipfs.IpfsUnavailable as error:
        raise outbox.Retry(min(5 * 2**row.attempts, 3600), str(error)) from error
    except ipfs.OtherCid as error:
        return str(error)
    return ""


@outbox.handler("campaigns.pin", prepare=_pin)
def pinned(rows: Sequence[outbox.Row], problem: str) -> None:
    """Note that the node holds a paper, or that it will never agree with us."""
    papers.note_pinned(rows[0].payload["document_id"], problem)
