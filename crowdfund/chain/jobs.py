"""Background work of the chain feature, in three steps that each may run twice.

Rows are only wake-ups here: each handler takes everything that waits, so a lost or doubled row is
harmless. The slow calls to the node happen in `prepare`, outside of any transaction.
"""

# ruff: noqa: PLC0415 - web processes import this file to know the kinds, and never load web3

from typing import TYPE_CHECKING

from crowdfund.chain import requests, state
from crowdfund.chain.contract_events import on_contract_event
from crowdfund.chain.events import ContractEvent, WriteConfirmed
from crowdfund.kernel import audit, outbox
from crowdfund.kernel.db import new_id
from crowdfund.kernel.outbox import Row

if TYPE_CHECKING:
    from crowdfund.chain.gaps import Look
    from crowdfund.chain.gas import Balance
    from crowdfund.chain.planner import Plan
    from crowdfund.chain.reader import Scan
    from crowdfund.chain.request_steps import Step
    from crowdfund.chain.sender import Sending
    from crowdfund.chain.watch import Rounds

QUEUE = "chain"


def _plan(_rows: list[Row]) -> "Plan":
    from crowdfund.chain.planner import plan

    return plan()


@outbox.handler("chain.sign", queue=QUEUE, batch=outbox.CLAIM, prepare=_plan)
def sign(_rows: list[Row], plan: "Plan") -> None:
    """Sign what was planned and store the bytes; a second row sends them after the commit."""
    from crowdfund.chain.sender import store_plan

    store_plan(plan)


def _send(_rows: list[Row]) -> "Sending":
    from crowdfund.chain.sender import send_signed

    return send_signed()


@outbox.handler("chain.broadcast", queue=QUEUE, batch=outbox.CLAIM, prepare=_send)
def broadcast(_rows: list[Row], sending: "Sending") -> None:
    """Store the results of the broadcasts."""
    from crowdfund.chain.sender import store_sent

    store_sent(sending)


def _scan(_rows: list[Row]) -> "Scan | None":
    from crowdfund.chain.reader import scan

    return scan()


@outbox.handler("chain.index", queue=QUEUE, batch=outbox.CLAIM, prepare=_scan)
def index(_rows: list[Row], scan: "Scan | None") -> None:
    """Apply the next blocks; goes on at once while more of them wait."""
    from crowdfund.chain.indexer import apply

    if scan is not None and not scan.problem:
        outbox.beat(state.READER)
    if scan is not None and apply(scan):
        outbox.add("chain.index", f"chain.index:more:{new_id()}")


def _look(_rows: list[Row]) -> "Rounds":
    from crowdfund.chain.watch import look

    return look()


@outbox.handler("chain.watch", queue=QUEUE, batch=100, prepare=_look)
def watch(_rows: list[Row], found: "Rounds") -> None:
    """Wake, resend and replace what does not move."""
    from crowdfund.chain.watch import act

    act(found)


def _nonces(_rows: list[Row]) -> "Look":
    from crowdfund.chain.gaps import look

    return look()


@outbox.handler("chain.nonces", queue=QUEUE, batch=100, prepare=_nonces)
def nonces(rows: list[Row], found: "Look") -> None:
    """Compare the nonces of our keys with the chain; fill gaps on request, or when they are old."""
    from crowdfund.chain.gaps import act

    act(
        found,
        {row.payload["fill"]: row.payload["actor"] for row in rows if row.payload.get("fill")},
    )


@on_contract_event(
    *(
        f"{contract}.{event}"
        for contract in ("CampaignFactory", "FundEscrow", "IssuerRegistry", "PaymentToken")
        for event in ("RoleGranted", "RoleRevoked", "RoleAdminChanged")
    )
)
def rights_changed(event: ContractEvent) -> None:
    """Record in the audit log a change of rights on chain that others have made."""
    _record(event)


@on_contract_event(
    "CampaignFactory.TokenAllowed",
    "CampaignFactory.FeeRecipientSet",
    "CampaignFactory.RecorderCapSet",
    "CampaignFactory.RecorderCapRaised",
    "CampaignImplementation.TermsChanged",
    "CampaignImplementation.IssuerWalletProposed",
    "CampaignImplementation.IssuerWalletChanged",
    "FundEscrow.Paused",
    "FundEscrow.Unpaused",
)
def settings_changed(event: ContractEvent) -> None:
    """Record in the audit log a setting on chain that a transaction of others has changed."""
    _record(event)


def _record(event: ContractEvent) -> None:
    detail = {"contract": event.contract, "args": event.args, "tx_hash": event.tx_hash}
    audit.record("system", f"chain.{event.event}", ("contract", event.address), detail)


def _next_steps(_rows: list[Row]) -> "list[tuple[str, Step]]":
    from crowdfund.chain.request_steps import look

    return look()


@outbox.handler("chain.keys", queue=QUEUE, batch=100, prepare=_next_steps)
def keys(_rows: list[Row], steps: "list[tuple[str, Step]]") -> None:
    """Take the next step of what admins have confirmed."""
    from crowdfund.chain.request_steps import act

    act(steps)


@outbox.on(
    WriteConfirmed,
    queue=QUEUE,
    batch=100,
    where=lambda write: write.subject.kind == "chain_request",
)
def request_moved(_writes: list[WriteConfirmed]) -> None:
    """Go on with a request whose write is final."""
    requests.wake()


def _ask_gas(_rows: list[Row]) -> "list[Balance]":
    from crowdfund.chain.gas import ask

    return ask()


@outbox.handler("chain.gas", queue=QUEUE, batch=100, prepare=_ask_gas)
def store_gas(_rows: list[Row], balances: "list[Balance]") -> None:
    """Store what the signers have for gas."""
    from crowdfund.chain.gas import store

    store(balances)


# Ticks of kinds that have a `prepare`, which `outbox.every` does not know.
outbox.TICKS["chain.index"] = (1.0, QUEUE)
outbox.TICKS["chain.watch"] = (2.0, QUEUE)
outbox.TICKS["chain.nonces"] = (15.0, QUEUE)
outbox.TICKS["chain.keys"] = (15.0, QUEUE)
outbox.TICKS["chain.gas"] = (300.0, QUEUE)
