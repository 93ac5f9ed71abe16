"""Compare every ten minutes, one campaign when something happened there, and carry out requests.

All of it runs on the chain's queue: these processes have web3, and know the node.
"""

# ruff: noqa: PLC0415 - web processes import this file to know the kinds, and never load web3

import structlog

from crowdfund.chain import comparers
from crowdfund.chain.contract_events import on_contract_event
from crowdfund.chain.events import ContractEvent
from crowdfund.kernel import outbox
from crowdfund.kernel.db import db, reading
from crowdfund.kernel.outbox import Row
from crowdfund.reconciliation import queries
from crowdfund.reconciliation.rules import comparing
from crowdfund.reconciliation.rules.comparing import Findings
from crowdfund.reconciliation.service import comparing as comparing_service
from crowdfund.reconciliation.service import following

log = structlog.get_logger()
QUEUE = "chain"
EVERY_S = 600.0
RETRY_S = 30.0


def _read_all(_rows: list[Row]) -> Findings:
    from crowdfund.reconciliation.reading import compare_all

    return compare_all()


@outbox.handler("reconciliation.compare", queue=QUEUE, batch=100, prepare=_read_all)
def compare(_rows: list[Row], found: Findings) -> None:
    """Store a comparison of all contracts with the books; what differs is an alert."""
    comparing_service.store(found)
    for one in found.differences:
        log.error(
            "reconciliation.differs",
            kind=one.kind,
            campaign_id=one.campaign_id,
            address=one.address,
        )


outbox.TICKS["reconciliation.compare"] = (EVERY_S, QUEUE)


def _read_one(rows: list[Row]) -> Findings:
    from crowdfund.reconciliation.reading import compare_campaign

    return compare_campaign(rows[0].payload["campaign_id"])


@outbox.handler("reconciliation.one", queue=QUEUE, prepare=_read_one)
def compare_one(rows: list[Row], found: Findings) -> None:
    """Store what one campaign's contract shows; compare all if the last comparison differs."""
    if found.failure:
        raise outbox.Retry(RETRY_S, found.failure)
    comparing_service.store_one(found)
    if queries.says_otherwise(rows[0].payload["campaign_id"], found.differences):
        outbox.add("reconciliation.compare", f"reconciliation.compare:{rows[0].id}")


def _read_requested(rows: list[Row]) -> Findings:
    from crowdfund.reconciliation.reading import compare_campaign

    with reading():
        campaign_id = queries.request(rows[0].payload["request_id"]).campaign_id
        db.session.remove()
    return compare_campaign(campaign_id)


@outbox.handler("reconciliation.follow", queue=QUEUE, prepare=_read_requested)
def follow(rows: list[Row], found: Findings) -> None:
    """Carry out an approved request, once the contract could be read."""
    if found.failure:
        raise outbox.Retry(RETRY_S, found.failure)
    following.carry_out(rows[0].payload["request_id"], found)
    outbox.add("reconciliation.compare", f"reconciliation.compare:{rows[0].id}")


_ENDINGS = (
    "RecordCancelled",
    "InvestmentCancelled",
    "Closed",
    "Cancelled",
    "Released",
    "FiatReleased",
)


@on_contract_event(*(f"CampaignImplementation.{event}" for event in _ENDINGS))
def contract_ended(event: ContractEvent) -> None:
    """Compare a campaign at once whose contract or records someone else has ended."""
    for campaign_id in queries.campaigns_at({event.address}):
        comparing_service.request_comparison(campaign_id)


def _differences() -> list[str]:
    """Compare everything from the factory's first block on, store the result, return sentences."""
    from crowdfund.reconciliation.reading import compare_all

    found = compare_all(whole=True)
    comparing_service.store(found)
    if found.failure:
        return [f"I9 the chain does not answer: {found.failure}"]
    return [f"I9 {_name(one)}: {comparing.words(one.as_json())}" for one in found.differences]


def _name(one: comparing.Difference) -> str:
    return f"campaign {one.campaign_id}" if one.campaign_id else f"contract {one.address}"


comparers.add(_differences)
