"""A person chooses where a refund goes: back to the account that paid, or it stays."""

from crowdfund.adapters import gateways
from crowdfund.kernel import clock, live
from crowdfund.kernel.db import db, insert_ignore, locked
from crowdfund.kernel.i18n import _
from crowdfund.payouts import queries as payouts
from crowdfund.payouts.service import returns
from crowdfund.refunds import queries, rules
from crowdfund.refunds.models import Refund, RefundDefault
from crowdfund.refunds.rows import RefundRow


def can_go_back(refund: RefundRow | Refund) -> bool:
    """Return whether the gateway that brought the money can send it back."""
    return refund.tx_id is not None and gateways.can_refund(refund.gateway)


def send_back(refund_id: str, *, user_id: str) -> str:
    """Send what is left of a person's own refund back to the account that paid; return the payout.

    However often it is asked for, the money goes back once. Neither verification nor a payout
    account is needed. Locks the refund, then the journal. Raises NotFound for another person's,
    NothingLeft when the money was spent or withdrawn, NoWayBack.
    """
    queries.for_owner(refund_id, user_id)
    refund = locked(Refund, refund_id, queries.missing())
    left = queries.open_one(queries.get(refund_id))
    earlier = payouts.of_refund(refund_id)
    if left.returned_minor == refund.amount_minor and earlier:
        return earlier[-1].id
    if left.wallet_minor <= 0:
        if earlier and earlier[-1].status in ("requested", "submitted", "paid"):
            return earlier[-1].id
        raise rules.NothingLeft(
            _("The money of this refund is no longer in your wallet. Nothing was sent.")
        )
    if not can_go_back(refund):
        raise rules.NoWayBack(
            _(
                "The bank cannot send this refund back to the account that paid. The money is in "
                "your wallet; withdraw it to your own account."
            )
        )
    refund.kept_at = None
    payout_id = returns.request(
        returns.Back(
            user_id=user_id,
            refund_id=refund.id,
            amount_minor=left.wallet_minor,
            currency=refund.currency,
            gateway=refund.gateway,
            source_tx=str(refund.tx_id),
            key=rules.return_key(refund.id, len(earlier)),
        )
    )
    _show(refund)
    return payout_id


def keep(refund_id: str, *, user_id: str) -> None:
    """Leave a person's own refund in the wallet: it is not reminded of any more.

    It can still be sent back later. Raises NotFound for another person's.
    """
    queries.for_owner(refund_id, user_id)
    refund = locked(Refund, refund_id, queries.missing())
    refund.kept_at = refund.kept_at or clock.now()
    db.session.flush()
    _show(refund)


def always_send_back(user_id: str, *, is_on: bool) -> None:
    """Set whether every refund of a person that comes is sent back at once; once is enough."""
    if is_on:
        insert_ignore(RefundDefault.__table__, [{"user_id": user_id, "since": clock.now()}])
    elif (found := db.session.get(RefundDefault, user_id)) is not None:
        db.session.delete(found)
    live.changed("refunds", user_id)


def send_back_by_default(refund_id: str) -> None:
    """Send a refund back because its person wants that of all; what cannot go stays."""
    refund = queries.get(refund_id)
    if not queries.sends_back_always(refund.user_id):
        return
    try:
        send_back(refund_id, user_id=refund.user_id)
    except (rules.NothingLeft, rules.NoWayBack):
        return


def _show(refund: Refund) -> None:
    for kind, key in (
        ("refund", refund.id),
        ("refunds", refund.user_id),
        ("wallet", refund.user_id),
        ("portfolio", refund.user_id),
    ):
        live.changed(kind, key)
