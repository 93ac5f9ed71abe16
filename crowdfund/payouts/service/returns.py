"""Send a refund or held money back to the account that paid, through the gateway it came by.

A refund is a withdrawal with another destination: the money is on hold from the request on, one
order goes out under one key, and the bank is asked until it has ended. It needs neither a verified
account nor an approval, because the money can only go where it came from (docs/adr/0043). Held
money of a payment exception goes the same way, out of suspense (docs/adr/0047).
"""

from dataclasses import dataclass

from crowdfund.kernel.db import new_id
from crowdfund.payments.service import returning
from crowdfund.payouts import queries
from crowdfund.payouts.models import Payout
from crowdfund.payouts.rules import Kind
from crowdfund.payouts.service import held, requests


@dataclass(frozen=True, slots=True)
class Back:
    """What goes back (minor units), and the gateway's transaction that brought it."""

    user_id: str
    refund_id: str
    amount_minor: int
    currency: str
    gateway: str
    source_tx: str
    key: str


def request(wanted: Back) -> str:
    """Request a return; return its id. The same key of the same person is one return.

    The caller has locked the refund, and knows that no more of it goes back than came. Locks the
    journal. Raises NotEnough when the money is no longer in the wallet.
    """
    if known := queries.by_form_key(wanted.user_id, wanted.key):
        return known.id
    payout = Payout(
        id=new_id(),
        user_id=wanted.user_id,
        form_key=wanted.key,
        amount_minor=wanted.amount_minor,
        currency=wanted.currency,
        gateway=wanted.gateway,
        kind=Kind.RETURN,
        refund_id=wanted.refund_id,
        source_tx=wanted.source_tx,
        masked="",
        hold_id=requests.hold(wanted.user_id, wanted.amount_minor, key=wanted.key),
        needs_approval=False,
    )
    requests.queue_submission(requests.add(payout).id)
    return payout.id


def of_exception(back: returning.Back) -> str:
    """Begin the return of held money of a payment exception; return its id.

    The caller has locked the exception, which is open, so one return of it is under way at a time.
    Locks the journal.
    """
    number = len(queries.of_exception(back.exception_id))
    payout = Payout(
        id=new_id(),
        user_id=back.user_id,
        form_key=f"{back.exception_id}:{number}",
        amount_minor=back.amount_minor,
        currency=back.currency,
        gateway=back.gateway,
        kind=Kind.RETURN,
        exception_id=back.exception_id,
        source_tx=back.source_tx,
        masked="",
        needs_approval=False,
    )
    requests.add(payout, actor=back.actor)
    held.take_out(payout)
    requests.queue_submission(payout.id)
    return payout.id
