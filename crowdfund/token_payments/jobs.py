"""Background work of token payments: sign admissions beside the node, end quotes that are over."""

# ruff: noqa: PLC0415 - web processes import this file to know the kinds, and never load web3

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from crowdfund.kernel import outbox
from crowdfund.kernel.db import db, reading
from crowdfund.kernel.outbox import Row
from crowdfund.token_payments import queries, service
from crowdfund.token_payments.rows import OrderRow

if TYPE_CHECKING:
    from crowdfund.adapters.chain.node import Node


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a wallet is asked to do, or why it cannot pay."""

    calls: dict[str, Any]
    is_contract: bool = False
    problem: str = ""


def _admit(rows: list[Row]) -> Admitted:
    """Ask the node about wallet and token, and sign the operator's leave; no transaction."""
    from crowdfund.adapters.chain.answers import NodeError, Reverted
    from crowdfund.adapters.chain.errors import NodeUnreachable
    from crowdfund.chain import connection

    [row] = rows
    with reading():
        order = queries.order(row.payload["payment_id"])
        db.session.remove()
    try:
        node = connection.node()
        token = str(node.call("CampaignImplementation", order.contract, "token"))
        if token.lower() != order.token_address.lower():
            return Admitted({}, problem="wrong-token")
        code = str(node.rpc("eth_getCode", order.wallet, "latest"))
        # An account that only delegates (EIP-7702) still signs with its key.
        is_contract = len(code) > len("0x") and not code.lower().startswith("0xef0100")
        domain = None if is_contract else _domain(node, token)
        already = _position(node, order)
    except (NodeUnreachable, NodeError) as error:
        raise outbox.Retry(min(2.0**row.attempts, 60.0), str(error)) from error
    except Reverted:
        return Admitted({}, problem="wrong-token")
    return Admitted(_calls(order, domain, already), is_contract)


def _position(node: "Node", order: OrderRow) -> int:
    """Return all that the wallet has ever paid into the campaign, in token units."""
    found = node.call("CampaignImplementation", order.contract, "positionOf", str(order.wallet))
    return int(cast(dict[str, Any], found)["paidIn"])


def _domain(node: "Node", token: str) -> list[Any] | None:
    """Return the token's own signing domain (EIP-5267), or None if it has none."""
    from crowdfund.adapters.chain.answers import Reverted

    try:
        found = node.call("PaymentToken", token, "eip712Domain")
        return list(found) if isinstance(found, list) else None
    except (Reverted, ValueError, TypeError):
        return None


def _calls(order: OrderRow, domain: list[Any] | None, already_units: int) -> dict[str, Any]:
    from crowdfund.chain import admissions, token_calls

    wallet, units = str(order.wallet), int(order.units)
    admission = admissions.sign_for(
        order.contract,
        intent=order.intent,
        investor=wallet,
        amount_minor=order.token_minor,
        valid_until=order.valid_until,
        already_units=already_units,
    )
    permit = None
    if domain is not None:
        permit = token_calls.permit_data(
            domain,
            owner=wallet,
            spender=order.contract,
            units=units,
            nonce=0,
            deadline=int(order.valid_until.timestamp()),
        )
    return {
        "admission": admission,
        "invest": token_calls.invest(admission),
        "approve": token_calls.approve(order.contract, units),
        "balance": token_calls.balance_of(wallet),
        "allowance": token_calls.allowance(wallet, order.contract),
        "nonces": token_calls.nonces(wallet),
        "permit": permit,
    }


@outbox.handler("token_payments.admit", queue="chain", prepare=_admit)
def admit(rows: list[Row], admitted: Admitted) -> None:
    """Store the admission of the wallet that was chosen."""
    payment_id = rows[0].payload["payment_id"]
    if admitted.problem:
        service.store_problem(payment_id, admitted.problem)
    else:
        service.store_admission(payment_id, admitted.calls, is_contract=admitted.is_contract)


@outbox.handler("token_payments.expire", queue="payments")
def expire(rows: list[Row]) -> None:
    """End quotes whose time is over."""
    for row in rows:
        service.expire(row.payload["payment_id"])
