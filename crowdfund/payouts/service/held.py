"""The money of a payout: on hold in a wallet, or on its way back from suspense.

Held money that staff return is in the gateway's clearing account from the decision on. It leaves
us when the gateway has confirmed, or it is in suspense again, once, and staff decide again.
"""

from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.rules import SUSPENSE, Posting
from crowdfund.ledger.service import holds, posting
from crowdfund.payments.service import returning
from crowdfund.payouts import rules
from crowdfund.payouts.models import Payout
from crowdfund.payouts.rules import Kind


def take_out(payout: Payout) -> None:
    """Move held money of a payment exception out of suspense for its return."""
    move = Posting(SUSPENSE, ledger_rules.clearing(payout.gateway), payout.amount_minor)
    posting.post(
        rules.taken_out_key(str(payout.exception_id), payout.id),
        [move],
        kind="payment.return.sent",
        ref=_refers_to(payout),
        currency=payout.currency,
    )


def pay(payout: Payout) -> None:
    """Book that the bank has paid: wallet or suspense, gateway, outside."""
    clearing = ledger_rules.clearing(payout.gateway)
    if payout.hold_id is not None:
        holds.capture_hold(
            payout.hold_id,
            f"payout:{payout.id}:sent",
            clearing,
            kind=f"{_name(payout)}.sent",
            ref=_refers_to(payout),
        )
    posting.post(
        f"payout:{payout.id}:paid",
        [Posting(clearing, ledger_rules.external(payout.gateway), payout.amount_minor)],
        kind=f"{_name(payout)}.paid",
        ref=_refers_to(payout),
        currency=payout.currency,
    )
    if payout.exception_id is not None:
        returning.confirm(payout.exception_id, payout.id)


def give_back(payout: Payout, *, reason: str = "") -> None:
    """Return the money of a payout that was not paid to where it came from, once."""
    if payout.hold_id is not None:
        holds.release_hold(payout.hold_id)
        return
    posting.post(
        f"payout:{payout.id}:failed",
        [Posting(ledger_rules.clearing(payout.gateway), SUSPENSE, payout.amount_minor)],
        kind="payment.return.failed",
        ref=_refers_to(payout),
        currency=payout.currency,
    )
    returning.reopen(str(payout.exception_id), payout.id, reason=reason)


def _name(payout: Payout) -> str:
    """Return how the kinds of its entries begin."""
    if payout.exception_id is not None:
        return "payment.return"
    return "refund" if payout.kind == Kind.RETURN else "payout"


def _refers_to(payout: Payout) -> dict[str, str]:
    refers_to = {"payout": payout.id}
    if payout.refund_id is not None:
        refers_to["refund"] = payout.refund_id
    if payout.exception_id is not None:
        refers_to["exception"] = payout.exception_id
    return refers_to
